"""How a block of a recording in progress lies in the file (docs/format.md), and how its bytes get there."""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block

MAGIC = b"LSTMVBK1"
FRAME = struct.Struct("<8sIQ")  # magic, bytes of the head, bytes of the payload
CRC = struct.Struct("<I")
PLACES = "places"  # the role under which a block's places stand among its arrays in the file
_MAX_VECTORS = 1024  # of one writev, the least that POSIX systems take today


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How much of a recording is acknowledged: bytes of the file of blocks, steps, batches."""

    n_bytes: int = 0
    n_steps: int = 0
    n_batches: int = 0


@dataclass(frozen=True, slots=True)
class AssemblyReport:
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


def steps_in_batches(n_steps: int, n_batches: int) -> str:
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
