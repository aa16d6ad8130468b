"""Where the units of a pattern are on: by the codes of an index if there is one, else by the recorded values.

Both give the same answers: where codes do not decide, the recorded value is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import local
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.fast_column import DirectValues, direct_values
from lstmviz.dump.lazy_arrays import States
from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.threshold import is_on
from lstmviz.match.index.asked_units import codes_of_units
from lstmviz.match.index.codes import NAN_CODE, Codes
from lstmviz.match.index.store import CodeMatrices
from lstmviz.types import Pattern, PatternUnit

Steps = NDArray[np.int64]
Mask = NDArray[np.bool_]
T = TypeVar("T")

FAR = 64  # steps; steps further apart than this are read one by one
BLOCK_CODES = 65_536  # steps of codes, read at a time


class Activity(Protocol):
    """One pattern unit over its axis."""

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
        ...

    def on_or_unsure(self, start: int, stop: int) -> tuple[Mask, Steps]:
        """Tell the same as far as it is known without a look at the values; the places of the others count as off."""
        ...

    def on_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps (any shape) the unit is on."""
        ...

    def off_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is off: neither on nor NaN."""
        ...


def activities(dump: DumpReader, pattern: Pattern, use_index: bool = True) -> list[Activity]:
    """Return the activity of each pattern unit, in the pattern's order."""
    units: list[Activity] = []
    readers: dict[str, RecordedValues] = {}
    asked: dict[str, list[int]] = {}
    for unit in pattern.units:
        asked.setdefault(unit.source, []).append(unit.unit)
    found = {source: codes_of_units(dump, source, numbers) if use_index else None for source, numbers in asked.items()}
    for unit in pattern.units:
        codes = found[unit.source]
        values = readers.setdefault(unit.source, RecordedValues(dump.states(unit.source), codes is not None))
        if codes is None:
            units.append(StoredActivity(values, unit))
        else:
            indexed = IndexedActivity(codes, values, unit)
            codes.will_read(unit.unit, indexed.needs_fine)
            units.append(indexed)
    return units


class RecordedValues:
    """Recorded values of one source; the last block is kept, because the next unit needs the same one."""

    def __init__(self, states: States, was_read: bool) -> None:
        self.states, self._was_read = states, was_read
        self._last = local()  # block; each thread has one

    def between(self, start: int, stop: int) -> NDArray[Any]:
        """Return all units' values at steps [start, stop)."""
        if getattr(self._last, "span", None) != (start, stop):
            self._last.span, self._last.values = (start, stop), self.states[start:stop]
        values: NDArray[Any] = self._last.values
        return values

    def at(self, steps: Steps, unit: int) -> NDArray[Any]:
        """Return one unit's values at these steps; steps that lie close together are read at once."""
        different, inverse = np.unique(steps, return_inverse=True)
        values = None if self._direct is None else self._direct.at(different, unit)
        if values is None:
            values = self._read(different, unit)
        return values[inverse].reshape(np.shape(steps))

    def _read(self, steps: Steps, unit: int) -> NDArray[Any]:
        values = np.empty(len(steps), self.states.dtype)
        cuts = np.flatnonzero(np.diff(steps) > FAR) + 1
        for part in np.split(np.arange(len(steps)), cuts) if len(steps) else []:
            first, last = int(steps[part[0]]), int(steps[part[-1]])
            values[part] = self.states[first : last + 1][steps[part] - first, unit]
        return values

    @cached_property
    def _direct(self) -> DirectValues | None:
        return direct_values(self.states) if self._was_read else None


class StoredActivity:
    """A unit's activity by its recorded values."""

    def __init__(self, values: RecordedValues, unit: PatternUnit) -> None:
        self._values, self._unit = values, unit

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
        return self._is_on(self._values.between(start, stop)[:, self._unit.unit])

    def on_or_unsure(self, start: int, stop: int) -> tuple[Mask, Steps]:
        """Tell the same; no step is unsure."""
        return self.on(start, stop), np.zeros(0, np.int64)

    def on_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is on."""
        return self._is_on(self._values.at(steps, self._unit.unit))

    def off_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is off."""
        values = self._values.at(steps, self._unit.unit)
        off: Mask = ~self._is_on(values) & ~np.isnan(values)
        return off

    def _is_on(self, values: NDArray[Any]) -> Mask:
        return is_on(values, self._values.states.info, self._unit.threshold, self._unit.side)


