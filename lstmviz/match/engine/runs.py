"""Runs: maximal stretches of steps at which a unit is on; they end at sequence borders.

``runs_starting`` and ``runs_stopping`` return all of them in a stretch of steps; ``runs_from`` and ``runs_until`` only
the few that can belong to a match with many shared units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.types import Pattern

FIRST_LOOK, FARTHEST_LOOK = 16, 4_096  # steps looked ahead for the end of a run: few at first, then more
OFF_STEPS = 8  # beside runs, looked at together
DEAR = 16  # looking at a step ahead takes as long as going over so many in order
BLOCK_STEPS = 2**19  # gone over at a time


@dataclass(frozen=True)
class Runs:
    """Some runs [starts[i], stops[i]) of one unit, in rising order."""

    starts: Steps
    stops: Steps

    def take(self, chosen: Mask) -> Runs:
        """Return some of the runs."""
        return Runs(self.starts[chosen], self.stops[chosen])


def runs_starting(unit: Activity, first: int, last: int, axis: Axis) -> Runs:
    """Return the unit's runs that start at a step of [first, last)."""
    on, was_on = unit.on(first, last), _is_on_before(unit, first)
    starts, stops = edges(on, was_on, borders_in(axis, first, last) - first)
    stops = stops[1:] if was_on else stops  # the first one ends a run that started before
    starts, stops = starts + first, stops + first
    if len(starts) > len(stops):
        stops = np.append(stops, _reach(unit, np.array([last]), axis.stops[_sequence(axis, starts[-1:])], 1, axis))
    return Runs(starts, stops)


def runs_stopping(unit: Activity, first: int, last: int, axis: Axis) -> Runs:
    """Return the unit's runs that stop at a step of [first, last), or at the end of the axis if that is ``last``."""
    on, was_on = unit.on(first, last), _is_on_before(unit, first)
    starts, stops = edges(on, was_on, borders_in(axis, first, last) - first)
    if last == axis.n_steps and on[-1]:
        stops = np.append(stops, len(on))
    starts, stops = starts + first, stops + first
    if was_on and len(stops):
        begin = axis.starts[_sequence(axis, np.array([first - 1]))]
        starts = np.concatenate([_reach(unit, np.array([first]), begin, -1, axis), starts])
    return Runs(starts[: len(stops)], stops)


def runs_from(unit: Activity, steps: Steps, n_off: int, axis: Axis) -> Runs:
    """Return the unit's runs that start at one of these sorted steps, before which it is off for ``n_off`` steps."""
    steps = steps[unit.on_at(steps)]
    starts = steps[is_border(axis, steps) | ~unit.on_at(np.maximum(steps - 1, 0))]
    sequence = _sequence(axis, starts)
    starts = starts[_are_off(unit, starts - 1, -1, n_off, axis.starts[sequence], axis.stops[sequence])]
    return runs_at(unit, starts, axis)


def runs_at(unit: Activity, starts: Steps, axis: Axis) -> Runs:
    """Return the unit's runs that start at each of these steps."""
    return Runs(starts, _reach(unit, starts, axis.stops[_sequence(axis, starts)], 1, axis))


def runs_until(unit: Activity, steps: Steps, axis: Axis) -> Runs:
    """Return the unit's runs that stop at one of these sorted steps."""
    steps = steps[unit.on_at(steps - 1)]
    is_last = is_border(axis, steps) | (steps == axis.n_steps)
    stops = steps[is_last | ~unit.on_at(np.minimum(steps, axis.n_steps - 1))]
    return Runs(_reach(unit, stops, axis.starts[_sequence(axis, stops - 1)], -1, axis), stops)


def constrained_runs(unit: Activity, runs: Runs, pattern: Pattern, n_off_before: int, axis: Axis) -> Runs:
    """Leave out runs that are too short, or beside which the unit is not off for as many steps as is asked.

    ``n_off_before`` is 0 if that was checked before.
    """
    length = runs.stops - runs.starts
    is_kept = length >= pattern.min_length
    if pattern.max_length is not None and pattern.off_before and pattern.off_after:
        is_kept &= length <= pattern.max_length  # with both constraints a match is as long as its runs
    runs = runs.take(is_kept)
    sequence = _sequence(axis, runs.starts)
    is_kept = _are_off(unit, runs.stops, 1, pattern.off_after, axis.starts[sequence], axis.stops[sequence])
    runs, sequence = runs.take(is_kept), sequence[is_kept]  # few are left: most starts are marked as off before them
    is_kept = _are_off(unit, runs.starts - 1, -1, n_off_before, axis.starts[sequence], axis.stops[sequence])
    return runs.take(is_kept)


