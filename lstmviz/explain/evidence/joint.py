"""One pass over codes and labels together: how often each code stands at a yes and at a no, unit by unit.

From these counts every threshold's precision, recall and F1 follow, on both sides and exactly, and the AUC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.explain.evidence.codes import IndexCodes, UnitCodes, blocks
from lstmviz.explain.evidence.halves import LEFT_OUT
from lstmviz.explain.evidence.swaps import Floats, Ints
from lstmviz.types import Side

SPARSE = 0.5  # share of the steps below which those that count are taken out first


def joint_counts(
    codes: UnitCodes, classes: Sequence[NDArray[np.int8]], n_classes: int, units: slice = slice(None)
) -> list[Ints]:
    """Count each unit's codes in each class of steps, (n_units, n_classes, n_codes), for several ways to class them.

    Each array of ``classes`` has one class a step, or -1 for a step that is left out.
    """
    n_units, n_codes = len(range(*units.indices(codes.info.n_units))), codes.n_codes
    counts = [np.zeros((n_units, n_classes, n_codes), np.int64) for _ in classes]
    for start, stop in blocks(codes.info.n_steps, n_units):
        columns = codes.columns(start, stop, units)
        for some, total in zip(classes, counts, strict=True):
            _add(total, columns, some[start:stop], n_codes)
    return counts


def _add(total: Ints, columns: NDArray[Any], classes: NDArray[np.int8], n_codes: int) -> None:
    counted = np.flatnonzero(classes != LEFT_OUT)
    if not len(counted):
        return
    if len(counted) < SPARSE * len(classes):
        columns, classes = columns[:, counted], classes[counted]
    n_classes = total.shape[1]
    offset = np.where(classes == LEFT_OUT, n_classes, classes).astype(np.intp) * n_codes
    place = np.empty_like(offset)
    for unit, column in enumerate(columns):
        np.add(offset, column, out=place)
        code_counts = np.bincount(place, minlength=(n_classes + 1) * n_codes)
        total[unit] += code_counts[: n_classes * n_codes].reshape(n_classes, n_codes)


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Every threshold of a source on one side, and how many yes and no each unit has where it is on.

    ``hits`` and ``false_alarms`` have shape (n_units, n_thresholds).
    """

    side: Side
    values: list[float]
    hits: Ints
    false_alarms: Ints

    def f1(self, n_yes: int) -> Floats:
        """Return F1 at each threshold where ``n_yes`` steps are a yes; 0 where nothing is."""
        return f1_of(self.hits, self.false_alarms, n_yes)


def f1_of(hits: Ints | int, false_alarms: Ints | int, n_yes: Ints | int) -> Floats:
    """Return 2 precision recall / (precision + recall), 0 where there is neither a yes nor an alarm."""
    whole = np.asarray(hits + false_alarms + n_yes, np.float64)
    f1: Floats = np.divide(2.0 * np.asarray(hits), whole, out=np.zeros(whole.shape), where=whole > 0)
    return f1


def at_thresholds(codes: IndexCodes, side: Side, yes: Ints, no: Ints) -> Thresholds:
    """Return what each unit hits at every threshold, from its counts of codes (n_units, n_codes) at yes and at no."""
    values, rules = codes.thresholds(side)
    least = np.array([rule.least for rule in rules], np.int64)
    return Thresholds(side, values, _count_on(side, least, yes), _count_on(side, least, no))


def _count_on(side: Side, least: Ints, counts: Ints) -> Ints:
    """Return how often codes are on: from ``least`` on for high, from 1 up to below it for low (as ``Rule`` says)."""
    below = np.zeros((len(counts), counts.shape[1] + 1), np.int64)
    np.cumsum(counts, axis=1, out=below[:, 1:])
    at = below[:, np.minimum(least, counts.shape[1])]
    return below[:, -1:] - at if side == "high" else at - below[:, 1:2]


def middle_of_best(f1: Floats) -> Ints:
    """Return for each unit the threshold with the best F1: the middle one of the first that are best in a row."""
    is_best = f1 == f1.max(axis=1, keepdims=True)
    first = is_best.argmax(axis=1)
    place = np.arange(f1.shape[1])
    after = np.where(~is_best & (place > first[:, None]), place, f1.shape[1]).min(axis=1)
    middle: Ints = (first + after - 1) // 2
    return middle


@dataclass(frozen=True, eq=False)
class Auc:
    """The area under the ROC curve of some units, and what each code adds to it.

    It is the probability that a unit's value is higher at a step of yes than at one of no, half where equal.
    ``influence`` (n_units, 2, n_codes) is what one step adds to it (at no, at yes; Obuchowski 1997), ``rank`` (n_units,
    n_codes) the mid-rank of a code among all known steps, from -1/2 to 1/2. NaN (code 0) has neither.
    """

    value: Floats
    influence: Floats
    rank: Floats
    n_no: Ints
    n_yes: Ints


def auc_of(no: Ints, yes: Ints) -> Auc:
    """Return the AUC of units from their counts of codes at no and at yes, each (n_units, n_codes)."""
    counts = np.stack([no, yes], axis=1).astype(np.float64)
    counts[:, :, 0] = 0.0
    n = counts.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (np.cumsum(counts, axis=2) - counts / 2) / n[:, :, None]  # mid-distributions
        value = (counts[:, 1] * below[:, 0]).sum(axis=1) / n[:, 1]
        at_yes = (below[:, 0] - value[:, None]) / n[:, 1:]
        at_no = (1 - below[:, 1] - value[:, None]) / n[:, :1]
        rank = (n[:, :, None] * below).sum(axis=1) / n.sum(axis=1)[:, None] - 0.5
    influence = np.stack([at_no, at_yes], axis=1)
    influence[:, :, 0] = rank[:, 0] = 0.0
    n_no, n_yes = n.astype(np.int64).T
    return Auc(value, np.nan_to_num(influence), np.nan_to_num(rank), n_no, n_yes)
