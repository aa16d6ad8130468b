"""Two patterns compared: how many matches each has, and how these overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.same_text import why_other_text
from lstmviz.match.summary.spans import summary_spans
from lstmviz.types import Pattern


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the matches of two patterns over one text overlap.

    Attributes:
        n_first: Number of matches of the first pattern.
        n_second: Number of matches of the second pattern.
        n_first_met: How many of the first have a step in common with one of the second.
        n_second_met: How many of the second have a step in common with one of the first.
        n_same: How many start and stop alike.
        n_first_steps: Number of steps in a match of the first.
        n_second_steps: Number of steps in a match of the second.
        n_both_steps: Number of steps in matches of both.

    Example:
        >>> match.compare(dump, pattern, dump.select("rnn.l1.c", 249, 255, threshold=0.5)).n_same
        689
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
    """The steps that some spans cover, as stretches without overlap."""

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
    """Compare the matches of two patterns, in one dump or in two dumps of the same text.

    Args:
        dump: The dump of the first pattern.
        pattern: The first pattern.
        other: The second pattern.
        second: The dump of the second pattern; None for the same.
        min_shared: Use the matches that share at least this many units; None for those that share all.

    Returns:
        The counts of both patterns, and of what they have in common.

    Raises:
        PatternError: The dumps do not hold the same text, or a pattern is invalid.
        UnknownName: A dump lacks a source or track of its pattern.

    Example:
        >>> both = match.compare(dump, pattern, dump.select("rnn.l1.h", 249, 255))
        >>> both.n_first, both.n_second, both.n_both_steps
        (689, 517, 1980)
    """
    return compare_spans(*_both_spans(dump, pattern, other, second, min_shared))


def unmet(
    dump: DumpReader, pattern: Pattern, other: Pattern, second: DumpReader | None = None, min_shared: int | None = None
) -> pd.DataFrame:
    """Find the matches of a pattern that have no step in common with a match of another one.

    Args:
        dump: The dump of the pattern.
        pattern: The pattern.
        other: The other pattern.
        second: The dump of the other pattern; None for the same.
        min_shared: Use the matches that share at least this many units; None for those that share all.

    Returns:
        A row for each, in the order of the text: start, stop, length, sequence.

    Raises:
        PatternError: The dumps do not hold the same text, or a pattern is invalid.
        UnknownName: A dump lacks a source or track of its pattern.

    Example:
        >>> match.unmet(dump, pattern, dump.select("rnn.l1.h", 249, 255)).head(3)
           start  stop  length  sequence
        0     37    40       3         0
        1    109   116       7         0
        2    256   260       4         1
    """
    spans, others = _both_spans(dump, pattern, other, second, min_shared)
    return unmet_frame(dump.axis(pattern.axis), unmet_spans(spans, others))


def unmet_frame(axis: Axis, spans: Candidates) -> pd.DataFrame:
    """Return spans as a table: start, stop, length, sequence."""
    columns = {"start": spans.start, "stop": spans.stop, "length": spans.stop - spans.start}
    return pd.DataFrame({**columns, "sequence": np.searchsorted(axis.starts, spans.start, side="right") - 1})


def unmet_spans(spans: Candidates, others: Candidates) -> Candidates:
    """Return the spans without a step in any of the others, in the order of the text."""
    alone = spans.take(_Cover(others).inside(spans.start, spans.stop) == 0)
    return alone.take(np.lexsort((alone.stop, alone.start)))


def _both_spans(
    dump: DumpReader, pattern: Pattern, other: Pattern, second: DumpReader | None, min_shared: int | None
) -> tuple[Candidates, Candidates]:
    """Return the matches of two patterns; PatternError where they are not of one text."""
    second_dump = dump if second is None else second
    axes = dump.axis(pattern.axis), second_dump.axis(other.axis)
    if reason := why_other_text(dump, axes[0].name, second_dump, axes[1].name):
        raise PatternError(reason)
    return summary_spans(dump, pattern, min_shared), summary_spans(second_dump, other, min_shared)


def compare_spans(one: Candidates, two: Candidates) -> Comparison:
    """Compare two sets of spans on one axis."""
    first, second = _Cover(one), _Cover(two)
    return Comparison(
        n_first=len(one),
        n_second=len(two),
        n_first_met=int((second.inside(one.start, one.stop) > 0).sum()),
        n_second_met=int((first.inside(two.start, two.stop) > 0).sum()),
        n_same=_n_same(one, two),
        n_first_steps=len(first),
        n_second_steps=len(second),
        n_both_steps=int(second.inside(first.start, first.stop).sum()),
    )


def _n_same(one: Candidates, two: Candidates) -> int:
    """Count the spans that both have; each has a span once."""
    width = 1 + max(int((spans.stop - spans.start).max(initial=0)) for spans in (one, two))
    first, second = (spans.start * width + spans.stop - spans.start for spans in (one, two))
    return len(np.intersect1d(first, second, assume_unique=True))
