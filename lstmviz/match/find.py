"""Find and rank every match of a pattern over a whole corpus; the definition is in docs/matching.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.candidates import Candidates, candidates
from lstmviz.match.runs import pattern_runs
from lstmviz.match.union import n_union
from lstmviz.types import Pattern

COLUMNS = ("start", "stop", "sequence", "n_shared", "n_union", "length", "text")


@dataclass(frozen=True)
class Count:
    """How many matches a pattern has.

    ``totals`` has one row a number of shared units (n_shared, n_matches), most shared first. ``lengths`` has one row
    for each number of shared units and length in steps (n_shared, length, n_matches).
    """

    totals: pd.DataFrame
    lengths: pd.DataFrame


def find(dump: DumpReader, pattern: Pattern, limit: int = 50, offset: int = 0) -> pd.DataFrame:
    """Return matches ``offset`` to ``offset + limit`` of the pattern, best first, one row a match.

    Columns: start, stop (steps, half-open), sequence, n_shared and n_union (units), length (steps), text. The order is
    n_shared descending, n_union ascending, nearness to the pattern's length, start, stop. An empty pattern gives an
    empty frame. Raises PatternError or UnknownName where the pattern does not fit the dump.
    """
    if limit < 0 or offset < 0:
        raise PatternError(f"limit={limit} and offset={offset} must not be negative")
    return Found(dump, pattern).page(limit, offset)


def count(dump: DumpReader, pattern: Pattern) -> Count:
    """Return the number of matches at each number of shared units, and the histogram of their lengths."""
    return Found(dump, pattern).count()


class Found:
    """Every candidate of one pattern, ranked no further than it has been asked for."""

    def __init__(self, dump: DumpReader, pattern: Pattern) -> None:
        self._dump, self.pattern = dump, pattern
        self._axis = check_pattern(dump, pattern)
        self._all = candidates(pattern_runs(dump, pattern), pattern, self._axis)
        self._levels = np.unique(self._all.n_shared)[::-1]
        self._ranked: dict[int, tuple[Candidates, NDArray[np.int64]]] = {}

    def page(self, limit: int, offset: int = 0) -> pd.DataFrame:
        """Return rows ``offset`` to ``offset + limit`` of the ranked matches."""
        parts = list(self._rows(limit, offset))
        start, stop, shared, union = (np.concatenate([np.zeros(0, np.int64), *(p[i] for p in parts)]) for i in range(4))
        return pd.DataFrame(
            {
                "start": start,
                "stop": stop,
                "sequence": np.searchsorted(self._axis.stops, start, side="right"),
                "n_shared": shared,
                "n_union": union,
                "length": stop - start,
                "text": pd.Series(
                    [self._axis.text(int(a), int(b)) for a, b in zip(start, stop, strict=True)], dtype="str"
                ),
            },
            columns=list(COLUMNS),
        )

    def totals(self) -> list[tuple[int, int]]:
        """Return (n_shared, n_matches) for each number of shared units that occurs, most shared first."""
        levels, n_matches = np.unique(self._all.n_shared, return_counts=True)
        return list(zip(levels.tolist(), n_matches.tolist(), strict=True))[::-1]

    def count(self) -> Count:
        """Return the totals at each number of shared units and the histogram of lengths."""
        table = pd.DataFrame({"n_shared": self._all.n_shared, "length": self._all.stop - self._all.start})
        lengths = table.groupby(["n_shared", "length"]).size().rename("n_matches").reset_index()
        return Count(
            pd.DataFrame(self.totals(), columns=["n_shared", "n_matches"]),
            lengths.sort_values(["n_shared", "length"], ascending=[False, True], ignore_index=True),
        )

    def _rows(self, limit: int, offset: int) -> Iterator[tuple[NDArray[np.int64], ...]]:
        for level in self._levels:
            n_here = int((self._all.n_shared == level).sum())
            if offset < n_here and limit > 0:
                spans, union = self._rank(int(level))
                some = slice(offset, offset + limit)
                yield spans.start[some], spans.stop[some], spans.n_shared[some], union[some]
                limit -= min(limit, n_here - offset)
            offset = max(0, offset - n_here)

    def _rank(self, level: int) -> tuple[Candidates, NDArray[np.int64]]:
        if level not in self._ranked:
            spans = self._all.take(self._all.n_shared == level)
            union = n_union(self._dump, self.pattern, spans)
            distance = np.abs(spans.stop - spans.start - self.pattern.length)
            order = np.lexsort((spans.stop, spans.start, distance, union))
            self._ranked[level] = spans.take(order), union[order]
        return self._ranked[level]


def check_pattern(dump: DumpReader, pattern: Pattern) -> Axis:
    """Return the pattern's axis; UnknownName or PatternError where the pattern does not fit the dump."""
    axis = dump.axis(pattern.axis)
    for source, _ in pattern.bases:
        if dump.source(source).axis != axis.name:
            raise PatternError(
                f"source {source!r} lies on axis {dump.source(source).axis!r} and the pattern on {axis.name!r}; "
                "a pattern stays on one axis"
            )
    for unit in pattern.units:
        n_units = dump.source(unit.source).n_units
        if unit.unit >= n_units:
            raise PatternError(f"{unit.source} has no unit {unit.unit}; its units are 0 to {n_units - 1}")
    return axis
