"""Choosing a threshold: how many units a window selects at each, and why it does not select a given unit.

A unit is selected exactly at the cuts above its greatest value beside the window and up to its least value inside it
(side high; side low is the same with all values negated). So two numbers for each unit decide every threshold.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import States
from lstmviz.dump.reader import DumpReader
from lstmviz.match.index.unit_values import BLOCK_BYTES, value_blocks
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.types import Side, Source, Window

COARSE_STEPS = 100  # thresholds beyond 1, at most

Why = Literal["selected", "not_on", "on_before", "on_after", "nan"]
"""Why a unit is selected or not: on and off where it must be, or the first condition that fails."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a window does or does not select a unit, and the thresholds at which it would.

    The unit is selected exactly at the thresholds t, as ``select`` takes them, with ``above < t <= up_to``.

    Attributes:
        source: Name of the source.
        unit: Number of the unit.
        kind: ``"selected"``, or what fails: ``"not_on"``, ``"on_before"``, ``"on_after"`` or ``"nan"``.
        step: Where it fails first: in the window from its start on, else beside the window from the nearest step on.
        value: The unit's value there, in the view of the source.
        threshold: What the value was compared with, in the view of the source.
        is_possible: Whether any threshold selects the unit.
        above: Lower end of the thresholds that select it; None if it is open.
        up_to: Upper end of the thresholds that select it; None if it is open.
        reason: The reason in words.

    Example:
        >>> why = match.why_not(dump, "rnn.l1.c", 0, 249, 255)
        >>> why.kind, why.step, why.is_selected
        ('not_on', 249, False)
    """

    source: str
    unit: int
    kind: Why
    step: int | None
    value: float | None
    threshold: float
    is_possible: bool
    above: float | None
    up_to: float | None
    reason: str

    @property
    def is_selected(self) -> bool:
        """Whether the window selects the unit at the given threshold."""
        return self.kind == "selected"

    def __str__(self) -> str:
        """Return the reason, and which thresholds would select the unit."""
        if not self.is_possible:
            return f"{self.reason}; no threshold selects it"
        above, up_to = _ends(self.above, self.up_to)
        words = [word for word in (above and f"above {above}", up_to and f"up to {up_to}") if word]
        return f"{self.reason}; thresholds {' and '.join(words) or 'of any size'} select it"


def thresholds(
    dump: DumpReader, source: str, start: int, stop: int, off_before: int = 1, off_after: int = 0, side: Side = "high"
) -> pd.DataFrame:
    """Count the units that ``select`` would select for a window at each threshold.

    Args:
        dump: The dump.
        source: Name of the source.
        start: First step of the window.
        stop: Step after the last one of the window.
        off_before: As in ``select``.
        off_after: As in ``select``.
        side: As in ``select``.

    Returns:
        One row for each threshold from 0.00 to 1.00 in steps of 0.01, in the view of the source: threshold, n_units.
        For raw values beyond 1, at most 100 round thresholds follow, up to the greatest value in the window.

    Raises:
        UnknownName: The dump has no such source.
        WindowError: The window is empty, outside the axis, or crosses a sequence border.
        PatternError: A constraint is out of range.

    Example:
        >>> counted = match.thresholds(dump, "rnn.l1.c", 249, 255)
        >>> int(counted.n_units.max()), round(float(counted.threshold[counted.n_units.idxmax()]), 2)
        (6, 0.55)
    """
    query = WindowQuery(source, Window(start, stop), off_before=off_before, off_after=off_after, side=side)
    return count_by_threshold(dump, query)


def count_by_threshold(dump: DumpReader, query: WindowQuery) -> pd.DataFrame:
    """Return how many units a query would select at each threshold, whatever its own is: threshold, n_units."""
    least, most = _bounds(dump, query)
    is_selectable = most < least  # False if there is NaN
    info = dump.source(query.source)
    grid = _grid(info, least[is_selectable])
    cuts = np.array([_cut(info, query, threshold) for threshold in grid.tolist()])
    n_units = np.searchsorted(np.sort(most[is_selectable]), cuts)
    n_units -= np.searchsorted(np.sort(least[is_selectable]), cuts)
    return pd.DataFrame({"threshold": grid, "n_units": n_units.astype(np.int64)})


def why_not(
    dump: DumpReader,
    source: str,
    unit: int,
    start: int,
    stop: int,
    threshold: float = 0.3,
    off_before: int = 1,
    off_after: int = 0,
    side: Side = "high",
) -> WhyNot:
    """Say why ``select`` does or does not select a unit, and which thresholds would.

    Args:
        dump: The dump.
        source: Name of the source.
        unit: Number of the unit.
        start: First step of the window.
        stop: Step after the last one of the window.
        threshold: As in ``select``.
        off_before: As in ``select``.
        off_after: As in ``select``.
        side: As in ``select``.

    Returns:
        The reason, in numbers and in words.

    Raises:
        UnknownName: The dump has no such source.
        WindowError: The window is empty, outside the axis, or crosses a sequence border.
        PatternError: The source has no such unit, or a number is out of range.

    Example:
        >>> match.why_not(dump, "rnn.l1.c", 45, 249, 255).reason
        'unit 45 is selected'
    """
    query = WindowQuery(source, Window(start, stop), threshold, off_before, off_after, side)
    return why_not_selected(dump, query, unit)


def why_not_selected(dump: DumpReader, query: WindowQuery, unit: int) -> WhyNot:
    """Return why a query does or does not select a unit; PatternError for one that the source does not have."""
    info = dump.source(query.source)
    unit = info.check_unit(unit)
    first, last = query.reach(dump)
    blocks = value_blocks(dump, query.source, unit, first, last)
    values = query.sign * np.concatenate([block.astype(np.float64) for _, block in blocks])
    inside = slice(query.window.start - first, query.window.stop - first)
    beside = np.concatenate([values[: inside.start], values[inside.stop :]])
    is_possible, above, up_to = _selecting(info, query, values[inside], beside)
    kind, at = _first_failure(values, inside, _cut(info, query, query.threshold))
    value = None if at is None else _in_view(info, query.sign * float(values[at]))
    step = None if at is None else first + at
    return WhyNot(
        source=query.source,
        unit=unit,
        kind=kind,
        step=step,
        value=value,
        threshold=query.unit_threshold,
        is_possible=is_possible,
        above=above,
        up_to=up_to,
        reason=_words(query, unit, kind, step, value),
    )


def _bounds(dump: DumpReader, query: WindowQuery) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each unit's least value inside the window and its greatest beside it (negated for low); NaN if one is."""
    (first, last), window = query.reach(dump), query.window
    states = dump.states(query.source)
    least = -_greatest(states, window.start, window.stop, -query.sign)
    before = _greatest(states, first, window.start, query.sign)
    after = _greatest(states, window.stop, last, query.sign)
    return least, np.maximum(before, after)


