"""Which units detect it best? Every unit by how well one threshold on one side detects what a filter allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.explain.evidence.codes import SIDES, IndexCodes, IsCancelled, UnitCodes, blocks, finest_codes
from lstmviz.explain.evidence.column_tables import ColumnTables, SquaredSums
from lstmviz.explain.evidence.halves import FIT_NO, FIT_YES, LEFT_OUT, TEST_NO, TEST_YES, halves_of
from lstmviz.explain.evidence.intervals import clustered_interval, q_values
from lstmviz.explain.evidence.joint import (
    Auc,
    at_thresholds,
    auc_of,
    f1_of,
    joint_counts,
    middle_of_best,
)
from lstmviz.explain.evidence.labels import NO, YES, StepLabels, answers
from lstmviz.explain.evidence.shifts import shift_p
from lstmviz.explain.evidence.sources import asked_sources, axis_asked
from lstmviz.explain.evidence.swaps import By, Floats, Ints, choose
from lstmviz.explain.evidence.within_token import auc_given_token
from lstmviz.types import Filter

UNKNOWN_CLASS = 2  # of the steps that are neither no (0) nor yes (1)
TABLE_CELLS = 2**22  # codes of some units together, for which tables are kept
COLUMN_VALUES = 2**23  # of whole columns looked at together

RANK_COLUMNS = (
    *("source", "unit", "side", "threshold", "f1", "precision", "recall", "f1_always"),
    *("auc", "auc_low", "auc_high", "auc_given_token", "p", "q", "by"),
)


def rank_units(
    dump: DumpReader,
    hypothesis: Filter,
    sources: Sequence[str] | None = None,
    given_token: bool = False,
    seed: int = 0,
    cancel: IsCancelled | None = None,
) -> pd.DataFrame:
    """Return every unit by how well it detects what a filter allows, best first; ``Dump.rank_units`` has the columns.

    Raises PatternError or UnknownName where the filter or a source does not fit the dump, Cancelled where ``cancel()``
    becomes true.
    """
    return rank_labelled(dump, answers(dump, hypothesis, axis_asked(dump, sources)), sources, given_token, seed, cancel)


def rank_labelled(
    dump: DumpReader,
    labels: StepLabels,
    sources: Sequence[str] | None = None,
    given_token: bool = False,
    seed: int = 0,
    cancel: IsCancelled | None = None,
) -> pd.DataFrame:
    """Return every unit by how well it detects the steps that are labelled yes, as ``rank_units`` does."""
    names = asked_sources(dump, labels.axis, sources)
    classes = halves_of(labels)
    frames = []
    for name in names:
        index, codes = IndexCodes(dump, name, cancel), finest_codes(dump, name, cancel)
        (by_half,) = joint_counts(index, [classes], 4)
        frame = _detecting(index, by_half, np.bincount(classes[classes != LEFT_OUT], minlength=4))
        known = by_half[:, [FIT_NO, FIT_YES]] + by_half[:, [TEST_NO, TEST_YES]]
        within = auc_given_token(codes, labels) if given_token else np.full(len(frame), np.nan)
        auc_columns = separation(codes, labels, seed, known if isinstance(codes, IndexCodes) else None)
        frame = frame.assign(**auc_columns, auc_given_token=within)
        frames.append(_towards_side(frame))
    ranked = pd.concat(frames, ignore_index=True)
    ranked["q"] = q_values(ranked["p"])
    return ranked[list(RANK_COLUMNS)].sort_values("f1", ascending=False, kind="stable", ignore_index=True)


def _detecting(codes: IndexCodes, counts: Ints, n: Ints) -> pd.DataFrame:
    """Return for each unit the threshold and side that detect best in one half, and how they do in the other.

    ``counts`` (n_units, 4, n_codes) are those of its codes by half and answer, ``n`` the number of steps of each.
    """
    every = np.arange(codes.info.n_units)
    sides = []
    for side in SIDES:
        fit = at_thresholds(codes, side, counts[:, FIT_YES], counts[:, FIT_NO])
        test = at_thresholds(codes, side, counts[:, TEST_YES], counts[:, TEST_NO])
        f1 = fit.f1(n[FIT_YES])
        best = middle_of_best(f1)
        sides.append(
            (
                f1[every, best],
                np.array(fit.values)[best],
                test.hits[every, best],
                test.false_alarms[every, best],
            )
        )
    is_low = sides[1][0] > sides[0][0]
    _, threshold, hits, false_alarms = (np.where(is_low, low, high) for high, low in zip(*sides, strict=True))
    return pd.DataFrame(
        {
            "source": codes.info.name,
            "unit": every,
            "side": np.where(is_low, "low", "high"),
            "threshold": threshold,
            "f1": f1_of(hits, false_alarms, n[TEST_YES]),
            "precision": _ratio(hits, hits + false_alarms),
            "recall": _ratio(hits, n[TEST_YES]),
            "f1_always": float(f1_of(n[TEST_YES], n[TEST_NO], n[TEST_YES])),
        }
    )


def separation(codes: UnitCodes, labels: StepLabels, seed: int, counted: Ints | None = None) -> dict[str, Any]:
    """Return each unit's AUC over all known steps, its interval, and p by swapped sequences.

    ``counted`` (n_units, 2, n_codes) are the counts of codes at no and at yes, if they are there already.
    """
    per_sequence = [np.add.reduceat(labels.is_(answer), labels.axis.starts) for answer in (NO, YES)]
    n_both = min(int((here > 0).sum()) for here in per_sequence)  # sequences with a no, and with a yes
    by = choose(len(labels.axis.starts), n_both)
    centred = np.where(labels.known, labels.codes - labels.codes[labels.known].mean(), 0.0)
    parts = []
    n_units, at_once = codes.info.n_units, max(1, TABLE_CELLS // codes.n_codes)
    for first in range(0, n_units, at_once):
        units = slice(first, min(first + at_once, n_units))
        if counted is None:
            (counts,) = joint_counts(codes, [np.where(labels.known, labels.codes, LEFT_OUT).astype(np.int8)], 2, units)
        else:
            counts = counted[units]
        auc = auc_of(counts[:, NO], counts[:, YES])
        variance, p = _against_chance(codes, units, auc, labels, centred, by, seed)
        ends = [
            clustered_interval(value, spread, n_steps, n_both)
            for value, spread, n_steps in zip(
                auc.value.tolist(), variance.tolist(), np.minimum(auc.n_no, auc.n_yes).tolist(), strict=True
            )
        ]
        parts.append((auc.value, *np.array(ends).T, np.where(np.isnan(auc.value), np.nan, p)))
    value, low, high, p = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"auc": value, "auc_low": low, "auc_high": high, "p": p, "by": by}


def _towards_side(frame: pd.DataFrame) -> pd.DataFrame:
    """Flip the AUC of units on side low: the probability that a yes lies further to the unit's side than a no."""
    is_low = frame["side"] == "low"
    low, high = frame["auc_low"], frame["auc_high"]
    return frame.assign(
        auc=frame["auc"].where(~is_low, 1 - frame["auc"]),
        auc_low=low.where(~is_low, 1 - high),
        auc_high=high.where(~is_low, 1 - low),
        auc_given_token=frame["auc_given_token"].where(~is_low, 1 - frame["auc_given_token"]),
    )


