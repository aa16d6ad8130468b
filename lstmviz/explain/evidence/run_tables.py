"""The tables of swapped sequences for an activity that is on in runs: counted by the ends of its runs alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.explain.evidence.labels import Mask
from lstmviz.explain.evidence.swaps import Floats, Groups, Ints, like_sized

RUNS_AT_ONCE = 2**17  # whose ends are looked up in all sequences of their group together

RunningCount = NDArray[Any]
"""How many steps before each step have a label, shape (n_steps + 1,): a stretch holds the difference of its ends."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Disjoint stretches of steps [start, stop) in rising order, each inside one ``sequence``."""

    start: Ints
    stop: Ints
    sequence: Ints


def running_count(steps: Mask) -> RunningCount:
    """Return how many of these steps lie before each step."""
    count = np.zeros(len(steps) + 1, np.int32 if len(steps) < 2**31 else np.int64)
    np.cumsum(steps, out=count[1:], dtype=count.dtype)
    return count


def runs_of(on: Mask, starts: Ints, stops: Ints) -> Runs:
    """Return the runs of steps that are on, cut at the borders of the sequences [starts, stops)."""
    is_edge = np.empty(len(on) + 1, np.bool_)
    is_edge[0], is_edge[-1] = on[0], on[-1]
    np.not_equal(on[1:], on[:-1], out=is_edge[1:-1])
    cut = starts[1:][on[starts[1:]] & on[starts[1:] - 1]]  # on through the border: a run ends and another begins
    edges = np.sort(np.concatenate([np.flatnonzero(is_edge), cut, cut])) if len(cut) else np.flatnonzero(is_edge)
    begin, end = edges[::2], edges[1::2]
    return Runs(begin, end, np.searchsorted(stops, begin, side="right"))


class RunTables:
    """For each group of sequences, what each one's runs would hold of the labels of each other one."""

    def __init__(self, groups: Groups, starts: Ints, stops: Ints, runs: Runs) -> None:
        self._starts, self._lengths = starts, stops - starts
        self._sizes = list(like_sized(groups))
        group = groups.group[runs.sequence]
        order = np.argsort(group, kind="stable")
        self._group, self._place = group[order], groups.place[runs.sequence[order]]
        offset = starts[runs.sequence[order]]
        self._ends = runs.start[order] - offset, runs.stop[order] - offset

    def counts(self, before: RunningCount) -> Iterator[tuple[int, Floats]]:
        """Yield (first group, tables of it and the groups after it: (n_groups, n, n)) for the steps of a label."""
        for first, members in self._sizes:
            yield first, self._tables(first, members, before)

    def _tables(self, first: int, members: Ints, before: RunningCount) -> Floats:
        n = members.shape[1]
        tables = np.zeros((members.size, n))
        begin, end = np.searchsorted(self._group, [first, first + len(members)]).tolist()
        for a in range(begin, end, RUNS_AT_ONCE):
            some = slice(a, min(a + RUNS_AT_ONCE, end))
            row = self._group[some] - first
            held = self._held(members[row], [side[some] for side in self._ends], before)
            cell = row * n + self._place[some]
            is_new = np.flatnonzero(np.diff(cell, prepend=-1))
            tables[cell[is_new]] += np.add.reduceat(held, is_new, axis=0)
        return tables.reshape(len(members), n, n)

    def _held(self, sequences: Ints, ends: list[Ints], before: RunningCount) -> Ints:
        """Return how many steps with the label stretches hold, in each sequence of their group."""
        starts, lengths = self._starts[sequences], self._lengths[sequences]
        if (ends[1][:, None] <= lengths).all():
            return np.asarray(before[starts + ends[1][:, None]] - before[starts + ends[0][:, None]])
        base, in_all = before[starts], before[starts + lengths] - before[starts]
        held = np.zeros(sequences.shape, np.int64)
        for sign, step in zip((-1, 1), ends, strict=True):  # a shorter sequence is read forwards and backwards
            twice, rest = np.divmod(step[:, None], 2 * lengths)
            forth, back = np.minimum(rest, lengths), np.minimum(2 * lengths - rest, lengths)
            once = np.where(rest <= lengths, before[starts + forth] - base, 2 * in_all + base - before[starts + back])
            held += sign * (2 * twice * in_all + once)
        return held
