"""The threshold that a source opens with in the page: one at which a brush tends to select units."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, takewhile

import numpy as np
from numpy.typing import NDArray

USUAL = 0.3  # LSTMVis's, and that of the whole API
BRUSH = 4  # steps of each brush that is tried, off one step before it as in the page
SHARES = np.arange(1, 20) / 20  # of the range that is drawn, as thresholds
AS_GOOD = 0.75  # of the best share: of the thresholds as good as that, the nearest to the usual one is taken


@dataclass(frozen=True)
class OpeningThreshold:
    """A threshold, and what share of the brushes that were tried select a unit at it.

    Attributes:
        threshold: on the scale that is drawn.
        share: of the brushes tried, those with at least one unit.
        n_brushes: how many were tried; 0 where no sequence is long enough.
    """

    threshold: float
    share: float
    n_brushes: int


def places_of(bound: float) -> list[float]:
    """Return thresholds all over a range, in a wide one also from the usual one on, each twice the one before."""
    even = [float(f"{share * bound:.2g}") for share in SHARES.tolist()]
    doubled = takewhile(lambda threshold: threshold < even[0], (USUAL * 2**k for k in count()))
    return [*doubled, *even]


class BrushTrial:
    """Every brush of four steps in blocks of a source, at thresholds all over its range."""

    def __init__(self, bound: float) -> None:
        """Take the range that is drawn: -bound to bound."""
        self.thresholds = places_of(bound)
        self._n_with_unit = np.zeros(len(self.thresholds), dtype=np.int64)
        self._n = 0

    def add(self, values: NDArray[np.float32], firsts: NDArray[np.bool_]) -> None:
        """Try the brushes of one block: drawn values (steps, units), and whether a sequence begins at each step."""
        if len(values) <= BRUSH:
            return
        runs = np.lib.stride_tricks.sliding_window_view(values, BRUSH, axis=0)[1:]
        least = runs.min(axis=-1)  # NaN where one is: never on
        borders = np.lib.stride_tricks.sliding_window_view(firsts, BRUSH)[1:, 1:].any(axis=1)
        before = np.where(firsts[1 : len(least) + 1, None], -np.inf, values[: len(least)])[~borders]
        least = least[~borders]
        self._n += len(least)
        for k, threshold in enumerate(self.thresholds):
            self._n_with_unit[k] += ((least >= threshold) & (before < threshold)).any(axis=1).sum()

    def best(self) -> OpeningThreshold:
        """Return the threshold nearest to the usual one of those at which about as many brushes work as at any."""
        if not self._n or not self._n_with_unit.any():
            return OpeningThreshold(USUAL, 0.0, self._n)
        good = np.flatnonzero(self._n_with_unit >= AS_GOOD * self._n_with_unit.max())
        k = min(good.tolist(), key=lambda k: abs(self.thresholds[k] - USUAL))
        return OpeningThreshold(self.thresholds[k], float(self._n_with_unit[k] / self._n), self._n)
