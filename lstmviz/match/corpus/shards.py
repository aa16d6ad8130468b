"""Match, count and search over the shards of a corpus; the answers are exactly those of one dump that holds them all.

A sequence never spans two shards, so neither does a match: the best rows of the whole are among the best of each.
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

from lstmviz.dump.corpus.reader import Shard, ShardReader, open_shard
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.corpus.workers import ask_shards
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import Count, MatchSearch, check_pattern
from lstmviz.match.engine.runs import concatenated
from lstmviz.match.text.search import search
from lstmviz.types import Filter, Pattern

KEPT = 16  # shards' matches that a process keeps, so that totals and the next rows come at once


def found_in(dump: DumpReader, pattern: Pattern) -> MatchSearch | ShardedMatchSearch:
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


class ShardedMatchSearch:
    """The matches of one pattern over a corpus, asked of its shards as they are needed; answers as ``Found`` does."""

    def __init__(self, corpus: ShardReader, pattern: Pattern) -> None:
        check_filters(corpus, check_pattern(corpus, pattern), pattern.filters)
        self._corpus, self.pattern = corpus, pattern
        self._known: list[_Answer] = []

    @property
    def is_complete(self) -> bool:
        """Whether every match has been looked for, so that ``totals`` speaks of all."""
        return self.lowest <= 1

    @property
    def lowest(self) -> int:
        """Every match with so many shared units, or more, has been looked for."""
        return max((answer.lowest for answer in self._known), default=self.pattern.n_units + 1)

    def page(self, limit: int, offset: int = 0, min_shared: int = 1) -> pd.DataFrame:
        """Return rows ``offset`` to ``offset + limit`` of the ranked matches with so many shared units or more.

        Steps are counted over the corpus. Raises PatternError where a number is negative, ClusterError or DumpMissing
        where a shard cannot be asked.
        """
        if limit < 0 or offset < 0:
            raise PatternError(f"limit={limit} and offset={offset} must not be negative")
        answers = self._ask(partial(_best, pattern=self.pattern, n_rows=limit + offset, min_shared=min_shared))
        if not self.is_complete:
            self._known = answers
        rows = _joined(self._corpus.shards, self.pattern.axis, [answer.rows for answer in answers])
        distance = (rows["length"] - self.pattern.length).abs()
        order = np.lexsort((rows["stop"], rows["start"], distance, rows["n_union"], -rows["n_shared"]))
        return rows.take(order[offset : offset + limit]).reset_index(drop=True)

    def spans(self, min_shared: int = 1) -> Candidates:
        """Return every match with so many shared units or more, by start, then stop; steps as in the corpus."""
        parts = self._ask(partial(_spans, pattern=self.pattern, min_shared=min_shared))
        return Candidates(*(concatenated([getattr(p, k) for p in parts]) for k in ("start", "stop", "n_shared")))

    def unions(self, start: Steps, stop: Steps) -> Steps:
        """Return ``n_union`` of each span [start, stop) of the corpus."""
        union = np.zeros(len(start), np.int64)
        for mine, counts in self._ask(partial(_unions, pattern=self.pattern, start=start, stop=stop)):
            union[mine] = counts
        return union

    def look_for(self, n_wanted: int) -> None:
        """Look down the levels of shared units until there are so many matches, or all, in each shard."""
        if not self.is_complete:
            self._known = self._ask(partial(_looked, pattern=self.pattern, n_wanted=n_wanted))

    def complete(self) -> None:
        """Look for every match."""
        if not self.is_complete:
            self._known = self._ask(partial(_completed, pattern=self.pattern))

    def totals(self) -> list[tuple[int, int]]:
        """Return (n_shared, n_matches), most shared first, for the levels that every shard has looked at so far."""
        total: Counter[int] = Counter()
        floor = self.lowest
        for answer in self._known:
            total.update({level: n for level, n in answer.totals if level >= floor})
        return sorted(total.items(), reverse=True)

    def count(self) -> Count:
        """Return the totals at each number of shared units and the histogram of lengths, of all matches."""
        parts = self._ask(partial(_count, pattern=self.pattern))
        return Count(
            _added([part.totals for part in parts], ["n_shared"]),
            _added([part.lengths for part in parts], ["n_shared", "length"]),
        )

    def _ask(self, task: Any) -> list[Any]:
        return ask_shards(task, self._corpus.shards, self._corpus.scheduler)


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
    return _joined(corpus.shards, axis, ask_shards(task, corpus.shards, corpus.scheduler))


@dataclass(frozen=True)
class _Answer:
    """What one shard answers: rows, with its own steps, and the totals of the levels down to the lowest looked at."""

    rows: pd.DataFrame
    totals: list[tuple[int, int]]
    lowest: int


def _best(shard: Shard, pattern: Pattern, n_rows: int, min_shared: int) -> _Answer:
    with _found(shard, pattern) as here:
        return _Answer(here.page(n_rows, 0, min_shared), here.totals(), here.lowest)


def _looked(shard: Shard, pattern: Pattern, n_wanted: int) -> _Answer:
    with _found(shard, pattern) as here:
        here.look_for(n_wanted)
        return _Answer(here.page(0), here.totals(), here.lowest)


def _spans(shard: Shard, pattern: Pattern, min_shared: int) -> Candidates:
    with _found(shard, pattern) as here:
        found, (begin, _) = here.spans(min_shared), shard.begin(pattern.axis)
        return Candidates(found.start + begin, found.stop + begin, found.n_shared)


def _unions(shard: Shard, pattern: Pattern, start: Steps, stop: Steps) -> tuple[Steps, Steps]:
    """Return which of the corpus' spans lie in this shard, and ``n_union`` of these."""
    begin, _ = shard.begin(pattern.axis)
    end = begin + open_shard(shard.path, shard.uuid).axis(pattern.axis).n_steps
    mine = np.flatnonzero((start >= begin) & (start < end))
    with _found(shard, pattern) as here:
        return mine, here.unions(start[mine] - begin, stop[mine] - begin)


