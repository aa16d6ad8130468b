"""Read the blocks of a recording back: batch by batch, checked, up to the first torn or damaged one."""

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

from lstmviz.dump.block import Block
from lstmviz.dump.journal.format import CRC, FRAME, MAGIC, PLACES
from lstmviz.dump.parts import BLOCKS
from lstmviz.dump.schema import ArrayKey, Role
from lstmviz.errors import MALFORMED, DumpError
from lstmviz.system.own_files import open_own

READ_BYTES = 512 * 1024  # read at a time, so that they stay in a core's cache for the checksum


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """Where one array lies in a block: its dtype, the shape of a row, and the bytes of the arrays before it.

    Those take ``step_bytes`` for each step of the block and ``piece_bytes`` for each of its pieces.
    """

    dtype: np.dtype[Any]
    row: tuple[int, ...]
    step_bytes: int
    piece_bytes: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, which is a step or a piece."""
        return self.dtype.itemsize * int(np.prod(self.row, dtype=np.int64))


BlockLayout = tuple[tuple[ArrayKey, ArrayLayout], ...]  # every array of a block in order; mostly the same


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A complete block in the file: what its head says, and where its payload begins."""

    axis: str
    lengths: NDArray[np.int64]
    places: NDArray[np.int64] | None  # (n_pieces, 2)
    payload: int
    layout: BlockLayout
    labels: Mapping[str, tuple[str, ...]]
    vocab: tuple[str, ...]
    has_more: bool  # the batch continues in the next block

    @property
    def n_steps(self) -> int:
        """Steps in the block."""
        return int(self.lengths.sum())

    def read(self, file: FileIO) -> Block:
        """Return the block in memory."""
        arrays = {key: self._array(file, key, layout) for key, layout in self.layout}
        return Block(self.axis, tuple(self.lengths.tolist()), arrays, self.labels, self.places, self.vocab)

    def tokens(self, file: FileIO) -> NDArray[Any] | None:
        """Return the block's token ids, or None where it has none."""
        return next((self._array(file, key, layout) for key, layout in self.layout if key.role == "tokens"), None)

    def _array(self, file: FileIO, key: ArrayKey, layout: ArrayLayout) -> NDArray[Any]:
        n_rows = len(self.lengths) if key.role == "sequence" else self.n_steps
        start = self.payload + layout.step_bytes * self.n_steps + layout.piece_bytes * len(self.lengths)
        return _read_array(file, start, layout.dtype, (n_rows, *layout.row))


StoredBatch = list[StoredBlock]


class BlockReader:
    """Reads the complete batches of a recording in order; a torn end of the file is not an error.

    Afterwards ``n_lost_bytes`` says how many bytes follow the last complete batch, and ``is_torn`` whether they are a
    batch that was cut off when its writer was ended; such a batch was never acknowledged.
    """

    def __init__(self, parts_dir: Path) -> None:
        self._path = parts_dir / BLOCKS
        self.n_lost_bytes = 0
        self.is_torn = False

    def batches(self, file: FileIO | None = None) -> Iterator[StoredBatch]:
        """Yield the blocks of each complete batch; ``file`` is the file of blocks if it is open already."""
        if file is not None:
            yield from self._batches(file)
        elif self._path.is_file():
            with open_own(self._path) as opened:
                yield from self._batches(opened)

    def steps(self, file: FileIO) -> Iterator[tuple[str, int]]:
        """Yield the axis and the number of steps in each block's head, unchecked: a quick look ahead."""
        place, size = 0, os.fstat(file.fileno()).st_size
        while (frame := _frame(file, place, size)) is not None and frame[2] <= size:
            n_head, payload, place = frame
            try:
                head = json.loads(_read(file, payload - n_head, n_head))
                yield str(head["axis"]), int(sum(head["lengths"]))
            except MALFORMED:
                return

    def _batches(self, file: FileIO) -> Iterator[StoredBatch]:
        size = os.fstat(file.fileno()).st_size
        end = place = 0
        batch: StoredBatch = []
        while (block_and_end := _read_block(file, place, size)) is not None:
            block, place = block_and_end
            batch.append(block)
            if not block.has_more:
                end = place
                yield batch
                batch = []
        self.n_lost_bytes = size - end
        self.is_torn = bool(self.n_lost_bytes) and _is_cut_off(file, place, size)


