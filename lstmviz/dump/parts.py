"""A recording in progress: checksummed blocks appended to ``PATH.parts/``, without HDF5 (docs/format.md).

A batch of blocks is acknowledged once the operating system has all of it, so a killed process loses nothing that was
acknowledged; ``flush`` makes it outlive a power cut too. ``lstmviz.dump.blocks`` reads them back.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.errors import DumpMissing, InputError, StorageError

if sys.platform != "win32":
    import fcntl

PARTS = ".parts"  # behind the name of a dump: the folder of a recording to it
HEADER = "header.json"
BLOCKS = "blocks.bin"
MAGIC = b"LSTMVBK1"
FRAME = struct.Struct("<8sIQ")  # magic, bytes of the head, bytes of the payload
CRC = struct.Struct("<I")
PLACES = "places"  # the role under which a block's places stand among its arrays in the file
_MAX_VECTORS = 1024  # of one writev, the least that POSIX systems take today


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces of sequences of one axis: their lengths, every array, and labels and tokens met for the first time.

    An array has one row a step, in order of the pieces, or one a piece if its role is "sequence". ``places`` is None
    where each piece is a document of its own, or (n_pieces, 2) whole numbers: piece i is ``lengths[i]`` steps of
    document ``places[i][0]``, beginning at that document's step ``places[i][1]``. ``vocab`` are the tokens that take
    the next free ids of the axis, ``labels`` the labels that take the next free numbers of a category track.
    """

    axis: str
    lengths: tuple[int, ...]
    arrays: Mapping[ArrayKey, NDArray[Any]]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: ArrayLike | None = None
    vocab: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key, array in self.arrays.items():
            n_rows = len(self.lengths) if key.role == "sequence" else self.n_steps
            if array.ndim < 1 or len(array) != n_rows:
                raise InputError(
                    f"{key.name or key.role} has shape {array.shape}, and a block of {len(self.lengths)} pieces with "
                    f"{self.n_steps} steps asks for {n_rows} rows"
                )
        if self.places is not None and np.shape(self.places) != (len(self.lengths), 2):
            raise InputError(
                f"places have shape {np.shape(self.places)}; give (document, position) for each of "
                f"{len(self.lengths)} pieces"
            )

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return sum(self.lengths)


def parts_of(path: str | os.PathLike[str]) -> Path:
    """Return the folder in which a recording to ``path`` keeps its blocks."""
    target = Path(path)
    return target.with_name(target.name + PARTS)


def recover_command(path: Path, *, overwrite: bool = False) -> str:
    """Return the command that completes the recording to a path."""
    return shlex.join(["lstmviz", "recover", str(path), *["--overwrite"] * overwrite])


def counted(n_steps: int, n_batches: int) -> str:
    """Say how much was recorded, as "1,240 steps in 31 batches"."""
    return f"{n_steps:,} step{'s' * (n_steps != 1)} in {n_batches:,} batch{'es' * (n_batches != 1)}"


@dataclass(frozen=True, slots=True)
class Written:
    """How much of a recording is acknowledged: bytes of the file of blocks, steps, batches."""

    n_bytes: int = 0
    n_steps: int = 0
    n_batches: int = 0


