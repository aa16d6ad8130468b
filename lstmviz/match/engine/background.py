"""Background units: how many units outside a pattern are on throughout each of some spans."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.activity import (
    BLOCK_CODES,
    IndexedActivity,
    Mask,
    RecordedValues,
    Steps,
    is_on_throughout,
)
from lstmviz.match.engine.ordering import order_of
from lstmviz.match.engine.runs import steps_of
from lstmviz.match.engine.threads import in_threads
from lstmviz.match.engine.threshold import is_on
from lstmviz.match.index.ahead import is_built_ahead
from lstmviz.match.index.asked_first import asked_first
from lstmviz.match.index.codes import LAST_CODE, Codes, Rule
from lstmviz.match.index.store import CodeMatrices, code_matrices_of
from lstmviz.types import Pattern, PatternUnit

READ_AHEAD = 2_000  # spans; up to here the system is asked to read each span's rows ahead
TABLE_CELLS = 2**20  # of a (spans, units) table of codes: what stays in the processor's cache
MOST_READ = 0.25  # of all rows; where long spans have more, minima are made first, which reads all of them once
LONG = 64  # steps; longer spans are processed one by one, shorter ones together
BLOCK_STEPS = 4_096  # of recorded values, read at a time
PLANE_STEPS = 2**19  # of codes, read at a time


class BackgroundUnits:
    """The units of one source that are not in a pattern, on from the source's base threshold up."""

    def __init__(self, dump: DumpReader, source: str, base: float, pattern: Pattern, use_index: bool = True) -> None:
        self._states, self._base = dump.states(source), base
        self._values = RecordedValues(self._states, was_read=True)
        in_pattern: Sequence[int] = [u.unit for u in pattern.units if u.source == source]
        self._is_background = np.ones(self._states.info.n_units, np.bool_)
        self._is_background[in_pattern] = False
        is_awaited = use_index and is_built_ahead(dump, source)
        self._turn: AbstractContextManager[None] = asked_first if is_awaited else nullcontext()
        codes = code_matrices_of(dump, source) if use_index and not is_awaited else None
        self._codes = codes
        self._rule = None if codes is None else codes.coder.rule(self._states.info.cut(base), "high")

    def count(self, start: Steps, stop: Steps) -> Steps:
        """Return for each span [start, stop) how many of these units are on at every step of it."""
        if not self._is_background.any():
            return np.zeros(len(start), np.int64)
        if self._codes is None or self._rule is None:
            with self._turn:
                return self._count_recorded(start, stop)
        codes, rule = self._codes, self._rule
        if (stop - start).sum() > self._states.info.n_steps:
            return self._count_by_planes(codes, start, stop)
        is_long = stop - start > LONG
        by_minima = bool((stop - start)[is_long].sum() > MOST_READ * self._states.info.n_steps)
        if len(start) <= READ_AHEAD:
            codes.will_read_rows(start, stop)
        n_rows = max(1, TABLE_CELLS // len(self._is_background))
        parts = [slice(first, first + n_rows) for first in range(0, len(start), n_rows)]
        counts, unsure = np.zeros(len(start), np.int64), [np.zeros((2, 0), np.int64)]
        for part, (n_on, span, unit) in zip(
            parts,
            in_threads(lambda part: self._count_by_rows(codes, rule, start[part], stop[part], by_minima), parts),
            strict=True,
        ):
            counts[part] = n_on
            unsure.append(np.stack([span + part.start, unit]))
        span, unit = np.concatenate(unsure, axis=1)
        counts += np.bincount(span[self._are_on(codes, rule, unit, start[span], stop[span])], minlength=len(counts))
        return counts

    def _count_by_rows(
        self, codes: CodeMatrices, rule: Rule, start: Steps, stop: Steps, by_minima: bool
    ) -> tuple[Steps, Steps, Steps]:
        """Count by each unit's least code over each span; where that leaves units unsure, return their spans, too."""
        codes.check_rows(start, stop)
        least = _least_by_minima(codes, start, stop) if by_minima else _least(codes.rows, start, stop)
        if not codes.is_whole:
            codes.renew()
            return self._count_by_rows(codes, rule, start, stop, by_minima)
        n_on: Steps = (rule.apply(least) & self._is_background).sum(axis=1, dtype=np.int64)
        if rule.unsure is None:
            return n_on, n_on[:0], n_on[:0]
        span, unit = np.divmod(np.flatnonzero((least == rule.unsure) & self._is_background), least.shape[1])
        return n_on, span, unit

    def _count_by_planes(self, codes: CodeMatrices, start: Steps, stop: Steps) -> Steps:
        """Count by planes: a byte a step, whose bits tell which of eight units are on.

        A span is covered by two stretches of 2**k steps, and which units are on throughout each stretch of 2**(k+1)
        steps follows from those of 2**k.
        """
        power = np.frexp(stop - start)[1].astype(np.int64) - 1  # k
        order = order_of(power)
        first, second = start[order], (stop - 2**power)[order]  # the starts of the two stretches
        bounds = np.concatenate([[0], np.cumsum(np.bincount(power))]).tolist()  # of the spans of each k
        background = np.flatnonzero(self._is_background)

        def count(units: Steps) -> NDArray[np.uint8]:
            plane = np.zeros(self._states.info.n_steps, np.uint8)
            for bit, unit in enumerate(units.tolist()):
                activity = self._activity(codes, unit)
                for a in range(0, len(plane), PLANE_STEPS):
                    on = activity.on(a, min(a + PLANE_STEPS, len(plane))).view(np.uint8)
                    plane[a : a + PLANE_STEPS] |= on << np.uint8(bit)
            counts = np.zeros(len(start), np.uint8)
            for k, (a, b) in enumerate(pairwise(bounds)):
                np.bitwise_count(plane[first[a:b]] & plane[second[a:b]], out=counts[a:b])
                plane = plane[: -(2**k)] & plane[2**k :]
            return counts

        total, n_on = np.zeros(len(start), np.int64), np.empty(len(start), np.int64)
        for counts in in_threads(count, np.split(background, range(8, len(background), 8))):
            total += counts
        n_on[order] = total
        return n_on

    def _activity(self, codes: CodeMatrices, unit: int) -> IndexedActivity:
        return IndexedActivity(codes, self._values, PatternUnit(self._states.info.name, unit, "high", self._base))

    def _are_on(self, codes: CodeMatrices, rule: Rule, unit: Steps, start: Steps, stop: Steps) -> Mask:
        """Tell for each unit whether it is on at every step of its span, where the least code does not."""
        are_on = np.empty(len(unit), np.bool_)
        is_long = stop - start > LONG
        for cell in np.flatnonzero(is_long).tolist():
            are_on[cell] = is_on_throughout(self._activity(codes, int(unit[cell])), int(start[cell]), int(stop[cell]))
        short = np.flatnonzero(~is_long)
        n_cells = max(1, TABLE_CELLS // (LONG + 1))
        for cells in np.split(short, range(n_cells, len(short), n_cells)) if len(short) else []:
            are_on[cells] = self._are_on_by_fine(codes, rule, unit[cells], start[cells], stop[cells])
        return are_on

    def _are_on_by_fine(self, codes: CodeMatrices, rule: Rule, unit: Steps, start: Steps, stop: Steps) -> Mask:
        """Tell the same of short spans, none of whose codes is off, by the fine bytes of those that are unsure."""
        codes.check_fine(unit, start, stop)
        (steps, begins), units = steps_of(start, stop), np.repeat(unit, stop - start)
        is_unsure, fine = codes.units[units, steps] == rule.unsure, codes.fine[units, steps]
        if not codes.is_whole:
            codes.renew()
            return self._are_on_by_fine(codes, rule, unit, start, stop)
        on = ~is_unsure | rule.apply_fine(fine)
        if rule.unsure_fine is not None:
            places = np.flatnonzero(is_unsure & (fine == rule.unsure_fine))
            for number in np.unique(units[places]).tolist():
                here = places[units[places] == number]
                on[here] = is_on(self._values.at(steps[here], number), self._states.info, self._base)
        are_on: Mask = np.logical_and.reduceat(on, begins)
        return are_on

    def _count_recorded(self, start: Steps, stop: Steps) -> Steps:
        """Count by the recorded values: those of long spans one by one, those of short ones block by block."""
        counts = np.zeros(len(start), np.int64)
        is_long = stop - start > LONG
        for span in np.flatnonzero(is_long).tolist():
            counts[span] = self._count_long(int(start[span]), int(stop[span]))
        short = np.flatnonzero(~is_long)
        short = short[np.argsort(start[short], kind="stable")]
        blocks = np.split(short, np.flatnonzero(np.diff(start[short] // BLOCK_STEPS)) + 1) if len(short) else []
        counted = in_threads(lambda spans: self._count_short(start[spans], stop[spans]), blocks)
        for spans, n_on in zip(blocks, counted, strict=True):
            counts[spans] = n_on
        return counts

    def _count_short(self, start: Steps, stop: Steps) -> Steps:
        """Count by the recorded values of a block, of which only those inside the spans are compared."""
        first, last = int(start[0]), int(stop.max())
        change = np.bincount(start - first, minlength=last - first + 1)
        change -= np.bincount(stop - first, minlength=last - first + 1)
        is_inside = np.cumsum(change[:-1]) > 0
        on = is_on(self._states[first:last][is_inside], self._states.info, self._base).view(np.uint8)
        begins = np.cumsum(is_inside)[start - first] - 1
        n_on: Steps = ((_least(on, begins, begins + stop - start) == 1) & self._is_background).sum(axis=1)
        return n_on

    def _count_long(self, start: int, stop: int) -> int:
        is_on_throughout = self._is_background.copy()
        for first in range(start, stop, BLOCK_STEPS):
            values = self._states[first : min(first + BLOCK_STEPS, stop)]
            is_on_throughout &= is_on(values, self._states.info, self._base).all(axis=0)
            if not is_on_throughout.any():
                break
        return int(is_on_throughout.sum())


def _least_by_minima(codes: CodeMatrices, start: Steps, stop: Steps) -> Codes:
    """Return the same as ``_least`` of all rows, of which only those are read that no whole minimum stands for."""
    minima, n = codes.minima(), codes.minimum_steps
    first, last = -(-start // n), stop // n
    lead_end = np.minimum(first * n, stop)
    tail_start = np.maximum(last * n, lead_end)
    least = _least(minima, first, np.maximum(first, last))
    for a, b in ((start, lead_end), (tail_start, stop)):
        np.minimum(least, _least(codes.rows, a, b), out=least)
    return least


def _least(rows: Codes, start: Steps, stop: Steps) -> Codes:
    """Return each unit's least code over each span, (n_spans, n_units): the unit is on throughout if that code is."""
    length = stop - start
    order = np.argsort(-length, kind="stable")  # longest first, so the spans that have a given step come first
    start, length = start[order], length[order]
    minimum = np.full((len(start), rows.shape[1]), LAST_CODE, np.uint8)
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
