"""Match, count and search over the shards of a corpus; the answers are exactly those of one dump with all their steps.

A sequence lies in one shard, so a match does too: the best rows of the corpus are among the best rows of each shard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from lstmviz.checks import check_page
from lstmviz.dump.added_files import list_stamp
from lstmviz.dump.corpus.reader import Shard, ShardReader, corpus_tracks_folder, open_shard, with_corpus_tracks
from lstmviz.dump.reader import DumpReader
from lstmviz.match.corpus.workers import map_shards
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates, joined_candidates
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import Count, MatchSearch, check_pattern
from lstmviz.match.text.search import search
from lstmviz.system.own_files import FileStamp
from lstmviz.types import Filter, Pattern

CACHED_SEARCHES = 16  # of one shard and pattern, kept by a process for totals and further rows


class ShardedMatchSearch:
    """The matches of one pattern over a corpus, searched in its shards as needed; it answers as ``MatchSearch``."""

    def __init__(self, corpus: ShardReader, pattern: Pattern) -> None:
        check_filters(corpus, check_pattern(corpus, pattern), pattern.filters)
        self._corpus, self.pattern = corpus, pattern
        self._progress: list[_ShardProgress] = []

    @property
    def is_complete(self) -> bool:
        """Whether all matches have been searched for, so that ``totals`` counts all of them."""
        return self.lowest <= 1

    @property
    def lowest(self) -> int:
        """The level down to which all matches have been searched for: the number of shared units."""
        return max((shard.lowest for shard in self._progress), default=self.pattern.n_units + 1)

    def page(self, limit: int, offset: int = 0, min_shared: int = 1, has_text: bool = True) -> pd.DataFrame:
        """Return rows ``offset`` to ``offset + limit`` of the ranked matches with ``min_shared`` shared units or more.

        Steps are counted over the corpus. Raises PatternError for a negative number, ClusterError or DumpMissing if a
        shard cannot be read.
        """
        limit, offset = check_page(limit, offset)
        best = partial(
            _best_rows, pattern=self.pattern, n_rows=limit + offset, min_shared=min_shared, has_text=has_text
        )
        shards = self._map(best)
        if not self.is_complete:
            self._progress = shards
        rows = _concat_rows(self._corpus.shards, self.pattern.axis, [shard.rows for shard in shards])
        distance = (rows["length"] - self.pattern.length).abs()
        order = np.lexsort((rows["stop"], rows["start"], distance, rows["n_union"], -rows["n_shared"]))
        return rows.take(order[offset : offset + limit]).reset_index(drop=True)

    def spans(self, min_shared: int = 1) -> Candidates:
        """Return every match with ``min_shared`` shared units or more, by start, then stop; steps as in the corpus."""
        return joined_candidates(self._map(partial(_spans, pattern=self.pattern, min_shared=min_shared)))

    def unions(self, start: Steps, stop: Steps) -> Steps:
        """Return ``n_union`` of each span [start, stop) of the corpus."""
        union = np.zeros(len(start), np.int64)
        for places, counts in self._map(partial(_unions, pattern=self.pattern, start=start, stop=stop)):
            union[places] = counts
        return union

    def count_on(self, steps: Steps) -> Steps:
        """Return how many of the pattern's units are on at each of these steps of the corpus."""
        counts = np.zeros(len(steps), np.int64)
        for places, here in self._map(partial(_count_on, pattern=self.pattern, steps=steps)):
            counts[places] = here
        return counts

    def look_for(self, n_wanted: int) -> None:
        """Search down the levels of shared units until ``n_wanted`` matches, or all, are found in each shard."""
        if not self.is_complete:
            self._progress = self._map(partial(_look_for, pattern=self.pattern, n_wanted=n_wanted))

    def complete(self) -> None:
        """Search for all matches."""
        if not self.is_complete:
            self._progress = self._map(partial(_complete, pattern=self.pattern))

    def totals(self) -> list[tuple[int, int]]:
        """Return (n_shared, n_matches), most shared first, for the levels searched so far in every shard."""
        totals: Counter[int] = Counter()
        lowest = self.lowest
        for shard in self._progress:
            totals.update({level: n for level, n in shard.totals if level >= lowest})
        return sorted(totals.items(), reverse=True)

    def count(self) -> Count:
        """Return the totals at each number of shared units and the histogram of lengths, of all matches."""
        parts = self._map(partial(_count, pattern=self.pattern))
        return Count(
            _sum_matches([part.totals for part in parts], ["n_shared"]),
            _sum_matches([part.lengths for part in parts], ["n_shared", "length"]),
        )

    def _map(self, task: Any) -> list[Any]:
        return map_shards(task, self._corpus.shards, self._corpus.scheduler)


