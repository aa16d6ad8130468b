"""The label that each unit of a source detects best: counted for all labels of a track in one pass over the codes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.explain.evidence.codes import SIDES, IndexCodes
from lstmviz.explain.evidence.joint import at_thresholds, f1_of, middle_of_best
from lstmviz.explain.evidence.unit_sample import LabelSet

MOST_COUNTED = 16  # tokens whose F1 is counted
FEWEST = 20  # steps that a label needs in either half
Counts = NDArray[np.int64]


class LabelCounts:
    """Counts each unit's codes at every label of a set, in the half to choose by and in the half to measure on."""

    def __init__(self, given: LabelSet, codes: IndexCodes, is_test: NDArray[np.bool_]) -> None:
        self.given, self._codes, self._is_test = given, codes, is_test
        self.n_labels = len(given.labels) if given.name else min(len(given.labels), MOST_COUNTED)
        n_classes = 2 * (self.n_labels + 1)  # the last one is any other value
        self._counts = np.zeros((codes.info.n_units, n_classes * codes.n_codes), np.int32)

    def add(self, start: int, codes: NDArray[np.uint8]) -> None:
        """Add the codes (n_units, n_steps) of the steps from ``start`` on."""
        steps = slice(start, start + codes.shape[1])
        label = self.given.codes[steps]
        label = np.where((label >= 0) & (label < self.n_labels), label, self.n_labels)
        known = np.flatnonzero(self.given.known[steps])
        offset = ((label + self._is_test[steps] * (self.n_labels + 1)) * self._codes.n_codes)[known].astype(np.intp)
        for counts, column in zip(self._counts, codes, strict=True):
            counts += np.bincount(offset + column[known], minlength=len(counts)).astype(np.int32)

    def detected(self) -> pd.DataFrame:
        """Return one row for each label and unit: label, unit, side, threshold, gain_fit, f1, f1_always.

        Threshold and side are chosen on one half, where ``gain_fit`` is how much better than always yes; F1 is of the
        other half.
        """
        n_units, n_codes = len(self._counts), self._codes.n_codes
        counts = self._counts.reshape(n_units, 2, self.n_labels + 1, n_codes).astype(np.int64)
        whole = counts.sum(axis=2)
        frames = []
        for label in range(self.n_labels):
            yes = counts[:, :, label]
            n_yes, n_all = yes[0].sum(axis=1), whole[0].sum(axis=1)
            if (n_yes < FEWEST).any() or (n_all - n_yes < FEWEST).any():
                continue
            frames.append(_detected(self._codes, yes, whole - yes, self.given.labels[label]))
        columns = ["label", "unit", "side", "threshold", "gain_fit", "f1", "f1_always"]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def best_labels(found: list[tuple[str, pd.DataFrame]], n_units: int) -> pd.DataFrame:
    """Return for each unit the label with the greatest gain on the half to choose by; its F1 is of the other half.

    The columns are track ("" for tokens), label, side, threshold, f1, f1_always and rank (of the unit's F1 among all
    units for that label, from 1); None or NaN where there is no label.
    """
    tables = [frame.assign(track=track) for track, frame in found if len(frame)]
    columns = ["track", "label", "side", "threshold", "f1", "f1_always", "rank"]
    if not tables:
        empty: dict[str, object] = dict.fromkeys(columns, np.nan)
        return pd.DataFrame(empty | {"track": None, "label": None, "side": None}, index=range(n_units))
    every = pd.concat(tables, ignore_index=True)
    every["rank"] = every.groupby(["track", "label"])["f1"].rank(method="min", ascending=False)
    best = every.sort_values(["gain_fit", "f1"], ascending=False, kind="stable").drop_duplicates("unit")
    return best.set_index("unit").reindex(range(n_units))[columns]


def _detected(codes: IndexCodes, yes: Counts, no: Counts, label: str) -> pd.DataFrame:
    """Return how well each unit detects one label, from its codes at yes and no, (n_units, 2 halves, n_codes)."""
    every = np.arange(len(yes))
    n_yes, n_no = yes[0].sum(axis=1), no[0].sum(axis=1)
    sides = []
    for side in SIDES:
        fit, test = (at_thresholds(codes, side, yes[:, half], no[:, half]) for half in (0, 1))
        f1 = fit.f1(int(n_yes[0]))
        best = middle_of_best(f1)
        f1_test = f1_of(test.hits[every, best], test.false_alarms[every, best], int(n_yes[1]))
        sides.append((f1[every, best], np.array(fit.values)[best], f1_test))
    is_low = sides[1][0] > sides[0][0]
    fit_f1, threshold, f1 = (np.where(is_low, low, high) for high, low in zip(*sides, strict=True))
    always_fit, always = (float(f1_of(int(n_yes[h]), int(n_no[h]), int(n_yes[h]))) for h in (0, 1))
    return pd.DataFrame(
        {
            "label": label,
            "unit": every,
            "side": np.where(is_low, "low", "high"),
            "threshold": threshold,
            "gain_fit": (fit_f1 - always_fit) / (1 - always_fit),
            "f1": f1,
            "f1_always": always,
        }
    )