def _against_chance(
    codes: UnitCodes, units: slice, auc: Auc, labels: StepLabels, centred: Floats, by: By, seed: int
) -> tuple[Floats, Floats]:
    """Return the variance of units' AUC over sequences, and the p value of each."""
    axis, n_units, n_codes = labels.axis, len(auc.value), codes.n_codes
    dtype = np.float32 if isinstance(codes, IndexCodes) else np.float64
    adds = np.zeros((n_units, 3, n_codes, 2), dtype)  # a step's influence and rank, looked up together
    adds[:, :UNKNOWN_CLASS, :, 0] = auc.influence
    adds[..., 1] = auc.rank[:, None]
    offset = np.where(labels.known, labels.codes, UNKNOWN_CLASS).astype(np.intp) * n_codes
    squares, tables = SquaredSums(axis, n_units), ColumnTables(axis, centred, n_units, by, seed, dtype)
    for start, stop in blocks(axis.n_steps, n_units):
        columns = codes.columns(start, stop, units)
        added = np.empty((*columns.shape, 2), dtype)
        place = np.empty(stop - start, np.intp)
        for unit, column in enumerate(columns):
            np.add(offset[start:stop], column, out=place)
            np.take(adds[unit].reshape(-1, 2), place, axis=0, out=added[unit], mode="clip")
        squares.add(start, added[..., 0])
        if by != "shifts":
            tables.add(start, np.ascontiguousarray(added[..., 1]))
    if by != "shifts":
        return squares.variance(), tables.test.p()
    return squares.variance(), _shifted(codes, units, auc.rank, centred)


def _shifted(codes: UnitCodes, units: slice, rank: Floats, centred: Floats) -> Floats:
    """Return the p value of each unit by circular shifts; whole columns, a few units at a time."""
    n_steps = len(centred)
    at_once = max(1, COLUMN_VALUES // n_steps)
    p = np.empty(len(rank))
    for first in range(units.start, units.stop, at_once):
        some = slice(first, min(first + at_once, units.stop))
        for unit, column in enumerate(codes.columns(0, n_steps, some), first - units.start):
            p[unit] = shift_p(rank[unit][column], centred)
    return p


def _ratio(part: Ints, whole: Ints) -> Floats:
    """Return part / whole; 0 where there is nothing."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
