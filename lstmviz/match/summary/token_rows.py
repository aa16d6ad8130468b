"""Which tokens stand at the steps of a pattern's matches, before them and after them, beside the whole corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.spans import covered_steps

HERE, BEFORE, AFTER = PLACES = "token here", "token before", "token after"
BLOCK_STEPS = 2**20  # of the corpus, read at a time
MOST_TABLE = 2**24  # ids up to which a table has the spelling of each

Counts: TypeAlias = NDArray[np.int64]  # how often each spelling stands somewhere


@dataclass(frozen=True, eq=False)
class _Spellings:
    """What the tokens of an axis are shown as: two ids may be shown alike, and are counted together."""

    texts: NDArray[np.object_]
    of_ids: Callable[[NDArray[Any]], NDArray[np.intp]]  # the place in ``texts`` of each id

    def count(self, ids: NDArray[Any]) -> Counts:
        """Return how often each spelling is among some ids."""
        return np.bincount(self.of_ids(ids), minlength=len(self.texts))


_cache: WeakKeyDictionary[DumpReader, dict[str, tuple[_Spellings, Counts]]] = WeakKeyDictionary()


def token_rows(dump: DumpReader, axis: str, spans: Candidates, most: int) -> pd.DataFrame:
    """Return the tokens that say most of some spans, in the columns of ``carry``.

    Args:
        dump: The dump or corpus.
        axis: Name of the axis of the spans.
        spans: The spans.
        most: How many tokens to return of each place.

    Returns:
        Rows whose ``track`` is ``"token here"`` (of all steps of the spans, each counted once), ``"token before"`` or
        ``"token after"`` (of the steps beside them that lie in the same sequence), each place ordered by share x log
        (share / base rate), which favours tokens that are both frequent there and rare elsewhere. No rows where the
        axis has no tokens.
    """
    tokens = dump.axis(axis).tokens
    if tokens is None or not most:
        return pd.DataFrame()
    spellings, corpus = _corpus_counts(dump, axis, tokens)
    counted = _counts(dump.axis(axis), tokens, spellings, spans)
    parts = [_strongest(place, spellings, counts, corpus, most) for place, counts in counted.items()]
    return pd.concat(parts, ignore_index=True)


def _counts(axis: Axis, tokens: Tokens, spellings: _Spellings, spans: Candidates) -> dict[str, Counts]:
    """Return how often each token stands at each place."""
    beside = {place: _different(steps_beside(axis, spans, place)) for place in (BEFORE, AFTER)}
    counts = {place: np.zeros(len(spellings.texts), np.int64) for place in PLACES}
    for first in range(0, len(tokens), BLOCK_STEPS):
        stop = min(first + BLOCK_STEPS, len(tokens))
        ids = tokens.ids[first:stop]
        counts[HERE] += spellings.count(ids[covered_steps(spans, first, stop)])
        for place, steps in beside.items():
            counts[place] += spellings.count(ids[_within(steps, first, stop)])
    return counts


def steps_beside(axis: Axis, spans: Candidates, place: str) -> Steps:
    """Return the step right before each span, or right after it, where that one lies in the same sequence."""
    if place == BEFORE:
        is_inner = spans.start != axis.starts[np.searchsorted(axis.starts, spans.start, side="right") - 1]
        return np.asarray(spans.start[is_inner] - 1)
    following = np.append(axis.starts, axis.n_steps)
    return np.asarray(spans.stop[spans.stop != following[np.searchsorted(following, spans.stop)]])


def _different(steps: Steps) -> Steps:
    """Return each step once, in order; those beside the runs of a unit are so already."""
    return steps if (steps[1:] > steps[:-1]).all() else np.unique(steps)


def order_by_strength(frame: pd.DataFrame) -> pd.DataFrame:
    """Order tokens by share x log (share / base rate); those that stand nowhere there come last, the frequent first."""
    share, base_rate = (frame[name].to_numpy(np.float64) for name in ("share", "base_rate"))
    is_there = frame["n_steps"].to_numpy() > 0
    score = np.where(is_there, share, base_rate)
    score[is_there] *= np.log(share[is_there] / base_rate[is_there])
    return frame.iloc[np.lexsort((-score, ~is_there))]


def _within(steps: Steps, first: int, stop: int) -> Steps:
    """Return the steps that lie in a block, counted from its first."""
    return steps[slice(*np.searchsorted(steps, [first, stop]).tolist())] - first


def _corpus_counts(dump: DumpReader, axis: str, tokens: Tokens) -> tuple[_Spellings, Counts]:
    """Return the spellings, and how often each stands in the whole corpus, counted once for an open dump."""
    known = _cache.setdefault(dump, {})
    if axis not in known:
        blocks = range(0, max(1, len(tokens)), BLOCK_STEPS)
        parts = [np.unique(tokens.ids[first : first + BLOCK_STEPS], return_counts=True) for first in blocks]
        ids, part_counts = (np.concatenate(each) for each in zip(*parts, strict=True))
        spellings = _spellings(tokens, ids)
        known[axis] = spellings, np.bincount(spellings.of_ids(ids), part_counts, len(spellings.texts)).astype(np.int64)
    return known[axis]


def _spellings(tokens: Tokens, ids: NDArray[Any]) -> _Spellings:
    """Return the spellings of the ids that a corpus has."""
    different = np.unique(ids)
    vocab, places = tokens.vocab, dict[str, int]()
    texts = [str(i) if vocab is None else vocab[i] for i in different.tolist()]
    of_different = np.array([places.setdefault(text, len(places)) for text in texts], np.intp)
    by_id = np.zeros(1 + (int(different[-1]) if len(different) else 0), np.intp)
    if len(by_id) > MOST_TABLE:
        return _Spellings(_objects(places), lambda ids: of_different[np.searchsorted(different, ids)])
    by_id[different] = of_different
    return _Spellings(_objects(places), lambda ids: by_id[ids])


def _objects(texts: Iterable[str]) -> NDArray[np.object_]:
    return np.array([*texts, None], object)[:-1]  # with None, NumPy keeps the strings as objects


def _strongest(place: str, spellings: _Spellings, counts: Counts, corpus: Counts, most: int) -> pd.DataFrame:
    some = np.flatnonzero(counts)
    columns = {"value": spellings.texts[some], "n_steps": counts[some], "n_corpus": corpus[some]}
    shares = {"share": counts[some] / counts.sum(), "base_rate": corpus[some] / corpus.sum()}
    strongest = order_by_strength(pd.DataFrame(columns | shares)).head(most)
    return strongest.assign(track=place, low=np.nan, high=np.nan)
