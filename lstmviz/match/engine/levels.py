"""Candidates level by level: those with many shared units first, so that a page need not wait for all the others.

A match with m shared units lies where at least m units are on; begins, with a left constraint, where at least m begin;
ends, with a right one alone, where at least m end. One pass over the codes counts that at every step. What has fewer
is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.match.engine.candidates import Candidates, candidates
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
COUNT_STEPS = 2**19  # counted by one thread in one go: shorter, and threads wait for each other; longer, for memory
ROW_STEPS = 4_096  # counts of so many steps have one peak; rows with a low one are passed over
PEAKS_AT_ONCE = 256  # rows looked into together
SAMPLE_ROWS = 64  # looked at to guess how far down the levels to go
REGION_STEPS = 2**18  # steps of regions looked at together
DENSE_SHARE = 0.2  # of all steps; from there on looking at every run is cheaper than picking some

Anchor = Literal["on", "starts", "stops"]


class SharedUnitLevels:
    """The candidates of one pattern, from the most shared units down."""

    def __init__(self, units: list[Activity], pattern: Pattern, axis: Axis) -> None:
        self._units, self._pattern, self._axis = units, pattern, axis
        self._anchor: Anchor = "starts" if pattern.off_before else "stops" if pattern.off_after else "on"
        self._plane = _count_plane(units, self._anchor, axis)
        self._peaks = self._plane.max(axis=1)
        self._expected: Steps | None = None

    def at_least(self, level: int) -> Candidates:
        """Return every candidate that shares ``level`` units or more."""
        found = self._sparse(level) if level > 1 or len(self._units) == 1 else None
        if found is None:
            runs = [every_run(unit, self._pattern, self._axis) for unit in self._units]
            found = candidates(runs, self._pattern)
        return found.take(found.n_shared >= level)

    def level_for(self, n_wanted: int, below: int) -> int:
        """Return the highest level under ``below`` that may have so many candidates, with those above; else 1."""
        if self._expected is None:
            self._expected = self._sample()
        enough = np.flatnonzero(self._expected[1:below] >= n_wanted)
        return int(enough[-1]) + 1 if len(enough) else 1

    def _sparse(self, level: int) -> Candidates | None:
        """Look only where enough units are counted; None where that is nearly everywhere."""
        steps = self._steps(level)
        if steps is None:
            return None
        if self._anchor == "on":
            starts, stops = _stretches(steps, self._axis)
            if level == len(self._units):
                return Candidates(starts, stops, np.full(len(starts), level))
            return _joined([self._inside(*some) for some in _batches(starts, stops)])
        shift, pick = (0, runs_from) if self._anchor == "starts" else (1, runs_until)
        return candidates([pick(u, steps + shift, self._pattern, self._axis) for u in self._units], self._pattern)

    def _steps(self, level: int) -> Steps | None:
        """Return the steps at which ``level`` units or more are counted; None where they are too many."""
        picked = np.flatnonzero(self._peaks >= level)
        parts, n_steps = [], 0
        for first in range(0, len(picked), PEAKS_AT_ONCE):
            some = picked[first : first + PEAKS_AT_ONCE]
            row, column = _places(self._plane[some] >= level)
            parts.append(some[row] * self._plane.shape[1] + column)
            n_steps += len(row)
            if n_steps > DENSE_SHARE * self._axis.n_steps:
                return None
        return concatenated(parts)

    def _inside(self, starts: Steps, stops: Steps) -> Candidates:
        """Return the candidates inside some regions, as if these were sequences that follow each other."""
        lengths = stops - starts
        begins = np.cumsum(lengths) - lengths
        steps = np.arange(lengths.sum()) + np.repeat(starts - begins, lengths)
        runs = []
        for unit in self._units:
            on = unit.on_at(steps)
            rises, falls = edges(on, False, begins[1:])
            falls = np.append(falls, len(on)) if on[-1] else falls
            always = np.ones(len(rises), np.bool_)
            runs.append(Runs(rises, falls, always, always))
        found = candidates(runs, self._pattern)
        return Candidates(steps[found.start], steps[found.stop - 1] + 1, found.n_shared)

    def _sample(self) -> Steps:
        """Return for each level about how many places there are where that many units meet, from a sample of rows."""
        counts = np.zeros(len(self._units) + 1, np.int64)
        every = -(-len(self._plane) // SAMPLE_ROWS)
        plane = self._plane[::every]
        if self._anchor == "on":
            rises = _places(plane[:, 1:] > plane[:, :-1])
            counts += np.bincount(plane[:, 1:][rises], minlength=len(counts))
            counts -= np.bincount(plane[:, :-1][rises], minlength=len(counts))
        else:
            counts += np.bincount(plane.ravel(), minlength=len(counts))
        return every * np.cumsum(counts[::-1])[::-1]


def _count_plane(units: list[Activity], anchor: Anchor, axis: Axis) -> NDArray[Any]:
    """Count at every step the units that are on, start, or stop after it; shape (n_rows, ROW_STEPS), 0 beyond."""
    n_rows = -(-axis.n_steps // ROW_STEPS)
    plane = np.zeros(n_rows * ROW_STEPS, np.uint8 if len(units) < 256 else np.uint32)

    def fill(first: int) -> None:
        last = min(first + COUNT_STEPS, axis.n_steps)
        part = plane[first:last]
        for unit in units:
            np.add(part, _marks(unit, anchor, first, last, axis).view(np.uint8), out=part)

    firsts = range(0, axis.n_steps, COUNT_STEPS)
    if len(firsts) < THREADS:
        for first in firsts:
            fill(first)
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(fill, firsts))
    return plane.reshape(n_rows, ROW_STEPS)


def _marks(unit: Activity, anchor: Anchor, first: int, last: int, axis: Axis) -> Mask:
    """Tell at which steps of [first, last) the unit is on, or starts a run, or is at the last step of one."""
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


def _places(mask: Mask) -> tuple[Steps, Steps]:
    """Return rows and columns of a table where it is true; as np.nonzero, and several times faster where few are."""
    flat = np.flatnonzero(mask)
    return flat // mask.shape[1], flat % mask.shape[1]


def _stretches(steps: Steps, axis: Axis) -> tuple[Steps, Steps]:
    """Return where stretches of consecutive steps start and stop; a border cuts them too."""
    is_start = np.diff(steps, prepend=-2) != 1
    borders = axis.starts[np.isin(axis.starts, steps, assume_unique=True)]
    is_start[np.searchsorted(steps, borders)] = True
    is_stop = np.append(is_start[1:], True)[: len(steps)]
    return steps[is_start], steps[is_stop] + 1


def _batches(starts: Steps, stops: Steps) -> Iterator[tuple[Steps, Steps]]:
    """Group regions so that each group has about REGION_STEPS steps."""
    if not len(starts):
        return
    group = np.cumsum(stops - starts) // REGION_STEPS
    cuts = np.flatnonzero(np.diff(group)) + 1
    yield from zip(np.split(starts, cuts), np.split(stops, cuts), strict=True)


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(*(concatenated([getattr(p, name) for p in parts]) for name in ("start", "stop", "n_shared")))
