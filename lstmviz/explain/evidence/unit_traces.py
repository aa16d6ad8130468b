"""How long a unit's value lasts: the half-life of its autocorrelation inside sequences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.unit_sample import sequence_ends

Floats = NDArray[np.float64]

LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
MOST_ANCHORS = 2**14  # steps from which lags are counted
HALF = 0.5


class TraceSums:
    """Adds up the products of values some steps apart, for all units of a source, block by block."""

    def __init__(self, axis: Axis, n_units: int, n_blocks: int) -> None:
        self._axis, self._per_block = axis, max(1, MOST_ANCHORS // n_blocks)
        self._n = np.zeros(len(LAGS))
        self._sums = np.zeros((5, len(LAGS), n_units))  # x, y, xx, yy, xy

    def add(self, start: int, values: NDArray[np.float32]) -> None:
        """Add the values (n_steps, n_units) of the steps from ``start`` on."""
        every = max(1, len(values) // self._per_block)
        anchors = np.arange(0, len(values), every)
        ends = np.minimum(sequence_ends(self._axis, anchors + start) - start, len(values))
        for k, lag in enumerate(LAGS):
            here = anchors[anchors + lag < ends]
            if not len(here):
                continue
            x, y = values[here].astype(np.float64), values[here + lag].astype(np.float64)
            self._n[k] += len(here)
            for total, one in zip(self._sums, (x, y, x * x, y * y, x * y), strict=True):
                total[k] += one.sum(axis=0)

    def half_lives(self) -> Floats:
        """Return for each unit the steps after which its correlation with itself is down to a half.

        Infinite where it never is within 512 steps of a sequence, or no sequence is so long; NaN for a constant unit.
        """
        n = np.maximum(self._n, 1)[:, None]
        x, y, xx, yy, xy = self._sums / n
        with np.errstate(invalid="ignore", divide="ignore"):
            r = (xy - x * y) / np.sqrt((xx - x * x) * (yy - y * y))
        is_asked = self._n >= 2
        r, lags = r[is_asked], np.array((0, *np.array(LAGS)[is_asked]), np.float64)
        r = np.concatenate([np.ones((1, r.shape[1])), r])
        return np.array([_half_life(lags, column) for column in r.T])


def _half_life(lags: Floats, r: Floats) -> float:
    if len(r) > 1 and np.isnan(r[1]):
        return float("nan")
    below = np.flatnonzero(r < HALF)
    if not len(below):
        return float("inf")
    k = int(below[0])
    return float(lags[k - 1] + (lags[k] - lags[k - 1]) * (r[k - 1] - HALF) / (r[k - 1] - r[k]))
