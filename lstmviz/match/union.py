"""The other units that are on all through a span: what a match has beside its pattern."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.match.candidates import Candidates
from lstmviz.match.onset import is_on
from lstmviz.types import Pattern

SLAB_STEPS = 16_384  # steps read at once for candidates that lie close together
TABLE_CELLS = 2**20  # entries of a (steps, units) table held in memory
SLAB_GAP = 1_024  # steps between two candidates from which on reading them apart is cheaper


def n_union(dump: DumpReader, pattern: Pattern, spans: Candidates) -> NDArray[np.int64]:
    """Return for each span the number of pattern units plus others that are on at every step of it.

    Others are the units of the pattern's sources that are not in the pattern; on is side high at the source's base
    threshold, without constraints.
    """
    total = np.full(len(spans), pattern.n_units, np.int64)
    order = np.argsort(spans.start, kind="stable")
    for source, base in pattern.bases:
        mine = [u.unit for u in pattern.units if u.source == source]
        others = np.setdiff1d(np.arange(dump.source(source).n_units), mine)
        if not len(others) or not mine:
            continue
        for some in _slabs(spans, order):
            total[some] += _count_on(dump, source, base, others, spans.take(some))
    return total


def _slabs(spans: Candidates, order: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Group spans in step order so that each group's steps are read in one go."""
    first = 0
    while first < len(order):
        begin = int(spans.start[order[first]])
        reach = begin
        last = first
        while last < len(order):
            i = order[last]
            far = spans.start[i] > reach + SLAB_GAP or spans.start[i] >= begin + SLAB_STEPS
            if far and last > first:
                break
            reach = max(reach, int(spans.stop[i]))
            last += 1
        yield order[first:last]
        first = last


def _count_on(
    dump: DumpReader, source: str, base: float, others: NDArray[np.int64], spans: Candidates
) -> NDArray[np.int64]:
    """Count the others that are on all through each span: those that were last off before it starts."""
    info, states = dump.source(source), dump.states(source)
    begin, end = int(spans.start.min()), int(spans.stop.max())
    counts = np.zeros(len(spans), np.int64)
    by_stop = np.argsort(spans.stop, kind="stable")
    stops = spans.stop[by_stop]
    last_off = np.full((1, len(others)), begin - 1)
    n_rows = max(1, TABLE_CELLS // len(others))
    for first in range(begin, end, n_rows):
        values = states[first : min(first + n_rows, end)][:, others]
        steps = np.arange(first, first + len(values))[:, None]
        off = np.where(is_on(values, info, base), begin - 1, steps)
        last_off = np.maximum.accumulate(np.maximum(off, last_off[-1:]), axis=0)
        done = by_stop[np.searchsorted(stops, first + 1) : np.searchsorted(stops, first + len(values), side="right")]
        for i in range(0, len(done), n_rows):
            some = done[i : i + n_rows]
            through = last_off[spans.stop[some] - 1 - first] < spans.start[some, None]
            counts[some] = through.sum(axis=1)
    return counts
