"""The recorded values of one unit over the whole corpus, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.fast_column import direct_values
from lstmviz.dump.reader import DumpReader
from lstmviz.match.index.store import is_indexed

BLOCK_BYTES = 16 * 2**20  # of recorded values read at a time; keeps memory flat on long corpora
KEPT_BYTES = 64 * 2**20  # of one unit's values; up to here they are read once and kept in memory
BLOCK_STEPS = 2**17  # of kept values, yielded at a time


def value_blocks(
    dump: DumpReader, source: str, unit: int, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first step, recorded values of shape (steps,)) of one unit over steps [start, stop), in order."""
    states = dump.states(source)
    n_rows = max(1, BLOCK_BYTES // (states.dtype.itemsize * states.info.n_units))
    end = states.info.n_steps if stop is None else stop
    for first in range(start, end, n_rows):
        yield first, np.ascontiguousarray(states[first : min(first + n_rows, end), [unit]][:, 0])


class UnitValues:
    """One unit's recorded values, which can be iterated several times in blocks; memory stays flat."""

    def __init__(self, dump: DumpReader, source: str, unit: int) -> None:
        self.info = dump.source(source)
        self._arguments = (dump, source, unit)
        self._kept: NDArray[Any] | None = None
        if self.info.n_steps * np.dtype(self.info.dtype).itemsize <= KEPT_BYTES:
            direct = direct_values(dump.states(source)) if is_indexed(dump, source) else None
            fast = None if direct is None else direct.column(unit)
            self._kept = np.concatenate([v for _, v in value_blocks(*self._arguments)]) if fast is None else fast

    def counted(self) -> Iterator[tuple[NDArray[Any], NDArray[np.int64] | None]]:
        """Yield values and how often each occurs (None: each counts once); NaN is left out."""
        if np.dtype(self.info.dtype).itemsize > 2:
            return ((block[~np.isnan(block)], None) for _, block in self)
        return iter([self._by_bits])

    @cached_property
    def _by_bits(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return each value of 16 bits that occurs, and how often."""
        counts = np.zeros(2**16, np.int64)
        for _, block in self:
            counts += np.bincount(block.view(np.uint16), minlength=len(counts))
        bits = np.flatnonzero(counts).astype(np.uint16)
        values = bits.view(self.info.dtype)
        is_number = ~np.isnan(values)
        return values[is_number], counts[bits][is_number]

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any]]]:
        if self._kept is None:
            yield from value_blocks(*self._arguments)
            return
        for first in range(0, len(self._kept), BLOCK_STEPS):
            yield first, self._kept[first : first + BLOCK_STEPS]
