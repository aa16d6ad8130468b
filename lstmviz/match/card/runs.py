"""One unit's runs, collected block by block, and where the unit is strongest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.engine.runs import steps_of
from lstmviz.types import Side

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class _Peaks:
    """Steps with the unit's strength there."""

    strength: NDArray[np.float64]
    step: Steps

    def strongest(self, n: int) -> _Peaks:
        """Return the n strongest, strongest first; of equal ones the earlier first."""
        order = np.lexsort((self.step, -self.strength))[:n]
        return _Peaks(self.strength[order], self.step[order])

    def merged(self, more: _Peaks) -> _Peaks:
        """Return the peaks of both."""
        return _Peaks(np.concatenate([self.strength, more.strength]), np.concatenate([self.step, more.step]))


NO_PEAKS = _Peaks(np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True)
class _Run:
    """A run that reaches the end of the blocks read so far."""

    start: int
    strength: float
    step: int


class RunScan:
    """Collects a unit's runs and its ``n_kept`` strongest steps, block by block."""

    def __init__(self, axis: Axis, side: Side, n_kept: int) -> None:
        self._axis, self._sign, self._n_kept = axis, 1.0 if side == "high" else -1.0, n_kept
        self._open: _Run | None = None
        self._spans: list[Steps] = [np.zeros((0, 2), np.int64)]
        self._on, self._off = NO_PEAKS, NO_PEAKS

    def add(self, first: int, values: NDArray[Any], on: NDArray[np.bool_]) -> None:
        """Add the next block: the values from step ``first`` on, and at which of these steps the unit is on."""
        strength = self._sign * values.astype(np.float64)
        inside = slice(*np.searchsorted(self._axis.starts, [first, first + len(on)]).tolist())
        borders = self._axis.starts[inside] - first
        starts, stops = _stretches(on, borders)
        peaks = _peaks(strength, starts, stops)
        begins, ends, steps, heights = starts + first, stops + first, peaks.step + first, peaks.strength
        continues = 0 in starts[:1] and 0 not in borders[:1]
        if self._open and continues:
            begins[0] = self._open.start
            if self._open.strength >= heights[0]:
                heights[0], steps[0] = self._open.strength, self._open.step
        elif self._open:
            self._close(self._open, first)
        self._open = None
        if len(stops) and stops[-1] == len(on):
            self._open = _Run(int(begins[-1]), float(heights[-1]), int(steps[-1]))
            begins, ends, steps, heights = begins[:-1], ends[:-1], steps[:-1], heights[:-1]
        self._spans.append(np.stack([begins, ends], axis=1))
        self._on = self._on.merged(_Peaks(heights, steps)).strongest(self._n_kept)
        if len(self._on.step) < self._n_kept:  # else no step at which the unit is off is strong enough
            off = np.flatnonzero(~on & ~np.isnan(strength))
            self._off = self._off.merged(_Peaks(strength[off], off + first)).strongest(self._n_kept)

    def lengths(self) -> pd.DataFrame:
        """Return how many runs there are of each length: length, n_runs."""
        runs = self.spans()
        length, n_runs = np.unique(runs.stop - runs.start, return_counts=True)
        return pd.DataFrame({"length": length, "n_runs": n_runs})

    def spans(self) -> Candidates:
        """Return every run, as spans that share one unit."""
        self._finish()
        start, stop = np.concatenate(self._spans).T
        return Candidates(start, stop, np.ones_like(start))

    def strongest(self, n: int, around: int) -> list[tuple[int, int, int, int]]:
        """Return (step, start, stop, sequence) of the n strongest contexts; none overlaps a stronger one."""
        self._finish()
        contexts: list[tuple[int, int, int, int]] = []
        for step in np.concatenate([self._on.step, self._off.step]).tolist():
            if len(contexts) == n:
                break
            sequence = self._axis.sequence_of(step)
            start = max(step - around, int(self._axis.starts[sequence]))
            stop = min(step + around + 1, int(self._axis.stops[sequence]))
            if all(stop <= a or b <= start for _, a, b, _ in contexts):
                contexts.append((step, start, stop, sequence))
        return contexts

    def _finish(self) -> None:
        if self._open:
            self._close(self._open, self._axis.n_steps)
            self._open = None

    def _close(self, run: _Run, stop: int) -> None:
        self._spans.append(np.array([[run.start, stop]], np.int64))
        peak = _Peaks(np.array([run.strength]), np.array([run.step]))
        self._on = self._on.merged(peak).strongest(self._n_kept)


def _stretches(on: NDArray[np.bool_], borders: Steps) -> tuple[Steps, Steps]:
    """Return where the stretches of true steps start and stop; sequence borders cut them."""
    before = np.concatenate([[False], on])
    is_border = np.zeros(len(on) + 1, np.bool_)
    is_border[borders] = True
    after = np.concatenate([on, [False]])
    return np.flatnonzero(after & (~before | is_border)), np.flatnonzero(before & (~after | is_border))


def _peaks(strength: NDArray[np.float64], starts: Steps, stops: Steps) -> _Peaks:
    """Return the first strongest step of each stretch."""
    if not len(starts):
        return NO_PEAKS
    inside, offsets = steps_of(starts, stops)
    height = np.maximum.reduceat(strength[inside], offsets)
    is_peak = np.flatnonzero(strength[inside] == np.repeat(height, stops - starts))
    first = is_peak[np.searchsorted(is_peak, offsets)]
    return _Peaks(height, inside[first])
