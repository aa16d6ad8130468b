"""Findings about the values of states: NaN and infinite values, dead and saturated units, and the range."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.doctor.finding import Count, Finding, first_few, percent, quantity
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.safe import MAX_CHUNK_BYTES
from lstmviz.dump.verify import BlockScan, nan_faults
from lstmviz.types import Source, View

END = 0.99  # a value as shown counts as at an end of [-1, 1] if its magnitude is at least this
MOSTLY = 0.95  # a unit is saturated if at least this share of its values is at the ends
MAX_COMPARED = 2**22  # values of c that are compared with h
ROUNDING = 2e-3  # of float16 below 1, twice
GATES = ("i", "f", "o", "r", "z")  # last parts of the names of sources that lie in [0, 1]


@dataclass(frozen=True)
class Place:
    """A step and a unit."""

    step: int
    unit: int


class UnitScan:
    """Scans the states of a source block by block, with a few numbers in memory for each unit."""

    def __init__(self, n_units: int, view: View = "raw") -> None:
        self._end = math.atanh(END) if view == "tanh" else END
        self.low, self.high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
        self.n_seen = np.zeros(n_units, np.int64)  # finite values of each unit
        self.n_ends, self.n_zero = np.zeros(n_units, np.int64), np.zeros(n_units, np.int64)
        self.n_steps = self.n_nan = self.n_inf = 0
        self.first_nan: Place | None = None
        self.first_inf: Place | None = None

    def add(self, first: int, values: NDArray[Any]) -> None:
        """Scan the next values, (n, n_units), of the steps from ``first`` on."""
        wide = values.astype(np.float32) if values.dtype.itemsize == 2 else values
        finite = np.isfinite(wide)
        self.n_steps += len(wide)
        if not finite.all():
            is_nan = np.isnan(wide)
            is_inf = ~finite & ~is_nan
            self.first_nan = self.first_nan or _first(is_nan, first)
            self.first_inf = self.first_inf or _first(is_inf, first)
            self.n_nan, self.n_inf = self.n_nan + int(is_nan.sum()), self.n_inf + int(is_inf.sum())
        if len(wide):
            self.low = np.minimum(self.low, np.where(finite, wide, np.inf).min(axis=0))
            self.high = np.maximum(self.high, np.where(finite, wide, -np.inf).max(axis=0))
        self.n_seen += finite.sum(axis=0)
        with np.errstate(invalid="ignore"):
            size = np.abs(wide)
            self.n_ends += ((size >= self._end) & finite).sum(axis=0)
            self.n_zero += (size <= 1 - END).sum(axis=0)

    @property
    def least(self) -> float:
        """The smallest finite value; infinite where there is none."""
        return float(self.low.min())

    @property
    def most(self) -> float:
        """The largest finite value; minus infinite where there is none."""
        return float(self.high.max())

    def findings(self, place: str, dtype: str, view: View) -> Iterator[Finding]:
        """Yield what is wrong or odd with the values, whatever they stand for."""
        yield from self._not_finite(place, dtype)
        if self.n_seen.any():
            yield from self._stuck(place, view)

    def _not_finite(self, place: str, dtype: str) -> Iterator[Finding]:
        n_values = self.n_steps * len(self.low)
        if self.first_nan is not None:
            where = f"the first at step {self.first_nan.step:,} of unit {self.first_nan.unit:,}"
            yield Finding(
                "problem",
                place,
                f"{quantity(self.n_nan, 'NaN value')} ({percent(self.n_nan / n_values)}), {where}",
                "NaN is neither on nor off: look for where the model diverged, and leave padding out with lengths=",
            )
        if self.first_inf is not None:
            where = f"the first at step {self.first_inf.step:,} of unit {self.first_inf.unit:,}"
            remedy = "look for where the model diverged"
            if dtype == "float16":
                remedy = "float16 ends at 65,504: record with dtype='float32', or " + remedy
            yield Finding("problem", place, f"{quantity(self.n_inf, 'infinite value')}, {where}", remedy)

    def _stuck(self, place: str, view: View) -> Iterator[Finding]:
        is_dead = (self.low == self.high) & (self.n_seen > 1)
        dead = np.flatnonzero(is_dead).tolist()
        if len(dead) == len(self.low):
            problem = f"every value is {self.least:g}" if self.least == self.most else "no unit ever varies"
            yield Finding(
                "problem", place, problem, "was the model run, and its state not overwritten? record it again"
            )
        elif dead:
            yield Finding(
                "note",
                place,
                f"{quantity(len(dead), 'dead unit')} of {len(self.low):,} (never varies): {first_few(dead)}",
                "no pattern can use them to tell steps apart; units= leaves them out of a recording",
            )
        share = np.where(is_dead, 0, self.ends(view) / np.maximum(self.n_seen, 1))
        stuck = np.flatnonzero(share >= MOSTLY).tolist()
        if stuck:
            yield Finding(
                "note",
                place,
                f"{quantity(len(stuck), 'saturated unit')} of {len(self.low):,} (at an end of the range in at least "
                f"{percent(MOSTLY)} of the steps): {first_few(stuck)}",
                "they only show signs, so a threshold hardly matters for them; weight decay or gradient clipping "
                "prevents that",
            )

    def ends(self, view: View) -> NDArray[np.int64]:
        """Count each unit's values at the ends of the range: [-1, 1] as shown, [0, 1] for gates; 0 without a range."""
        if view == "raw" and (self.least < -1 or self.most > 1):
            return np.zeros_like(self.n_ends)
        return self.n_ends + self.n_zero if view == "raw" and self.least >= 0 else self.n_ends


