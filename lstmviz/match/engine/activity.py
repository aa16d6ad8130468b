"""Where the units of a pattern are on: by the codes of an index if there is one, else by the recorded values.

Both give the same answers: where a code does not decide, the recorded value is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import States
from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.threshold import is_on
from lstmviz.match.index.codes import NAN_CODE, UNSURE, Codes
from lstmviz.match.index.store import CodeMatrices, code_matrices_of
from lstmviz.types import Pattern, PatternUnit

Steps = NDArray[np.int64]
Mask = NDArray[np.bool_]

READ_AHEAD = 2_000  # spans; up to here the system is told of each span's rows before they are read
TABLE_CELLS = 2**22  # of a (spans, units) table of codes held in memory
FAR = 64  # steps; steps further apart than this are read one by one
LONG = 64  # steps; longer spans are gone through one by one, shorter ones together
BLOCK_STEPS = 4_096  # of recorded values, read at a time
BLOCK_CODES = 65_536  # steps of codes, read at a time


class Activity(Protocol):
    """One pattern unit over its axis."""

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
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
    readers: dict[str, _Values] = {}
    for unit in pattern.units:
        codes = code_matrices_of(dump, unit.source) if use_index else None
        values = readers.setdefault(unit.source, _Values(dump.states(unit.source)))
        if codes is not None:
            codes.will_read(unit.unit)
        units.append(StoredActivity(values, unit) if codes is None else IndexedActivity(codes, values, unit))
    return units


class _Values:
    """Recorded values of one source; the last block is kept, because the next unit needs the same one."""

    def __init__(self, states: States) -> None:
        self.states = states
        self._last_block = (0, 0), states[0:0]

    def between(self, start: int, stop: int) -> NDArray[Any]:
        block = self._last_block  # read and assigned in one go, because threads share it
        if block[0] != (start, stop):
            block = self._last_block = (start, stop), self.states[start:stop]
        return block[1]

    def at(self, steps: Steps, unit: int) -> NDArray[Any]:
        """Return one unit's values at these steps; steps that lie close together are read at once."""
        different, inverse = np.unique(steps, return_inverse=True)
        values = np.empty(len(different), self.states.dtype)
        cuts = np.flatnonzero(np.diff(different) > FAR) + 1
        for part in np.split(np.arange(len(different)), cuts) if len(different) else []:
            first, last = int(different[part[0]]), int(different[part[-1]])
            values[part] = self.states[first : last + 1][different[part] - first, unit]
        return values[inverse].reshape(np.shape(steps))


class StoredActivity:
    """A unit's activity by its recorded values."""

    def __init__(self, values: _Values, unit: PatternUnit) -> None:
        self._values, self._unit = values, unit

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
        return self._is_on(self._values.between(start, stop)[:, self._unit.unit])

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

    def __init__(self, codes: CodeMatrices, values: _Values, unit: PatternUnit) -> None:
        self._values, self._unit = values, unit
        self._codes = codes.units[unit.unit]
        self._rule = codes.coder.rule(values.states.info.cut(unit.threshold), unit.side)

    def on(self, start: int, stop: int) -> Mask:
        """Tell at which steps of [start, stop) the unit is on."""
        return self._decide(self._codes[start:stop], start)

    def on_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is on."""
        return self._decide(self._codes[steps], steps)

    def off_at(self, steps: Steps) -> Mask:
        """Tell at which of these steps the unit is off."""
        codes = self._codes[steps]
        off: Mask = ~self._decide(codes, steps) & (codes != NAN_CODE)
        return off

    def _decide(self, codes: Codes, steps: Steps | int) -> Mask:
        on = self._rule.apply(codes)
        if self._rule.unsure is not None:
            unsure = np.flatnonzero(codes == self._rule.unsure)
            if len(unsure):
                where = unsure + steps if isinstance(steps, int) else steps.ravel()[unsure]
                values = self._values.at(where, self._unit.unit)
                on.ravel()[unsure] = is_on(values, self._values.states.info, self._unit.threshold, self._unit.side)
        return on


class BackgroundUnits:
    """The units of one source that are not in a pattern, on from the source's base threshold up."""

    def __init__(self, dump: DumpReader, source: str, base: float, pattern: Pattern, use_index: bool = True) -> None:
        self._states, self._base = dump.states(source), base
        in_pattern: Sequence[int] = [u.unit for u in pattern.units if u.source == source]
        self._is_background = np.ones(self._states.info.n_units, np.bool_)
        self._is_background[in_pattern] = False
        codes = code_matrices_of(dump, source) if use_index else None
        self._codes = codes
        self._rule = None if codes is None else codes.coder.rule(self._states.info.cut(base), "high")

    def count(self, start: Steps, stop: Steps) -> Steps:
        """Return for each span [start, stop) how many of these units are on at every step of it."""
        n_rows = max(1, TABLE_CELLS // len(self._is_background))
        parts = [self._count(start[i : i + n_rows], stop[i : i + n_rows]) for i in range(0, len(start), n_rows)]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def _count(self, start: Steps, stop: Steps) -> Steps:
        if self._codes is None or self._rule is None:
            return np.array([self._count_recorded(a, b) for a, b in zip(start, stop, strict=True)], np.int64)
        if len(start) <= READ_AHEAD:
            self._codes.will_read_rows(start, stop)
        least = _least(self._codes.rows, start, stop)
        on = self._rule.apply(least) & self._is_background
        counts: Steps = on.sum(axis=1, dtype=np.int64)
        if self._rule.unsure is not None:
            for i in np.flatnonzero(((least == self._rule.unsure) & self._is_background).any(axis=1)).tolist():
                counts[i] = self._count_recorded(start[i], stop[i])
        return counts

    def _count_recorded(self, start: int, stop: int) -> int:
        is_on_throughout = self._is_background.copy()
        for first in range(int(start), int(stop), BLOCK_STEPS):
            values = self._states[first : min(first + BLOCK_STEPS, int(stop))]
            is_on_throughout &= is_on(values, self._states.info, self._base).all(axis=0)
            if not is_on_throughout.any():
                break
        return int(is_on_throughout.sum())


def _least(rows: Codes, start: Steps, stop: Steps) -> Codes:
    """Return each unit's least code over each span, (n_spans, n_units): the unit is on throughout if that code is."""
    length = stop - start
    order = np.argsort(-length, kind="stable")  # longest first, so the spans that have a given step come first
    start, length = start[order], length[order]
    minimum = np.full((len(start), rows.shape[1]), UNSURE, np.uint8)
    n_long = int(np.searchsorted(-length, -LONG))
    for i in range(n_long):
        for first in range(int(start[i]), int(start[i] + length[i]), BLOCK_CODES):
            block = rows[first : min(first + BLOCK_CODES, int(start[i] + length[i]))]
            np.minimum(minimum[i], block.min(axis=0), out=minimum[i])
    for step in range(int(length[n_long:].max(initial=0))):
        longer = slice(n_long, int(np.searchsorted(-length, -step)))  # spans longer than `step`
        np.minimum(minimum[longer], rows[start[longer] + step], out=minimum[longer])
    least = np.empty_like(minimum)
    least[order] = minimum
    return least