def read_into(file: FileIO, target: memoryview, place: int) -> None:
    """Fill a buffer from a place in the file; DumpError where the file ends too early."""
    while len(target):
        if hasattr(os, "preadv"):
            n_bytes = os.preadv(file.fileno(), [target], place)
        else:
            file.seek(place)
            n_bytes = file.readinto(target)
        if not n_bytes:
            raise DumpError(f"{file.name!r} ends at byte {place}; it became shorter while it was read")
        target, place = target[n_bytes:], place + n_bytes


def _read_block(file: FileIO, start: int, size: int) -> tuple[StoredBlock, int] | None:
    """Return the block at a place and where it ends; None where there is no complete block."""
    frame = _frame(file, start, size)
    if frame is None or frame[2] > size:
        return None
    n_head, payload, end = frame
    crc = 0
    buffer = np.empty(min(READ_BYTES, end - start), np.uint8).data
    for place in range(start, end - CRC.size, READ_BYTES):
        part = buffer[: min(READ_BYTES, end - CRC.size - place)]
        read_into(file, part, place)
        crc = zlib.crc32(part, crc)
    if CRC.unpack(_read(file, end - CRC.size, CRC.size)) != (crc,):
        return None
    block = _decode(file, _read(file, payload - n_head, n_head), payload, end - CRC.size)
    return None if block is None else (block, end)


def _frame(file: FileIO, start: int, size: int) -> tuple[int, int, int] | None:
    """Return the bytes of the head, where the payload begins and where the block ends; None if no block begins."""
    if size - start < FRAME.size:
        return None
    magic, n_head, n_payload = FRAME.unpack(_read(file, start, FRAME.size))
    payload = start + FRAME.size + n_head
    return (n_head, payload, payload + n_payload + CRC.size) if magic == MAGIC else None


def _is_cut_off(file: FileIO, start: int, size: int) -> bool:
    """Tell whether the file ends inside a block, or inside a batch, and no complete block follows."""
    if start == size:
        return True
    if size - start < FRAME.size:
        return _read(file, start, min(size - start, len(MAGIC))) == MAGIC[: size - start]
    frame = _frame(file, start, size)
    return frame is not None and frame[2] > size and not _has_later_block(file, start + 1, size)


def _has_later_block(file: FileIO, start: int, size: int) -> bool:
    """Tell whether a complete block begins anywhere after a place; then the bytes there are damaged, not torn."""
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


def _read_array(file: FileIO, start: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    values = np.empty(shape, dtype)
    if values.nbytes:
        read_into(file, values.reshape(-1).view(np.uint8).data, start)
    return values


def _decode(file: FileIO, head: bytearray, payload: int, end: int) -> StoredBlock | None:
    """Return the block that a head describes; None where the head does not fit the payload."""
    try:
        raw = json.loads(head)
        lengths = np.array(raw["lengths"], np.int64)
        n_steps, n_pieces = int(lengths.sum()), len(lengths)
        layout: list[tuple[ArrayKey, ArrayLayout]] = []
        places, step_bytes, piece_bytes = None, 0, 0
        for role, name, dtype, (n_rows, *row) in raw["arrays"]:
            array = ArrayLayout(np.dtype(dtype).newbyteorder("<"), tuple(row), step_bytes, piece_bytes)
            is_per_piece = role in ("sequence", PLACES)
            if n_rows != (n_pieces if is_per_piece else n_steps):
                return None
            if role == PLACES:
                start = payload + step_bytes * n_steps + piece_bytes * n_pieces
                places = _read_array(file, start, array.dtype, (n_pieces, 2)).astype(np.int64)
            else:
                layout.append((ArrayKey(cast(Role, role), name), array))
            step_bytes += 0 if is_per_piece else array.row_bytes
            piece_bytes += array.row_bytes if is_per_piece else 0
        if payload + step_bytes * n_steps + piece_bytes * n_pieces != end:
            return None
        labels = {name: tuple(new) for name, new in raw.get("labels", {}).items()}
        more = bool(raw.get("more", False))
        return StoredBlock(
            raw["axis"], lengths, places, payload, tuple(layout), labels, tuple(raw.get("vocab", ())), more
        )
    except (*MALFORMED, DumpError):
        return None
