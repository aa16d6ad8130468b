"""Padded documents of a project are read as sequences without their padding, once their lengths are given."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import LstmvizError, ProjectError
from lstmviz.lstmvis import Options, documents, import_project, read_lengths
from lstmviz.lstmvis.documents import PaddedDocuments
from support.commands import run
from support.lstmvis_project import plain

LENGTHS = (12, 20, 1, 15, 20, 12)  # 80 steps
PADDED = 24


@pytest.fixture
def project(tmp_path):
    return plain(tmp_path / "project")


def pad(values, lengths=LENGTHS, padded=PADDED, fill=0):
    documents = np.full((len(lengths), padded, *values.shape[1:]), fill, values.dtype)
    for row, part in zip(documents, np.split(values, np.cumsum(lengths)[:-1]), strict=True):
        row[: len(part)] = part
    return documents


def padded_project(project):
    """Pad every array by step of a project; gives the arrays as they were."""
    plain_arrays = {name: dict(arrays) for name, arrays in project.arrays.items()}
    for arrays in project.arrays.values():
        for path, values in arrays.items():
            if len(values) == sum(LENGTHS):
                arrays[path] = pad(values)
    project.write()
    return plain_arrays


def test_padded_documents_are_sequences_without_their_padding(project, tmp_path):
    project.write()
    flat = lstmviz.open_dump(import_project(project.folder, tmp_path / "flat.h5").path)
    padded_project(project)
    (tmp_path / "lengths.txt").write_text("\ufeff" + ", ".join(map(str, LENGTHS)) + "\n", "utf-8")
    done = run("import-lstmvis", project.folder, "--lengths", tmp_path / "lengths.txt", "--out", tmp_path / "out.h5")
    assert done.exit_code == 0, done.output
    dump = lstmviz.open_dump(tmp_path / "out.h5")
    assert (dump.sequences.stop - dump.sequences.start).tolist() == list(LENGTHS)
    assert dump.tokens[:] == flat.tokens[:]
    for name in flat.sources:
        np.testing.assert_array_equal(dump.states(name)[:], flat.states(name)[:])
    for name in flat.tracks:
        np.testing.assert_array_equal(dump.tracks[name][:], flat.tracks[name][:])
    some = lstmviz.open_dump(
        import_project(project.folder, tmp_path / "some.h5", Options(steps=33, lengths=LENGTHS)).path
    )
    assert (some.sequences.stop - some.sequences.start).tolist() == [12, 20, 1]
    assert len({dump.uuid, some.uuid, flat.uuid}) == 3


def test_without_lengths_and_with_wrong_ones_it_is_said_what_to_give(project, tmp_path):
    padded_project(project)
    with pytest.raises(ProjectError, match=r"documents padded to 24 steps, their lengths: lstmviz import-lstmvis"):
        import_project(project.folder, tmp_path / "a.h5")
    for lengths in ((12, 20, 1), (12, 20, 1, 15, 20, 25)):
        with pytest.raises(ProjectError, match=r"a row of at least \d+ steps for each of the \d documents"):
            import_project(project.folder, tmp_path / "a.h5", Options(lengths=lengths))
    with pytest.raises(ProjectError, match="give one of them"):
        import_project(project.folder, tmp_path / "a.h5", Options(lengths=LENGTHS, is_transposed=True))
    assert not (tmp_path / "a.h5").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12 x 3", "these are not lengths"),
        ("", "has no length"),
        ("12 0 3", "has 0.0 as length 2"),
        ("12 2.5", "has 2.5 as length 2"),
        ("12 nan", "has nan as length 2"),
        ("12 -3", "has -3.0 as length 2"),
        ("12 inf", "has inf as length 2"),
        ("12 1e30", r"has 1e\+30 as length 2"),
    ],
)
def test_what_is_no_length_is_refused_in_one_line(tmp_path, text, words):
    path = tmp_path / "lengths.txt"
    path.write_text(text)
    with pytest.raises(LstmvizError, match=words) as caught:
        read_lengths(path)
    assert "\n" not in str(caught.value)


def test_lengths_come_from_text_numpy_and_hdf5(tmp_path):
    np.save(tmp_path / "lengths.npy", np.array(LENGTHS))
    with h5py.File(tmp_path / "of.h5", "w") as file:
        file["data/lengths"] = np.array(LENGTHS, np.int64)
    (tmp_path / "lengths.csv").write_text("\n".join(map(str, LENGTHS)))
    for where in ("lengths.npy", "of.h5:data/lengths", "lengths.csv"):
        assert read_lengths(tmp_path / where) == LENGTHS
    with pytest.raises(LstmvizError, match="name the data set in it too"):
        read_lengths(tmp_path / "of.h5")
    with pytest.raises(LstmvizError, match="cannot be read"):
        read_lengths(tmp_path / "nothing.txt")
    (tmp_path / "empty.npy").write_bytes(b"")
    with pytest.raises(LstmvizError, match="these are not lengths"):
        read_lengths(tmp_path / "empty.npy")
    np.save(tmp_path / "objects.npy", np.array([{}, []], object), allow_pickle=True)
    with pytest.raises(LstmvizError, match="these are not lengths"):
        read_lengths(tmp_path / "objects.npy")
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }".ljust(117) + b"\n"
    (tmp_path / "endless.npy").write_bytes(b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(LstmvizError, match="these are not lengths"):
        read_lengths(tmp_path / "endless.npy")


@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=9), data=st.data())
def test_any_steps_are_those_of_the_documents_joined(tmp_path_factory, lengths, data):
    values = np.arange(2 * sum(lengths)).reshape(-1, 2)
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    path = tmp_path_factory.mktemp("documents") / "padded.h5"
    with h5py.File(path, "w") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "READ_BYTES", data.draw(st.sampled_from([1, 100, 2**24])))
        file["states"] = pad(values, lengths, 6, -1)
        joined = PaddedDocuments(file["states"], np.cumsum(lengths))
        np.testing.assert_array_equal(joined[start:stop], values[start:stop])
        np.testing.assert_array_equal(joined[()], values)
        assert (joined.shape, len(joined), joined.size) == (values.shape, len(values), values.size)
