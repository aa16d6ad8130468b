"""Candidates: every span that no growth by one step leaves with the same units (docs/matching.md).

A span [a, b) is a candidate exactly if some unit of its set S begins its run at a and some unit of S ends its run at
b. So it is enough to stand at every step b where a run ends, and to look at the starts of the runs that reach b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.runs import Runs
from lstmviz.types import Pattern

ENDS_AT_ONCE = 65_536  # rows of the (ends, units) table held in memory
NOWHERE = np.iinfo(np.int64).max
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Candidates:
    """Spans [start, stop) with the number of pattern units they share, in no particular order; equal lengths."""

    start: Steps
    stop: Steps
    n_shared: Steps

    def __len__(self) -> int:
        return len(self.start)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Candidates:
        """Return the chosen ones, by mask or by index."""
        return Candidates(self.start[chosen], self.stop[chosen], self.n_shared[chosen])


def candidates(runs: Sequence[Runs], pattern: Pattern) -> Candidates:
    """Return every candidate that the runs of the pattern's units make, each once."""
    ends = np.unique(np.concatenate([NONE, *(r.stops for r in runs)]))
    found = [Candidates(NONE, NONE, NONE)]
    for first in range(0, len(ends), ENDS_AT_ONCE):
        some = ends[first : first + ENDS_AT_ONCE]
        starts, is_ending = _reaching(some, runs, pattern)
        spans = _exact_starts if pattern.off_before else _covering_starts
        found.append(spans(some, starts, is_ending))
    return Candidates(*(np.concatenate([getattr(c, k) for c in found]) for k in ("start", "stop", "n_shared")))


def _reaching(ends: Steps, runs: Sequence[Runs], pattern: Pattern) -> tuple[Steps, NDArray[np.bool_]]:
    """Return for each end and unit where the run that reaches it starts (NOWHERE if none may), and if it ends there."""
    starts = np.full((len(ends), len(runs)), NOWHERE, np.int64)
    is_ending = np.zeros(starts.shape, np.bool_)
    for j, unit in enumerate(runs):
        if not len(unit.starts):
            continue
        i = np.searchsorted(unit.starts, ends) - 1  # the last run that starts before the end
        at = np.maximum(i, 0)
        reaches = (i >= 0) & (unit.stops[at] >= ends)
        is_ending[:, j] = reaches & (unit.stops[at] == ends)
        if pattern.off_before:
            reaches &= unit.may_begin[at]
        if pattern.off_after:
            reaches &= is_ending[:, j] & unit.may_end[at]
        is_ending[:, j] &= reaches
        starts[:, j] = np.where(reaches, unit.starts[at], NOWHERE)
    return starts, is_ending


def _covering_starts(ends: Steps, starts: Steps, is_ending: NDArray[np.bool_]) -> Candidates:
    """Without a left constraint: S of [a, b) is every run reaching b that starts at or before a."""
    earliest_end = np.where(is_ending, starts, NOWHERE).min(axis=1)
    ordered = np.sort(starts, axis=1)
    is_last = np.ones(ordered.shape, np.bool_)  # of the runs that start together
    is_last[:, :-1] = ordered[:, :-1] != ordered[:, 1:]
    row, place = np.nonzero((ordered < NOWHERE) & is_last & (ordered >= earliest_end[:, None]))
    return Candidates(ordered[row, place], ends[row], place.astype(np.int64) + 1)


def _exact_starts(ends: Steps, starts: Steps, is_ending: NDArray[np.bool_]) -> Candidates:
    """With a left constraint: S of [a, b) is every run reaching b that starts exactly at a."""
    order = np.argsort(starts, axis=1, kind="stable")
    ordered = np.take_along_axis(starts, order, axis=1).ravel()
    ending = np.take_along_axis(is_ending, order, axis=1).ravel()
    n_units = starts.shape[1]
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    is_first[::n_units] = True
    begins = np.flatnonzero(is_first)
    sizes = np.diff(np.append(begins, len(ordered)))
    has_end = np.logical_or.reduceat(ending, begins)
    kept = has_end & (ordered[begins] < NOWHERE)
    return Candidates(ordered[begins][kept], ends[begins[kept] // n_units], sizes[kept].astype(np.int64))
