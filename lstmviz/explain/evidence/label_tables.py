"""Is it more than chance, for every label of a text at once, such as each of its tokens?

The tables are those of ``swaps``, for thousands of labels that are rare each: they are counted at the steps where a
label stands, so that the work is that of one pass over the steps, however many labels there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.explain.evidence.labels import Mask, StepLabels
from lstmviz.explain.evidence.swaps import N_DRAWS, NOTHING, Floats, Ints, groups_of, like_sized
from lstmviz.system.asked import look

STEPS_AT_ONCE = 2**20  # of the groups whose tables are counted together
ROWS_AT_ONCE = 2**14  # of the tables for which swaps are drawn together
DRAWS_AT_ONCE = 101
ENOUGH = 20  # draws as far as what was observed, at which p is known well enough (Besag and Clifford 1991)


class SequenceLabels:
    """How often each label stands in each sequence, and at how many of these steps something is on.

    One entry for each sequence and label that stands in it: ``sequence``, ``label``, ``n_steps`` and ``n_on``. All
    steps of the axis have a label.
    """

    def __init__(self, labels: StepLabels, on: Mask) -> None:
        axis = labels.axis
        self._starts, self._lengths, self._on = axis.starts, axis.stops - axis.starts, on
        self.n_sequences, self.n_labels = len(axis.starts), len(labels.names)
        key = np.repeat(np.arange(self.n_sequences), self._lengths) * self.n_labels + labels.codes
        self._order = np.argsort(key, kind="stable")  # the steps of a sequence stay together
        first = np.flatnonzero(np.diff(key[self._order], prepend=-1))
        self.sequence, self.label = np.divmod(key[self._order[first]], self.n_labels)
        self.n_steps = np.diff(first, append=len(on))
        self.n_on = np.add.reduceat(on[self._order], first, dtype=np.int64)
        self._entry = np.repeat(np.arange(len(first)), self.n_steps)

    def add_up(self, values: NDArray[np.generic]) -> Floats:
        """Return the sum over sequences of something that each entry has, label by label."""
        return np.asarray(np.bincount(self.label, values, self.n_labels), np.float64)

    def tables(self) -> LabelTables:
        """Return what each sequence that is on somewhere would hold of each label of the others of its group."""
        groups = groups_of(self._lengths)
        is_on = np.bincount(groups.group, np.add.reduceat(self._on, self._starts, dtype=np.int64)) > 0
        width = max(len(members) for members in groups.members)
        parts = [_Rows.none(width)]
        for first, members in like_sized(groups):
            some = np.flatnonzero(is_on[first : first + len(members)])
            for few in self._in_parts(members, some):
                look()
                parts.append(self._rows(first + few, members[few], width))
        label, group, place, held = (np.concatenate(some) for some in zip(*(p.fields for p in parts), strict=True))
        rows = _Rows(label, group, place, held)
        sizes = np.array([len(members) for members in groups.members])
        return LabelTables(rows.take(np.lexsort((rows.group, rows.label))), sizes, self.n_labels)

    def _in_parts(self, members: Ints, groups: Ints) -> Iterator[Ints]:
        """Cut groups into parts small enough to be counted one at a time."""
        n_steps = self._lengths[members[groups]].sum(axis=1)
        part = (np.cumsum(n_steps) - n_steps) // STEPS_AT_ONCE
        cuts = np.flatnonzero(np.diff(part)) + 1
        yield from (some for some in np.split(groups, cuts) if len(some))

    def _rows(self, groups: Ints, members: Ints, width: int) -> _Rows:
        n = members.shape[1]
        starts, lengths = self._starts[members.ravel()], self._lengths[members.ravel()]
        owner = np.repeat(np.arange(members.size), lengths)
        at = np.arange(len(owner)) + (starts - np.cumsum(lengths) + lengths)[owner]
        place, entry = self._order[at] - starts[owner], self._entry[at]
        held = np.zeros((len(at), width), np.int32)
        for reader in range(n):
            sequence = members[owner // n, reader]
            self._read(place, lengths[owner], sequence, held[:, reader])
        first = np.flatnonzero(np.diff(entry, prepend=-1))
        return _Rows(
            self.label[entry[first]],
            groups[owner[first] // n],
            owner[first] % n,
            np.add.reduceat(held, first, axis=0, dtype=np.int64),
        )

    def _read(self, place: Ints, length: Ints, reader: Ints, held: NDArray[np.int32]) -> None:
        """Count at which of its steps that are on a sequence would read a place of another of some length.

        Where that is the shorter one, it is read to its end, then backwards, and so on.
        """
        starts, lengths = self._starts[reader], self._lengths[reader]
        some, turn = np.arange(len(place)), 0
        while len(some):
            forth, back = place[some], length[some] - 1 - place[some]
            step = turn * length[some] + (back if turn % 2 else forth)
            is_in = step < lengths[some]
            held[some[is_in]] += self._on[starts[some[is_in]] + step[is_in]]
            turn += 1
            some = some[turn * length[some] < lengths[some]]


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the sequences of a group would hold of a label that stands in the one at ``place``: ``held`` (n_rows, n)."""

    label: Ints
    group: Ints
    place: Ints
    held: Ints

    @classmethod
    def none(cls, width: int) -> _Rows:
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing, np.zeros((0, width), np.int64))

    @property
    def fields(self) -> tuple[Ints, Ints, Ints, Ints]:
        return self.label, self.group, self.place, self.held

    def take(self, some: Ints) -> _Rows:
        return _Rows(self.label[some], self.group[some], self.place[some], self.held[some])


