"""Sparse files: a file of a few kB may be a terabyte long, and all that was never written to reads as zeros."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 2**20  # read at a time


def stored_bytes(path: Path, enough: int = sys.maxsize) -> int:
    """Return how many bytes of a file are stored, counted no further than to ``enough``. Raises OSError."""
    n_stored = 0
    with path.open("rb") as file:
        for start, stop in _stored(file):
            n_stored += stop - start
            if n_stored >= enough:
                break
    return n_stored


def blocks_with_values(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield where in a file each block of ``BLOCK_BYTES`` begins that is not all zeros, and the block.

    Holes are not read, and zeros that are stored are passed over alike. Raises OSError.
    """
    zeros, done = bytes(BLOCK_BYTES), 0
    for start, stop in _stored(file):
        for at in range(max(done, start - start % BLOCK_BYTES), stop, BLOCK_BYTES):
            file.seek(at)
            block = file.read(BLOCK_BYTES)
            if block != zeros[: len(block)]:
                yield at, block
            done = at + BLOCK_BYTES


def _stored(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the stored ranges of a file, [start, stop): all of it where the system does not tell them."""
    handle, stop = file.fileno(), 0
    size = os.fstat(handle).st_size
    if sys.platform != "linux":  # macOS passes over what is not on its disk yet
        yield 0, size
        return
    while stop < size:
        try:
            start = os.lseek(handle, stop, os.SEEK_DATA)
        except OSError as err:
            if err.errno != errno.ENXIO:  # which says that nothing but a hole is left
                yield stop, size
            return
        stop = os.lseek(handle, start, os.SEEK_HOLE)
        yield start, stop
