"""A file of unknown origin is read whole in a child first: what kills HDF5 kills a child, and is said in one line."""

from __future__ import annotations

import errno
import os
import random
import struct
import subprocess
import sys
import zlib
from functools import cache

import h5py
import numpy as np
import psutil
import pytest

import lstmviz
from lstmviz.dump import hdf5_file, on_disk, safe, trial
from lstmviz.dump.chunk_lengths import has_short_chunk
from lstmviz.errors import DumpError, LstmvizError
from lstmviz.opening import glances
from lstmviz.system.memory import resident_bytes
from support.budget import is_long
from support.commands import run

pytestmark = pytest.mark.usefixtures("real_children")
N_MUTANTS = 300 if is_long() else 8


def write(path, n=120):
    states = {"rnn.l0.h": np.random.default_rng(0).uniform(-1, 1, (n, 6)).astype("f2")}
    return lstmviz.write_dump(path, states=states, tokens=np.arange(n) % 2, vocab=["a", "b"], lengths=[n])


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "a.h5")


@pytest.fixture
def children(monkeypatch, tmp_path):
    """How many children were started; nothing is known yet."""
    started = []
    original = subprocess.Popen
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(trial, "_known", set())
    monkeypatch.setattr(trial, "_own", set())
    monkeypatch.setattr(trial.subprocess, "Popen", lambda *a, **k: started.append(1) or original(*a, **k))
    return started


def with_holes(path, n_bytes, name="holes"):
    """Declare bytes that are stored, and never written."""
    with h5py.File(path, "r+") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_INT8, h5py.h5s.create_simple((n_bytes,)), plist)
    return path


def test_holes_do_not_count_as_what_there_is_to_read(tmp_path, monkeypatch):
    """A file of a few kB whose data sets have 40 GB would keep HDF5 busy for half an hour."""
    path = write(tmp_path / "long.h5")
    for i in range(40):
        with_holes(path, on_disk.LARGE - 1, f"holes{i}")
    assert path.stat().st_size > 40e9
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    monkeypatch.setattr(trial, "_own", set())
    with pytest.raises(DumpError, match="keeps HDF5 busy for more than 1 seconds"):
        trial.require(path, path)


def test_a_terabyte_of_holes_is_refused_unread(tmp_path, monkeypatch):
    path = with_holes(write(tmp_path / "long.h5"), 10**12)
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    monkeypatch.setattr(trial, "_own", set())
    with pytest.raises(DumpError, match=r"declares 1000000000000 bytes for '/holes' and stores [0-9]{4,6}; refused"):
        lstmviz.open_dump(path)


def test_a_file_is_not_taken_for_read_where_no_process_can_be_started(path, children, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as context:
        context.setattr(trial.subprocess, "Popen", refuse)
        lstmviz.open_dump(path).close()
    lstmviz.open_dump(path).close()
    assert len(children) == 1


def test_a_file_is_read_in_a_child_once_as_long_as_it_is_the_same(path, children, monkeypatch):
    for _ in range(3):
        lstmviz.open_dump(path).close()
    assert len(children) == 1
    monkeypatch.setattr(trial, "_known", set())  # another process finds it in the cache
    lstmviz.open_dump(path).close()
    assert len(children) == 1
    with h5py.File(path, "r+") as file:
        file["sources/rnn.l0.h"][0] = 0
    lstmviz.open_dump(path).close()
    assert len(children) == 2


def test_what_this_process_wrote_or_recorded_needs_no_child(tmp_path, children):
    lstmviz.open_dump(write(tmp_path / "b.h5")).close()
    assert not children


WORKS = "from lstmviz.dump.trial_child import limit_time; limit_time(0.1)\nwhile True: pass"


@pytest.mark.parametrize(
    ("child", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "ends HDF5's library by SIGSEGV: it is damaged or hostile"),
        ("import time; time.sleep(60)", "keeps HDF5 busy for more than 1 seconds"),
        (WORKS, "keeps HDF5 busy for more than 1 seconds"),
        ("raise SystemExit(5)", "makes HDF5 ask for more than 400 MB at a time"),
        ("raise SystemExit(6)", "holds more than 100,000 groups"),
    ],
)
def test_what_becomes_of_the_child_is_said_in_a_line(path, children, monkeypatch, child, words):
    monkeypatch.setattr(trial, "command", lambda *_: [sys.executable, "-c", child])
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    monkeypatch.setattr(trial, "PATIENCE", 1 if "sleep" in child else 60)
    for _ in range(2):  # it is not remembered as read
        with pytest.raises(DumpError, match=words) as raised:
            lstmviz.open_dump(path)
        assert "\n" not in str(raised.value)
    assert len(children) == 2