class LabelTables:
    """The tables of every label, and how often swapped sequences would share as much: ``SwapTest`` for each of them."""

    def __init__(self, rows: _Rows, sizes: Ints, n_labels: int) -> None:
        self._rows, self._sizes = rows, sizes
        change = np.diff(rows.label, prepend=-1).astype(bool) | np.diff(rows.group, prepend=-1).astype(bool)
        cell = np.flatnonzero(change)  # a label in a group: one table
        label, n = rows.label[cell], sizes[rows.group[cell]]
        of_row = rows.held.sum(axis=1)

        def added(values: Ints) -> Ints:
            return np.add.reduceat(values, cell, axis=0) if len(cell) else values

        whole = added(of_row)
        # n² times the squares of the doubly centred table, in whole numbers
        squares = n**2 * added((rows.held**2).sum(axis=1)) - n * added(of_row**2)
        squares += whole**2 - n * (added(rows.held) ** 2).sum(axis=1)
        observed = added(rows.held[np.arange(len(rows.place)), rows.place])
        self._expected = np.bincount(label, whole / n, n_labels)
        self._excess = np.bincount(label, observed, n_labels) - self._expected
        self._spread = np.sqrt(np.bincount(label, squares / (n**2 * (n - 1)), n_labels))

    def p(self, is_drawn: Mask, seed: int) -> Floats:
        """Return the two-sided p value of each label, by draws for those marked in ``is_drawn``, else in closed form.

        Draws of a label end once 20 of them lie as far from the mean as what was observed.
        """
        z = np.divide(self._excess, self._spread, np.zeros_like(self._excess), where=self._spread > 0)
        p = np.array([math.erfc(abs(one) / math.sqrt(2)) for one in z.tolist()])
        drawn = np.flatnonzero(is_drawn & (self._spread > 0))
        first, last = (np.searchsorted(self._rows.label, drawn, side) for side in ("left", "right"))
        part = (np.cumsum(last - first) - (last - first)) // ROWS_AT_ONCE
        for k in np.unique(part).tolist():
            some = part == k
            rng = np.random.default_rng((seed, k))
            p[drawn[some]] = self._draw(rng, drawn[some], first[some], last[some])
        return p

    def _draw(self, rng: np.random.Generator, labels: Ints, first: Ints, last: Ints) -> Floats:
        """Return p by draws for some labels, whose rows are [first, last) each."""
        expected = self._expected[labels]
        least = np.abs(self._excess[labels]) - NOTHING * self._spread[labels]
        p, n_as_far, left = np.ones(len(labels)), np.zeros(len(labels), np.int64), np.arange(len(labels))
        for n_before in range(0, N_DRAWS, DRAWS_AT_ONCE):
            look()
            sums = self._swapped(rng, first[left], last[left])
            n_far = np.cumsum(np.abs(sums - expected[left, None]) >= least[left, None], axis=1)
            n_far += n_as_far[left, None]
            n_as_far[left] = n_far[:, -1]
            is_enough = n_far >= ENOUGH
            p[left] = ENOUGH / (n_before + 1 + is_enough.argmax(axis=1))
            left = left[~is_enough[:, -1]]
            if not len(left):
                return p
        p[left] = (1 + n_as_far[left]) / (1 + N_DRAWS)
        return p

    def _swapped(self, rng: np.random.Generator, first: Ints, last: Ints) -> Ints:
        """Return what sequences that are swapped at random share of labels with these rows: (n_labels, n_draws)."""
        n_rows = last - first
        rows = self._rows.take(np.arange(n_rows.sum()) + np.repeat(last - np.cumsum(n_rows), n_rows))
        groups, group = np.unique(rows.group, return_inverse=True)
        reader = np.zeros((len(groups), DRAWS_AT_ONCE, rows.held.shape[1]), np.int64)
        for n in np.unique(self._sizes[groups]).tolist():
            some = np.flatnonzero(self._sizes[groups] == n)
            reader[some, :, :n] = rng.permuted(np.tile(np.arange(n), (len(some), DRAWS_AT_ONCE, 1)), axis=2)
        held = np.take_along_axis(rows.held, reader[group, :, rows.place], axis=1)
        return np.add.reduceat(held, np.cumsum(n_rows) - n_rows, axis=0)
