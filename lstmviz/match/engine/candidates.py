"""Candidates: the spans that share fewer units if they grow by one step on either side (docs/matching.md).

Let S be the units that are on throughout a span [a, b). The span is a candidate exactly if the run of some unit of S
starts at a and the run of some unit of S ends at b. With a constraint on one side, the runs of all units of S start
together, or end together, so that it is enough to sort the runs (``anchored``). Without constraints it is enough to
look, at every step b where a run ends, at the starts of the runs that reach b (``Sweep``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.match.engine.activity import Mask, Steps
from lstmviz.match.engine.runs import Runs, concatenated, edges
from lstmviz.types import Pattern

FEW_ENDS = 8  # with fewer than one end in so many places, each is looked up


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


def joined_candidates(parts: Sequence[Candidates]) -> Candidates:
    """Return the spans of several parts, one part after the other."""
    return Candidates(*(concatenated([getattr(p, field) for p in parts]) for field in ("start", "stop", "n_shared")))


def anchored(runs: Sequence[Runs], pattern: Pattern) -> Candidates:
    """Return every candidate of runs that meet the constraints of a pattern, with one on at least one side.

    All runs that share a start are given (with ``off_before``), or all that share a stop. S of a span are those that
    start with it and are as long or longer; with both constraints those that are just as long.
    """
    starts, stops = (concatenated([getattr(unit, end) for unit in runs]) for end in ("starts", "stops"))
    if not len(starts):
        return Candidates(starts, stops, starts)
    anchor = starts if pattern.off_before else stops
    lengths, first = stops - starts, int(anchor.min())
    bits = int(lengths.max()).bit_length()
    keys = np.sort(((anchor - first) << bits) | lengths, kind="stable")  # which merges the units' sorted runs
    places = np.flatnonzero(np.diff(keys, prepend=-1))  # of the first of equal ones
    different = keys[places]
    group = different >> bits
    if pattern.off_before and pattern.off_after:
        beyond = np.append(places[1:], len(keys))
    else:
        is_last = np.append(group[1:] != group[:-1], True)
        ends = np.append(places[1:], len(keys))[is_last]
        beyond = np.repeat(ends, np.diff(np.flatnonzero(is_last), prepend=-1))
    at, length = group + first, different & ((1 << bits) - 1)
    start, stop = (at, at + length) if pattern.off_before else (at - length, at)
    return Candidates(start, stop, beyond - places)


@dataclass(frozen=True)
class _BlockRuns:
    """One unit's runs in a block of steps: the step at which each starts, and the places in the block that it reaches.

    A run reaches the places from ``first`` to ``last``: a place is behind a step, and place 0 before all. The last of
    the runs may go on beyond the block; ``n_ended`` end in it.
    """

    starts: Steps
    first: Steps
    last: Steps
    n_ended: int


class Sweep:
    """The candidates without constraints, found by going over the steps in blocks.

    ``level`` is the least number of units to share. Spans outside the pattern's bounds are left out.
    """

    def __init__(self, n_units: int, level: int, pattern: Pattern, n_steps: int) -> None:
        self._level, self._pattern = level, pattern
        self._dtype: Any = np.int32 if n_steps < 2**31 else np.int64
        self._none = np.iinfo(self._dtype).max  # the start of a run that does not exist
        self._going = np.full(n_units, -1, np.int64)  # where the run of each unit started that goes on into this block

    def block(self, masks: Iterable[Mask], steps: Steps, borders: Steps, goes_on: bool) -> Candidates:
        """Return the candidates that end in a block, and, if no other one continues it (``goes_on``), at its end.

        ``masks`` tell for each unit at which of the ``steps`` it is on. Steps follow one on the other, but at the
        ``borders``, which are places in the block; no span crosses them.
        """
        runs = [self._runs(unit, on, steps, borders, goes_on) for unit, on in enumerate(masks)]
        stops = np.append(steps[:1], steps + 1).astype(self._dtype)  # of a span that ends at each place
        earliest = np.full(len(stops), self._none, self._dtype)  # start of a run that ends at each place
        for unit in runs:
            starts, places = unit.starts[: unit.n_ended], unit.last[: unit.n_ended]
            is_long = stops[places] - starts >= self._pattern.min_length
            starts, places = starts[is_long], places[is_long]
            earliest[places] = np.minimum(earliest[places], starts)
        ends = np.flatnonzero(earliest < self._none)
        reaching = np.stack([self._reaching(unit, ends, len(stops)) for unit in runs])
        is_enough = np.count_nonzero(reaching < self._none, axis=0) >= self._level
        ends, reaching = ends[is_enough], reaching[:, is_enough]
        return self._spans(np.sort(reaching.T, axis=1), earliest[ends], stops[ends])

    def _runs(self, unit: int, on: Mask, steps: Steps, borders: Steps, goes_on: bool) -> _BlockRuns:
        """Return a unit's runs in a block; the one that goes on is remembered for the next block."""
        before = int(self._going[unit])
        rises, falls = edges(on, before >= 0, borders)
        starts, first, last = steps[rises], rises + 1, falls
        if before >= 0:
            starts, first = np.concatenate([[before], starts]), np.concatenate([[0], first])
        self._going[unit] = -1
        if len(on) and on[-1]:
            last = np.append(last, len(on))
            if goes_on:
                self._going[unit] = starts[-1]
        return _BlockRuns(starts, first, last, len(last) - bool(self._going[unit] >= 0))

    def _reaching(self, unit: _BlockRuns, ends: Steps, n_places: int) -> NDArray[Any]:
        """Return for each end, which is a place, where the unit's run that reaches it starts."""
        if len(ends) * FEW_ENDS < n_places:
            run = np.searchsorted(unit.first, ends, side="right") - 1
            if not len(unit.starts):
                return np.full(len(ends), self._none, self._dtype)
            starts: NDArray[Any] = np.where((run >= 0) & (ends <= unit.last[run]), unit.starts[run], self._none)
            return starts.astype(self._dtype)
        bounds = np.stack([unit.first, unit.last + 1], axis=1).ravel()
        values = np.full(len(bounds) + 1, self._none, self._dtype)
        values[1::2] = unit.starts
        line: NDArray[Any] = np.repeat(values, np.diff(bounds, prepend=0, append=n_places))
        return line[ends]

    def _spans(self, ordered: NDArray[Any], earliest: NDArray[Any], stops: NDArray[Any]) -> Candidates:
        """Return the spans of some ends: S of [a, b) are the units whose run reaches b and starts at or before a."""
        starts = ordered[:, self._level - 1 :]
        is_span = starts >= earliest[:, None]
        is_span &= starts <= (stops - self._pattern.min_length)[:, None]  # which no missing run is
        if self._pattern.max_length is not None:
            is_span &= starts >= (stops - min(self._pattern.max_length, self._none))[:, None]
        is_span[:, :-1] &= starts[:, :-1] != starts[:, 1:]  # the last of the runs that start together
        row, column = np.divmod(np.flatnonzero(is_span), max(1, starts.shape[1]))
        start, stop = starts[row, column].astype(np.int64), stops[row].astype(np.int64)
        return Candidates(start, stop, column + self._level)
