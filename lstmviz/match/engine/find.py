"""Find and rank the matches of a pattern over a whole corpus; they are defined in docs/matching.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import RLock

import numpy as np
import pandas as pd

from lstmviz.checks import check_page
from lstmviz.dump.read_ahead import texts_of
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.activity import Steps, activities
from lstmviz.match.engine.background import BackgroundUnits
from lstmviz.match.engine.candidates import Candidates, joined_candidates
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.match.engine.levels import SharedUnitLevels
from lstmviz.match.engine.ordering import by_start, order_of
from lstmviz.match.engine.runs import concatenated
from lstmviz.types import Pattern

COUNT_ALL = 2**24  # steps x pattern units; up to here every match is counted in about a tenth of a second
RANKED_FIRST = 1_000  # matches, to see whether enough of them have no background units
ONE_SIDE = 16.0  # of so many spans that meet one constraint, about one meets both


@dataclass(frozen=True)
class Count:
    """How many matches a pattern has.

    Attributes:
        totals: One row for each number of shared units, most first: n_shared, n_matches.
        lengths: One row for each number of shared units and length: n_shared, length (steps), n_matches.

    Example:
        >>> match.count(dump, pattern).lengths.head(2)
           n_shared  length  n_matches
        0         4       1        162
        1         4       2        142
    """

    totals: pd.DataFrame
    lengths: pd.DataFrame


def find(dump: DumpReader, pattern: Pattern, limit: int = 50, offset: int = 0) -> pd.DataFrame:
    """Find matches of a pattern, best first.

    The order is n_shared descending, n_union ascending, nearness to the pattern's length, start, stop.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.
        limit: Number of rows to return.
        offset: Number of rows to skip.

    Returns:
        One row for each match: start and stop (steps), sequence, n_shared and n_union (units), length (steps), text.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern.
        PatternError: The pattern or a number is invalid.

    Example:
        >>> match.find(dump, pattern, limit=1)[["start", "stop", "n_shared", "text"]]
           start  stop  n_shared    text
        0    249   255         4  (44444
    """
    return MatchSearch(dump, pattern).page(*check_page(limit, offset))


def count(dump: DumpReader, pattern: Pattern) -> Count:
    """Count all matches of a pattern.

    Args:
        dump: The dump.
        pattern: The pattern.

    Returns:
        The number of matches for each number of shared units, and the histogram of their lengths.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern.
        PatternError: The pattern or a number is invalid.

    Example:
        >>> match.count(dump, pattern).totals
           n_shared  n_matches
        0         4        689
        1         3        151
        2         1       2526
    """
    return MatchSearch(dump, pattern).count()


def is_short(dump: DumpReader, pattern: Pattern) -> bool:
    """Tell whether every match of a pattern is found in about a tenth of a second."""
    return dump.axis(pattern.axis).n_steps * pattern.n_units <= COUNT_ALL


class MatchSearch:
    """The matches of one pattern, searched and ranked only as far as needed; threads may share it."""

    def __init__(self, dump: DumpReader, pattern: Pattern, use_index: bool = True) -> None:
        self._dump, self.pattern, self._use_index = dump, pattern, use_index
        self._axis = check_pattern(dump, pattern)
        self._levels: SharedUnitLevels | None = None
        if pattern.units:
            allowed = allowed_steps(dump, self._axis, pattern.filters)
            units = activities(dump, pattern, use_index)
            self._levels = SharedUnitLevels(units, pattern, self._axis, allowed)
        self._background: list[BackgroundUnits] | None = None
        self._ranked: dict[int, tuple[Candidates, Steps]] = {}
        self._lock = RLock()
        self._lowest = pattern.n_units + 1  # see ``lowest``
        self._spans = joined_candidates([])  # of the matches with ``lowest`` shared units or more

    @property
    def is_complete(self) -> bool:
        """Whether all matches have been searched for, so that ``totals`` counts all of them."""
        return self._lowest <= 1

    @property
    def lowest(self) -> int:
        """The level down to which all matches have been searched for: the number of shared units."""
        return self._lowest

    def page(self, limit: int, offset: int = 0, min_shared: int = 1, has_text: bool = True) -> pd.DataFrame:
        """Return rows ``offset`` to ``offset + limit`` of the ranked matches with so many shared units or more."""
        with self._lock:
            self._look_for(offset + limit, min_shared)
            parts = list(self._rows(limit, offset, min_shared))
        start, stop, shared, union = (concatenated([p[i] for p in parts]) for i in range(4))
        return match_frame(self._axis, Candidates(start, stop, shared), union, has_text)

    def spans(self, min_shared: int = 1) -> Candidates:
        """Return every match with so many shared units or more, by start, then stop."""
        with self._lock:
            if self._lowest > min_shared:
                self._extend(min_shared)
            spans = self._spans
        is_enough = spans.n_shared >= min_shared
        return by_start(spans if is_enough.all() else spans.take(is_enough))

    def unions(self, start: Steps, stop: Steps) -> Steps:
        """Return ``n_union`` of each span [start, stop)."""
        with self._lock:
            return self._n_union(start, stop)

    def count_on(self, steps: Steps) -> Steps:
        """Return how many of the pattern's units are on at each of these steps."""
        return np.zeros(len(steps), np.int64) if self._levels is None else self._levels.count_on(steps)

    def look_for(self, n_wanted: int) -> None:
        """Search down the levels of shared units until ``n_wanted`` matches, or all, are found."""
        with self._lock:
            self._look_for(n_wanted, 1)

    def complete(self) -> None:
        """Search for all matches."""
        with self._lock:
            if not self.is_complete:
                self._extend(1)

    def totals(self) -> list[tuple[int, int]]:
        """Return (n_shared, n_matches), most shared first, for the levels searched so far (see ``is_complete``)."""
        levels, n_matches = np.unique(self._spans.n_shared, return_counts=True)
        return list(zip(levels.tolist(), n_matches.tolist(), strict=True))[::-1]

    def count(self) -> Count:
        """Return the totals at each number of shared units and the histogram of lengths, of all matches.

        Matches that have not been searched for are counted part by part, and not kept.
        """
        if self.is_complete or self._levels is None:
            parts = [_tally(self._spans)]
        else:
            parts = self._levels.each(1, _tally) or [_tally(self._spans)]
        lengths = pd.concat(parts).groupby(["n_shared", "length"])["n_matches"].sum().reset_index()
        totals = lengths.groupby("n_shared")["n_matches"].sum().reset_index()
        return Count(
            totals.sort_values("n_shared", ascending=False, ignore_index=True),
            lengths.sort_values(["n_shared", "length"], ascending=[False, True], ignore_index=True),
        )

    def _look_for(self, n_wanted: int, min_shared: int) -> None:
        """Search down the levels until ``n_wanted`` matches, or all with ``min_shared`` units, are found."""
        if self._levels is None:
            return
        n_too_few = 1.0  # how many times fewer are found than expected
        has_both = self.pattern.off_before > 0 and self.pattern.off_after > 0
        if has_both:
            n_too_few = ONE_SIDE
        while len(self._spans) < n_wanted and self._lowest > max(1, min_shared):
            is_first = self._lowest > self.pattern.n_units
            level = self.pattern.n_units
            if not is_first:
                level = self._levels.level_for(n_wanted * n_too_few, below=self._lowest)
            self._extend(max(level, min_shared))
            fewer = self._levels.expected[self._lowest] / max(1, len(self._spans))
            if has_both and len(self._spans):
                fewer **= 1 - 1 / self._lowest  # of fewer units, more often all stop together
            n_too_few = min(max(n_too_few, fewer), n_too_few * ONE_SIDE)  # a level too low costs most

    def _extend(self, level: int) -> None:
        if self._levels is not None:
            self._spans = joined_candidates(self._levels.each(level, lambda spans: spans))
        self._lowest = level

    def _rows(self, limit: int, offset: int, min_shared: int) -> Iterator[tuple[Steps, ...]]:
        """Yield start, stop, n_shared and n_union of the rows, level by level."""
        for level, n_matches in self.totals():
            if level < min_shared:
                return
            if offset < n_matches and limit > 0:
                spans, union = self._rank(level, min(offset + limit, n_matches))
                rows = slice(offset, offset + limit)
                yield spans.start[rows], spans.stop[rows], spans.n_shared[rows], union[rows]
                limit -= min(limit, n_matches - offset)
            offset = max(0, offset - n_matches)

    def _rank(self, level: int, n_wanted: int) -> tuple[Candidates, Steps]:
        """Return the matches of a level in order, with their unions: so many at least, or all."""
        ranked = self._ranked.get(level, (joined_candidates([]), np.zeros(0, np.int64)))
        n_ranked = len(ranked[0])
        if n_ranked < n_wanted:
            ranked = self._ranked[level] = self._first_of(level, max(n_wanted, 2 * n_ranked))
        return ranked

    def _first_of(self, level: int, n_wanted: int) -> tuple[Candidates, Steps]:
        """Return the same, gone through by what decides after the union.

        Matches without background units come first: once enough of them are found, no other's union need be known.
        """
        spans = by_start(self._spans.take(self._spans.n_shared == level))
        spans = spans.take(order_of(np.abs(spans.stop - spans.start - self.pattern.length)))
        unions, n_known, n_first, n_next = [], 0, 0, RANKED_FIRST
        while n_known < len(spans) and n_first < n_wanted:
            some = slice(n_known, n_known + n_next)
            unions.append(self._n_union(spans.start[some], spans.stop[some]))
            n_first += int(np.count_nonzero(unions[-1] == self.pattern.n_units))
            n_known += len(unions[-1])
            n_next = 2 * n_known * n_wanted // max(1, n_first)  # twice as far as enough of them seem to take
        union = concatenated(unions)
        order = order_of(union)[: n_first if n_known < len(spans) else None]
        return spans.take(order), union[order]

    def _n_union(self, start: Steps, stop: Steps) -> Steps:
        """Return the number of the pattern's units plus the background units that are on throughout each span."""
        if self._background is None:
            sources = {u.source for u in self.pattern.units}
            bases = [(s, base) for s, base in self.pattern.bases if s in sources]
            self._background = [
                BackgroundUnits(self._dump, s, base, self.pattern, self._use_index) for s, base in bases
            ]
        counts = [units.count(start, stop) for units in self._background]
        union: Steps = np.add.reduce(counts, dtype=np.int64) + self.pattern.n_units
        return union


def _tally(spans: Candidates) -> pd.DataFrame:
    """Count spans by the units that they share and by length: n_shared, length, n_matches."""
    length = spans.stop - spans.start
    width = int(length.max(initial=0)) + 1
    keys, n_matches = np.unique(spans.n_shared * width + length, return_counts=True)
    return pd.DataFrame({"n_shared": keys // width, "length": keys % width, "n_matches": n_matches}, dtype=np.int64)


def match_frame(axis: Axis, spans: Candidates, n_union: Steps, has_text: bool = True) -> pd.DataFrame:
    """Return matches as rows, in the order given; the columns are those of ``find``, without ``text`` if so asked."""
    frame = pd.DataFrame(
        {
            "start": spans.start,
            "stop": spans.stop,
            "sequence": np.searchsorted(axis.stops, spans.start, side="right"),
            "n_shared": spans.n_shared,
            "n_union": n_union,
            "length": spans.stop - spans.start,
        }
    )
    if has_text:
        windows = list(zip(spans.start.tolist(), spans.stop.tolist(), strict=True))
        frame["text"] = pd.Series(texts_of(axis, windows), dtype="str")
    return frame


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
        dump.source(unit.source).check_unit(unit.unit)
    return axis