def source_findings(dump: DumpReader, source: Source, count: Count) -> Iterator[Finding]:
    """Read every value of a source once, and yield what is right and wrong with it."""
    place, states = f"source {source.name}", dump.states(source.name)
    if source.n_units * states.dtype.itemsize > MAX_CHUNK_BYTES:
        problem = f"one step is {source.n_units:,} units, more than are read at once; its values were not read"
        yield Finding("problem", place, problem, "were steps and units exchanged? write it as (n_steps, n_units)")
        return
    blocks = BlockScan(lambda steps: states[steps], source.n_steps, source.n_units, count)
    scan = UnitScan(source.n_units, source.view)
    for first, values in blocks:
        scan.add(first, values)
    wrong = [Finding("problem", place, line) for line in blocks.faults()]
    if not blocks.failed:
        wrong += [Finding("problem", place, line) for line in nan_faults(dump, source, scan.n_nan)]
    wrong += scan.findings(place, source.dtype, source.view)
    if scan.n_seen.any():
        wrong += _range_findings(place, source, scan)
        if source.view == "tanh" and scan.least >= -1 and scan.most <= 1:
            is_taken = _is_tanh_taken(dump, source)
            wrong += [] if is_taken is False else [_tanh_finding(place, source, scan, is_taken)]
    if not any(finding.mark == "problem" for finding in wrong):
        yield Finding("ok", place, summary(scan, source.n_units, source.dtype, source.view))
    yield from wrong
    if source.units is not None:
        yield Finding(
            "note",
            place,
            f"it holds {source.n_units:,} of the model's units: {first_few(source.units)}",
            "its unit 0 is the first of these; record without units= to have all",
        )


def _tanh_finding(place: str, source: Source, scan: UnitScan, is_taken: bool | None) -> Finding:
    low, high = scan.least, scan.most
    shown = f"which leaves {math.tanh(low):.2f} to {math.tanh(high):.2f}"
    doubt = (
        "if tanh was already applied, " if is_taken is None else "tanh was already applied, because h exceeds that: "
    )
    return Finding(
        "note",
        place,
        f"values reach from {low:.3g} to {high:.3g} and are shown through tanh, {shown}",
        f"{doubt}write it with views={{{source.name!r}: 'raw'}}",
    )


def _is_tanh_taken(dump: DumpReader, source: Source) -> bool | None:
    """Tell whether values in [-1, 1] are tanh(c), not a small c; None where nothing in the dump tells.

    h is o * tanh(c) with o below 1: beside c itself |h| never exceeds tanh(|c|). What ``record`` wrote is c.
    """
    if "torch" in dump.provenance:
        return False
    beside = dump.sources.get(source.name.removesuffix(".c") + ".h")
    if beside is None or (beside.axis, beside.n_units, beside.units) != (source.axis, source.n_units, source.units):
        return None
    n_steps = max(1, min(source.n_steps, MAX_COMPARED // source.n_units))
    h, c = (np.abs(dump.states(name)[:n_steps].astype(np.float64)) for name in (beside.name, source.name))
    return bool((h > np.tanh(c) + ROUNDING).any())


def summary(scan: UnitScan, n_units: int, dtype: str, view: View) -> str:
    """Return the size of an array of states and the range of its values, in words."""
    text = f"{quantity(scan.n_steps, 'step')} x {quantity(n_units, 'unit')} of {dtype}, view {view}"
    if not scan.n_seen.any():
        return text
    text += f", values {scan.least:.3g} to {scan.most:.3g}"
    ends = scan.ends(view).sum() / scan.n_seen.sum()
    return text + (f", {percent(float(ends))} of them at the ends of the range" if ends else "")


def _range_findings(place: str, source: Source, scan: UnitScan) -> Iterator[Finding]:
    """Guess from the range of the values whether the view fits, and whether the name does."""
    low, high, kind = scan.least, scan.most, source.name.rsplit(".", 1)[-1]
    value_range = f"values reach from {low:.3g} to {high:.3g}"
    is_inside = low >= -1 and high <= 1
    if source.view == "tanh" and is_inside:
        return
    if kind == "c" and source.view == "raw" and not is_inside:
        yield Finding(
            "note",
            place,
            f"{value_range} and are shown as they are, but a cell state has no bound",
            f"show it between -1 and 1: views={{{source.name!r}: 'tanh'}}",
        )
    elif kind == "c" and source.view == "raw":
        yield Finding(
            "note", place, f"{value_range}: tanh was already applied, or the cell state is small", "nothing to do"
        )
    elif kind == "h" and not is_inside:
        yield Finding(
            "note",
            place,
            f"{value_range}, and the h of an LSTM, a GRU or a tanh RNN lies in [-1, 1]",
            "is it another array, or values before the activation? a relu RNN or proj_size may go beyond",
        )
    elif kind in GATES and (low < 0 or high > 1):
        yield Finding(
            "note", place, f"{value_range}, and a gate lies in [0, 1]", "give values after the sigmoid, not before it"
        )


def _first(where: NDArray[np.bool_], first: int) -> Place | None:
    """Return the first step that is True, and the first unit at it."""
    steps = np.flatnonzero(where.any(axis=1))
    return Place(first + int(steps[0]), int(where[steps[0]].argmax())) if len(steps) else None
