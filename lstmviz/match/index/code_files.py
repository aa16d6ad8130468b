"""One file of an index: codes mapped into memory, with a checksum for each block, verified when it is first read."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmviz.match.index.codes import Codes
from lstmviz.system.mapped import Mapped
from lstmviz.system.own_files import open_own

BLOCK = 2**18  # bytes of one checksum; at 5 GB/s, it takes 50 microseconds
_WORDS = BLOCK // 8
# Odd weights, so that no word can change alone: each product is different modulo 2**64 for each value of the word.
_WEIGHTS = (np.arange(1, _WORDS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)

Sums = NDArray[np.uint64]


def checksum(block: Codes) -> np.uint64:
    """Return the checksum of up to ``BLOCK`` bytes: their 64-bit words, weighted by place, summed modulo 2**64."""
    if len(block) % 8:
        block = np.concatenate([block, np.zeros(-len(block) % 8, np.uint8)])
    words = block.view("<u8")
    return np.uint64(np.dot(words, _WEIGHTS[: len(words)]))


def n_blocks(n_bytes: int) -> int:
    """Return the number of blocks that ``n_bytes`` bytes make up; each has a checksum."""
    return -(-n_bytes // BLOCK)


def checksums(file: FileIO) -> Sums:
    """Return the checksum of each block of a file, as it is read back."""
    n_bytes = os.fstat(file.fileno()).st_size
    sums = np.zeros(n_blocks(n_bytes), np.uint64)
    file.seek(0)
    buffer = np.empty(BLOCK, np.uint8)
    for i in range(len(sums)):
        n_read = 0
        while n_read < min(BLOCK, n_bytes - i * BLOCK):
            n_more = file.readinto(buffer[n_read:].data)
            if not n_more:
                raise OSError(f"{n_bytes} bytes were written, and {i * BLOCK + n_read} can be read back")
            n_read += n_more
        sums[i] = checksum(buffer[:n_read])
    return sums


class CodeFile:
    """The codes in one file, (n_codes,) uint8, and which of their blocks were found right.

    Raises OSError where it cannot be opened, ValueError where it does not have ``n_codes`` bytes.
    """

    def __init__(self, path: Path, n_codes: int, sums: Sums) -> None:
        self.path, self._sums = path, sums
        with open_own(path) as file:
            self._status = os.fstat(file.fileno())
            if self._status.st_size != n_codes:
                raise ValueError(f"{path} has {self._status.st_size} bytes and not {n_codes}")
            self._mapped = Mapped(file)
        self.codes: Codes = self._mapped.bytes
        self._is_right = np.zeros(len(sums), np.bool_)
        self._right_rows: set[int] = set()

    def check(self, start: int, stop: int) -> bool:
        """Tell whether the codes from ``start`` to ``stop`` are those that were written; each block is read once."""
        return self.was_checked(start, stop) or self._verify(np.arange(start // BLOCK, n_blocks(stop)))

    def was_checked(self, start: int, stop: int) -> bool:
        """Tell whether the codes from ``start`` to ``stop`` were found right before."""
        return bool(self._is_right[start // BLOCK : n_blocks(stop)].all())

    def was_row_checked(self, row: int, width: int) -> bool:
        """Tell the same of a whole row of ``width`` codes; the answer is kept, as one row is asked for many times."""
        if row not in self._right_rows and self.was_checked(row * width, (row + 1) * width):
            self._right_rows.add(row)
        return row in self._right_rows

    def check_spans(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> bool:
        """Tell the same of many spans of codes."""
        if self._is_right.all():
            return self.is_whole
        mark = np.zeros(len(self._sums) + 1, np.int64)
        np.add.at(mark, start // BLOCK, 1)
        np.add.at(mark, -(-stop // BLOCK), -1)
        return self._verify(np.flatnonzero(np.cumsum(mark)[:-1]))

    def has_unread(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each span of codes whether its first or last block was never read."""
        return ~(self._is_right[start // BLOCK] & self._is_right[(stop - 1) // BLOCK])

    def will_read(self, start: int, n_codes: int) -> None:
        """Ask the system to read codes ahead from the disk."""
        self._mapped.will_read(start, n_codes)

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read so far was there: the file was not cut short."""
        return not self._mapped.is_torn

    def is_unchanged(self) -> bool:
        """Tell whether nobody has written to the file; one that was replaced or removed is still whole here."""
        try:
            status = self.path.lstat()
        except OSError:
            return self.is_whole
        if status.st_ino != self._status.st_ino:
            return self.is_whole
        old = self._status
        return self.is_whole and (status.st_size, status.st_mtime_ns) == (old.st_size, old.st_mtime_ns)

    def _verify(self, blocks: NDArray[np.intp]) -> bool:
        for block in blocks[~self._is_right[blocks]].tolist():
            self._is_right[block] = checksum(self.codes[block * BLOCK : (block + 1) * BLOCK]) == self._sums[block]
        return self.is_whole and bool(self._is_right[blocks].all())