def _completed(shard: Shard, pattern: Pattern) -> _Answer:
    with _found(shard, pattern) as here:
        here.complete()
        return _Answer(here.page(0), here.totals(), here.lowest)


def _count(shard: Shard, pattern: Pattern) -> Count:
    with _found(shard, pattern) as here:
        return here.count()


def _hits(shard: Shard, axis: str, query: tuple[Any, ...], options: dict[str, Any]) -> pd.DataFrame:
    return search(open_shard(shard.path, shard.uuid).axis(axis), *query, **options)


@contextmanager
def _found(shard: Shard, pattern: Pattern) -> Iterator[MatchSearch]:
    """Give a shard's matches as kept by this process, to one thread at a time: asking for more changes them."""
    found, lock = _kept(shard.path, shard.uuid, pattern)
    with lock:
        yield found


@lru_cache(maxsize=KEPT)
def _kept(path: str, uuid: str, pattern: Pattern) -> tuple[MatchSearch, Lock]:
    dump = open_shard(path, uuid)
    return MatchSearch(dump, _fitted(dump, pattern)), Lock()


def _fitted(dump: DumpReader, pattern: Pattern) -> Pattern:
    """Drop from a pattern's filters the labels that one shard never met; without any left, nothing there matches."""
    tracks, filters = dump.axis(pattern.axis).tracks, list[Filter]()
    for asked in pattern.filters:
        known = tuple(label for label in asked.labels if label in tracks[asked.track].labels)
        if asked.labels and not known:
            return replace(pattern, units=(), filters=())
        filters.append(replace(asked, labels=known))
    return replace(pattern, filters=tuple(filters))


def _joined(shards: Sequence[Shard], axis: str, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join shards' rows, with steps and sequences counted over the corpus."""
    moved = []
    for shard, part in zip(shards, parts, strict=True):
        step, sequence = shard.begin(axis)
        moved.append(part.assign(start=part.start + step, stop=part.stop + step, sequence=part.sequence + sequence))
    return pd.concat(moved, ignore_index=True)


def _added(parts: Sequence[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    """Add up ``n_matches`` of rows with the same key; most shared first, then the shorter."""
    added = pd.concat(parts, ignore_index=True).groupby(by)["n_matches"].sum().reset_index()
    return added.sort_values(by, ascending=[False, True][: len(by)], ignore_index=True)