def test_a_child_that_waits_for_the_processor_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(trial, "command", lambda *_: [sys.executable, "-c", "import time; time.sleep(0.3)"])
    monkeypatch.setattr(trial, "SECONDS", 0.1)
    monkeypatch.setattr(trial, "PATIENCE", 600)
    trial.require(path, path)


@cache
def a_gigabyte():
    """Zeros, deflated to a megabyte."""
    deflate, n_parts, n_bytes = zlib.compressobj(9, wbits=-15), 64, 2**24
    part = deflate.compress(bytes(n_bytes)) + deflate.flush(zlib.Z_FULL_FLUSH)  # after which it begins anew
    adler = (n_parts * n_bytes % 65_521) << 16 | 1
    return b"\x78\xda" + part * n_parts + deflate.flush() + struct.pack(">I", adler)


def store_as(path, place, filters, stored, skipped=0):
    """Have a data set of one chunk, which is stored as it is given."""
    with h5py.File(path, "r+") as file:
        old = file[place]
        shape, kind, attributes = old.shape, old.dtype, dict(old.attrs)
        del file[place]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk(shape)
        for code, *numbers in filters:
            plan.set_filter(code, 0, tuple(numbers))
        parent, name = place.rsplit("/", 1)
        space, kind = h5py.h5s.create_simple(shape), h5py.h5t.py_create(kind)
        made = h5py.h5d.create(file[parent].id, name.encode(), kind, space, plan)
        made.write_direct_chunk((0,) * len(shape), stored, skipped)
        h5py.Dataset(made).attrs.update(attributes)


GZIP, SHUFFLE, FLETCHER32, LZF = (1, 9), (2, 2), (3,), (32000, 4, 261, 1440)
N_BYTES = 120 * 6 * 2
LZF_ZEROS = b"\x00\x00" + (b"\xe0\xf7\x00" * 6)[:-3]  # a zero, and copies of 256 bytes of those before