AnyMatchSearch = MatchSearch | ShardedMatchSearch


def found_in(dump: DumpReader, pattern: Pattern) -> AnyMatchSearch:
    """Search for the matches of a pattern over a dump or a corpus, as far as they are needed.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.

    Returns:
        The search, to be read in pages and counted.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern.
        PatternError: The pattern or a number is invalid.

    Example:
        >>> found = match.found_in(dump, pattern)
        >>> found.page(1)[["start", "stop"]]
           start  stop
        0    249   255
        >>> len(found.spans())
        3366
    """
    return ShardedMatchSearch(dump, pattern) if isinstance(dump, ShardReader) else MatchSearch(dump, pattern)


def search_shards(corpus: ShardReader, axis: str, *query: Any, **options: Any) -> pd.DataFrame:
    """Find every place where a text occurs on an axis of a corpus, as ``search`` does on an axis of a dump.

    Args:
        corpus: The corpus.
        axis: Name of the axis.
        *query: The arguments of ``search`` after the axis.
        **options: The named arguments of ``search``.

    Returns:
        One row for each hit: start and stop (steps of the corpus), sequence.

    Raises:
        PatternError: The query is empty, or the expression is invalid or takes too long.
        ClusterError: A shard cannot be searched by the scheduler.

    Example:
        >>> from pathlib import Path
        >>> Path("words").mkdir()
        >>> states, vocab = {"rnn.l0.h": [[0.0], [1.0]]}, ["one", "two"]
        >>> _ = lstmviz.write_dump("words/a.h5", states=states, tokens=[0, 1], vocab=vocab)
        >>> corpus = lstmviz.open_dump(lstmviz.write_corpus("words"))
        >>> match.search_shards(corpus, "text", "two", over="words")
           start  stop  sequence
        0      1     2         0
    """
    task = partial(_hits, axis=axis, query=query, options=options)
    return _concat_rows(corpus.shards, axis, map_shards(task, corpus.shards, corpus.scheduler))


@dataclass(frozen=True)
class _ShardProgress:
    """How far a shard has been searched: rows, with the shard's own steps, and the totals down to the lowest level."""

    rows: pd.DataFrame
    totals: list[tuple[int, int]]
    lowest: int


def _best_rows(shard: Shard, pattern: Pattern, n_rows: int, min_shared: int, has_text: bool) -> _ShardProgress:
    with _search_of(shard, pattern) as matches:
        return _ShardProgress(matches.page(n_rows, 0, min_shared, has_text), matches.totals(), matches.lowest)


def _look_for(shard: Shard, pattern: Pattern, n_wanted: int) -> _ShardProgress:
    with _search_of(shard, pattern) as matches:
        matches.look_for(n_wanted)
        return _ShardProgress(matches.page(0), matches.totals(), matches.lowest)


def _complete(shard: Shard, pattern: Pattern) -> _ShardProgress:
    with _search_of(shard, pattern) as matches:
        matches.complete()
        return _ShardProgress(matches.page(0), matches.totals(), matches.lowest)


def _spans(shard: Shard, pattern: Pattern, min_shared: int) -> Candidates:
    """Return a shard's matches with the steps of the corpus."""
    with _search_of(shard, pattern) as matches:
        spans, (begin, _) = matches.spans(min_shared), shard.begin(pattern.axis)
        return Candidates(spans.start + begin, spans.stop + begin, spans.n_shared)


