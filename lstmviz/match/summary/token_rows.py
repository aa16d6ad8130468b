"""Which tokens stand at the steps of a pattern's matches, before them and after them, beside the whole corpus."""

from __future__ import annotations

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

Counts: TypeAlias = "pd.Series[Any]"  # how often each token stands somewhere, by what it is shown as or by its id
_cache: WeakKeyDictionary[DumpReader, dict[str, Counts]] = WeakKeyDictionary()


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
    corpus = _corpus_counts(dump, axis, tokens)
    parts = [_strongest(place, counts, corpus, most) for place, counts in _counts(dump, axis, tokens, spans)]
    return pd.concat(parts, ignore_index=True)


def _counts(dump: DumpReader, axis: str, tokens: Tokens, spans: Candidates) -> list[tuple[str, Counts]]:
    """Return how often each token stands at each place."""
    beside = {place: np.unique(steps_beside(dump.axis(axis), spans, place)) for place in (BEFORE, AFTER)}
    counted: dict[str, list[Counts]] = {HERE: [], BEFORE: [], AFTER: []}
    for first in range(0, len(tokens), BLOCK_STEPS):
        stop = min(first + BLOCK_STEPS, len(tokens))
        ids = tokens.ids[first:stop]
        counted[HERE].append(_count(ids[covered_steps(spans, first, stop)]))
        for place, steps in beside.items():
            counted[place].append(_count(ids[_within(steps, first, stop)]))
    return [(place, _spelled(_added(parts), tokens)) for place, parts in counted.items()]


def steps_beside(axis: Axis, spans: Candidates, place: str) -> Steps:
    """Return the step right before each span, or right after it, where that one lies in the same sequence."""
    if place == BEFORE:
        is_inner = spans.start != axis.starts[np.searchsorted(axis.starts, spans.start, side="right") - 1]
        return np.asarray(spans.start[is_inner] - 1)
    following = np.append(axis.starts, axis.n_steps)
    return np.asarray(spans.stop[spans.stop != following[np.searchsorted(following, spans.stop)]])


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


def _corpus_counts(dump: DumpReader, axis: str, tokens: Tokens) -> Counts:
    """Return how often each token stands in the whole corpus, counted once for an open dump."""
    known = _cache.setdefault(dump, {})
    if axis not in known:
        blocks = range(0, len(tokens), BLOCK_STEPS)
        known[axis] = _spelled(_added([_count(tokens.ids[first : first + BLOCK_STEPS]) for first in blocks]), tokens)
    return known[axis]


def _count(ids: NDArray[Any]) -> Counts:
    values, counts = np.unique(ids, return_counts=True)
    return pd.Series(counts, index=values)


def _added(parts: list[Counts]) -> Counts:
    return pd.concat(parts).groupby(level=0).sum()


def _spelled(counts: Counts, tokens: Tokens) -> Counts:
    """Count by what is shown: two ids may be shown alike."""
    vocab = tokens.vocab
    names = [str(i) if vocab is None else vocab[i] for i in counts.index.tolist()]
    return counts.groupby(np.array(names, dtype=object), sort=False).sum()


def _strongest(place: str, counts: Counts, corpus: Counts, most: int) -> pd.DataFrame:
    frame = pd.DataFrame({"n_steps": counts, "n_corpus": corpus.loc[counts.index]})
    frame = frame.assign(share=counts / counts.sum(), base_rate=frame["n_corpus"] / corpus.sum())
    strongest = order_by_strength(frame).head(most)
    return strongest.rename_axis("value").reset_index().assign(track=place, low=np.nan, high=np.nan)