@pytest.mark.parametrize("place", ["axes/text/sequences/start", "sources/rnn.l0.h"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_chunk_that_inflates_to_much_is_refused(path, children, place, layers):
    store_as(path, place, [GZIP] * layers, a_gigabyte() if layers == 1 else zlib.compress(a_gigabyte(), 9))
    with pytest.raises(DumpError, match=r"ask for more than 400 MB|the same filter twice"):
        lstmviz.open_dump(path)


@pytest.fixture
def is_watched(monkeypatch):
    """A child is held to no memory by the system, as on macOS and Windows."""
    child = "from lstmviz.dump import trial_child as c; c.limit_memory = lambda: None; raise SystemExit(c.main())"
    monkeypatch.setattr(trial, "IS_HELD", False)
    monkeypatch.setattr(trial, "command", lambda _, *given: [sys.executable, "-c", child, *given])


def test_where_the_system_holds_no_process_to_its_memory_the_child_is_watched(path, children, is_watched, monkeypatch):
    monkeypatch.setattr(trial, "MEMORY", 100 * 2**20)
    lstmviz.open_dump(path).close()
    with h5py.File(path, "r+") as file:
        file.create_dataset("one", (), "S1000000000")
    assert path.stat().st_size < 100_000
    with pytest.raises(DumpError, match="ask for more than 100 MB"):
        lstmviz.open_dump(path)
    assert len(children) == 2


def test_the_memory_of_a_process_is_that_of_those_it_started_too():
    """On Windows the interpreter of a virtual environment starts another one."""
    works = "b = bytearray(50_000_000); print(flush=True); input()"
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {works!r}])"
    with subprocess.Popen([sys.executable, "-c", starts], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert 50_000_000 < resident_bytes(process.pid) < 200_000_000
        process.communicate(b"\n")
    assert resident_bytes(process.pid) == 0


def test_one_of_the_processes_that_ends_while_it_is_looked_at_hides_none_of_the_others(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as brief:
        gone = psutil.Process(brief.pid)
    monkeypatch.setattr(psutil.Process, "children", lambda self, recursive: [gone])
    assert resident_bytes(os.getpid()) > 10_000_000


@pytest.mark.parametrize(
    ("filters", "stored", "skipped"),
    [
        ([], b"x" * 10, 0),
        ([], b"x" * (N_BYTES + 1), 0),
        ([SHUFFLE], b"x" * 10, 0),
        ([GZIP], zlib.compress(b"x" * 10), 0),
        ([GZIP], zlib.compress(bytes(N_BYTES))[:-9], 0),
        ([GZIP], b"x" * 10, 1),
        ([SHUFFLE, GZIP, FLETCHER32], zlib.compress(b"x" * 10), 0b100),
        ([LZF], b"\x09" + b"x" * 10, 0),
        ([LZF], LZF_ZEROS, 0),
    ],
)
def test_a_chunk_of_fewer_bytes_than_declared_shows_nothing_of_the_memory(path, children, filters, stored, skipped):
    store_as(path, "sources/rnn.l0.h", filters, stored, skipped)
    with pytest.raises(DumpError, match="a chunk whose values are not as many as it declares"):
        lstmviz.open_dump(path)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_chunks_of_every_index_and_filter_have_the_length_declared(tmp_path, libver):
    rng = np.random.default_rng(0)
    kinds = [{}, {"compression": "gzip"}, {"compression": "lzf"}, {"compression": "lzf", "shuffle": True}]
    values = rng.normal(size=(100, 6)), np.zeros((100, 6)), rng.integers(0, 3, (100, 6)).repeat(3, 0)
    with h5py.File(tmp_path / "a.h5", "w", libver=libver) as file:
        for i, more in enumerate([kind | {"fletcher32": f} for kind in kinds for f in (False, True)]):
            for j, (chunk, most) in enumerate(
                [((100, 6), None), ((7, 4), None), ((7, 6), (None, 6)), ((9, 4), (None,) * 2)]
            ):
                for k, array in enumerate(values):
                    dataset = file.create_dataset(f"{i} {j} {k}", data=array, chunks=chunk, maxshape=most, **more)
                    assert not has_short_chunk(dataset), (more, chunk, most, k)


def test_thousands_of_attributes_are_refused_and_not_looked_for_one_by_one(path):
    with h5py.File(path, "r+", libver="latest") as file:
        for i in range(safe.MAX_ATTRIBUTES + 1):
            file["axes/text"].attrs[f"a{i}"] = 0
    with pytest.raises(DumpError, match="attributes at '/axes/text'; at most 200 are read"):
        lstmviz.open_dump(path)


def test_a_maximal_shape_that_kills_hdf5_kills_no_command(tmp_path, children):
    path = tmp_path / "segv.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("sources/h", data=np.zeros((120, 6), "f2"), chunks=(32, 6))
    data = bytearray(path.read_bytes())
    at = data.find(struct.pack("<QQQQ", 120, 6, 120, 6))
    head = data.rfind(b"OHDR", 0, at)
    data[at + 24 : at + 32] = struct.pack("<Q", 2**27 + 6)
    skip = head + 6 + (16 if data[head + 5] & 0x20 else 0) + (4 if data[head + 5] & 0x10 else 0)
    width = 1 << (data[head + 5] & 3)
    end = skip + width + int.from_bytes(data[skip : skip + width], "little")
    data[end : end + 4] = struct.pack("<I", lookup3(bytes(data[head:end])))
    path.write_bytes(data)
    for command in ("inspect", "doctor"):
        done = run(command, path)
        assert done.exit_code == 1, done.output
        assert "Traceback" not in done.output


def lookup3(data):
    """HDF5's checksum of metadata: lookup3 by Bob Jenkins."""
    mask = 0xFFFFFFFF

    def rot(x, k):
        return ((x << k) | (x >> (32 - k))) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    i = 0
    while len(data) - i > 12:
        x, y, z = struct.unpack_from("<III", data, i)
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        for left, k in (("a", 4), ("b", 6), ("c", 8), ("a", 16), ("b", 19), ("c", 4)):
            if left == "a":
                a = ((a - c) & mask) ^ rot(c, k)
                c = (c + b) & mask
            elif left == "b":
                b = ((b - a) & mask) ^ rot(a, k)
                a = (a + c) & mask
            else:
                c = ((c - b) & mask) ^ rot(b, k)
                b = (b + a) & mask
        i += 12
    x, y, z = struct.unpack("<III", data[i:].ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    for names, k in (("cb", 14), ("ac", 11), ("ba", 25), ("cb", 16), ("ac", 4), ("ba", 14), ("cb", 24)):
        values = {"a": a, "b": b, "c": c}
        new = ((values[names[0]] ^ values[names[1]]) - rot(values[names[1]], k)) & mask
        a, b, c = (new if names[0] == each else values[each] for each in "abc")
    return c


@pytest.mark.parametrize("seed", range(N_MUTANTS))
def test_changed_bytes_give_an_answer_or_a_line(tmp_path, seed):
    rng = random.Random(seed)
    path = write(tmp_path / "a.h5")
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(data))
        data[at] = rng.choice([0, 255, data[at] ^ (1 << rng.randrange(8)), rng.randrange(256)])
    if rng.random() < 0.2:
        data = data[: rng.randrange(len(data))]
    path.write_bytes(data)
    try:
        dump = lstmviz.open_dump(path)
        dump.match(dump.select("rnn.l0.h", 5, 6, 0.1))
        dump.search("a")
    except LstmvizError as err:
        assert "\n" not in str(err)  # noqa: PT017
    assert run("doctor", path).exit_code in (0, 1)


def test_the_door_asks_for_it(path, monkeypatch):
    asked = []
    monkeypatch.setattr(hdf5_file, "require", lambda *given: asked.append(given))
    lstmviz.open_dump(path)
    assert asked == [(path, path)]


def test_many_files_are_read_by_one_child_and_those_it_does_not_survive_by_their_own(tmp_path, children):
    folder = tmp_path / "runs"
    folder.mkdir()
    for k in range(6):
        write(folder / f"{k}.h5").touch()
    trial._known.clear()
    trial._own.clear()
    said = []
    assert len(glances(folder, said.append)) == 6
    assert (len(children), said) == (1, [])
    (folder / "6.h5").write_bytes((folder / "0.h5").read_bytes()[:300])  # HDF5 says so: it is let through
    write(folder / "7.h5")
    trial._known.clear()
    trial._own.clear()
    assert len(glances(folder, said.append)) == 7
    assert len(children) == 2
    assert len(said) == 1
    assert "6.h5" in said[0]


def test_the_files_after_one_that_ends_the_child_are_read_by_the_next(tmp_path, children, monkeypatch):
    paths = [write(tmp_path / f"{k}.h5") for k in range(5)]
    trial._known.clear()
    trial._own.clear()
    whole = (
        f"import os, sys\nfor path in sys.argv[1:]:\n    "
        f"os.kill(os.getpid(), 11) if path == {str(paths[2])!r} else os.write(1, b'.')"
    )
    monkeypatch.setattr(trial, "command", lambda _, *given: [sys.executable, "-c", whole, *given])
    trial.require_many(paths)
    assert len(children) == 2
    for path in (*paths[:2], *paths[3:]):
        trial.require(path, path)
    assert len(children) == 2
    with pytest.raises(DumpError, match="ends HDF5's library by SIGSEGV"):
        trial.require(paths[2], paths[2])
