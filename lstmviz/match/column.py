"""One unit over the whole corpus, read block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader

BLOCK_BYTES = 16 * 2**20  # of recorded values read at a time; keeps memory flat on long corpora
KEPT_BYTES = 64 * 2**20  # of one unit's values: what is shorter is read once and kept
BLOCK_STEPS = 2**17  # of one unit's kept values at a time


def column(
    dump: DumpReader, source: str, unit: int, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first step, recorded values of shape (steps,)) of one unit over steps [start, stop), in order."""
    states = dump.states(source)
    n_rows = max(1, BLOCK_BYTES // (states.dtype.itemsize * states.info.n_units))
    end = states.info.n_steps if stop is None else stop
    for first in range(start, end, n_rows):
        yield first, np.ascontiguousarray(states[first : min(first + n_rows, end), [unit]][:, 0])


class Column:
    """One unit's recorded values, to be gone through several times in blocks; memory stays flat."""

    def __init__(self, dump: DumpReader, source: str, unit: int) -> None:
        self.info = dump.source(source)
        self._asked = (dump, source, unit)
        self._kept: NDArray[Any] | None = None
        if self.info.n_steps * np.dtype(self.info.dtype).itemsize <= KEPT_BYTES:
            self._kept = np.concatenate([values for _, values in column(*self._asked)])

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any]]]:
        if self._kept is None:
            yield from column(*self._asked)
            return
        for first in range(0, len(self._kept), BLOCK_STEPS):
            yield first, self._kept[first : first + BLOCK_STEPS]
