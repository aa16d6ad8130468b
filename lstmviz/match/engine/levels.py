"""Candidates level by level, those with most shared units first, so that the first rows need not wait for the rest.

Only steps that enough units mark are looked at (``marks``), one by one if they are few, else in blocks of all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.match.engine.candidates import Candidates, Sweep, anchored
from lstmviz.match.engine.marks import ROW_STEPS, Marks
from lstmviz.match.engine.runs import (
    Runs,
    borders_in,
    concatenated,
    constrained_runs,
    edges,
    is_border,
    runs_at,
    runs_from,
    runs_starting,
    runs_stopping,
    runs_until,
    steps_of,
)
from lstmviz.match.engine.threads import in_threads
from lstmviz.system.asked import look
from lstmviz.types import Pattern

BLOCK_ROWS = 256  # of counts, looked at together
SAMPLE_ROWS = 64  # from which the number of candidates at each level is estimated
BATCH_CELLS = 2**23  # steps x units looked at together, without constraints: 100 MB of tables
BATCH_STEPS = 2**18  # looked at together, with constraints
DENSE_SHARE = 0.2  # of all steps; above it, going over all steps is cheaper than looking at some
DENSE_ANCHORS = 0.05  # of all steps, where a match begins, or ends, at each
GIVE_UPS = 8  # times that steps are given up at which no match can start any more
PARTS = 16  # in which all steps are gone over, if sequences are no longer than that
FEW_STEPS = 8  # if spans have no more than one step in so many, each of theirs is asked whether it is allowed

T = TypeVar("T")
Part = tuple[int, int]


class SharedUnitLevels:
    """The candidates of one pattern within its bounds and filters, from the most shared units down."""

    def __init__(self, units: list[Activity], pattern: Pattern, axis: Axis, allowed: Mask | None) -> None:
        self._units, self._pattern, self._axis, self._allowed = units, pattern, axis, allowed
        self._marks = Marks(units, pattern, axis, allowed)
        self._anchor, self._reach = self._marks.anchor, self._marks.reach
        self._counts = self._marks.count()
        self._peaks = self._counts.max(axis=1)

    def each(self, level: int, task: Callable[[Candidates], T]) -> list[T]:
        """Return what a task makes of all candidates that share ``level`` units or more, given to it part by part.

        Several threads may run the task.
        """
        look()
        if int(self._peaks.max(initial=0)) < level:
            return []
        steps = self._steps(level)
        if self._anchor != "on":
            found = self._anchored(level, steps)
        elif level == len(self._units):
            found = iter([self._full(steps)])
        elif steps is None:
            return [result for results in self._swept(level, task) for result in results]
        else:
            found = in_threads(lambda batch: self._inside(*batch, level), self._batches(steps))
        return [task(self._kept(spans)) for spans in found]

    def count_on(self, steps: Steps) -> Steps:
        """Return how many of the pattern's units are on at each of these steps."""
        counts = np.zeros(len(steps), np.int64)
        for unit in self._units:
            counts += unit.on_at(steps)
        return counts

    def level_for(self, n_wanted: float, below: int) -> int:
        """Return the highest level under ``below`` at which about ``n_wanted`` candidates are expected; else 1."""
        enough = np.flatnonzero(self.expected[1:below] >= n_wanted)
        return int(enough[-1]) + 1 if len(enough) else 1

    @cached_property
    def expected(self) -> Steps:
        """Estimate for each level how many candidates share that many units or more, from a sample of rows."""
        n_expected = np.zeros(len(self._units) + 1, np.int64)
        every = -(-len(self._counts) // SAMPLE_ROWS)
        rows = self._counts[::every]
        if self._anchor == "on":
            rises = _true_cells(rows[:, 1:] > rows[:, :-1])
            n_expected += np.bincount(rows[:, 1:][rises], minlength=len(n_expected))
            n_expected -= np.bincount(rows[:, :-1][rises], minlength=len(n_expected))
        else:
            n_expected += np.bincount(rows[rows > 0], minlength=len(n_expected))
        return every * np.cumsum(n_expected[::-1])[::-1]

    def _steps(self, level: int) -> Steps | None:
        """Return the steps that ``level`` units or more mark; None if these are too many."""
        rows = np.flatnonzero(self._peaks >= level)
        most = (DENSE_SHARE if self._anchor == "on" else DENSE_ANCHORS) * self._axis.n_steps
        parts, n_steps = [], 0
        for first in range(0, len(rows), BLOCK_ROWS):
            block = rows[first : first + BLOCK_ROWS]
            row, column = _true_cells(self._counts[block] >= level)
            parts.append(block[row] * ROW_STEPS + column)
            n_steps += len(row)
            if n_steps > most:
                return None
        return concatenated(parts)

    def _full(self, steps: Steps | None) -> Candidates:
        """Return the candidates that share all units: where stretches of steps that all units mark begin and end."""
        if steps is None:
            is_full = self._counts.ravel()[: self._axis.n_steps] == len(self._units)
            starts, stops = edges(is_full, False, self._axis.starts)
            stops = np.append(stops, len(is_full)) if is_full[-1] else stops
        else:
            starts, stops = _stretches(steps, self._axis)
        stops = stops + self._reach - 1
        if self._allowed is not None:  # all units may be on beyond what is allowed
            is_whole = self._is_not_full(starts - 1, is_border(self._axis, starts))
            is_whole &= self._is_not_full(stops, is_border(self._axis, stops))
            starts, stops = starts[is_whole], stops[is_whole]
        return Candidates(starts, stops, np.full(len(starts), len(self._units)))

    def _is_not_full(self, steps: Steps, is_beyond: Mask) -> Mask:
        """Tell at which steps, or where they are beyond the sequence, not all units are on."""
        inside = (steps >= 0) & (steps < self._axis.n_steps) & ~is_beyond
        is_not_full = np.ones(len(steps), np.bool_)
        is_not_full[inside] = self.count_on(steps[inside]) < len(self._units)
        return is_not_full

    def _batches(self, steps: Steps) -> Iterator[tuple[Steps, Steps]]:
        """Yield regions in which matches lie, in batches of about BATCH_CELLS; with a step beside what is allowed."""
        starts, stops = _stretches(steps, self._axis)
        stops = stops + self._reach - 1
        if self._allowed is not None:
            starts = starts - ~is_border(self._axis, starts)
            stops = stops + ((stops < self._axis.n_steps) & ~is_border(self._axis, stops))
        if len(starts):
            group = np.cumsum(stops - starts) * len(self._units) // BATCH_CELLS
            cuts = np.flatnonzero(np.diff(group)) + 1
            yield from zip(np.split(starts, cuts), np.split(stops, cuts), strict=True)

    def _inside(self, starts: Steps, stops: Steps, level: int) -> Candidates:
        """Return the candidates inside some regions, which are put one after the other like sequences."""
        steps, begins = steps_of(starts, stops)
        sweep = Sweep(len(self._units), level, self._pattern, self._axis.n_steps)
        return sweep.block((unit.on_at(steps) for unit in self._units), steps, begins[1:], False)

    def _swept(self, level: int, task: Callable[[Candidates], T]) -> Iterator[list[T]]:
        """Go over all steps; yield what a task makes of the candidates that share ``level`` units or more."""

        def go(part: Part) -> list[T]:
            sweep, found = Sweep(len(self._units), level, self._pattern, self._axis.n_steps), []
            for first, last in _blocks(*part, max(1, BATCH_CELLS // len(self._units))):
                look()
                borders = borders_in(self._axis, first, last) - first
                masks = (unit.on(first, last) for unit in self._units)
                spans = sweep.block(masks, np.arange(first, last), borders, last < part[1])
                found.append(task(self._kept(spans)))
            return found

        return in_threads(go, self._parts())

    def _parts(self) -> Iterator[Part]:
        """Yield stretches of whole sequences, of about a sixteenth of all steps."""
        first = 0
        for target in np.linspace(0, self._axis.n_steps, PARTS + 1)[1:]:
            last = int(self._axis.stops[np.searchsorted(self._axis.stops, target)])
            if last > first:
                yield first, last
            first = last

    def _anchored(self, level: int, steps: Steps | None) -> Iterator[Candidates]:
        """Yield the candidates with a constraint at least on one side, by the runs that start, or stop, at a step."""
        if steps is None:
            parts: list[Steps | Part] = list(_blocks(0, self._axis.n_steps, BATCH_STEPS))
        else:
            parts = list(np.split(steps, range(BATCH_STEPS, len(steps), BATCH_STEPS)))

        def find(part: Steps | Part) -> Candidates:
            if not isinstance(part, tuple) and self._marks.are_kept:
                runs = list(self._runs_together(level, part))
            else:
                runs = [self._runs(unit, part, level) for unit in self._units]
            spans = anchored(runs, self._pattern)
            return spans.take(spans.n_shared >= level)

        return in_threads(find, parts)

    def _runs(self, unit: Activity, part: Steps | Part, level: int) -> Runs:
        """Return a unit's runs that meet the constraints, anchored at some steps or in a block (``_runs_in``)."""
        pattern, axis, n_off = self._pattern, self._axis, self._pattern.off_before
        if isinstance(part, tuple):
            runs = self._runs_in(unit, *part, level)
        elif self._anchor == "starts":
            runs, n_off = runs_from(unit, part, n_off, axis), 0
        else:
            runs = runs_until(unit, part + 1, axis)
        return constrained_runs(unit, runs, pattern, n_off, axis)

    def _runs_in(self, unit: Activity, first: int, last: int, level: int) -> Runs:
        """Return a unit's runs that are anchored at the steps of a block that ``level`` units or more mark."""
        if self._anchor == "starts":
            runs = runs_starting(unit, first, last, self._axis)
            anchors = runs.starts
        else:
            runs = runs_stopping(unit, first, last, self._axis)
            anchors = runs.stops - 1
        return runs.take(self._counts.ravel()[anchors] >= level)

    def _runs_together(self, level: int, steps: Steps) -> Iterator[Runs]:
        """Yield each unit's runs that start at some steps and meet both constraints, as far as ``level`` units may.

        With both constraints the units that share a match start and stop together.
        """
        keys, width = self._keys(level, steps), self._axis.n_steps + 1
        different, n_alike = np.unique(np.concatenate(keys), return_counts=True)
        enough = np.append(different[n_alike >= level], -1)  # which is no key
        for unit, all_keys in zip(self._units, keys, strict=True):
            shared = all_keys[enough[np.searchsorted(enough[:-1], all_keys)] == all_keys]
            runs = runs_at(unit, steps[shared // width], self._axis)
            yield constrained_runs(unit, runs, self._pattern, self._pattern.off_before, self._axis)

    def _keys(self, level: int, steps: Steps) -> list[Steps]:
        """Return for each unit its runs that start at some steps, as keys: the place of the step, and the stop.

        All runs that meet both constraints are among them where enough of them stop together. A step is given up once
        the most units whose runs stop together, and those that mark the step and were not looked at, are too few.
        """
        n_left = self._counts.ravel()[steps].astype(np.int64)  # units that mark each step and were not looked at
        limits = self._axis.stops[np.searchsorted(self._axis.stops, steps, side="right")]
        still_open = np.arange(len(steps))
        width = self._axis.n_steps + 1
        keys: list[Steps] = []
        open_keys = [np.zeros(0, np.int64)]
        for i in range(len(self._units)):
            marked = still_open[self._marks.of(i, steps[still_open])]
            n_left[marked] -= 1
            stops, may_be = self._marks.stops_after(i, steps[marked], limits[marked])
            keys.append((marked * width + stops)[may_be])
            open_keys.append(keys[-1])
            if (i + 1) % -(-len(self._units) // GIVE_UPS) == 0:
                joined = np.concatenate(open_keys)
                different, n_alike = np.unique(joined, return_counts=True)
                most = np.zeros(len(steps), np.int64)
                np.maximum.at(most, different // width, n_alike)
                are_open = most + n_left >= level
                still_open, open_keys = np.flatnonzero(are_open), [joined[are_open[joined // width]]]
        return keys

    def _kept(self, spans: Candidates) -> Candidates:
        """Leave out spans outside the length bounds, and those with a step that a filter does not allow."""
        length = spans.stop - spans.start
        is_kept = length >= self._pattern.min_length
        if self._pattern.max_length is not None:
            is_kept &= length <= self._pattern.max_length
        if self._allowed is not None:
            is_kept &= self._are_allowed(spans, self._allowed)
        return spans if is_kept.all() else spans.take(is_kept)

    def _are_allowed(self, spans: Candidates, allowed: Mask) -> Mask:
        """Tell which spans have only steps that the filters allow."""
        length = spans.stop - spans.start
        if length.sum() * FEW_STEPS > self._axis.n_steps:
            return np.asarray(self._n_allowed[spans.stop] - self._n_allowed[spans.start] == length)
        steps, begins = steps_of(spans.start, spans.stop)
        are_allowed: Mask = np.logical_and.reduceat(allowed[steps], begins) if len(spans) else length > 0
        return are_allowed

    @cached_property
    def _n_allowed(self) -> NDArray[Any]:
        """How many steps before each are allowed."""
        n_steps = self._axis.n_steps
        n_allowed = np.zeros(n_steps + 1, np.int32 if n_steps < 2**31 else np.int64)
        np.cumsum(np.ones(n_steps, np.bool_) if self._allowed is None else self._allowed, out=n_allowed[1:])
        return n_allowed


def _blocks(first: int, last: int, width: int) -> Iterator[Part]:
    """Yield stretches of so many steps."""
    yield from ((a, min(a + width, last)) for a in range(first, last, width))


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