class BlockWriter:
    """Appends batches of blocks to a folder of parts; what ``append`` returned from is acknowledged.

    The folder must be there and hold no recording; ``file`` is what ``claim`` gave, where the place was taken before.
    Raises StorageError in one line where the disk does not take a batch: the batches before it stay whole, and the
    next ``append`` tries again behind them. ``written`` says what is acknowledged, whatever was raised.
    """

    def __init__(self, parts_dir: Path, plan: DumpPlan, file: FileIO | None = None) -> None:
        self.parts_dir = parts_dir
        self.written = Written()
        self._file = _new_blocks(parts_dir) if file is None else file
        with stored(f"the header of {parts_dir}"):
            write_plan(parts_dir, plan)

    def append(self, *blocks: Block) -> None:
        """Append the blocks of one batch, unbuffered: after a crash all of them are there, or none."""
        done = self.written
        pieces = [piece for i, b in enumerate(blocks) for piece in _encode(b, is_last=i == len(blocks) - 1)]
        n_bytes, n_steps = sum(len(p) for p in pieces), sum(b.n_steps for b in blocks)
        try:
            with stored(f"a batch of {self.parts_dir}"):
                self._cut_back()
                _write_all(self._file.fileno(), pieces)
                # One assignment, so that an interrupt finds the batch either acknowledged or not.
                self.written = Written(done.n_bytes + n_bytes, done.n_steps + n_steps, done.n_batches + 1)
        except BaseException:
            with suppress(OSError):  # the next append tries again, and a reader stops at what is torn
                self._cut_back()
            raise

    def flush(self) -> None:
        """Return once everything acknowledged would outlive a power cut."""
        with stored(f"what was acknowledged in {self.parts_dir}"):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                release(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut_back(self) -> None:
        """Drop a batch that was half written, so that a later one does not stand behind it unread."""
        if self._file.seek(0, os.SEEK_END) != self.written.n_bytes:
            self._file.truncate(self.written.n_bytes)
            self._file.seek(self.written.n_bytes)


@contextmanager
def stored(what: str) -> Iterator[None]:
    """Turn what the disk refuses into StorageError: "<what> could not be written (<why>)"."""
    try:
        yield
    except OSError as err:
        raise StorageError(f"{what} could not be written ({err.strerror or err})") from err


def claim(parts_dir: Path) -> FileIO:
    """Make the folder of parts and the file of its blocks, which only one recording can do, and lock it.

    Raises FileExistsError where the folder is there, another OSError where the disk does not take it.
    """
    parts_dir.mkdir()
    try:
        return _new_blocks(parts_dir)
    except BaseException:
        with suppress(OSError):
            remove_parts(parts_dir)
        raise


def release(file: FileIO) -> None:
    """Close the file of blocks, and take the lock off at once: a process forked meanwhile has the file open too."""
    if file.closed:
        return
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
    file.close()


def remove_parts(parts_dir: Path) -> None:
    """Remove a recording's own files and its folder, the header last, so that what is left still says what it was."""
    with suppress(OSError):
        (parts_dir / BLOCKS).unlink(missing_ok=True)
        remove_unfinished(parts_dir)
        for name in (f"{HEADER}.tmp", HEADER):
            (parts_dir / name).unlink(missing_ok=True)
        parts_dir.rmdir()


def remove_unfinished(parts_dir: Path) -> None:
    """Remove what a child left that was ended while it assembled the dump."""
    for left in parts_dir.glob("assembling-*.h5"):
        left.unlink(missing_ok=True)


def write_plan(parts_dir: Path, plan: DumpPlan) -> None:
    """Write or replace the header in one step: at every moment the old or the new one is whole."""
    temporary = parts_dir / f"{HEADER}.tmp"
    with temporary.open("wb") as file:
        file.write(plan.to_json().encode("utf-8", errors="surrogatepass"))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(parts_dir / HEADER)
    sync_folder(parts_dir)


def read_plan(parts_dir: Path) -> DumpPlan:
    """Return the plan of a recording; DumpMissing where the folder has none, DumpError where it cannot be read."""
    header = parts_dir / HEADER
    if not header.is_file():
        raise DumpMissing(f"no recording in {parts_dir}: it has no {HEADER}, so no batch was acknowledged")
    return DumpPlan.from_json(header.read_bytes().decode("utf-8", errors="surrogatepass"))


def is_recording(parts_dir: Path) -> bool:
    """Tell whether a writer that is not closed yet has the folder, in this process or another (POSIX only)."""
    try:
        with FileIO(parts_dir / BLOCKS, "r") as file:
            return not lock(file)
    except OSError:
        return False


def lock(file: FileIO) -> bool:
    """Mark blocks as in use, until the file is closed or the process ends; False where they are already."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Make names written in a folder outlive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _new_blocks(parts_dir: Path) -> FileIO:
    file = FileIO(parts_dir / BLOCKS, "x")
    lock(file)
    return file


def _encode(block: Block, *, is_last: bool) -> list[memoryview]:
    """Return a block's bytes in order; the arrays' own memory, not a copy, where it is laid out as stored."""
    arrays: list[tuple[str, str, NDArray[Any]]] = []
    for key, a in block.arrays.items():
        arrays.append((key.role, key.name, np.ascontiguousarray(a, a.dtype.newbyteorder("<"))))
    if block.places is not None:
        arrays.append((PLACES, "", np.ascontiguousarray(block.places, "<i8")))
    head: dict[str, Any] = {
        "axis": block.axis,
        "lengths": [int(n) for n in block.lengths],
        "arrays": [[r, n, a.dtype.newbyteorder("=").name, list(a.shape)] for r, n, a in arrays],
    }
    if block.labels:
        head["labels"] = {name: list(new) for name, new in block.labels.items()}
    if block.vocab:
        head["vocab"] = list(block.vocab)
    if not is_last:
        head["more"] = True
    text = json.dumps(head).encode("ascii")
    frame = FRAME.pack(MAGIC, len(text), sum(a.nbytes for _, _, a in arrays))
    payload = [a.reshape(-1).view(np.uint8).data for _, _, a in arrays if a.nbytes]
    pieces = [memoryview(frame + text), *payload]
    crc = 0
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    return [*pieces, memoryview(CRC.pack(crc))]


def _write_all(handle: int, pieces: list[memoryview]) -> None:
    """Write all of it, in one call of the operating system unless it takes less."""
    rest = list(pieces)
    while rest:
        n_bytes = os.writev(handle, rest[:_MAX_VECTORS]) if hasattr(os, "writev") else os.write(handle, rest[0])
        if not n_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        while rest and n_bytes >= len(rest[0]):
            n_bytes -= len(rest.pop(0))
        if n_bytes:
            rest[0] = rest[0][n_bytes:]