def _count_on(shard: Shard, pattern: Pattern, steps: Steps) -> tuple[Steps, Steps]:
    """Return which of the corpus' steps lie in this shard, and how many units are on at each of these."""
    begin, places = _steps_in(shard, pattern.axis, steps)
    with _search_of(shard, pattern) as matches:
        return places, matches.count_on(steps[places] - begin)


def _steps_in(shard: Shard, axis: str, steps: Steps) -> tuple[int, Steps]:
    """Return the corpus' step at which a shard begins, and which of some steps lie in it."""
    begin, _ = shard.begin(axis)
    end = begin + open_shard(shard.path, shard.uuid).axis(axis).n_steps
    return begin, np.flatnonzero((steps >= begin) & (steps < end))


def _unions(shard: Shard, pattern: Pattern, start: Steps, stop: Steps) -> tuple[Steps, Steps]:
    """Return which of the corpus' spans lie in this shard, and ``n_union`` of each of these."""
    begin, places = _steps_in(shard, pattern.axis, start)
    with _search_of(shard, pattern) as matches:
        return places, matches.unions(start[places] - begin, stop[places] - begin)


def _count(shard: Shard, pattern: Pattern) -> Count:
    with _search_of(shard, pattern) as matches:
        return matches.count()


def _hits(shard: Shard, axis: str, query: tuple[Any, ...], options: dict[str, Any]) -> pd.DataFrame:
    return search(open_shard(shard.path, shard.uuid).axis(axis), *query, **options)


@contextmanager
def _search_of(shard: Shard, pattern: Pattern) -> Iterator[MatchSearch]:
    """Yield the cached search of a pattern in a shard, to one thread at a time because they continue the search."""
    added = list_stamp(corpus_tracks_folder(shard)) if _names_track(pattern) else None
    matches, lock = _cached_search(shard, pattern, added)
    with lock:
        yield matches


@lru_cache(maxsize=CACHED_SEARCHES)
def _cached_search(shard: Shard, pattern: Pattern, added: FileStamp | None) -> tuple[MatchSearch, Lock]:
    """Search a shard; ``added`` is the stamp of the tracks that were added to its corpus, None where there are none."""
    dump = open_shard(shard.path, shard.uuid) if added is None else with_corpus_tracks(shard)
    return MatchSearch(dump, _for_shard(dump, pattern)), Lock()


def _names_track(pattern: Pattern) -> bool:
    return any(condition.track for condition in pattern.filters)


def _for_shard(dump: DumpReader, pattern: Pattern) -> Pattern:
    """Return a pattern without the filter labels that a shard does not have; if a filter has none left, without units.

    A pattern without units has no matches.
    """
    tracks, filters = dump.axis(pattern.axis).tracks, list[Filter]()
    for condition in pattern.filters:
        if not condition.track:  # the shards of a corpus have one vocabulary
            filters.append(condition)
            continue
        labels = tuple(label for label in condition.labels if label in tracks[condition.track].labels)
        if condition.labels and not labels:
            return replace(pattern, units=(), filters=())
        filters.append(replace(condition, labels=labels))
    return replace(pattern, filters=tuple(filters))


def _concat_rows(shards: Sequence[Shard], axis: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all shards, with steps and sequences counted over the corpus."""
    rows = []
    for shard, part in zip(shards, parts, strict=True):
        step, sequence = shard.begin(axis)
        rows.append(part.assign(start=part.start + step, stop=part.stop + step, sequence=part.sequence + sequence))
    return pd.concat(rows, ignore_index=True)


def _sum_matches(parts: Sequence[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    """Add up ``n_matches`` of rows with the same key; most shared units first, then the shorter."""
    sums = pd.concat(parts, ignore_index=True).groupby(by)["n_matches"].sum().reset_index()
    return sums.sort_values(by, ascending=[False, True][: len(by)], ignore_index=True)
