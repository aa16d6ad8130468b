"""Runs: the stretches of consecutive steps through which a unit is on, cut at sequence borders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match.onset import is_on
from lstmviz.types import Pattern, PatternUnit

BLOCK_BYTES = 16 * 2**20  # of recorded values read at a time; keeps memory flat on long corpora

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """One unit's runs in step order: ``starts[i] <= t < stops[i]``, and the steps where its value is NaN."""

    starts: Steps
    stops: Steps
    nans: Steps

    def is_off_before(self, n_steps: int, axis: Axis) -> NDArray[np.bool_]:
        """Tell for each run whether the unit is off in each of the n_steps before it, inside its sequence."""
        first = np.maximum(self.starts - n_steps, axis.starts[_sequence(axis, self.starts)])
        previous = np.concatenate([[0], self.stops[:-1]])
        return (previous <= first) & ~self._has_nan(first, self.starts)

    def is_off_after(self, n_steps: int, axis: Axis) -> NDArray[np.bool_]:
        """Tell for each run whether the unit is off in each of the n_steps after it, inside its sequence."""
        last = np.minimum(self.stops + n_steps, axis.stops[_sequence(axis, self.starts)])
        following = np.concatenate([self.starts[1:], [axis.n_steps]])
        return (following >= last) & ~self._has_nan(self.stops, last)

    def _has_nan(self, first: Steps, last: Steps) -> NDArray[np.bool_]:
        counted: NDArray[np.bool_] = np.searchsorted(self.nans, last) > np.searchsorted(self.nans, first)
        return counted


def pattern_runs(dump: DumpReader, pattern: Pattern) -> tuple[Runs, ...]:
    """Return the runs of each pattern unit over its whole axis, in the pattern's order."""
    found: dict[PatternUnit, Runs] = {}
    for source, _ in pattern.bases:
        units = [u for u in pattern.units if u.source == source]
        if units:
            found.update(zip(units, _source_runs(dump, source, units), strict=True))
    return tuple(found[u] for u in pattern.units)


def read_blocks(dump: DumpReader, source: str) -> Iterator[tuple[int, NDArray[np.floating]]]:
    """Yield (first step, values of shape (steps, n_units)) over a whole source."""
    states = dump.states(source)
    n_rows = max(1, BLOCK_BYTES // (states.dtype.itemsize * states.info.n_units))
    for start in range(0, len(states), n_rows):
        yield start, states[start : start + n_rows]


def _source_runs(dump: DumpReader, source: str, units: Sequence[PatternUnit]) -> list[Runs]:
    info, axis = dump.source(source), dump.axis_of(source)
    columns = [u.unit for u in units]
    rises: list[list[Steps]] = [[] for _ in units]
    falls: list[list[Steps]] = [[] for _ in units]
    nans: list[list[Steps]] = [[] for _ in units]
    before = np.zeros(len(units), np.bool_)
    for start, block in read_blocks(dump, source):
        values = block[:, columns]
        is_border = np.zeros(len(values), np.bool_)
        is_border[_inside(axis.starts, start, start + len(values)) - start] = True
        for j, unit in enumerate(units):
            on = is_on(values[:, j], info, unit.threshold, unit.side)
            was = np.concatenate([before[j : j + 1], on[:-1]])
            rises[j].append(np.flatnonzero(on & (~was | is_border)) + start)
            falls[j].append(np.flatnonzero(was & (~on | is_border)) + start)
            nans[j].append(np.flatnonzero(np.isnan(values[:, j])) + start)
            before[j] = on[-1]
    for j in np.flatnonzero(before).tolist():
        falls[j].append(np.array([info.n_steps]))
    joined = [
        tuple(np.concatenate(parts).astype(np.int64) for parts in lists)
        for lists in zip(rises, falls, nans, strict=True)
    ]
    return [Runs(*arrays) for arrays in joined]


def _inside(steps: Steps, start: int, stop: int) -> Steps:
    return steps[np.searchsorted(steps, start) : np.searchsorted(steps, stop)]


def _sequence(axis: Axis, steps: Steps) -> NDArray[np.intp]:
    return np.searchsorted(axis.stops, steps, side="right")