class IndexedActivity:
    """A unit's activity by its codes; where a code does not decide, the value is read."""

    def __init__(self, codes: CodeMatrices, values: RecordedValues, unit: PatternUnit) -> None:
        self._values, self._unit, self._matrices = values, unit, codes
        self._rule = codes.coder.rule(values.states.info.cut(unit.threshold), unit.side)

    @property
    def needs_fine(self) -> bool:
        """Whether codes alone leave some values undecided."""
        return self._rule.unsure is not None

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
        on, places = self.on_or_unsure(start, stop)
        return self._look_up(on, places, places + start)

    def on_or_unsure(self, start: int, stop: int) -> tuple[Mask, Steps]:
        """Tell at which of these steps the unit is on by its codes, and which places they leave unsure, as if off."""
        if self._rule.unsure is None:
            return self._checked(start, stop, lambda: self._rule.apply(self._codes[start:stop])), np.zeros(0, np.int64)
        return self._checked(start, stop, lambda: self._rule.decide(self._codes[start:stop], self._fine[start:stop]))

    def on_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is on."""
        return self._checked_at(steps, lambda: self._decide(self._codes[steps], steps))

    def off_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is off."""

        def off() -> Mask:
            codes = self._codes[steps]
            is_off: Mask = ~self._decide(codes, steps) & (codes != NAN_CODE)
            return is_off

        return self._checked_at(steps, off)

    @property
    def _codes(self) -> Codes:
        codes: Codes = self._matrices.units[self._unit.unit]
        return codes

    @property
    def _fine(self) -> Codes:
        fine: Codes = self._matrices.fine[self._unit.unit]
        return fine

    def _checked_at(self, steps: Steps, answer: Callable[[], Mask]) -> Mask:
        if self._matrices.files is None or not steps.size:
            return answer()
        n_steps = self._matrices.units.shape[1]
        if self._matrices.was_checked(self._unit.unit, self.needs_fine):
            return self._checked(0, n_steps, answer)
        return self._checked(int(steps.min()), int(steps.max()) + 1, answer)

    def _checked(self, start: int, stop: int, answer: Callable[[], T]) -> T:
        """Answer from codes of steps [start, stop) that are right, and that were there until they were read."""
        self._matrices.check(self._unit.unit, start, stop, self.needs_fine)
        given = answer()
        if self._matrices.is_whole:
            return given
        self._matrices.renew()
        return self._checked(start, stop, answer)

    def _decide(self, codes: Codes, steps: Steps) -> Mask:
        """Tell where the unit is on by its codes at some steps."""
        rule = self._rule
        if rule.unsure is None:
            return rule.apply(codes)
        on, places = rule.apply(codes), np.flatnonzero(codes == rule.unsure)
        fine = self._fine[steps.ravel()[places]]
        on.ravel()[places] = rule.apply_fine(fine)
        places = places[fine == (-1 if rule.unsure_fine is None else rule.unsure_fine)]
        return self._look_up(on, places, steps.ravel()[places])

    def _look_up(self, on: Mask, places: NDArray[np.intp], steps: Steps) -> Mask:
        """Decide some places of a mask by the values recorded at their steps."""
        if len(places):
            values = self._values.at(steps, self._unit.unit)
            on.ravel()[places] = is_on(values, self._values.states.info, self._unit.threshold, self._unit.side)
        return on


def is_on_throughout(unit: Activity, start: int, stop: int) -> bool:
    """Tell whether a unit is on at every step of a span of any length."""
    return all(unit.on(a, min(a + BLOCK_CODES, stop)).all() for a in range(start, stop, BLOCK_CODES))
