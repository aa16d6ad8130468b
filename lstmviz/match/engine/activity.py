"""Where the units of a pattern are on: from a source's codes where there is an index, else from recorded values.

Both answer the same questions alike; what an index leaves unsure is looked up as recorded, so it never changes an
answer.
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

READ_AHEAD = 2_000  # spans whose rows are announced to the system one by one
TABLE_CELLS = 2**22  # entries of a (spans, units) table of codes held in memory
FAR = 64  # steps between two wanted ones from which on they are read apart


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
    found: list[Activity] = []
    readers: dict[str, _Values] = {}
    for unit in pattern.units:
        codes = code_matrices_of(dump, unit.source) if use_index else None
        values = readers.setdefault(unit.source, _Values(dump.states(unit.source)))
        if codes is not None:
            codes.will_read(unit.unit)
        found.append(StoredActivity(values, unit) if codes is None else IndexedActivity(codes, values, unit))
    return found


class _Values:
    """Recorded values of one source by step; the block read last is kept, for the next unit asks for it too."""

    def __init__(self, states: States) -> None:
        self.states = states
        self._kept = (0, 0), states[0:0]

    def between(self, start: int, stop: int) -> NDArray[Any]:
        kept = self._kept  # one assignment each way: two threads may read
        if kept[0] != (start, stop):
            kept = self._kept = (start, stop), self.states[start:stop]
        return kept[1]

    def at(self, steps: Steps, unit: int) -> NDArray[Any]:
        """Return one unit's values at these steps, read in stretches of steps that lie close together."""
        wanted, inverse = np.unique(steps, return_inverse=True)
        values = np.empty(len(wanted), self.states.dtype)
        cuts = np.flatnonzero(np.diff(wanted) > FAR) + 1
        for part in np.split(np.arange(len(wanted)), cuts) if len(wanted) else []:
            first, last = int(wanted[part[0]]), int(wanted[part[-1]])
            values[part] = self.states[first : last + 1][wanted[part] - first, unit]
        return values[inverse].reshape(np.shape(steps))


class StoredActivity:
    """A unit's activity from recorded values alone."""

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
    """A unit's activity from its codes; values of an unsure code are looked up."""

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
    """The units of one source that are not in a pattern: how many are on all through a span (side high, base)."""

    def __init__(self, dump: DumpReader, source: str, base: float, pattern: Pattern, use_index: bool = True) -> None:
        self._states, self._base = dump.states(source), base
        mine: Sequence[int] = [u.unit for u in pattern.units if u.source == source]
        self._is_other = np.ones(self._states.info.n_units, np.bool_)
        self._is_other[mine] = False
        codes = code_matrices_of(dump, source) if use_index else None
        self._planes = codes
        self._rule = None if codes is None else codes.coder.rule(self._states.info.cut(base), "high")

    def count(self, start: Steps, stop: Steps) -> Steps:
        """Return for each span [start, stop) the number of others that are on at every step of it."""
        at_once = max(1, TABLE_CELLS // len(self._is_other))
        parts = [self._count(start[i : i + at_once], stop[i : i + at_once]) for i in range(0, len(start), at_once)]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def _count(self, start: Steps, stop: Steps) -> Steps:
        if self._planes is None or self._rule is None:
            return np.array([self._count_recorded(a, b) for a, b in zip(start, stop, strict=True)], np.int64)
        if len(start) <= READ_AHEAD:
            self._planes.will_read_rows(start, stop)
        least = _least(self._planes.rows, start, stop)
        on = self._rule.apply(least) & self._is_other
        counts: Steps = on.sum(axis=1, dtype=np.int64)
        if self._rule.unsure is not None:
            for i in np.flatnonzero(((least == self._rule.unsure) & self._is_other).any(axis=1)).tolist():
                counts[i] = self._count_recorded(start[i], stop[i])
        return counts

    def _count_recorded(self, start: int, stop: int) -> int:
        through = self._is_other.copy()
        for first in range(int(start), int(stop), 4_096):
            values = self._states[first : min(first + 4_096, int(stop))]
            through &= is_on(values, self._states.info, self._base).all(axis=0)
            if not through.any():
                break
        return int(through.sum())


def _least(rows: Codes, start: Steps, stop: Steps) -> Codes:
    """Return each unit's least code over each span, (n_spans, n_units): a unit is on through it if that one is."""
    length = stop - start
    order = np.argsort(-length, kind="stable")  # longest first: those with a step more are always the first few
    start, length = start[order], length[order]
    found = np.full((len(start), rows.shape[1]), UNSURE, np.uint8)
    n_long = int(np.searchsorted(-length, -FAR))
    for i in range(n_long):
        for first in range(int(start[i]), int(start[i] + length[i]), 65_536):
            block = rows[first : min(first + 65_536, int(start[i] + length[i]))]
            np.minimum(found[i], block.min(axis=0), out=found[i])
    for step in range(int(length[n_long:].max(initial=0))):
        some = slice(n_long, int(np.searchsorted(-length, -step)))  # those longer than `step`
        np.minimum(found[some], rows[start[some] + step], out=found[some])
    least = np.empty_like(found)
    least[order] = found
    return least
