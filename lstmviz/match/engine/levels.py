"""Candidates level by level, those with most shared units first, so that the first rows need not wait for the rest.

A match with m shared units lies where at least m units are on; it starts, with ``off_before``, where at least m start;
it ends, with ``off_after`` alone, where at least m end. One pass over the codes counts these units at every step; steps
with fewer than m are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.match.engine.candidates import Candidates, candidates, joined_candidates
from lstmviz.match.engine.runs import (
    Runs,
    borders_in,
    concatenated,
    edges,
    every_run,
    runs_from,
    runs_until,
)
from lstmviz.types import Pattern

THREADS = 2
COUNT_STEPS = 2**19  # counted at a time by a thread: fewer, and threads wait for each other; more, and for memory
ROW_STEPS = 4_096  # in a row of counts, whose maximum decides whether the row is looked at
BLOCK_ROWS = 256  # looked at together
SAMPLE_ROWS = 64  # from which the number of candidates at each level is estimated
BATCH_STEPS = 2**18  # of regions looked at together
DENSE_SHARE = 0.2  # of all steps; above it, going through every run is cheaper than picking some

Anchor = Literal["on", "starts", "stops"]


class SharedUnitLevels:
    """The candidates of one pattern, from the most shared units down."""

    def __init__(self, units: list[Activity], pattern: Pattern, axis: Axis) -> None:
        self._units, self._pattern, self._axis = units, pattern, axis
        self._anchor: Anchor = "starts" if pattern.off_before else "stops" if pattern.off_after else "on"
        self._counts = _count_units(units, self._anchor, axis)
        self._peaks = self._counts.max(axis=1)
        self._estimate: Steps | None = None

    def at_least(self, level: int) -> Candidates:
        """Return every candidate that shares ``level`` units or more."""
        spans = self._sparse(level) if level > 1 or len(self._units) == 1 else None
        if spans is None:
            runs = [every_run(unit, self._pattern, self._axis) for unit in self._units]
            spans = candidates(runs, self._pattern)
        return spans.take(spans.n_shared >= level)

    def count_on(self, steps: Steps) -> Steps:
        """Return how many of the pattern's units are on at each of these steps."""
        counts = np.zeros(len(steps), np.int64)
        for unit in self._units:
            counts += unit.on_at(steps)
        return counts

    def level_for(self, n_wanted: int, below: int) -> int:
        """Return the highest level under ``below`` at which about ``n_wanted`` candidates are expected; else 1."""
        if self._estimate is None:
            self._estimate = self._estimate_counts()
        enough = np.flatnonzero(self._estimate[1:below] >= n_wanted)
        return int(enough[-1]) + 1 if len(enough) else 1

    def _sparse(self, level: int) -> Candidates | None:
        """Return the candidates at the steps where enough units are counted; None if these steps are too many."""
        steps = self._steps(level)
        if steps is None:
            return None
        if self._anchor == "on":
            starts, stops = _stretches(steps, self._axis)
            if level == len(self._units):
                return Candidates(starts, stops, np.full(len(starts), level))
            return joined_candidates([self._inside(*batch) for batch in _batches(starts, stops)])
        shift, runs_at = (0, runs_from) if self._anchor == "starts" else (1, runs_until)
        return candidates([runs_at(u, steps + shift, self._pattern, self._axis) for u in self._units], self._pattern)

    def _steps(self, level: int) -> Steps | None:
        """Return the steps at which ``level`` units or more are counted; None if these are too many."""
        rows = np.flatnonzero(self._peaks >= level)
        parts, n_steps = [], 0
        for first in range(0, len(rows), BLOCK_ROWS):
            block = rows[first : first + BLOCK_ROWS]
            row, column = _true_cells(self._counts[block] >= level)
            parts.append(block[row] * self._counts.shape[1] + column)
            n_steps += len(row)
            if n_steps > DENSE_SHARE * self._axis.n_steps:
                return None
        return concatenated(parts)

    def _inside(self, starts: Steps, stops: Steps) -> Candidates:
        """Return the candidates inside some regions, which are put one after the other like sequences."""
        lengths = stops - starts
        begins = np.cumsum(lengths) - lengths
        steps = np.arange(lengths.sum()) + np.repeat(starts - begins, lengths)
        runs = []
        for unit in self._units:
            on = unit.on_at(steps)
            rises, falls = edges(on, False, begins[1:])
            falls = np.append(falls, len(on)) if on[-1] else falls
            may_be = np.ones(len(rises), np.bool_)
            runs.append(Runs(rises, falls, may_be, may_be))
        spans = candidates(runs, self._pattern)
        return Candidates(steps[spans.start], steps[spans.stop - 1] + 1, spans.n_shared)

    def _estimate_counts(self) -> Steps:
        """Estimate for each level how many candidates share that many units or more, from a sample of rows."""
        n_expected = np.zeros(len(self._units) + 1, np.int64)
        every = -(-len(self._counts) // SAMPLE_ROWS)
        rows = self._counts[::every]
        if self._anchor == "on":
            rises = _true_cells(rows[:, 1:] > rows[:, :-1])
            n_expected += np.bincount(rows[:, 1:][rises], minlength=len(n_expected))
            n_expected -= np.bincount(rows[:, :-1][rises], minlength=len(n_expected))
        else:
            n_expected += np.bincount(rows.ravel(), minlength=len(n_expected))
        return every * np.cumsum(n_expected[::-1])[::-1]


def _count_units(units: list[Activity], anchor: Anchor, axis: Axis) -> NDArray[Any]:
    """Count at every step the units that are on, start, or stop after it: (n_rows, ROW_STEPS), 0 beyond the end."""
    n_rows = -(-axis.n_steps // ROW_STEPS)
    counts = np.zeros(n_rows * ROW_STEPS, np.uint8 if len(units) < 256 else np.uint32)

    def fill(first: int) -> None:
        last = min(first + COUNT_STEPS, axis.n_steps)
        part = counts[first:last]
        for unit in units:
            np.add(part, _marks(unit, anchor, first, last, axis).view(np.uint8), out=part)

    firsts = range(0, axis.n_steps, COUNT_STEPS)
    if len(firsts) < THREADS:
        for first in firsts:
            fill(first)
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(fill, firsts))
    return counts.reshape(n_rows, ROW_STEPS)


def _marks(unit: Activity, anchor: Anchor, first: int, last: int, axis: Axis) -> Mask:
    """Tell at which steps of [first, last) the unit is on, or starts a run, or ends one after the step."""
    if anchor == "on":
        return unit.on(first, last)
    if anchor == "starts":
        lead = min(first, 1)
        on = unit.on(first - lead, last)
        here, beside = on[lead:], on[:-1] if lead else np.concatenate([[False], on[:-1]])
        borders = borders_in(axis, first, last) - first
    else:
        tail = min(axis.n_steps - last, 1)
        on = unit.on(first, last + tail)
        here, beside = on[: last - first], on[1:] if tail else np.concatenate([on[1:], [False]])
        borders = borders_in(axis, first + 1, last + 1) - first - 1
    marks: Mask = here > beside
    marks[borders] = here[borders]
    return marks


def _true_cells(mask: Mask) -> tuple[Steps, Steps]:
    """Return the rows and columns of the true cells, as np.nonzero; several times faster if they are few."""
    flat = np.flatnonzero(mask)
    return flat // mask.shape[1], flat % mask.shape[1]


def _stretches(steps: Steps, axis: Axis) -> tuple[Steps, Steps]:
    """Return where stretches of consecutive steps start and stop; sequence borders cut them."""
    is_start = np.diff(steps, prepend=-2) != 1
    borders = axis.starts[np.isin(axis.starts, steps, assume_unique=True)]
    is_start[np.searchsorted(steps, borders)] = True
    is_stop = np.append(is_start[1:], True)[: len(steps)]
    return steps[is_start], steps[is_stop] + 1


def _batches(starts: Steps, stops: Steps) -> Iterator[tuple[Steps, Steps]]:
    """Yield regions in batches of about BATCH_STEPS steps."""
    if not len(starts):
        return
    group = np.cumsum(stops - starts) // BATCH_STEPS
    cuts = np.flatnonzero(np.diff(group)) + 1
    yield from zip(np.split(starts, cuts), np.split(stops, cuts), strict=True)
