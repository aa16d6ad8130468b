"""From a label back to a pattern: the fewest units that, on together, detect what a filter allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.codes import SIDES, IndexCodes, IsCancelled, blocks
from lstmviz.explain.evidence.halves import FIT_NO, FIT_YES, LEFT_OUT, TEST_NO, TEST_YES, halves_of
from lstmviz.explain.evidence.joint import (
    at_thresholds,
    f1_of,
    joint_counts,
    middle_of_best,
)
from lstmviz.explain.evidence.labels import Mask, StepLabels, answers
from lstmviz.explain.evidence.run_tables import runs_of
from lstmviz.explain.evidence.sources import asked_sources, axis_asked
from lstmviz.explain.evidence.swaps import swapped
from lstmviz.types import Filter, Pattern, PatternUnit

WIDTH = 8  # conjunctions that the beam keeps
LEAST_GAIN = 0.005  # in F1 on the other half: what gains less is not worth one more unit
MOST_UNITS = 16
MOST_SWAPS = 10_000
BASE = 0.3  # threshold by which the other units of a source are counted for n_union

STEP_COLUMNS = ("n_units", "f1_fit", "f1", "precision", "recall", "units")


@dataclass(frozen=True, eq=False)
class Detector:
    """The smallest pattern that detects what a filter allows, and how well each number of units does.

    Attributes:
        pattern: The pattern: units that are on together where the filter allows the step.
        steps: One row for each number of units looked at: n_units, f1_fit (on the half of the sequences that the units
            were chosen on), f1, precision and recall (on the other half), units (in words). If the last row gains less
            than .005 in F1, the pattern has one unit fewer.
        f1_always: F1 of always saying yes, on the other half.
        chance: F1 that the same search reaches on each of ``n_swaps`` swapped tracks.
        f1_untrained: F1 that the same search reaches in an untrained network of the same shape; NaN unless asked for.

    Example:
        >>> found = dump.detector(lstmviz.Filter("depth", low=4, high=4), ["rnn.l0.h"], n_swaps=3)
        >>> found.steps[["n_units", "f1", "units"]]
           n_units   f1                  units
        0        1  1.0  rnn.l0.h 34 high 0.30
        >>> max(found.chance) < 0.4
        True
    """

    pattern: Pattern
    steps: pd.DataFrame
    f1_always: float
    chance: tuple[float, ...] = ()
    f1_untrained: float = np.nan

    @property
    def f1(self) -> float:
        """F1 of the pattern, on the half of the sequences that it was not chosen on."""
        return float(self.steps["f1"].iloc[self.pattern.n_units - 1])


def detector(
    dump: DumpReader,
    hypothesis: Filter,
    sources: Sequence[str] | None = None,
    most: int = 4,
    n_swaps: int = 0,
    seed: int = 0,
    cancel: IsCancelled | None = None,
) -> Detector:
    """Return the smallest conjunction of (unit, side, threshold) that detects what a filter allows, as a pattern.

    Raises PatternError or UnknownName where the filter or a source does not fit the dump, or a number is out of range;
    Cancelled where ``cancel()`` becomes true.
    """
    most, n_swaps = check_whole("most", most), check_whole("n_swaps", n_swaps)
    if not 1 <= most <= MOST_UNITS or not 0 <= n_swaps <= MOST_SWAPS:
        raise PatternError(f"most={most}, n_swaps={n_swaps}: use 1 to {MOST_UNITS} units, 0 to {MOST_SWAPS:,} swaps")
    labels = answers(dump, hypothesis, axis_asked(dump, sources))
    axis = labels.axis
    names = asked_sources(dump, axis, sources)
    codes = [IndexCodes(dump, name, cancel) for name in names]
    rows = _search(codes, halves_of(labels), most)
    rng = np.random.default_rng(seed)
    chance = []
    for _ in range(n_swaps):
        other = StepLabels(axis, labels.names, swapped(labels.codes, axis.starts, axis.stops, rng))
        best_on_swapped = _search(codes, halves_of(other), most)
        chance.append(best_on_swapped[_n_taken(best_on_swapped) - 1].f1)
    units = rows[_n_taken(rows) - 1].units
    bases = tuple((name, BASE) for name in names if any(unit.source == name for unit in units))
    n = np.bincount(halves_of(labels)[labels.known], minlength=4)
    return Detector(
        Pattern(axis.name, units, bases, _usual_length(labels)),
        pd.DataFrame([row.cells() for row in rows], columns=list(STEP_COLUMNS)),
        float(f1_of(n[TEST_YES], n[TEST_NO], n[TEST_YES])),
        tuple(chance),
    )


@dataclass(frozen=True)
class _Row:
    """The best conjunction of some number of units, and how it does."""

    units: tuple[PatternUnit, ...]
    f1_fit: float
    f1: float
    precision: float
    recall: float

    def cells(self) -> tuple[int, float, float, float, float, str]:
        words = (f"{u.source} {u.unit} {u.side} {u.threshold:.2f}" for u in self.units)
        return len(self.units), self.f1_fit, self.f1, self.precision, self.recall, ", ".join(words)


@dataclass(frozen=True)
class _Conjunction:
    """Units that are on together, where they are among the classed steps, and the F1 on the half to choose by."""

    units: tuple[PatternUnit, ...]
    f1_fit: float
    counts: tuple[int, int]  # hits and false alarms on the other half


def _search(codes: list[IndexCodes], classes: NDArray[np.int8], most: int) -> list[_Row]:
    """Return the best conjunction of one unit, of two, ... up to ``most``, or until one more gains too little."""
    n = np.bincount(classes[classes != LEFT_OUT], minlength=4)
    beam, rows = [_Conjunction((), 0.0, (0, 0))], list[_Row]()
    while len(rows) < most:
        beam = _grown(codes, classes, beam, int(n[FIT_YES]))
        best = beam[0]
        hits, false_alarms = best.counts
        f1 = float(f1_of(hits, false_alarms, n[TEST_YES]))
        precision = hits / (hits + false_alarms) if hits + false_alarms else 0.0
        recall = hits / int(n[TEST_YES]) if n[TEST_YES] else 0.0
        rows.append(_Row(best.units, best.f1_fit, f1, precision, recall))
        if f1 > 1 - LEAST_GAIN or (len(rows) > 1 and f1 - rows[-2].f1 < LEAST_GAIN):
            break
    return rows


def _n_taken(rows: list[_Row]) -> int:
    """Return how many units are worth it."""
    gains_too_little = len(rows) > 1 and rows[-1].f1 - rows[-2].f1 < LEAST_GAIN
    return len(rows) - gains_too_little


def _grown(
    codes: list[IndexCodes], classes: NDArray[np.int8], beam: list[_Conjunction], n_yes: int
) -> list[_Conjunction]:
    """Return the best conjunctions that have one more unit than those of the beam, the best first."""
    inside = [np.where(_all_on(codes, one.units, len(classes)), classes, LEFT_OUT).astype(np.int8) for one in beam]
    best: dict[frozenset[tuple[str, int, str]], _Conjunction] = {}
    for some in codes:
        for one, counts in zip(beam, joint_counts(some, inside, 4), strict=True):
            for grown in _with_one_more(some, one, counts, n_yes):
                key = frozenset((unit.source, unit.unit, unit.side) for unit in grown.units)
                if key not in best or grown.f1_fit > best[key].f1_fit:
                    best[key] = grown
    return sorted(best.values(), key=lambda one: -one.f1_fit)[:WIDTH]


def _with_one_more(
    codes: IndexCodes, conjunction: _Conjunction, counts: NDArray[np.int64], n_yes: int
) -> list[_Conjunction]:
    """Return the best ways to add a unit of a source to a conjunction; each unit at its best threshold on each side."""
    grown, every = [], np.arange(len(counts))
    units_in = {(unit.unit, unit.side) for unit in conjunction.units if unit.source == codes.info.name}
    for side in SIDES:
        fit = at_thresholds(codes, side, counts[:, FIT_YES], counts[:, FIT_NO])
        test = at_thresholds(codes, side, counts[:, TEST_YES], counts[:, TEST_NO])
        f1 = fit.f1(n_yes)
        best = middle_of_best(f1)
        f1 = f1[every, best]
        free = [unit for unit in np.argsort(-f1, kind="stable").tolist() if (unit, side) not in units_in]
        for unit in free[:WIDTH]:
            at = unit, best[unit]
            units = *conjunction.units, PatternUnit(codes.info.name, unit, side, fit.values[best[unit]])
            grown.append(_Conjunction(units, float(f1[unit]), (int(test.hits[at]), int(test.false_alarms[at]))))
    return grown


def _all_on(codes: list[IndexCodes], units: Sequence[PatternUnit], n_steps: int) -> Mask:
    """Return the steps at which all of some units are on."""
    on = np.ones(n_steps, np.bool_)
    for some in codes:
        mine = [unit for unit in units if unit.source == some.info.name]
        for start, stop in blocks(n_steps, some.info.n_units) if mine else ():
            columns = some.columns(start, stop)
            for unit in mine:
                rule = some.rule(unit.threshold, unit.side)
                on[start:stop] &= rule.apply(columns[unit.unit])
    return on


def _usual_length(labels: StepLabels) -> int:
    """Return how many steps a stretch of yes has, at the median."""
    runs = runs_of(labels.is_(1), labels.axis.starts, labels.axis.stops)
    return max(1, int(np.median(runs.stop - runs.start)))
