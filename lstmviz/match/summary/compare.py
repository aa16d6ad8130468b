"""Two patterns side by side: how many matches each has, and where these lie in each other's steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.corpus.shards import found_in
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.same_text import why_apart
from lstmviz.types import Pattern


@dataclass(frozen=True, slots=True)
class Comparison:
    """Matches of a first and a second pattern over one text, those that share all units (or ``min_shared``).

    ``n_first`` and ``n_second`` matches; ``n_first_met`` of the first's have a step in one of the second's, and
    ``n_second_met`` the other way round; ``n_same`` start and stop alike. ``n_first_steps`` and ``n_second_steps`` lie
    in a match of each, ``n_both_steps`` in matches of both.
    """

    n_first: int
    n_second: int
    n_first_met: int
    n_second_met: int
    n_same: int
    n_first_steps: int
    n_second_steps: int
    n_both_steps: int


class _Cover:
    """The steps that lie in any of some spans, as stretches without overlap: asked how many of them a span holds."""

    def __init__(self, spans: Candidates) -> None:
        order = np.argsort(spans.start, kind="stable")
        start, reach = spans.start[order], np.maximum.accumulate(spans.stop[order])
        is_first = np.ones(len(start), np.bool_)
        is_first[1:] = start[1:] > reach[:-1]
        self.start = start[is_first]
        self.stop = reach[np.append(np.flatnonzero(is_first)[1:] - 1, len(start) - 1)] if len(start) else reach
        self._before = np.concatenate([[0], np.cumsum(self.stop - self.start)])

    def __len__(self) -> int:
        return int(self._before[-1])

    def inside(self, start: Steps, stop: Steps) -> Steps:
        """Count the covered steps of each span [start, stop)."""
        return self._up_to(stop) - self._up_to(start)

    def _up_to(self, steps: Steps) -> Steps:
        """Count the covered steps before each of these."""
        if not len(self.start):
            return np.zeros(len(steps), np.int64)
        at = np.searchsorted(self.start, steps, side="right") - 1
        last = np.maximum(at, 0)
        part = np.minimum(steps, self.stop[last]) - self.start[last]
        return np.where(at < 0, 0, self._before[last] + part)


def compare(
    dump: DumpReader, pattern: Pattern, other: Pattern, second: DumpReader | None = None, min_shared: int | None = None
) -> Comparison:
    """Compare the matches of a pattern in a dump with those of another one, there or in a second dump of the same text.

    Taken are the matches that share all units of their pattern, or ``min_shared`` of them or more. Raises PatternError
    where the two do not lie on the same text, and what ``find`` raises.
    """
    there = dump if second is None else second
    axes = dump.axis(pattern.axis), there.axis(other.axis)
    if reason := why_apart(dump, axes[0].name, there, axes[1].name):
        raise PatternError(reason)
    one, two = full_spans(dump, pattern, min_shared), full_spans(there, other, min_shared)
    return compared(one, two)


def compared(one: Candidates, two: Candidates) -> Comparison:
    """Compare two sets of spans of one axis."""
    first, second = _Cover(one), _Cover(two)
    pairs = [set(zip(spans.start.tolist(), spans.stop.tolist(), strict=True)) for spans in (one, two)]
    return Comparison(
        n_first=len(one),
        n_second=len(two),
        n_first_met=int((second.inside(one.start, one.stop) > 0).sum()),
        n_second_met=int((first.inside(two.start, two.stop) > 0).sum()),
        n_same=len(pairs[0] & pairs[1]),
        n_first_steps=len(first),
        n_second_steps=len(second),
        n_both_steps=int(second.inside(first.start, first.stop).sum()),
    )


def full_spans(dump: DumpReader, pattern: Pattern, min_shared: int | None = None) -> Candidates:
    """Return the matches that share all units of a pattern, or so many of them or more."""
    return found_in(dump, pattern).spans(max(1, pattern.n_units if min_shared is None else min_shared))
