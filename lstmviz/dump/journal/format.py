"""How a block of a recording in progress lies in the file (docs/format.md), and how its bytes get there."""

from __future__ import annotations

import errno
import json
import os
import shlex
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import InputError

MAGIC = b"LSTMVBK1"
FRAME = struct.Struct("<8sIQ")  # magic, bytes of the head, bytes of the payload
CRC = struct.Struct("<I")
PLACES = "places"  # the role under which a block's places stand among its arrays in the file
_MAX_VECTORS = 1024  # of one writev, the least that POSIX systems take today
PARTS = ".parts"  # behind the name of a dump: the folder of a recording to it
HEADER = "header.json"
BLOCKS = "blocks.bin"


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


@dataclass(frozen=True, slots=True)
class Written:
    """How much of a recording is acknowledged: bytes of the file of blocks, steps, batches."""

    n_bytes: int = 0
    n_steps: int = 0
    n_batches: int = 0


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was found in a folder of parts, and if it is all there.

    Steps and batches; bytes that were no whole batch, and whether they are only one that was cut off while it was
    written; and whether the recording was closed in order and every byte of it was read. Then what was left out, whole
    as it is: steps and batches with a token id outside the vocabulary, and the first such id in words.
    """

    n_steps: int
    n_batches: int
    n_lost_bytes: int
    is_torn: bool
    is_complete: bool
    n_odd_steps: int = 0
    n_odd_batches: int = 0
    odd: str = ""


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


def encode(block: Block, *, is_last: bool) -> list[memoryview]:
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


def write_all(handle: int, pieces: list[memoryview]) -> None:
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
