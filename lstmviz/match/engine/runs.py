"""Runs: maximal stretches of steps at which a unit is on; they end at sequence borders.

``every_run`` returns all of them; ``runs_from`` and ``runs_until`` only the few that can belong to a match with many
shared units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.types import Pattern

BLOCK_STEPS = 131_072  # a block of codes fits into the processor's cache
SPARSE = 8  # a mask with fewer than one step in so many is treated step by step, which is faster
FIRST_LOOK, FARTHEST_LOOK = 16, 4_096  # steps looked ahead for the end of a run: few at first, then more


@dataclass(frozen=True)
class Runs:
    """Some runs [starts[i], stops[i]) of one unit in rising order, and whether a match may begin or end with each."""

    starts: Steps
    stops: Steps
    may_begin: Mask
    may_end: Mask


def every_run(unit: Activity, pattern: Pattern, axis: Axis) -> Runs:
    """Return all runs of a unit over its axis."""
    starts, stops = [], []
    was_on = False
    for first in range(0, axis.n_steps, BLOCK_STEPS):
        on = unit.on(first, min(first + BLOCK_STEPS, axis.n_steps))
        rises, falls = edges(on, was_on, borders_in(axis, first, first + len(on)) - first)
        starts.append(rises + first)
        stops.append(falls + first)
        was_on = bool(on[-1])
    if was_on:
        stops.append(np.array([axis.n_steps]))
    return constrained_runs(unit, np.concatenate(starts), np.concatenate(stops), pattern, axis)


def runs_from(unit: Activity, steps: Steps, pattern: Pattern, axis: Axis) -> Runs:
    """Return the unit's runs that start at one of these sorted steps."""
    is_start = unit.on_at(steps) & (_is_border(axis, steps) | ~unit.on_at(np.maximum(steps - 1, 0)))
    starts = steps[is_start]
    limits = axis.stops[_sequence(axis, starts)]
    return constrained_runs(unit, starts, _reach(unit, starts, limits, 1), pattern, axis)


def runs_until(unit: Activity, steps: Steps, pattern: Pattern, axis: Axis) -> Runs:
    """Return the unit's runs that stop at one of these sorted steps."""
    beyond = np.minimum(steps, axis.n_steps - 1)
    is_stop = unit.on_at(steps - 1) & (_is_border(axis, steps) | (steps == axis.n_steps) | ~unit.on_at(beyond))
    stops = steps[is_stop]
    limits = axis.starts[_sequence(axis, stops - 1)]
    return constrained_runs(unit, _reach(unit, stops, limits, -1), stops, pattern, axis)


def constrained_runs(unit: Activity, starts: Steps, stops: Steps, pattern: Pattern, axis: Axis) -> Runs:
    """Return runs, each with whether the unit is off before and after it for as many steps as the pattern asks."""
    may_begin, may_end = np.ones(len(starts), np.bool_), np.ones(len(starts), np.bool_)
    sequence = _sequence(axis, starts)
    for back in range(1, pattern.off_before + 1):
        inside = np.flatnonzero(may_begin & (starts - back >= axis.starts[sequence]))
        if not len(inside):
            break
        may_begin[inside] = unit.off_at(starts[inside] - back)
    for ahead in range(pattern.off_after):
        inside = np.flatnonzero(may_end & (stops + ahead < axis.stops[sequence]))
        if not len(inside):
            break
        may_end[inside] = unit.off_at(stops[inside] + ahead)
    return Runs(starts, stops, may_begin, may_end)


def edges(on: Mask, was_on: bool, borders: Steps) -> tuple[Steps, Steps]:
    """Return the indices at which the true stretches of a mask start and stop; borders end one and start the next.

    A stretch that reaches the end of the mask has no stop here; one that began before the mask has no start.
    """
    steps = np.flatnonzero(on)
    if len(steps) < len(on) // SPARSE:
        is_first = np.diff(steps, prepend=-1 if was_on else -2) != 1
        is_last = np.diff(steps, append=len(on)) != 1
        rises, falls = steps[is_first], steps[is_last] + 1
        if was_on and not on[0]:
            falls = np.concatenate([[0], falls])
    else:
        before = np.empty_like(on)
        before[0], before[1:] = was_on, on[:-1]
        rises, falls = np.flatnonzero(on > before), np.flatnonzero(before > on)
    through = borders[on[borders] & np.where(borders > 0, on[borders - 1], was_on)]
    if len(through):
        rises, falls = np.sort(np.append(rises, through)), np.sort(np.append(falls, through))
    return rises, falls


def borders_in(axis: Axis, start: int, stop: int) -> Steps:
    """Return the steps of [start, stop) at which a sequence begins."""
    return axis.starts[np.searchsorted(axis.starts, start) : np.searchsorted(axis.starts, stop)]


def concatenated(parts: Sequence[Steps]) -> Steps:
    """Return arrays of steps joined to one; an empty one if there are none."""
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _reach(unit: Activity, starts: Steps, limits: Steps, direction: int) -> Steps:
    """Return the other end of each run: go up or down from its start to the first step that is off, or the limit."""
    reached = starts.copy()
    going = np.flatnonzero(reached != limits)
    look = FIRST_LOOK
    while len(going):
        ahead = np.arange(look) * direction + (0 if direction > 0 else -1)
        steps = reached[going, None] + ahead
        inside = steps < limits[going, None] if direction > 0 else steps >= limits[going, None]
        on = inside & unit.on_at(np.where(inside, steps, limits[going, None] - (1 if direction > 0 else 0)))
        is_through = on.all(axis=1)
        reached[going] += direction * np.where(is_through, look, on.argmin(axis=1))
        going = going[is_through]
        look = min(look * 4, FARTHEST_LOOK)
    return reached


def _is_border(axis: Axis, steps: Steps) -> Mask:
    at_border: Mask = axis.starts[np.minimum(np.searchsorted(axis.starts, steps), len(axis.starts) - 1)] == steps
    return at_border


def _sequence(axis: Axis, steps: Steps) -> Steps:
    return np.searchsorted(axis.stops, steps, side="right")