def _are_off(unit: Activity, steps: Steps, direction: int, n_off: int, first: Steps, stop: Steps) -> Mask:
    """Tell from which steps on a unit is off for so many steps, up or down; outside [first, stop) counts as off."""
    are_off = np.ones(len(steps), np.bool_)
    n_inside = stop - steps if direction > 0 else steps - first + 1
    for near in range(0, n_off, OFF_STEPS):
        asked = np.flatnonzero(are_off & (n_inside > near))
        if not len(asked):
            break
        ahead = np.arange(near, min(near + OFF_STEPS, n_off))[:, None]
        looked = np.minimum(ahead, n_inside[asked] - 1)  # in place of those outside the last one inside, once more
        are_off[asked] = unit.off_at(steps[asked] + direction * looked).all(axis=0)
    return are_off


def edges(on: Mask, was_on: bool, borders: Steps) -> tuple[Steps, Steps]:
    """Return the indices at which the true stretches of a mask start and stop; borders end one and start the next.

    A stretch that reaches the end of the mask has no stop here; one that began before the mask has no start.
    """
    changes = np.flatnonzero(on[1:] != on[:-1]) + 1
    if len(on) and on[0] != was_on:
        changes = np.concatenate([[0], changes])
    rises, falls = (changes[1::2], changes[::2]) if was_on else (changes[::2], changes[1::2])
    through = borders[on[borders] & np.where(borders > 0, on[borders - 1], was_on)]
    if len(through):
        # stable: two sorted parts are merged
        rises, falls = (np.sort(np.append(ends, through), kind="stable") for ends in (rises, falls))
    return rises, falls


def borders_in(axis: Axis, start: int, stop: int) -> Steps:
    """Return the steps of [start, stop) at which a sequence begins."""
    return axis.starts[np.searchsorted(axis.starts, start) : np.searchsorted(axis.starts, stop)]


def is_border(axis: Axis, steps: Steps) -> Mask:
    """Tell at which of these steps a sequence begins."""
    at_border: Mask = axis.starts[np.minimum(np.searchsorted(axis.starts, steps), len(axis.starts) - 1)] == steps
    return at_border


def concatenated(parts: Sequence[Steps]) -> Steps:
    """Return arrays of steps joined to one; an empty one if there are none."""
    return np.concatenate([np.zeros(0, np.int64), *parts])


def steps_of(starts: Steps, stops: Steps) -> tuple[Steps, Steps]:
    """Return the steps of some spans, span after span, and the place at which each span begins."""
    lengths = stops - starts
    begins = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - begins, lengths), begins


def _is_on_before(unit: Activity, step: int) -> bool:
    return step > 0 and bool(unit.on_at(np.array([step - 1]))[0])


def _reach(unit: Activity, starts: Steps, limits: Steps, direction: int, axis: Axis) -> Steps:
    """Return the other end of each run: go up or down from its start to the first step that is off, or the limit."""
    reached = starts.copy()
    going = np.flatnonzero(reached != limits)
    look = FIRST_LOOK
    while len(going):
        if len(going) * look * DEAR > axis.n_steps:
            reached[going] = _ends_beyond(unit, reached[going], direction, axis)
            break
        n_left = np.abs(limits[going] - reached[going])
        ahead = np.arange(look)[:, None]
        steps = reached[going] + direction * np.minimum(ahead, n_left - 1) - (direction < 0)
        on = unit.on_at(steps) & (ahead < n_left)
        n_on = np.logical_and.accumulate(on, axis=0).sum(axis=0)
        reached[going] += direction * n_on
        going = going[(n_on == look) & (reached[going] != limits[going])]
        look = min(look * 4, FARTHEST_LOOK)
    return reached


def _ends_beyond(unit: Activity, reached: Steps, direction: int, axis: Axis) -> Steps:
    """Return the other end of runs that are on up to here, which is no border: here if the unit is off from here on."""
    goes_on = unit.on_at(reached - (direction < 0))
    ends = _all_ends(unit, direction, axis)
    if direction > 0:
        return np.asarray(ends[np.searchsorted(ends, reached + goes_on)])
    return np.asarray(ends[np.searchsorted(ends, reached - goes_on, side="right") - 1])


def _all_ends(unit: Activity, direction: int, axis: Axis) -> Steps:
    """Return where all runs of a unit stop (direction 1) or start (-1)."""
    ends, was_on = [], False
    for first in range(0, axis.n_steps, BLOCK_STEPS):
        on = unit.on(first, min(first + BLOCK_STEPS, axis.n_steps))
        rises, falls = edges(on, was_on, borders_in(axis, first, first + len(on)) - first)
        ends.append((falls if direction > 0 else rises) + first)
        was_on = bool(on[-1])
    return concatenated([*ends, np.array([axis.n_steps] if was_on and direction > 0 else [], np.int64)])


def _sequence(axis: Axis, steps: Steps) -> Steps:
    return np.searchsorted(axis.stops, steps, side="right")
