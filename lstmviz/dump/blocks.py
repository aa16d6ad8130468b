"""Read the blocks of a recording back: batch by batch, checked, until the first that is torn or damaged."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.parts import BLOCKS, CRC, FRAME, MAGIC, PLACES, Block
from lstmviz.dump.schema import ArrayKey, Role
from lstmviz.errors import DumpError

READ_BYTES = 4 * 2**20  # at a time, whatever a block's size


@dataclass(frozen=True, slots=True)
class StoredArray:
    """Where one array of a block lies in the file: its first byte, dtype and shape."""

    start: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Bytes of one step, or of one piece."""
        return self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))

    def read(self, file: FileIO) -> NDArray[Any]:
        """Return the whole array."""
        values = np.empty(self.shape, self.dtype)
        if values.nbytes:
            read_into(file, values.reshape(-1).view(np.uint8).data, self.start)
        return values


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A whole block as it lies in the file: what its head says, and where its arrays are."""

    axis: str
    lengths: NDArray[np.int64]
    places: NDArray[np.int64] | None  # (n_pieces, 2)
    arrays: Mapping[ArrayKey, StoredArray]
    labels: Mapping[str, tuple[str, ...]]
    vocab: tuple[str, ...]
    has_more: bool  # the batch goes on in the next block

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return int(self.lengths.sum())


Batch = list[StoredBlock]


class BlockReader:
    """Goes through the whole batches of a recording in order, with memory for one head; never raises for a torn tail.

    Once it is through, ``n_lost_bytes`` says how much stood behind the last whole batch, and ``is_torn`` whether that
    is what a writer leaves that is ended while it writes: a batch cut off, which nobody was told is kept.
    """

    def __init__(self, parts_dir: Path) -> None:
        self._path = parts_dir / BLOCKS
        self.n_lost_bytes = 0
        self.is_torn = False

    def batches(self, file: FileIO) -> Iterator[Batch]:
        """Yield the blocks of each whole batch of an open file of blocks."""
        size = os.fstat(file.fileno()).st_size
        end = place = 0
        batch: Batch = []
        while (found := _read_block(file, place, size)) is not None:
            block, place = found
            batch.append(block)
            if not block.has_more:
                end = place
                yield batch
                batch = []
        self.n_lost_bytes = size - end
        self.is_torn = bool(self.n_lost_bytes) and _is_cut_off(file, place, size)

    def __iter__(self) -> Iterator[Block]:
        """Yield each block of each whole batch, in memory."""
        if not self._path.is_file():
            return
        with FileIO(self._path, "r") as file:
            for batch in self.batches(file):
                for block in batch:
                    arrays = {key: array.read(file) for key, array in block.arrays.items()}
                    lengths = tuple(block.lengths.tolist())
                    yield Block(block.axis, lengths, arrays, block.labels, block.places, block.vocab)


def read_blocks(parts_dir: Path) -> Iterator[Block]:
    """Yield each whole block in order, and stop at the first that is torn or damaged; never raises for one."""
    yield from BlockReader(parts_dir)


def read_into(file: FileIO, target: memoryview, place: int) -> None:
    """Fill a buffer from a place in the file; DumpError where the file ends before."""
    while len(target):
        if hasattr(os, "preadv"):
            n_bytes = os.preadv(file.fileno(), [target], place)
        else:
            file.seek(place)
            n_bytes = file.readinto(target)
        if not n_bytes:
            raise DumpError(f"{file.name!r} ends at byte {place}, and more was there a moment ago")
        target, place = target[n_bytes:], place + n_bytes


def _read_block(file: FileIO, start: int, size: int) -> tuple[StoredBlock, int] | None:
    """Return the block at a place and where it ends, or None where there is no whole one."""
    frame = _frame(file, start, size)
    if frame is None or frame[2] > size:
        return None
    n_head, payload, end = frame
    crc = 0
    buffer = memoryview(bytearray(min(READ_BYTES, end - start)))
    for place in range(start, end - CRC.size, READ_BYTES):
        part = buffer[: min(READ_BYTES, end - CRC.size - place)]
        read_into(file, part, place)
        crc = zlib.crc32(part, crc)
    if CRC.unpack(_read(file, end - CRC.size, CRC.size)) != (crc,):
        return None
    block = _decode(file, _read(file, payload - n_head, n_head), payload, end - CRC.size)
    return None if block is None else (block, end)


def _frame(file: FileIO, start: int, size: int) -> tuple[int, int, int] | None:
    """Return the bytes of the head, and where the payload begins and the block ends; None where no block begins."""
    if size - start < FRAME.size:
        return None
    magic, n_head, n_payload = FRAME.unpack(_read(file, start, FRAME.size))
    payload = start + FRAME.size + n_head
    return (n_head, payload, payload + n_payload + CRC.size) if magic == MAGIC else None


def _is_cut_off(file: FileIO, start: int, size: int) -> bool:
    """Tell whether the file ends within a block, or within a batch, and nothing whole stands behind."""
    if start == size:
        return True
    if size - start < FRAME.size:
        return _read(file, start, min(size - start, len(MAGIC))) == MAGIC[: size - start]
    frame = _frame(file, start, size)
    return frame is not None and frame[2] > size and not _has_block_behind(file, start + 1, size)


def _has_block_behind(file: FileIO, start: int, size: int) -> bool:
    """Tell whether a whole block begins anywhere from a place on: then what stands before it is no torn tail."""
    overlap = len(MAGIC) - 1
    for chunk in range(start, size, READ_BYTES):
        data = _read(file, chunk, min(READ_BYTES + overlap, size - chunk))
        at = data.find(MAGIC)
        while at >= 0:
            if _read_block(file, chunk + at, size) is not None:
                return True
            at = data.find(MAGIC, at + 1)
    return False


def _read(file: FileIO, place: int, n_bytes: int) -> bytearray:
    data = bytearray(n_bytes)
    read_into(file, memoryview(data), place)
    return data


def _decode(file: FileIO, head: bytearray, start: int, end: int) -> StoredBlock | None:
    """Return the block that a head describes, or None where it does not describe its payload."""
    try:
        raw = json.loads(head)
        arrays: dict[ArrayKey, StoredArray] = {}
        places = None
        for role, name, dtype, shape in raw["arrays"]:
            array = StoredArray(start, np.dtype(dtype).newbyteorder("<"), tuple(int(n) for n in shape))
            start += array.row_bytes * array.shape[0]
            if role == PLACES:
                places = array.read(file).astype(np.int64)
            else:
                arrays[ArrayKey(cast(Role, role), name)] = array
        lengths = np.array(raw["lengths"], np.int64)
        labels = {name: tuple(new) for name, new in raw.get("labels", {}).items()}
        block = StoredBlock(
            raw["axis"], lengths, places, arrays, labels, tuple(raw.get("vocab", ())), bool(raw.get("more", False))
        )
        return block if start == end and _fits(block) else None
    except (ValueError, KeyError, TypeError, DumpError):
        return None


def _fits(block: StoredBlock) -> bool:
    """Tell whether every array has a row for each step, or piece, and each piece a place."""
    n_pieces = len(block.lengths)
    rows = {"sequence": n_pieces}
    return all(a.shape[0] == rows.get(k.role, block.n_steps) for k, a in block.arrays.items()) and (
        block.places is None or block.places.shape == (n_pieces, 2)
    )
