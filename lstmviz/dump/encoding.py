"""How a block of a recording in progress lies in the file (docs/format.md), and how its bytes get there."""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lstmviz.dump.parts import Block

MAGIC = b"LSTMVBK1"
FRAME = struct.Struct("<8sIQ")  # magic, bytes of the head, bytes of the payload
CRC = struct.Struct("<I")
PLACES = "places"  # the role under which a block's places stand among its arrays in the file
_MAX_VECTORS = 1024  # of one writev, the least that POSIX systems take today


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
