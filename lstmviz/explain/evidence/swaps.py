"""Is it more than chance? Sequences change places, in groups of like length, and what they then share is the measure.

Steps are not independent, nor are runs of them; sequences are, if the texts were shuffled before they were recorded.
So each sequence keeps its activity a, and gets the labels b of another sequence of its group. In a group of n the
table T_ij is the sum over the steps t of sequence i of a_i(t) b_j(t), where a shorter sequence j is read forwards and
then backwards, so that late steps meet late ones. What was observed is its trace; over all n! ways to
swap, the mean is sum T_ij / n and the variance the sum of the squared, doubly centred table / (n - 1) (Hoeffding 1951).
Groups swap independently, so their means and variances add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

By = Literal["swaps", "draws", "shifts"]

GROUP = 10  # sequences that change places with each other; more are of too unlike length
MIN_SWAPPED = 20  # sequences; with fewer, there is too little to swap
MIN_NORMAL = 30  # sequences that matter; with fewer, the normal distribution's tail is too thin
N_DRAWS = 9_999
NOTHING = 1e-9  # of the size of a table: what is smaller is rounding


@dataclass(frozen=True, eq=False)
class Groups:
    """The sequences of an axis in groups of about ten of like length.

    ``members`` are the sequences of each group. ``group`` and ``place`` say for each sequence in which group it is,
    and as which one of it.
    """

    members: tuple[Ints, ...]
    group: Ints
    place: Ints


def groups_of(lengths: Ints) -> Groups:
    """Return sequences of these lengths in groups of about ten, neighbours together where lengths are equal."""
    order = np.argsort(lengths, kind="stable")
    members = tuple(np.sort(some) for some in np.array_split(order, max(1, round(len(lengths) / GROUP))))
    group, place = np.empty(len(lengths), np.int64), np.empty(len(lengths), np.int64)
    for g, some in enumerate(members):
        group[some], place[some] = g, np.arange(len(some))
    return Groups(members, group, place)


def choose(n_sequences: int, n_that_matter: int) -> By:
    """Return which null a question gets, by the sequences of the axis and those that can make a difference."""
    if n_sequences < MIN_SWAPPED:
        return "shifts"
    return "draws" if n_that_matter < MIN_NORMAL else "swaps"


class SwapTest:
    """Adds up the tables of groups, and tells how often swapped sequences would share as much, column by column.

    With ``draws`` the swaps are drawn, 9,999 of them by ``seed``; else mean and variance over all of them are exact,
    and the sum over groups is taken as normal.
    """

    def __init__(self, n_columns: int, draws: bool = False, seed: int = 0) -> None:
        self._observed, self._variance = np.zeros(n_columns), np.zeros(n_columns)
        self._size = np.zeros(n_columns)
        self._drawn = np.zeros((N_DRAWS, n_columns)) if draws else None
        self._seed = seed

    def add(self, group: int, tables: Floats) -> None:
        """Add the tables of groups ``group``, ``group`` + 1, ..., of one size: (n_groups, n, n, n_columns)."""
        n = tables.shape[1]
        if n < 2:
            return
        centred = tables - tables.mean(axis=1, keepdims=True)
        centred -= centred.mean(axis=2, keepdims=True)
        size = np.abs(tables).max(axis=(1, 2), keepdims=True)
        centred[np.abs(centred) <= NOTHING * size] = 0.0
        self._observed += np.einsum("giic->c", centred)
        self._variance += np.einsum("gijc,gijc->c", centred, centred) / (n - 1)
        if self._drawn is not None:
            for k in np.flatnonzero(centred.any(axis=(1, 2, 3))).tolist():
                self._draw(np.random.default_rng((self._seed, group + k)), centred[k], self._drawn)

    def z(self) -> Floats:
        """Return how many standard deviations what was observed lies above the mean over all swaps; 0 if none vary."""
        return np.divide(
            self._observed, np.sqrt(self._variance), np.zeros_like(self._observed), where=self._variance > 0
        )

    def p(self) -> Floats:
        """Return the two-sided p value of each column."""
        if self._drawn is None:
            return np.array([math.erfc(abs(z) / math.sqrt(2)) for z in self.z().tolist()])
        least = np.abs(self._observed) - NOTHING * np.sqrt(self._variance)
        n_as_far = (np.abs(self._drawn) >= least).sum(axis=0)
        return np.asarray((1 + n_as_far) / (1 + N_DRAWS), np.float64)

    @staticmethod
    def _draw(rng: np.random.Generator, centred: Floats, drawn: Floats) -> None:
        """Swap the sequences of one group, and add what they then share; rows that are all zero need no partner."""
        rows, n_draws, n = np.flatnonzero(centred.any(axis=(1, 2))).tolist(), len(drawn), len(centred)
        if len(rows) == 1:
            drawn += centred[rows[0]][rng.integers(n, size=n_draws)]
            return
        partner, every = np.repeat(np.arange(n, dtype=np.int16), n_draws), np.arange(n_draws)
        for k, row in enumerate(rows):  # Fisher and Yates; the partners left to a draw stand n_draws apart
            chosen = (k + rng.integers(n - k, size=n_draws)) * n_draws + every
            drawn += centred[row].take(partner[chosen], axis=0)
            partner[chosen] = partner[k * n_draws : (k + 1) * n_draws]


def swapped(labels: NDArray[np.int32], starts: Ints, stops: Ints, rng: np.random.Generator) -> NDArray[np.int32]:
    """Return labels with sequences swapped at random in their groups; on an axis of few sequences, shifted in a circle.

    A sequence that gets the labels of a shorter one reads them forwards and backwards.
    """
    if len(starts) < MIN_SWAPPED:
        return np.roll(labels, int(rng.integers(1, max(2, len(labels)))))
    result = np.empty_like(labels)
    for members in groups_of(stops - starts).members:
        for i, j in zip(members.tolist(), rng.permutation(members).tolist(), strict=True):
            result[starts[i] : stops[i]] = labels[
                starts[j] + to_and_fro(int(stops[i] - starts[i]), int(stops[j] - starts[j]))
            ]
    return result


def to_and_fro(n_steps: int, length: int) -> Ints:
    """Return the place of each of some steps in a sequence of that length: where it is shorter, back from its end."""
    place = np.arange(n_steps)
    if n_steps <= length:
        return place
    place %= 2 * length
    return np.minimum(place, 2 * length - 1 - place)


def like_sized(groups: Groups) -> Iterator[tuple[int, Ints]]:
    """Yield (first group, its and the following groups' members of shape (n_groups, n)): all groups of one size."""
    sizes = np.array([len(members) for members in groups.members])
    firsts = np.flatnonzero(np.diff(sizes, prepend=-1))
    for first, last in zip(firsts.tolist(), [*firsts[1:].tolist(), len(sizes)], strict=True):
        yield first, np.stack(groups.members[first:last])
