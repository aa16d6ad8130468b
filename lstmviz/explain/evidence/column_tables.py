"""The tables of swapped sequences for many columns of numbers at once, such as the ranks of every unit of a source."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.swaps import By, Floats, Groups, Ints, SwapTest, groups_of, to_and_fro


class ColumnTables:
    """Goes through columns of numbers in blocks of steps, and compares them with the labels of other sequences.

    ``labels`` has one number a step of the axis; over the known steps they add up to 0, elsewhere they are 0. A group
    of sequences is done, and its tables are dropped, as soon as its last sequence has been seen.
    """

    def __init__(self, axis: Axis, labels: Floats, n_columns: int, by: By, seed: int, dtype: type = np.float64) -> None:
        self.test = SwapTest(n_columns, by == "draws", seed)
        self._axis = axis
        self._labels: NDArray[Any] = labels.astype(dtype)
        self._groups: Groups = groups_of(axis.stops - axis.starts)
        self._n_columns = n_columns
        self._open: dict[int, _Open] = {}

    def add(self, start: int, columns: NDArray[Any]) -> None:
        """Add the columns at the steps from ``start`` on, shape (n_columns, n_steps), blocks in order."""
        stop = start + columns.shape[1]
        first, last = (self._axis.sequence_of(step) for step in (start, stop - 1))
        for sequence in range(first, last + 1):
            begin, end = int(self._axis.starts[sequence]), int(self._axis.stops[sequence])
            here = slice(max(begin, start), min(end, stop))
            group, place = int(self._groups.group[sequence]), int(self._groups.place[sequence])
            table = self._open.get(group) or self._open.setdefault(group, self._new(group))
            labels = table.labels(self._labels, self._axis.starts, end - begin)[here.start - begin : here.stop - begin]
            table.cells[place] += (columns[:, here.start - start : here.stop - start] @ labels).T
            if end <= stop:
                table.n_left -= 1
                if not table.n_left:
                    self.test.add(group, self._open.pop(group).cells[None])

    def _new(self, group: int) -> _Open:
        members = self._groups.members[group]
        lengths = self._axis.stops[members] - self._axis.starts[members]
        return _Open(members, lengths, np.zeros((len(members), len(members), self._n_columns)))


class _Open:
    """The table of one group, (n, n, n_columns), until all its sequences have been seen."""

    def __init__(self, members: Ints, lengths: Ints, cells: Floats) -> None:
        self.cells, self.n_left = cells, len(members)
        self._members, self._lengths = members, lengths
        self._cut: dict[int, NDArray[Any]] = {}

    def labels(self, labels: NDArray[Any], starts: Ints, n_steps: int) -> NDArray[Any]:
        """Return the labels of each sequence of the group, laid over a sequence of ``n_steps`` steps: (n_steps, n)."""
        if n_steps not in self._cut:
            places = [to_and_fro(n_steps, int(length)) for length in self._lengths]
            self._cut[n_steps] = labels[np.stack(places, axis=1) + starts[self._members]]
        return self._cut[n_steps]


class SquaredSums:
    """Adds up the squares of what each sequence adds to an estimate, column by column, in blocks of steps."""

    def __init__(self, axis: Axis, n_columns: int) -> None:
        self._axis = axis
        self._open = np.zeros(n_columns)  # of the sequence that a block has cut
        self.total = np.zeros(n_columns)

    def add(self, start: int, columns: NDArray[Any]) -> None:
        """Add the columns at the steps from ``start`` on, shape (n_columns, n_steps), blocks in order."""
        stop = start + columns.shape[1]
        first, last = (self._axis.sequence_of(step) for step in (start, stop - 1))
        cuts = np.maximum(self._axis.starts[first : last + 1], start) - start
        sums = np.add.reduceat(columns, cuts, axis=1)
        sums[:, 0] += self._open
        is_whole = int(self._axis.stops[last]) <= stop
        self._open = np.zeros(len(sums)) if is_whole else sums[:, -1].copy()
        self.total += (sums[:, : sums.shape[1] if is_whole else -1] ** 2).sum(axis=1)

    def variance(self) -> Floats:
        """Return the variance of each estimate over sequences; NaN where there is one sequence."""
        n = len(self._axis.starts)
        return self.total * (n / (n - 1)) if n > 1 else np.full(len(self.total), np.nan)
