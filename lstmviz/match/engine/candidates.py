"""Candidates: the spans that share fewer units if they grow by one step on either side (docs/matching.md).

Let S be the units that are on throughout a span [a, b). The span is a candidate exactly if the run of some unit of S
starts at a and the run of some unit of S ends at b. So it is enough to look, at every step b where a run ends, at the
starts of the runs that reach b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.runs import Runs, concatenated
from lstmviz.types import Pattern

BLOCK_ENDS = 65_536  # rows of the (ends, units) table held in memory
NO_RUN = np.iinfo(np.int64).max  # the start of a run that does not exist, or may not be part of a match


@dataclass(frozen=True)
class Candidates:
    """Spans [start, stop) with the number of pattern units they share, in no particular order."""

    start: Steps
    stop: Steps
    n_shared: Steps

    def __len__(self) -> int:
        return len(self.start)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Candidates:
        """Return some of the spans, by mask or by index."""
        return Candidates(self.start[chosen], self.stop[chosen], self.n_shared[chosen])


def candidates(runs: Sequence[Runs], pattern: Pattern) -> Candidates:
    """Return every candidate of the runs of the pattern's units, each once."""
    ends = np.unique(concatenated([unit.stops for unit in runs]))
    parts = list[Candidates]()
    for first in range(0, len(ends), BLOCK_ENDS):
        block = ends[first : first + BLOCK_ENDS]
        starts, is_ending = _runs_reaching(block, runs, pattern)
        spans = _exact_starts if pattern.off_before else _covering_starts
        parts.append(spans(block, starts, is_ending))
    return joined_candidates(parts)


def joined_candidates(parts: Sequence[Candidates]) -> Candidates:
    """Return the spans of several parts, one part after the other."""
    return Candidates(*(concatenated([getattr(p, field) for p in parts]) for field in ("start", "stop", "n_shared")))


def _runs_reaching(ends: Steps, runs: Sequence[Runs], pattern: Pattern) -> tuple[Steps, NDArray[np.bool_]]:
    """Return for each end and unit where the run that reaches it starts (NO_RUN without one), and if it ends there."""
    starts = np.full((len(ends), len(runs)), NO_RUN, np.int64)
    is_ending = np.zeros(starts.shape, np.bool_)
    for j, unit in enumerate(runs):
        if not len(unit.starts):
            continue
        i = np.searchsorted(unit.starts, ends) - 1  # the last run that starts before the end
        run = np.maximum(i, 0)
        reaches = (i >= 0) & (unit.stops[run] >= ends)
        is_ending[:, j] = reaches & (unit.stops[run] == ends)
        if pattern.off_before:
            reaches &= unit.may_begin[run]
        if pattern.off_after:
            reaches &= is_ending[:, j] & unit.may_end[run]
        is_ending[:, j] &= reaches
        starts[:, j] = np.where(reaches, unit.starts[run], NO_RUN)
    return starts, is_ending


def _covering_starts(ends: Steps, starts: Steps, is_ending: NDArray[np.bool_]) -> Candidates:
    """Without ``off_before``: S of [a, b) are the units whose run reaches b and starts at or before a."""
    earliest_end = np.where(is_ending, starts, NO_RUN).min(axis=1)
    ordered = np.sort(starts, axis=1)
    is_last = np.ones(ordered.shape, np.bool_)  # of the runs that start together
    is_last[:, :-1] = ordered[:, :-1] != ordered[:, 1:]
    row, place = np.nonzero((ordered < NO_RUN) & is_last & (ordered >= earliest_end[:, None]))
    return Candidates(ordered[row, place], ends[row], place.astype(np.int64) + 1)


def _exact_starts(ends: Steps, starts: Steps, is_ending: NDArray[np.bool_]) -> Candidates:
    """With ``off_before``: S of [a, b) are the units whose run reaches b and starts exactly at a."""
    order = np.argsort(starts, axis=1, kind="stable")
    ordered = np.take_along_axis(starts, order, axis=1).ravel()
    ending = np.take_along_axis(is_ending, order, axis=1).ravel()
    n_units = starts.shape[1]
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    is_first[::n_units] = True
    groups = np.flatnonzero(is_first)
    sizes = np.diff(np.append(groups, len(ordered)))
    has_end = np.logical_or.reduceat(ending, groups)
    is_span = has_end & (ordered[groups] < NO_RUN)
    return Candidates(ordered[groups][is_span], ends[groups[is_span] // n_units], sizes[is_span].astype(np.int64))
