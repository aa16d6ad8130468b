"""The layout of blocks in the file of a recording in progress (docs/format.md), and how they are written."""

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
PLACES = "places"  # the role of a block's places among its arrays in the file
_MAX_VECTORS = 1024  # in one writev: the least that today's POSIX systems accept


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How much of a recording is acknowledged: bytes of the file of blocks, steps and batches."""

    n_bytes: int = 0
    n_steps: int = 0
    n_batches: int = 0


@dataclass(frozen=True, slots=True)
class AssemblyReport:
    """What a folder of parts held, and what of it is in the dump.

    ``n_lost_bytes`` follow the last complete batch; ``is_torn`` if they are one batch that was cut off while it was
    written. ``is_complete`` if the recording was closed in order and every byte of it was read. ``n_odd_steps`` and
    ``n_odd_batches`` were left out because of a token id outside the vocabulary; ``odd`` names the first such id.
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
    """Return an amount in words, as "1,240 steps in 31 batches"."""
    return f"{n_steps:,} step{'s' * (n_steps != 1)} in {n_batches:,} batch{'es' * (n_batches != 1)}"


def encode(block: Block, *, is_last: bool) -> list[memoryview]:
    """Return a block's bytes in order, without copying arrays that are in memory as they are stored."""
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
    buffers = [memoryview(frame + text), *payload]
    crc = 0
    for buffer in buffers:
        crc = zlib.crc32(buffer, crc)
    return [*buffers, memoryview(CRC.pack(crc))]


def write_all(handle: int, buffers: list[memoryview]) -> None:
    """Write every byte of some buffers, in one system call unless that writes less."""
    unwritten = list(buffers)
    while unwritten:
        n_bytes = (
            os.writev(handle, unwritten[:_MAX_VECTORS]) if hasattr(os, "writev") else os.write(handle, unwritten[0])
        )
        if not n_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        while unwritten and n_bytes >= len(unwritten[0]):
            n_bytes -= len(unwritten.pop(0))
        if n_bytes:
            unwritten[0] = unwritten[0][n_bytes:]
