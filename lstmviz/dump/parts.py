"""A recording in progress: checksummed blocks appended to ``PATH.parts/``, without HDF5 (docs/format.md).

A block is acknowledged once the operating system has all of it, so a killed process loses nothing that was
acknowledged; ``flush`` makes it outlive a power cut too. Reading stops at the first block whose checksum does not hold.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import ArrayKey, DumpPlan, Role
from lstmviz.errors import DumpError, DumpMissing, RecordingError

if sys.platform != "win32":
    import fcntl

HEADER = "header.json"
BLOCKS = "blocks.bin"
_MAGIC = b"LSTMVBK1"
_FRAME = struct.Struct("<8sIQ")  # magic, bytes of the head, bytes of the payload
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole sequences of one axis: their lengths, every per-step array, and labels met for the first time."""

    axis: str
    lengths: tuple[int, ...]
    arrays: Mapping[ArrayKey, NDArray[Any]]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return sum(self.lengths)


def parts_of(path: str | os.PathLike[str]) -> Path:
    """Return the folder in which a recording to ``path`` keeps its blocks."""
    target = Path(path)
    return target.with_name(target.name + ".parts")


def counted(n_steps: int, n_batches: int) -> str:
    """Say how much was recorded, as "1,240 steps in 31 batches"."""
    return f"{n_steps:,} step{'s' * (n_steps != 1)} in {n_batches:,} batch{'es' * (n_batches != 1)}"


class BlockWriter:
    """Appends blocks to a folder of parts; what ``append`` returned from is acknowledged.

    The folder must be there and hold no recording. Raises RecordingError in one line where the disk does not take a
    block; the blocks before it stay whole, and the next ``append`` tries again behind them.
    """

    def __init__(self, parts_dir: Path, plan: DumpPlan) -> None:
        self.parts_dir = parts_dir
        write_plan(parts_dir, plan)
        self._file = FileIO(parts_dir / BLOCKS, "x")
        _lock(self._file)
        self._end = 0
        sync_folder(parts_dir)

    def append(
        self,
        axis: str,
        lengths: Sequence[int],
        arrays: Mapping[ArrayKey, NDArray[Any]],
        labels: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Append one block, unbuffered: every array of whole sequences, shapes (sum(lengths), ...).

        ``labels`` are the labels of category tracks that no block before carried, in their order.
        """
        pieces = _pieces(axis, lengths, arrays, labels or {})
        try:
            for piece in pieces:
                _write_all(self._file, piece)
            self._end += sum(len(p) for p in pieces)
        except BaseException as err:
            self._cut_back()
            if not isinstance(err, OSError):
                raise
            raise RecordingError(
                f"a batch could not be written to {self.parts_dir} ({err.strerror or err}); what came before it is "
                "kept, so make room and go on"
            ) from err

    def flush(self) -> None:
        """Return once everything acknowledged would outlive a power cut."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                _unlock(self._file)
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut_back(self) -> None:
        """Drop a half-written block, so that a later one does not stand behind it unread."""
        self._file.seek(self._end)
        self._file.truncate()


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


class BlockReader:
    """Iterates the whole blocks of a recording, in order; ``n_lost_bytes`` says how much stood behind the last one."""

    def __init__(self, parts_dir: Path) -> None:
        self._path = parts_dir / BLOCKS
        self.n_lost_bytes = 0

    def __iter__(self) -> Iterator[Block]:
        if not self._path.is_file():
            return
        with FileIO(self._path, "r") as file:
            size = os.fstat(file.fileno()).st_size
            end = 0
            while (block := _read_block(file, size - end)) is not None:
                end = file.tell()
                yield block
            self.n_lost_bytes = size - end


def read_blocks(parts_dir: Path) -> Iterator[Block]:
    """Yield each whole block in order, and stop at the first that is torn or damaged; never raises for one."""
    yield from BlockReader(parts_dir)


def is_recording(parts_dir: Path) -> bool:
    """Tell whether a writer that is not closed yet has the folder, in this process or another (POSIX only)."""
    try:
        with FileIO(parts_dir / BLOCKS, "r") as file:
            return not _lock(file)
    except OSError:
        return False


def _lock(file: FileIO) -> bool:
    """Mark blocks as being written, until they are closed or the process ends; False where they are already."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _unlock(file: FileIO) -> None:
    """Take the mark off at once: a process that was forked meanwhile has the file open too."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


def sync_folder(folder: Path) -> None:
    """Make names written in a folder outlive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _pieces(
    axis: str, lengths: Sequence[int], arrays: Mapping[ArrayKey, NDArray[Any]], labels: Mapping[str, Sequence[str]]
) -> list[memoryview]:
    """Return a block's bytes in order; the arrays' own memory, not a copy, where it is laid out as stored."""
    stored = {key: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for key, a in arrays.items()}
    head: dict[str, Any] = {
        "axis": axis,
        "lengths": [int(n) for n in lengths],
        "arrays": [[k.role, k.name, a.dtype.newbyteorder("=").name, list(a.shape)] for k, a in stored.items()],
    }
    if labels:
        head["labels"] = {name: list(new) for name, new in labels.items()}
    text = json.dumps(head).encode("ascii")
    frame = _FRAME.pack(_MAGIC, len(text), sum(a.nbytes for a in stored.values()))
    payload = [a.reshape(-1).view(np.uint8).data for a in stored.values()]
    pieces = [memoryview(frame + text), *payload]
    crc = 0
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    return [*pieces, memoryview(_CRC.pack(crc))]


def _write_all(file: FileIO, piece: memoryview) -> None:
    while len(piece):
        written = file.write(piece)
        piece = piece[written or 0 :]


def _read_block(file: FileIO, n_left: int) -> Block | None:
    """Read the block at the file's place, or None where there is no whole one."""
    if n_left < _FRAME.size + _CRC.size:
        return None
    frame = _read(file, _FRAME.size)
    magic, n_head, n_payload = _FRAME.unpack(frame)
    if magic != _MAGIC or n_head + n_payload > n_left - _FRAME.size - _CRC.size:
        return None
    head, payload = _read(file, n_head), _read(file, n_payload)
    (crc,) = _CRC.unpack(_read(file, _CRC.size))
    if zlib.crc32(payload, zlib.crc32(head, zlib.crc32(frame))) != crc:
        return None
    return _decode(head, payload)


def _read(file: FileIO, n_bytes: int) -> bytearray:
    data = bytearray(n_bytes)
    rest = memoryview(data)
    while len(rest) and (n := file.readinto(rest)):
        rest = rest[n:]
    return data


def _decode(head: bytearray, payload: bytearray) -> Block | None:
    """Return the block that a head describes, or None where it does not describe its payload."""
    try:
        raw = json.loads(head)
        arrays = {}
        place = 0
        for role, name, dtype, shape in raw["arrays"]:
            kind = np.dtype(dtype).newbyteorder("<")
            count = int(np.prod(shape, dtype=np.int64))
            values = np.frombuffer(payload, kind, count, place).reshape(shape)
            arrays[ArrayKey(cast(Role, role), name)] = values
            place += values.nbytes
        labels = {name: tuple(new) for name, new in raw.get("labels", {}).items()}
        return Block(raw["axis"], tuple(raw["lengths"]), arrays, labels)
    except (ValueError, KeyError, TypeError, DumpError):
        return None
