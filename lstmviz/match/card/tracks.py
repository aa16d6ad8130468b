"""How one unit relates to a track: its mean and on-rate at each label or whole number, and the correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.types import TrackKind

MAX_VALUES = 64  # different whole numbers of a track, up to which each has a row


@dataclass(frozen=True, eq=False)
class UnitTrack:
    """The relation of a unit to one track, over the steps at which both have a value.

    Attributes:
        name: Name of the track.
        kind: Labels or numbers.
        n_steps: Number of steps at which both have a value.
        on_rate: Share of these steps at which the unit is on.
        r: Pearson's correlation of a track of numbers with the unit in its view; None for labels, or if either is
            constant.
        table: One row for each label, or for each number of a track with at most 64 different ones, all whole; else
            None. Columns: value, n_steps, base_rate (share of the steps that have the value), mean (of the unit, in its
            view), on_rate (share of the value's steps at which the unit is on), rate_when_on (share of the steps at
            which the unit is on that have the value; NaN if it never is).

    Example:
        >>> depth = dump.unit("rnn.l1.c", 14).tracks[0]
        >>> depth.name, round(depth.r, 3)
        ('depth', -0.934)
    """

    name: str
    kind: TrackKind
    n_steps: int
    on_rate: float
    r: float | None
    table: pd.DataFrame | None


class TrackScan:
    """Collects how a unit relates to a track, block by block."""

    def __init__(self, track: Track) -> None:
        self._track, self._running = track, RunningCorrelation()
        self._rows: dict[float, list[float]] | None = {}  # value -> n_steps, sum of the unit, n_on
        self._n_steps = self._n_on = 0

    def add(self, first: int, view: NDArray[np.float64], on: NDArray[np.bool_]) -> None:
        """Add the next block: the unit's values in the view from step ``first`` on, and where it is on."""
        values = self._track[first : first + len(view)]
        both = ~np.isnan(view) & self._has_value(values)
        values, view, on = values[both], view[both], on[both]
        self._n_steps, self._n_on = self._n_steps + len(values), self._n_on + int(on.sum())
        if self._track.info.kind == "number":
            self._running.add(values.astype(np.float64), view)
        self._add_rows(values, view, on)

    def result(self) -> UnitTrack:
        """Return the unit's relation to the track over all blocks."""
        info = self._track.info
        on_rate = self._n_on / self._n_steps if self._n_steps else math.nan
        r = self._running.correlation() if info.kind == "number" else None
        table = None if self._rows is None else self._table()
        return UnitTrack(info.name, info.kind, self._n_steps, on_rate, r, table)

    def _has_value(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        if self._track.info.kind == "category":
            return (values >= 0) & (values < len(self._track.labels))
        return ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)

    def _add_rows(self, values: NDArray[Any], view: NDArray[np.float64], on: NDArray[np.bool_]) -> None:
        if self._rows is None:
            return
        if self._track.info.kind == "category":
            different, place = np.arange(len(self._track.labels)), values
        elif values.dtype.kind == "f" and (values != np.trunc(values)).any():
            self._rows = None
            return
        else:
            different, place = np.unique(values, return_inverse=True)
            if len(self._rows.keys() | set(different.tolist())) > MAX_VALUES:
                self._rows = None
                return
        n_steps = np.bincount(place, minlength=len(different))
        total = np.bincount(place, weights=view, minlength=len(different))
        n_on = np.bincount(place[on], minlength=len(different))
        parts = (part[n_steps > 0].tolist() for part in (different, n_steps, total, n_on))
        for value, *counts in zip(*parts, strict=True):
            row = self._rows.setdefault(value, [0, 0.0, 0])
            row[:] = [a + b for a, b in zip(row, counts, strict=True)]

    def _table(self) -> pd.DataFrame:
        rows = sorted((self._rows or {}).items())
        n_steps, total, n_on = np.array([row for _, row in rows], np.float64).reshape(-1, 3).T
        values: list[Any] = [value for value, _ in rows]
        if self._track.info.kind == "category":
            values = [self._track.labels[int(code)] for code in values]
        with np.errstate(invalid="ignore"):
            return pd.DataFrame(
                {
                    "value": values,
                    "n_steps": n_steps.astype(np.int64),
                    "base_rate": n_steps / self._n_steps,
                    "mean": total / n_steps,
                    "on_rate": n_on / n_steps,
                    "rate_when_on": n_on / np.float64(self._n_on),
                }
            )


class RunningCorrelation:
    """Means, variances and covariance of two numbers, block by block and numerically stable (Chan et al. 1983)."""

    def __init__(self) -> None:
        self._n = 0
        self._means, self._squares, self._product = np.zeros(2), np.zeros(2), 0.0
        self._least, self._most = np.full(2, np.inf), np.full(2, -np.inf)

    def add(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Add a block of pairs; those that are not finite are left out."""
        is_finite = np.isfinite(x) & np.isfinite(y)
        if not is_finite.all():
            x, y = x[is_finite], y[is_finite]
        n = len(x)
        if not n:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            means = np.array([x.mean(), y.mean()])
            centred_x, centred_y = x - means[0], y - means[1]
            shift = means - self._means
            weight = self._n * n / (self._n + n)
            self._squares += [centred_x @ centred_x, centred_y @ centred_y] + shift**2 * weight
            self._product += float(centred_x @ centred_y + shift[0] * shift[1] * weight)
            self._means += shift * n / (self._n + n)
        self._n += n
        self._least = np.minimum(self._least, [x.min(), y.min()])
        self._most = np.maximum(self._most, [x.max(), y.max()])

    def correlation(self) -> float | None:
        """Return Pearson's r; None if either number is constant, or there are no pairs."""
        scale = math.sqrt(self._squares[0]) * math.sqrt(self._squares[1])
        if not (self._least < self._most).all() or not 0 < scale < math.inf:
            return None
        return max(-1.0, min(1.0, self._product / scale))
