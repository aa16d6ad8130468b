"""Opening files: each error is told for what it is, few files are open at a time, and a dump can be pickled."""

from __future__ import annotations

import copy
import errno
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.dump import hdf5_file as opening
from lstmviz.dump.open_files import OpenFiles, open_files
from lstmviz.errors import DumpError, DumpMissing
from lstmviz.opening import glances


def write(path, value=0.0, n_steps=5, **more):
    states = {"rnn.l0.h": np.full((n_steps, 3), value, "float32")}
    return lstmviz.write_dump(path, states=states, tokens=np.arange(n_steps) % 2, vocab=["a", "b"], **more)


@pytest.fixture(scope="module")
def no_locks(tmp_path_factory):
    """Return an environment in which the file system has no locks, as NFS and others are mounted."""
    folder = tmp_path_factory.mktemp("locks")
    (folder / "nolock.c").write_text("#include <errno.h>\nint flock(int f, int o) { errno = ENOLCK; return -1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "nolock.so", folder / "nolock.c"], check=True)
    return {**os.environ, "LD_PRELOAD": str(folder / "nolock.so")}


def test_without_locks_a_dump_is_written_recorded_and_read(tmp_path, no_locks):
    program = """
import numpy as np, torch, lstmviz
lstmviz.write_dump("w.h5", states={"h": np.zeros((3, 2))}, tokens=[0, 1, 0], vocab=["a", "b"])
rnn = torch.nn.LSTM(2, 2, batch_first=True)
run = lstmviz.record(rnn, "r.h5")
run.tells_size = False
with run, torch.no_grad(), run.batch(tokens=["ab"]):
    rnn(torch.zeros(1, 2, 2))
print(lstmviz.open_dump("w.h5").first.text(0, 3), lstmviz.open_dump("r.h5").first.text(0, 2))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=no_locks, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["aba", "ab"], done.stderr


def test_a_file_that_another_program_writes_is_called_locked(tmp_path):
    path = write(tmp_path / "a.h5")
    held = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print(1, flush=True); input()",
            path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        held.stdout.readline()
        with pytest.raises(DumpError, match=r"is locked: another program .*HDF5_USE_FILE_LOCKING=FALSE"):
            lstmviz.open_dump(path)
    finally:
        held.communicate(b"\n")
    assert lstmviz.open_dump(path).n_steps == 5


@pytest.mark.parametrize(
    ("number", "text", "words"),
    [
        (errno.EMFILE, "unable to open file", "too many files open; raise the limit"),
        (errno.ENFILE, "unable to open file", "too many files open"),
        (errno.EAGAIN, "unable to lock file", "is locked"),
        (errno.EACCES, "unable to open file", "may not be read by this user"),
        (errno.EIO, "unable to open file", "cannot be read now"),
        (errno.ESTALE, "unable to open file", "try again"),
        (None, "bad object header", "is truncated or damaged"),
    ],
)
def test_each_error_is_told_for_what_it_is(tmp_path, monkeypatch, number, text, words):
    path = write(tmp_path / "a.h5")

    def refuse(*_, **__):
        raise OSError(text) if number is None else OSError(number, text)

    monkeypatch.setattr(h5py, "File", refuse)
    with pytest.raises(DumpError, match=words) as caught:
        lstmviz.open_dump(path)
    assert ("record it again" in str(caught.value)) == (number is None)


def test_a_read_only_user_is_told(tmp_path, monkeypatch):
    path = write(tmp_path / "a.h5")
    monkeypatch.setattr("pathlib.Path.open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "no")))
    with pytest.raises(DumpError, match="may not be read by this user"):
        opening.is_hdf5(path, path)


def test_a_signature_behind_a_user_block_is_found(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=1024) as file:
        file["x"] = 1
    assert opening.is_hdf5(tmp_path / "a.h5", tmp_path / "a.h5") == h5py.is_hdf5(tmp_path / "a.h5") is True
    (tmp_path / "b.h5").write_bytes(b"x" * 5000)
    assert not opening.is_hdf5(tmp_path / "b.h5", tmp_path / "b.h5")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_under_the_name_of_a_dump_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.h5")
    with pytest.raises(DumpError, match="is a pipe or a device"):
        lstmviz.open_dump(tmp_path / "a.h5")
    write(tmp_path / "b.h5")
    (tmp_path / "corpus.json").write_text('{"format": "lstmviz-corpus", "version": 1, "dumps": ["b.h5", "a.h5"]}')
    with pytest.raises(DumpError, match="is a pipe or a device"):
        lstmviz.open_dump(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda file, name: file.__setitem__(name, h5py.SoftLink("/x")),
        lambda file, name: file["axes/text"].attrs.__setitem__(name, "of any length"),
        lambda file, name: file.create_group(f"sources/{name}"),
        lambda file, name: file.create_dataset(name, (10**6,), "f4", chunks=(1_000,)),
        lambda file, name: file["sources/rnn.l0.h"].attrs.__setitem__("axis", np.bytes_(name)),
    ],
)
def test_what_a_file_says_of_itself_makes_no_line_too_long_to_read(tmp_path, change):
    with h5py.File(write(tmp_path / "a.h5"), "r+", libver="latest") as file:
        change(file, "a" * 60_000)
    with pytest.raises(DumpError) as caught:
        lstmviz.open_dump(tmp_path / "a.h5")
    assert len(str(caught.value)) < 1_500
    assert "\n" not in str(caught.value)


def test_few_files_are_open_however_many_dumps_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmviz.dump.open_files.MOST_OPEN", 8)
    monkeypatch.setattr("lstmviz.dump.open_files.RECENT_SECONDS", 0.0)
    dumps = [lstmviz.open_dump(write(tmp_path / f"{i}.h5", i / 32)) for i in range(32)]

    def read(i):
        return float(dumps[i].states("rnn.l0.h")[2, 1])

    with ThreadPoolExecutor(8) as pool:  # files are closed by some threads while others read
        order = np.random.default_rng(0).integers(0, 32, 400).tolist()
        assert list(pool.map(read, order)) == [i / 32 for i in order]
    assert len(open_files) <= 8
    assert sum(bool(dump._file) for dump in dumps) <= 8


def test_files_that_nobody_reads_are_closed(monkeypatch):
    clock = iter([0.0, 1.0, 100.0])
    monkeypatch.setattr("lstmviz.dump.open_files.time.monotonic", lambda: next(clock))

    class Reader:
        is_closed = False

        def close(self):
            self.is_closed = True

    files, first, second = OpenFiles(), Reader(), Reader()
    files.touch(first)
    files.touch(second)
    assert not first.is_closed
    files.touch(second)
    assert (first.is_closed, second.is_closed, len(files)) == (True, False, 1)


def mean_of(dump):
    return float(dump.states("rnn.l0.h")[:].mean()), dump.first.text(0, 3)


@pytest.mark.parametrize("start", ["spawn", "fork"])
def test_worker_processes_read_a_dump(tmp_path, start):
    dump = lstmviz.open_dump(write(tmp_path / "a.h5", 0.5))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as pool:
        assert list(pool.map(mean_of, [dump] * 3)) == [(0.5, "aba")] * 3


def test_a_pickled_dump_is_the_same_dump_or_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dump = lstmviz.open_dump(write("a.h5", 0.5))
    states, data = dump.states("rnn.l0.h"), pickle.dumps(dump)
    monkeypatch.chdir("/")
    assert pickle.loads(data).uuid == dump.uuid == copy.deepcopy(dump).uuid
    assert pickle.loads(pickle.dumps(states))[0, 0] == 0.5
    assert pickle.loads(pickle.dumps(dump.tokens))[:2] == ["a", "b"]
    write(tmp_path / "a.h5", 0.5, overwrite=True)
    with pytest.raises(DumpError, match="was replaced since it was pickled"):
        pickle.loads(data)


def test_a_pickled_corpus_is_read(tmp_path):
    for i in range(3):
        write(tmp_path / f"part-{i}.h5", i / 4)
    corpus = lstmviz.open_dump(lstmviz.write_corpus(tmp_path))
    again = pickle.loads(pickle.dumps(corpus))
    assert again.states("rnn.l0.h")[:, 0].tolist() == corpus.states("rnn.l0.h")[:, 0].tolist()


def test_what_is_no_dump_in_a_folder_is_named_and_the_others_are_there(tmp_path):
    write(tmp_path / "good.h5")
    (tmp_path / "pointer.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    (tmp_path / "empty.h5").write_bytes(b"")
    (tmp_path / "text.hdf5").write_text("hello")
    whole = write(tmp_path / "cut.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["model_weights/lstm/kernel"] = np.zeros((3, 12))
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["sources"] = h5py.ExternalLink("good.h5", "/sources")
        file.attrs["format"] = np.bytes_("lstmviz")
    lines, counts = [], []
    assert [each.name for each in glances(tmp_path, lines.append, lambda *count: counts.append(count))] == ["good"]
    assert counts == [(i, 7) for i in range(7)]
    said = "\n".join(lines)
    assert len(lines) == 6
    for words in (
        "pointer.h5 is a Git LFS pointer",
        "empty.h5 is not an HDF5 file: it is empty",
        "text.hdf5 is not an HDF5 file",
    ):
        assert words in said
    for words in ("weights.h5 is HDF5 but not an lstmviz dump", "cut.h5 is truncated", "linked.h5 has a ExternalLink"):
        assert words in said
    (tmp_path / "good.h5").unlink()
    with pytest.raises(DumpMissing, match=r"can be shown; .*cut.h5 is truncated"):
        glances(tmp_path)
    with pytest.raises(DumpError, match="Git LFS pointer"):
        lstmviz.open_dump(tmp_path / "pointer.h5")


def test_a_glance_is_what_the_dump_says(tmp_path, parens):
    (seen,) = glances(parens.path)
    assert (seen.uuid, seen.name, seen.provenance) == (parens.uuid, parens.name, parens.provenance)
    assert seen.n_steps == tuple(axis.n_steps for axis in parens.axes.values())
    assert list(seen.sources) == list(parens.sources.values())
