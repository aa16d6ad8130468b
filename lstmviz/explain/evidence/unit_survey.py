"""All units of a source at a glance: how often and how long each is on, which label it tells, and its group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import Cancelled
from lstmviz.explain.evidence.codes import IndexCodes, IsCancelled
from lstmviz.explain.evidence.halves import in_test_half
from lstmviz.explain.evidence.unit_groups import groups_of
from lstmviz.explain.evidence.unit_labels import LabelCounts, best_labels
from lstmviz.explain.evidence.unit_sample import LabelSet, label_sets, stretches
from lstmviz.explain.evidence.unit_start import reasons
from lstmviz.explain.evidence.unit_traces import MOST_ANCHORS, TraceSums
from lstmviz.match.index.codes import coder_for
from lstmviz.types import ShareProgress

Floats = NDArray[np.float64]

ON = 0.3  # the usual threshold, in the view
SATURATED = 0.95  # in the view
N_TOKENS = 3  # that are named for a unit
FEWEST_STEPS = 5  # of a token or label whose mean counts
N_PLACES = 3  # the strongest ones of a unit
BEFORE, AFTER = 5, 3  # steps around a place that are kept with it
WIDE = BEFORE + 1 + AFTER


@dataclass(frozen=True, eq=False)
class UnitSurvey:
    """All units of a source at a glance.

    Attributes:
        source: Name of the source.
        units: One row for each unit; ``Dump.units`` has the columns.
        columns: The columns of ``heat``: name of the track ("" for tokens) and label.
        heat: How far a unit's mean at a label lies from its mean over all, in its standard deviations, (n_units,
            n_columns); NaN where a label has fewer than 5 steps or the unit is constant.
        places: The steps at which a unit lies furthest from its mean, furthest first, (n_units, 3); -1 where there is
            none.
        values: Its values around them, in the view, (n_units, 3, 9): five steps before, the step, three after; NaN
            outside the sequence.
        n_looked: Number of steps that were looked at; all of them, unless the source is large.
    """

    source: str
    units: pd.DataFrame
    columns: tuple[tuple[str, str], ...]
    heat: NDArray[np.float32]
    places: NDArray[np.int64]
    values: NDArray[np.float32]
    n_looked: int


def survey_units(
    dump: DumpReader, source: str, progress: ShareProgress | None = None, cancel: IsCancelled | None = None
) -> UnitSurvey:
    """Look at all units of a source; large ones on even stretches of steps, 2**27 values together.

    Raises UnknownName where there is no such source, Cancelled where ``cancel()`` becomes true.
    """
    info = dump.source(source)
    axis = dump.axis_of(source)
    parts = stretches(info.n_steps, info.n_units)
    sets = label_sets(dump, axis)
    sums = _Sums(axis, info.n_units, len(parts), sets)
    codes, is_test = IndexCodes(dump, source), in_test_half(axis)
    tracks = [one for one in sets if one.name]
    counts = [LabelCounts(one, codes, is_test) for one in tracks or sets]  # every unit echoes the token in sight
    coder, states = coder_for(info.dtype, info.view), dump.states(source)
    for k, (start, stop) in enumerate(parts):
        if cancel is not None and cancel():
            raise Cancelled("the survey of the units was cancelled; ask again to start over")
        stored = states[start:stop]
        by_unit = np.ascontiguousarray(coder.encode(stored).T)
        for one in counts:
            one.add(start, by_unit)
        wide = stored.astype(np.float32)
        sums.add(start, np.tanh(wide) if info.view == "tanh" else wide)
        if progress is not None:
            progress(0.9 * (k + 1) / len(parts), "reading the units")
    labels = best_labels([(one.given.name, one.detected()) for one in counts], info.n_units)
    return _surveyed(source, sums, labels)


class _Sums:
    """What is added up over the stretches, for all units at once; what is not finite counts as nothing."""

    def __init__(self, axis: Axis, n_units: int, n_parts: int, sets: list[LabelSet]) -> None:
        self._axis, self.sets = axis, sets
        self.n_looked = 0
        self.n = np.zeros(n_units)
        self.total, self.squares = np.zeros(n_units), np.zeros(n_units)
        self.low, self.high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
        self.on, self.on_low, self.saturated = np.zeros(n_units), np.zeros(n_units), np.zeros(n_units)
        self.by_label = [np.zeros((len(one.labels), n_units)) for one in sets]
        self.n_label = [np.zeros(len(one.labels), np.int64) for one in sets]
        self.traces = TraceSums(axis, n_units, n_parts)
        self.rows: list[NDArray[np.float32]] = []
        self._per_part = max(1, MOST_ANCHORS // n_parts)
        self.extremes: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []  # steps (n_units,), values around

    def add(self, start: int, values: NDArray[np.float32]) -> None:
        """Add the values (n_steps, n_units) of the steps from ``start`` on, in the view."""
        known = np.isfinite(values)
        is_whole = bool(known.all())
        clean = values if is_whole else np.where(known, values, np.float32(0))
        self.n_looked += len(values)
        self.n += len(values) if is_whole else known.sum(axis=0)
        self.total += clean.sum(axis=0, dtype=np.float64)
        self.squares += np.einsum("ij,ij->j", clean, clean, dtype=np.float64)
        self.low = np.fmin(self.low, np.fmin.reduce(values))
        self.high = np.fmax(self.high, np.fmax.reduce(values))
        self.on += (values >= ON).sum(axis=0)
        self.on_low += (values <= -ON).sum(axis=0)
        self.saturated += (np.abs(values) >= SATURATED).sum(axis=0)
        for one, total, n in zip(self.sets, self.by_label, self.n_label, strict=True):
            _add_by_label(one.codes[start : start + len(values)], clean, total, n)
        self.traces.add(start, clean)
        self.rows.append(clean[:: max(1, len(clean) // self._per_part)])
        for pick in (clean.argmax(axis=0), clean.argmin(axis=0)):
            self.extremes.append((start + pick, self._around(start, values, pick)))

    def _around(self, start: int, values: NDArray[np.float32], pick: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the values around a step of each unit, (n_units, WIDE); NaN outside its sequence or the stretch."""
        ends = self._axis.stops[np.searchsorted(self._axis.stops, start + pick, side="right")] - start
        firsts = self._axis.starts[np.searchsorted(self._axis.starts, start + pick, side="right") - 1] - start
        steps = pick[:, None] + np.arange(-BEFORE, AFTER + 1)
        is_in = (steps >= np.maximum(firsts, 0)[:, None]) & (steps < np.minimum(ends, len(values))[:, None])
        around = values[np.clip(steps, 0, len(values) - 1), np.arange(values.shape[1])[:, None]]
        return np.where(is_in, around, np.float32(np.nan))


