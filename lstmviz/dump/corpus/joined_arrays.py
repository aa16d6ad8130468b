"""Stored arrays of several files read as one: the steps of each part follow those of the part before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import StepIndex, StoredRows


@dataclass(frozen=True)
class JoinedArray:
    """The rows of several stored arrays, one after another; only the parts that a slice touches are read.

    ``lengths`` are the parts' steps, each at least 1; ``dtype`` is the type of all values, whichever part has them.
    """

    parts: tuple[StoredRows, ...]
    lengths: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read whole rows of the steps (all where None), as ``StoredArray.read``."""
        if isinstance(steps, slice) or steps is None:
            start, stop, _ = slice(None).indices(len(self)) if steps is None else steps.indices(len(self))
            first = self._part_of(start)
            last = max(first, self._part_of(stop - 1))
            read = [self._read_part(i, start, stop) for i in range(first, last + 1)]
            return np.asarray(read[0] if len(read) == 1 else np.concatenate(read), self.dtype)
        first = self._part_of(steps)
        return np.asarray(self.parts[first].read(steps - int(self._begins[first])), self.dtype)

    def __len__(self) -> int:
        return sum(self.lengths)

    @property
    def name(self) -> str:
        """The file of the first part and the place in it, for a message."""
        return self.parts[0].name

    @cached_property
    def _begins(self) -> NDArray[np.int64]:
        return np.cumsum([0, *self.lengths[:-1]])

    def _part_of(self, step: int) -> int:
        return max(0, int(np.searchsorted(self._begins, step, side="right")) - 1)

    def _read_part(self, part: int, start: int, stop: int) -> NDArray[Any]:
        begin, length = int(self._begins[part]), self.lengths[part]
        first = min(max(start - begin, 0), length)
        return self.parts[part].read(slice(first, max(first, min(stop - begin, length))))


@dataclass(frozen=True)
class RelabelledArray:
    """Indices into the labels of one part, read as indices into the labels of all; -1, no value, stays -1."""

    part: StoredRows
    new_indices: tuple[int, ...]

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the steps as ``StoredArray.read``; an index without a label becomes -1."""
        table = np.array([*self.new_indices, -1], np.int64)
        index = np.asarray(self.part.read(steps)).astype(np.int64)
        is_label = (index >= 0) & (index < len(self.new_indices))
        return np.asarray(table[np.where(is_label, index, -1)])

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.part.name
