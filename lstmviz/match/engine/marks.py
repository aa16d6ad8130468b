"""Where matches may lie: how many units mark each step as one at which a match may begin, go on, or end.

A match with m shared units lies where at least m units are on; it starts, with ``off_before``, where at least m start;
it ends, with ``off_after`` alone, where at least m end. So no other steps need to be looked at. The bounds and filters
of a pattern are part of a mark: a unit marks a step only if it stays on as long as a match must last, and is off beside
it as long as the pattern asks; and no unit marks a step from which a match would leave its sequence, or the steps that
the filters allow. Marks may be too many, never too few: the matches found there are checked exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.match.engine.activity import Activity, Mask, Steps
from lstmviz.match.engine.runs import borders_in, is_border
from lstmviz.match.engine.threads import in_threads
from lstmviz.system.asked import look
from lstmviz.types import Pattern

COUNT_STEPS = 2**19  # counted at a time by a thread: with fewer, threads wait for each other; with more, for memory
FEW_CODES = 2**22  # steps x units that are sooner counted by one thread than two threads are begun
CACHED_STEPS = 2**17  # counted at a time by one thread: what stays in the processor's cache
ROW_STEPS = 4_096  # in a row of counts, whose maximum decides whether the row is looked at
RARE = 32  # if no more than one step in so many may be marked, they are looked at one by one
MOST_BITS = 2**29  # of marks that are kept: 64 MB
MOST_REACH = 1_024  # steps that a unit must stay on for its mark; longer bounds are checked later
MOST_OFF = 64  # steps that it must be off beside
LOOK_STEPS = 64  # looked ahead at for the end of a run where marks are kept: the bits of a word
FEW_LOOKS = 4  # steps of a reach that are looked at where steps are looked at one by one

Anchor = Literal["on", "starts", "stops"]


class Marks:
    """How many of some units mark each step of an axis.

    ``anchor`` tells what is marked: the first step at which a match may begin ("starts"), the last one ("stops"), or
    any one from which on it goes on for ``reach`` steps ("on").
    """

    def __init__(self, units: Sequence[Activity], pattern: Pattern, axis: Axis, allowed: Mask | None) -> None:
        self._units, self._axis = units, axis
        self.anchor: Anchor = "starts" if pattern.off_before else "stops" if pattern.off_after else "on"
        self.reach = min(pattern.min_length, MOST_REACH)
        self._off = min(pattern.off_before or pattern.off_after, MOST_OFF)
        self._lead = {"on": 0, "starts": self._off, "stops": self.reach - 1}[self.anchor]
        self._tail = {"on": self.reach - 1, "starts": self.reach - 1, "stops": self._off}[self.anchor]
        self._has_both, self._off_after = bool(pattern.off_before and pattern.off_after), pattern.off_after
        self._bits: NDArray[np.uint8] | None = None  # of each unit, whether it marks a step
        self._on_bits = np.zeros((0, 0), "<u8")  # and whether it is on there
        self._may_be = _steps_with_room(axis, self.reach, allowed)
        if self._may_be is not None and self.anchor == "stops":
            self._may_be = np.concatenate([np.zeros(self.reach - 1, np.bool_), self._may_be])[: axis.n_steps]

    @property
    def are_kept(self) -> bool:
        """Whether they were kept as they were counted: for both constraints, where steps are looked at unit by unit."""
        return self._bits is not None

    def of(self, unit: int, steps: Steps) -> Mask:
        """Tell which of these steps a unit marks, by its place among the units, where the marks are kept."""
        assert self._bits is not None  # noqa: S101  whoever asks has looked
        marks: Mask = (self._bits[unit][steps >> 3] << (steps & 7).astype(np.uint8)) & 128 > 0
        return marks

    def stops_after(self, unit: int, starts: Steps, limits: Steps) -> tuple[Steps, Mask]:
        """Return where a unit's runs stop that begin at these steps, and whether it may be off as long as asked there.

        Sequences end at the ``limits``. A run that goes on for ``LOOK_STEPS`` counts as one that stops there.
        """
        word, place = starts // LOOK_STEPS, (starts % LOOK_STEPS).astype(np.uint64)
        on = self._on_bits[unit]
        ahead = on[word] >> place | on[word + 1] << np.uint64(1) << np.uint64(LOOK_STEPS - 1) - place
        n_on = np.bitwise_count(ahead & ~(ahead + np.uint64(1)))  # ones at the end
        beyond = ahead >> n_on
        n_off = np.bitwise_count(~beyond & (beyond - np.uint64(1)))  # zeros at the end
        stops = np.minimum(starts + n_on, limits)
        return stops, n_off >= np.minimum(self._off_after, limits - stops)

    def count(self) -> NDArray[Any]:
        """Count at every step the units that mark it: (n_rows, ROW_STEPS), 0 beyond the end."""
        n_rows = -(-self._axis.n_steps // ROW_STEPS)
        counts = np.zeros(n_rows * ROW_STEPS, np.uint8 if len(self._units) < 256 else np.uint32)
        if self._may_be is not None and np.count_nonzero(self._may_be) * RARE < self._axis.n_steps:
            self._count_some(np.flatnonzero(self._may_be), counts)
        else:
            self._count_all(counts)
        return counts.reshape(n_rows, ROW_STEPS)

    def _count_some(self, steps: Steps, counts: NDArray[Any]) -> None:
        """Count the units at some steps, by a few of the steps that decide."""
        ahead = sorted({*range(min(self.reach, FEW_LOOKS)), self.reach - 1})
        towards = -1 if self.anchor == "stops" else 1
        beside = np.clip(steps - towards, 0, self._axis.n_steps - 1)
        at_border = is_border(self._axis, steps if towards > 0 else steps + 1) | (beside == steps)
        for unit in self._units:
            look()
            marked = np.arange(len(steps))
            for distance in ahead:
                marked = marked[unit.on_at(steps[marked] + towards * distance)]
            if self.anchor != "on":
                marked = marked[at_border[marked] | ~unit.on_at(beside[marked])]
            counts[steps[marked]] += 1

    def _count_all(self, counts: NDArray[Any]) -> None:
        n_steps = self._axis.n_steps
        is_few = n_steps * len(self._units) <= FEW_CODES
        width = CACHED_STEPS if is_few else COUNT_STEPS
        if self._has_both and width % 8 == 0 and n_steps * len(self._units) <= MOST_BITS:
            self._bits = np.zeros((len(self._units), -(-n_steps // 8)), np.uint8)
            self._on_bits = np.zeros((len(self._units), n_steps // LOOK_STEPS + 2), "<u8")

        def fill(first: int) -> None:
            self._count_block(first, min(first + width, n_steps), counts)

        for _ in (map if is_few else in_threads)(fill, range(0, n_steps, width)):
            pass

    def _count_block(self, first: int, last: int, counts: NDArray[Any]) -> None:
        part = counts[first:last]
        may_be = None if self._may_be is None else self._may_be[first:last]
        if may_be is not None and not may_be.any():
            return
        borders, near = self._borders(first, last)
        for i, unit in enumerate(self._units):
            is_exact = self.anchor == "on" or self._bits is not None
            on, unsure = _padded(unit, first - self._lead, last + self._tail, self._axis.n_steps, is_exact)
            marks = self._marks(on, unsure, borders, near)
            np.add(part, marks.view(np.uint8), out=part)
            if self._bits is not None:
                here = slice(first // 8, -(-last // 8))
                self._bits[i, here] = np.packbits(marks)
                self._on_bits[i].view(np.uint8)[here] = np.packbits(on[self._lead :][: len(marks)], bitorder="little")
        if may_be is not None:
            np.multiply(part, may_be.view(np.uint8), out=part)

    def _marks(self, on: Mask, unsure: Steps, borders: Steps, near: Steps) -> Mask:
        """Tell which steps of a block a unit marks that is on there, and a few steps before and after."""
        n, lead = len(on) - self._lead - self._tail, self._lead
        if self.anchor == "on":
            return throughout(on, self.reach)
        if self.anchor == "starts":
            here = throughout(on[lead:], self.reach)
            beside, next_to = anywhere(on[: n + self._off - 1], self._off), on[lead - 1 : lead - 1 + n]
        else:
            here = throughout(on[: n + self.reach - 1], self.reach)
            beside, next_to = anywhere(on[lead + 1 :], self._off), on[lead + 1 : lead + 1 + n]
        marks: Mask = here > beside
        marks[near] = here[near] > next_to[near]  # what lies beyond a border counts as off
        marks[borders] = here[borders]
        if len(unsure):  # counted as off: no mark is missing beside them, but those of which they are a part may be
            part_of = unsure[:, None] - np.arange(self.reach) - (lead if self.anchor == "starts" else 0)
            marks[part_of[(part_of >= 0) & (part_of < n)]] = True
        return marks

    def _borders(self, first: int, last: int) -> tuple[Steps, Steps]:
        """Return the steps of [first, last) beside a border, and those less than the steps to be off away from it."""
        if self.anchor == "on":
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        distance = np.arange(self._off)
        if self.anchor == "starts":
            near = borders_in(self._axis, first - self._off + 1, last)[:, None] + distance
        else:
            near = borders_in(self._axis, first + 1, last + self._off)[:, None] - 1 - distance
        at, beyond = near[:, 0], near[:, 1:].ravel()
        return (some[(some >= first) & (some < last)] - first for some in (at, beyond))  # type: ignore[return-value]


def throughout(mask: Mask, n: int) -> Mask:
    """Tell at which places of a mask n true ones in a row begin; the result is n - 1 shorter."""
    width = 1
    while width < n:
        more = min(width, n - width)
        mask = mask[:-more] & mask[more:]
        width += more
    return mask


def anywhere(mask: Mask, n: int) -> Mask:
    """Tell at which places of a mask n begin of which any is true; the result is n - 1 shorter."""
    width = 1
    while width < n:
        more = min(width, n - width)
        mask = mask[:-more] | mask[more:]
        width += more
    return mask


def _padded(unit: Activity, start: int, stop: int, n_steps: int, is_exact: bool) -> tuple[Mask, Steps]:
    """Tell at which steps of [start, stop) a unit is on, and where this is unsure; beyond the axis it is off."""
    first, last = max(start, 0), min(stop, n_steps)
    on, unsure = (unit.on(first, last), np.zeros(0, np.int64)) if is_exact else unit.on_or_unsure(first, last)
    if start < 0 or stop > n_steps:
        on = np.concatenate([np.zeros(first - start, np.bool_), on, np.zeros(stop - last, np.bool_)])
    return on, unsure + (first - start)


def _steps_with_room(axis: Axis, reach: int, allowed: Mask | None) -> Mask | None:
    """Tell from which steps on ``reach`` steps are of the same sequence and allowed; None if all are."""
    if reach == 1:
        return allowed
    lengths = axis.stops - axis.starts
    with_room = np.maximum(lengths - reach + 1, 0)
    counts = np.stack([with_room, lengths - with_room], axis=1).ravel()
    may_be: Mask = np.repeat(np.tile([True, False], len(lengths)), counts)
    if allowed is not None:
        may_be[: axis.n_steps - reach + 1] &= throughout(allowed, reach) if reach <= axis.n_steps else False
    return may_be
