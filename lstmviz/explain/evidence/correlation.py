"""Which units correlate with a number? Pearson's r of every unit with a track of numbers, p by swapped sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.codes import blocks
from lstmviz.explain.evidence.column_tables import ColumnTables
from lstmviz.explain.evidence.intervals import q_values
from lstmviz.explain.evidence.labels import find_track
from lstmviz.explain.evidence.shifts import shift_p
from lstmviz.explain.evidence.sources import asked_sources, values_in_view
from lstmviz.explain.evidence.swaps import Floats, choose

CORRELATION_COLUMNS = ("source", "unit", "r", "p", "q", "by")
COLUMN_VALUES = 2**22  # of whole columns looked at together


def correlated_units(dump: DumpReader, track: str, sources: Sequence[str] | None = None, seed: int = 0) -> pd.DataFrame:
    """Return every unit by Pearson's r with a track of numbers, the strongest first: source, unit, r, p, q, by.

    r is over the steps at which both are finite; NaN, with p, where either is constant. Raises UnknownName for the
    track or a source, PatternError for a track of labels.
    """
    axis, stored = find_track(dump, track)
    if stored.info.kind != "number":
        raise PatternError(
            f"track {track!r} holds labels, not numbers; name one of them, such as Filter({track!r}, "
            f"({stored.labels[0]!r},)), or --only {track}={stored.labels[0]}"
        )
    numbers = np.asarray(stored[:], np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    frames = [_Correlation(dump, name, axis, numbers).frame(seed) for name in asked_sources(dump, axis, sources)]
    ranked = pd.concat(frames, ignore_index=True)
    ranked["q"] = q_values(ranked["p"])
    order = np.argsort(-ranked["r"].abs().fillna(-1.0), kind="stable")
    return ranked.iloc[order].reset_index(drop=True)[list(CORRELATION_COLUMNS)]


@dataclass(frozen=True, eq=False)
class _Correlation:
    """One source beside one track of numbers, NaN where unknown."""

    dump: DumpReader
    source: str
    axis: Axis
    numbers: Floats

    def frame(self, seed: int) -> pd.DataFrame:
        n_units, known = self.dump.source(self.source).n_units, ~np.isnan(self.numbers)
        centred = np.where(known, self.numbers - self.numbers[known].mean() if known.any() else 0.0, 0.0)
        has_number = np.add.reduceat(known, self.axis.starts)
        by = choose(len(self.axis.starts), int((has_number > 0).sum()))
        means = self._means(known)
        tables = ColumnTables(self.axis, centred, n_units, by, seed)
        sums = np.zeros((5, n_units))  # n, x y, x x, y, y y: over the steps at which both are finite; x has mean 0
        for start, deviations in self._deviations(means):
            here = slice(start, start + deviations.shape[1])
            both = np.isfinite(deviations) & known[here]
            x = np.where(both, deviations, 0.0)
            y = np.where(both, centred[here], 0.0)
            sums += both.sum(axis=1), (x * y).sum(axis=1), (x * x).sum(axis=1), y.sum(axis=1), (y * y).sum(axis=1)
            if by != "shifts":
                tables.add(start, np.where(np.isfinite(deviations), deviations, 0.0))
        n, xy, xx, y_sum, yy = sums
        with np.errstate(invalid="ignore", divide="ignore"):
            r = xy / np.sqrt(xx * (yy - y_sum**2 / n))
        r = np.where(np.isfinite(r), np.clip(r, -1.0, 1.0), np.nan)
        p = self._shifted(means, centred) if by == "shifts" else tables.test.p()
        return pd.DataFrame(
            {"source": self.source, "unit": np.arange(n_units), "r": r, "p": np.where(np.isnan(r), np.nan, p), "by": by}
        )

    def _means(self, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
        """Return each unit's mean over the steps at which it and the track have a finite number."""
        n, total = np.zeros((2, self.dump.source(self.source).n_units))
        for start, values in self._deviations(np.zeros(len(n))):
            both = np.isfinite(values) & known[start : start + values.shape[1]]
            n += both.sum(axis=1)
            total += np.where(both, values, 0.0).sum(axis=1)
        return total / np.maximum(n, 1)

    def _deviations(self, means: Floats) -> Iterator[tuple[int, Floats]]:
        """Yield (first step, values in the view less their means, (n_units, n_steps)) in order."""
        for start, stop in blocks(self.axis.n_steps, len(means)):
            yield start, values_in_view(self.dump, self.source, start, stop).T - means[:, None]

    def _shifted(self, means: Floats, centred: Floats) -> Floats:
        p = np.empty(len(means))
        at_once = max(1, COLUMN_VALUES // self.axis.n_steps)
        for first in range(0, len(means), at_once):
            units = slice(first, first + at_once)
            deviations = values_in_view(self.dump, self.source, 0, self.axis.n_steps, units).T - means[units, None]
            p[units] = [shift_p(np.where(np.isfinite(x), x, 0.0), centred) for x in deviations]
        return p