def _greatest(states: States, start: int, stop: int, sign: float) -> NDArray[np.float64]:
    """Return the maximum over steps of sign * value for each unit; -inf over no steps, NaN where a value is NaN."""
    n_units = states.info.n_units
    greatest = np.full(n_units, -np.inf)
    n_rows = max(1, BLOCK_BYTES // (states.dtype.itemsize * n_units))
    for a in range(start, stop, n_rows):
        block = states[a : min(a + n_rows, stop)]
        extreme = block.max(axis=0) if sign > 0 else block.min(axis=0)
        greatest = np.maximum(greatest, sign * extreme.astype(np.float64))
    return greatest


def _grid(info: Source, least: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the thresholds to count units at: 0.00 to 1.00, and round ones up to the greatest of ``least``."""
    fine = np.arange(101) / 100
    finite = least[np.isfinite(least)]
    top = float(finite.max(initial=0.0))
    if info.view == "tanh" or top <= 1.0:
        return fine
    power = math.floor(math.log10(top / COARSE_STEPS))
    steps = (m * 10.0**k if k >= 0 else m / 10.0**-k for k in (power, power + 1) for m in (1, 2, 5))
    step = next(s for s in steps if top / s <= COARSE_STEPS)
    with np.errstate(over="ignore"):
        wide = np.round(np.arange(1, COARSE_STEPS + 1) * step, max(0, 2 - power))
    return np.concatenate([fine, wide[(wide > 1.0) & (wide <= top)]])


def _cut(info: Source, query: WindowQuery, threshold: float) -> float:
    """Return the recorded value (negated for low) from which on a unit is on at a threshold."""
    return query.sign * info.cut(query.sign * threshold)


def _selecting(
    info: Source, query: WindowQuery, inside: NDArray[np.float64], beside: NDArray[np.float64]
) -> tuple[bool, float | None, float | None]:
    """Return whether any threshold selects a unit with these values (negated for low), and the ends of their range."""
    least, most = float(inside.min()), float(beside.max(initial=-math.inf))
    up_to = _largest_threshold(info, query, least)
    above = _largest_threshold(info, query, most) if len(beside) else -math.inf
    # NaN compares as False; a threshold is a finite number
    if not (most < least and above < up_to and up_to > -math.inf and above < sys.float_info.max):
        return False, None, None
    return True, above if above > -math.inf else None, up_to if up_to < math.inf else None


def _largest_threshold(info: Source, query: WindowQuery, bound: float) -> float:
    """Return the largest threshold whose cut (negated for low) is at most ``bound``."""
    if info.view == "raw" or math.isnan(bound) or bound == math.inf:
        return bound
    t = min(math.tanh(bound), math.nextafter(1.0, 0.0))
    while _cut(info, query, t) > bound:
        t = math.nextafter(t, -math.inf)
    while (further := math.nextafter(t, math.inf)) < 1.0 and _cut(info, query, further) <= bound:
        t = further
    return t


def _first_failure(values: NDArray[np.float64], inside: slice, cut: float) -> tuple[Why, int | None]:
    """Return what prevents the selection first, and its index: inside in order, then beside from the nearest step."""
    start, stop = inside.start, inside.stop
    for at in np.flatnonzero(~(values[inside] >= cut))[:1].tolist():
        return "nan" if math.isnan(values[start + at]) else "not_on", start + at
    before = np.flatnonzero(~(values[:start] < cut))[-1:].tolist()
    after = (stop + np.flatnonzero(~(values[stop:] < cut))[:1]).tolist()
    sides: list[tuple[Why, list[int]]] = [("on_before", before), ("on_after", after)]
    for kind, places in sides:
        for at in places:
            return "nan" if math.isnan(values[at]) else kind, at
    return "selected", None


def _in_view(info: Source, value: float) -> float:
    return math.tanh(value) if info.view == "tanh" else value


def _words(query: WindowQuery, unit: int, kind: Why, step: int | None, value: float | None) -> str:
    if step is None or value is None:
        return f"unit {unit} is selected"
    if kind == "nan":
        return f"unit {unit} is NaN at step {step}, which is neither on nor off"
    shown, limit = _distinct(value, query.unit_threshold)
    if kind == "not_on":
        return f"unit {unit} is {shown} at step {step}, {'below' if query.side == 'high' else 'above'} {limit}"
    away = query.window.start - step if kind == "on_before" else step - query.window.stop + 1
    steps = f"{away} step{'s' if away > 1 else ''} {'before' if kind == 'on_before' else 'after'}"
    return f"unit {unit} is {'already' if kind == 'on_before' else 'still'} on at step {step}, {steps} ({shown})"


def _distinct(value: float, limit: float) -> tuple[str, str]:
    """Return two numbers as text with two decimals, or as many as it takes to tell them apart."""
    for digits in range(2, 18):
        texts = f"{value:z.{digits}f}", f"{limit:z.{digits}f}"
        if texts[0] != texts[1] or value == limit:
            return _signed(texts[0]), _signed(texts[1])
    return _signed(repr(value)), _signed(repr(limit))


def _ends(above: float | None, up_to: float | None) -> tuple[str, str]:
    """Return the ends of a range of thresholds as text ("" if open), with digits that tell them apart and from 1."""
    ends = [end for end in (above, up_to) if end is not None]
    for digits in range(4, 18):
        numbers = [float(f"{end:.{digits}g}") for end in ends]
        if sorted(set(numbers)) == numbers and all(
            (abs(t) < 1) == (abs(end) < 1) for t, end in zip(numbers, ends, strict=True)
        ):
            break
    low, high = ("" if end is None else _signed(f"{end:.{digits}g}") for end in (above, up_to))
    return low, high


def _signed(number: str) -> str:
    return number.replace("-", "−")