def _add_by_label(codes: NDArray[np.int32], values: NDArray[np.float32], total: Floats, n: NDArray[np.int64]) -> None:
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]  # from the first that is known on
    if not len(order):
        return
    sorted_codes = codes[order]
    first = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
    total[sorted_codes[first]] += np.add.reduceat(values[order], first, axis=0)
    n += np.bincount(sorted_codes, minlength=len(n))


def _surveyed(source: str, sums: _Sums, labels: pd.DataFrame) -> UnitSurvey:
    n = np.maximum(sums.n, 1)
    mean = sums.total / n
    deviation = np.sqrt(np.maximum(sums.squares / n - mean**2, 0))
    heat, columns = _heat(sums, mean, deviation)
    places, values = _strongest(sums, mean)
    place, group = groups_of(np.concatenate(sums.rows))
    with np.errstate(invalid="ignore"):
        frame = pd.DataFrame(
            {
                "unit": np.arange(len(n)),
                "on_rate": sums.on / n,
                "on_rate_low": sums.on_low / n,
                "low": np.where(np.isfinite(sums.low), sums.low, np.nan),
                "high": np.where(np.isfinite(sums.high), sums.high, np.nan),
                "mean": mean,
                "sd": deviation,
                "saturation": sums.saturated / n,
                "half_life": np.where(deviation > 0, sums.traces.half_lives(), np.nan),
            }
        )
    frame = pd.concat([frame, labels.reset_index(drop=True)], axis=1)
    frame["tokens"] = _best_tokens(sums, heat)
    frame["places"] = [tuple(step for step in row if step >= 0) for row in places.tolist()]
    frame["order"], frame["group"] = place, group
    frame["why"] = reasons(frame, heat, columns)
    return UnitSurvey(source, frame, columns, heat, places, values, sums.n_looked)


def _heat(sums: _Sums, mean: Floats, deviation: Floats) -> tuple[NDArray[np.float32], tuple[tuple[str, str], ...]]:
    parts, columns = [np.zeros((len(mean), 0))], []
    for one, total, n in zip(sums.sets, sums.by_label, sums.n_label, strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (total / n[:, None] - mean) / deviation
        means[n < FEWEST_STEPS] = np.nan
        parts.append(np.where(np.isfinite(means), means, np.nan).T)
        columns += [(one.name, label) for label in one.labels]
    return np.concatenate(parts, axis=1).astype(np.float32), tuple(columns)


def _best_tokens(sums: _Sums, heat: NDArray[np.float32]) -> list[tuple[str, ...]]:
    """Return for each unit the tokens at which it is highest, among the frequent ones."""
    if not sums.sets or sums.sets[0].name:
        return [() for _ in heat]
    labels = sums.sets[0].labels
    at_tokens = np.where(np.isnan(heat[:, : len(labels)]), -np.inf, heat[:, : len(labels)])
    best = np.argsort(-at_tokens, axis=1, kind="stable")[:, :N_TOKENS]
    return [
        tuple(labels[k] for k in row if np.isfinite(at_tokens[unit, k]) and at_tokens[unit, k] > 0)
        for unit, row in enumerate(best.tolist())
    ]


def _strongest(sums: _Sums, mean: Floats) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the steps at which each unit lies furthest from its mean, and its values around them."""
    steps = np.stack([step for step, _ in sums.extremes], axis=1)
    around = np.stack([values for _, values in sums.extremes], axis=1)
    distance = np.abs(around[:, :, BEFORE] - mean[:, None])
    distance = np.where(np.isfinite(distance), distance, -1)
    order = np.argsort(-distance, axis=1, kind="stable")[:, :N_PLACES]
    kept_steps = np.take_along_axis(steps, order, axis=1)
    kept_values = np.take_along_axis(around, order[:, :, None], axis=1)
    is_far = np.take_along_axis(distance, order, axis=1) > 0
    places = np.full((len(mean), N_PLACES), -1, np.int64)
    values = np.full((len(mean), N_PLACES, WIDE), np.nan, np.float32)
    places[:, : kept_steps.shape[1]] = np.where(is_far, kept_steps, -1)
    values[:, : kept_steps.shape[1]] = np.where(is_far[:, :, None], kept_values, np.nan)
    return places, values
