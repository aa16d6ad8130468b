"""Verifying a dump: every value is read once, and each fault is a line that names it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.dump import verify as verifying
from lstmviz.dump.verify import verify

N_STEPS = 50


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "run.h5")


def written(path):
    states = np.random.default_rng(0).normal(size=(N_STEPS, 3)).astype("float32")
    states[[3, 40], 1] = np.nan
    return lstmviz.write_dump(
        path,
        states={"rnn.l0.h": states, "rnn.l0.c": states.astype("float64")},
        tokens=np.arange(N_STEPS) % 4,
        vocab=["(", ")", "é", ""],
        tracks={"depth": np.arange(N_STEPS), "part": ["é", None] * (N_STEPS // 2)},
    )


@pytest.fixture(params=[None, 4], ids=["one block", "blocks of a step or a few"])
def _blocks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(verifying, "BLOCK_BYTES", 8 * request.param)


def problems(path):
    return verify(lstmviz.open_dump(path))


@pytest.mark.usefixtures("_blocks")
def test_a_good_dump_has_no_problem_and_progress_reaches_the_end(path):
    seen = []
    assert verify(lstmviz.open_dump(path), lambda *given: seen.append(given)) == []
    n_values = N_STEPS * (3 + 3 + 1 + 1 + 1)
    assert seen == sorted(seen)
    assert seen[-1] == (n_values, n_values)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(
    "array", ["sources/rnn.l0.h", "sources/rnn.l0.c", "axes/text/tokens", "tracks/depth/values", "tracks/part/values"]
)
def test_a_flipped_bit_anywhere_is_found(path, array):
    with h5py.File(path) as file:
        place = file[array].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 1] ^= 4
    path.write_bytes(data)
    (line,) = problems(path)
    assert all(word in line for word in (str(path), array, "damaged", "(steps 0 to ")), line


CHANGES = {
    "id": (lambda f: put(f, "axes/text/tokens", {30: 9}), ["token id 9 at step 30", "4 entries"]),
    "n_nan": (
        lambda f: f["sources/rnn.l0.c"].attrs.__setitem__("n_nan", 0),
        ["'rnn.l0.c' declares n_nan 0", "has 2 NaN"],
    ),
    "labels": (
        lambda f: put(f, "tracks/part/values", {30: 1, 31: 7, 40: -2}),
        ["'part' has 1 at step 30 and 2 more values", "1 labels"],
    ),
    "one label": (lambda f: put(f, "tracks/part/values", {31: 7}), ["'part' has 7 at step 31 without"]),
    "characters": (
        lambda f: put(f, "axes/text/vocab/offsets", {3: 3}),
        ["vocabulary of axis 'text' is not UTF-8 at entry 2 and 1 more", "bytes, not characters"],
    ),
    "label bytes": (lambda f: put(f, "tracks/part/labels/bytes", {0: 0xFF}), ["labels of track 'part'", "entry 0;"]),
}


def put(file, name, values):
    array = file[name][()]
    for place, value in values.items():
        array[place] = value
    file[name][...] = array


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("what", CHANGES)
def test_values_that_mean_nothing_are_found(path, what):
    change, words = CHANGES[what]
    with h5py.File(path, "r+") as file:
        change(file)
    (line,) = problems(path)
    assert all(word in line for word in [str(path), *words]), line
    assert "\n" not in line


def test_all_faults_are_said_at_once_and_a_missing_count_is_none(path):
    with h5py.File(path, "r+") as file:
        for name in ("id", "n_nan", "one label"):
            CHANGES[name][0](file)
        del file["sources/rnn.l0.h"].attrs["n_nan"]
    assert len(problems(path)) == 3


def test_a_dump_of_numbers_alone_is_verified(tmp_path):
    path = lstmviz.write_dump(tmp_path / "n.h5", states={"h": np.zeros((3, 1))})
    assert problems(path) == []


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_corpus_is_verified_shard_by_shard(tmp_path, is_whole):
    written(tmp_path / "a.h5")
    with h5py.File(written(tmp_path / "b.h5"), "r+") as file:
        if not is_whole:
            CHANGES["one label"][0](file)
    seen = []
    found = verify(lstmviz.open_dump(lstmviz.write_corpus(tmp_path)), lambda *given: seen.append(given))
    assert seen[-1][0] == seen[-1][1] == 2 * N_STEPS * 9
    assert len(found) == (not is_whole)
    assert all(line.startswith(f"{tmp_path / 'b.h5'}: track 'part' has 7 at step 31") for line in found)
