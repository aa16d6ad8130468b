"""Search the text of a corpus: the steps at which a text occurs or a regular expression matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.joining import is_unknown
from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.reader import Axis
from lstmviz.errors import Cancelled, DumpError, PatternError
from lstmviz.match.text.literal import Literal
from lstmviz.match.text.regex import Expression
from lstmviz.match.text.texts import SearchText, TokenTexts, composed
from lstmviz.system.asked import look
from lstmviz.types import Over

BATCH_STEPS = 2**18  # of whole sequences, decoded at a time; a longer sequence is decoded at once

MAX_QUERY = 10_000  # characters of a search text

Hits = NDArray[np.int64]  # a row for each: start and stop (steps), sequence
Ids = NDArray[Any]
Cancel = Callable[[], bool] | None
_WORD = re.compile(r"\S+")


def search(
    axis: Axis,
    query: str,
    regex: bool = False,
    over: Over = "characters",
    cancel: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    r"""Find every place where a text occurs on an axis.

    The text of each sequence is its tokens, joined as the axis says. Hits are taken from left to right, do not overlap,
    and lie inside one sequence; a hit covers every token that it touches. An axis without tokens has no hits.

    ``over`` says what a hit consists of:

    - ``"characters"``: any stretch of the text that equals the query or matches the expression, and is not empty;
    - ``"words"``: whole words, separated by spaces: the words of the query one after another, or one word that matches
      the expression from end to end;
    - ``"tokens"``: whole tokens: one that equals the query, or the words of the query one after another, or one that
      matches the expression from end to end.

    A query is case-sensitive if it contains a capital letter; an expression sets this itself (``(?i)``). Composed and
    decomposed letters are the same ("é" as one character, or as an e and an accent). Pieces of words add to the text
    what their spelling says, so a word is found whatever pieces the model read it in. A special token ends a word. The
    name of the unknown token, such as ``<unk>``, finds the words that the model read as this token.

    Args:
        axis: The axis, such as ``dump.first``.
        query: What to look for.
        regex: Whether the query is a regular expression. It is stopped after a few seconds.
        over: What a hit consists of.
        cancel: Asked now and then; once it says True, the search ends.

    Returns:
        One row for each hit: start and stop (steps), sequence.

    Raises:
        PatternError: The query is empty or has no word, or the expression is invalid or takes too long.
        Cancelled: ``cancel`` said True.

    Example:
        >>> match.search(dump.first, r"\(4+\)", regex=True).head(2)
           start  stop  sequence
        0     30    37         0
        1     37    41         0
    """
    if over not in ("characters", "words", "tokens"):
        raise PatternError(f"a search over {over!r} is not known; use 'characters', 'words' or 'tokens'")
    if not isinstance(query, str):
        raise PatternError(f"the search text is {short_repr(query)}, not a string; give the text to look for")
    if not query:
        raise PatternError("the search text is empty; give at least one character")
    if over == "words" and not regex and not query.split():
        raise PatternError("the search text has no word, only spaces; search over characters")
    if len(query) > MAX_QUERY:
        raise PatternError(f"the search text has {len(query):,} characters; give at most {MAX_QUERY:,}")
    query = composed(query)
    hits = [np.zeros((0, 3), np.int64)]
    if axis.tokens is not None:
        tokens = axis.tokens if not regex and is_unknown(query) else axis.tokens.as_written
        hits += _finder(tokens, query, regex, over)(axis, tokens, cancel)
    return pd.DataFrame(np.concatenate(hits), columns=["start", "stop", "sequence"])


def _finder(tokens: Tokens, query: str, regex: bool, over: Over) -> Callable[[Axis, Tokens, Cancel], Iterator[Hits]]:
    """Return the function that yields the hits on an axis."""
    is_exact = query != query.lower()
    if over == "tokens" or (over == "words" and _is_words(tokens)):
        whole = [Expression(query) if regex else Literal(query, is_exact=is_exact)]
        words = whole if regex else [Literal(word, is_exact=is_exact) for word in query.split()]
        return lambda axis, tokens, cancel: _token_hits(axis, tokens, cancel, whole, words)
    texts = TokenTexts(tokens, are_apart=over == "words")
    if regex and over == "words":
        matching_words = _MatchingWords(Expression(query))
        return lambda axis, tokens, cancel: _text_hits(axis, tokens, cancel, texts, matching_words.spans, None)
    if regex:
        spans = Expression(query).spans
        return lambda axis, tokens, cancel: _text_hits(axis, tokens, cancel, texts, spans, None)
    first = query.split()[0] if over == "words" else query
    prefilter = Literal(first, is_exact=is_exact)
    pattern = Literal(query, is_exact=is_exact, are_words=True) if over == "words" else prefilter
    return lambda axis, tokens, cancel: _text_hits(axis, tokens, cancel, texts, pattern.spans, prefilter)


class _MatchingWords:
    """The words of texts that an expression matches as a whole; each different word is tested once."""

    def __init__(self, expression: Expression) -> None:
        self._expression, self._is_match = expression, dict[str, bool]()

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        for word in set(text.split()) - self._is_match.keys():
            self._is_match[word] = bool(self._expression.fullmatch(word))
        if any(self._is_match[word] for word in set(text.split())):
            yield from (hit.span() for hit in _WORD.finditer(text) if self._is_match[hit[0]])


def _is_words(tokens: Tokens) -> bool:
    """Tell whether each token is one word of the text and each word one token."""
    vocab = tokens.vocab
    return (
        not tokens.pieces
        and tokens.join.isspace()
        and (vocab is None or all(entry.split() == [entry] for entry in vocab))
    )


def batches(axis: Axis, tokens: Tokens, cancel: Cancel = None) -> Iterator[tuple[int, int, Ids]]:
    """Yield (first sequence, the one after the last, token ids) of batches of whole sequences, in order.

    Raises Cancelled once ``cancel`` says True.
    """
    first = 0
    while first < len(axis.starts):
        if cancel is not None and cancel():
            raise Cancelled("the search was cancelled; search again")
        begin = int(axis.starts[first])
        after = max(first + 1, int(np.searchsorted(axis.stops, begin + BATCH_STEPS, side="right")))
        yield first, after, tokens.ids[begin : int(axis.stops[after - 1])]
        first = after


def _text_hits(
    axis: Axis,
    tokens: Tokens,
    cancel: Cancel,
    texts: TokenTexts,
    spans: Callable[[str], Iterable[tuple[int, int]]],
    prefilter: Literal | None,
) -> Iterator[Hits]:
    """Yield the steps of the hits in the sequences' texts; those that ``prefilter`` rules out are skipped."""
    sequence = 0
    for step, text, edges in sequence_texts(axis, tokens, texts, cancel):
        if prefilter is None or len(edges) == 1 or prefilter.is_in(text.text):
            yield np.add(_hits_inside(text, edges, spans), (step, step, sequence))
        sequence += len(edges)


def sequence_texts(
    axis: Axis, tokens: Tokens, texts: TokenTexts, cancel: Cancel = None
) -> Iterator[tuple[int, SearchText, list[tuple[int, int]]]]:
    """Yield (first step, text, where its sequences lie in it), of many sequences where letters stay as they are.

    Elsewhere of one sequence at a time: letters that change are composed inside a sequence, never across its border.
    Raises Cancelled once ``cancel`` says True, DumpError for an id that is not in the vocabulary.
    """
    for first, after, ids in batches(axis, tokens, cancel):
        _check_ids(tokens, ids)
        base = int(axis.starts[first])
        starts, stops = axis.starts[first:after] - base, axis.stops[first:after] - base
        whole = texts.unchanged(ids)
        if whole is not None:
            ends = whole.ends[stops - 1] - len(tokens.join)
            yield base, whole, list(zip(whole.begins[starts].tolist(), ends.tolist(), strict=True))
            continue
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            here = texts.of(ids[start:stop])
            yield base + start, here, [(0, len(here.text))]


def _hits_inside(
    text: SearchText, edges: Iterable[tuple[int, int]], spans: Callable[[str], Iterable[tuple[int, int]]]
) -> Hits:
    """Return the tokens of each hit in a text that lies between two edges, and the number of these edges.

    NumPy looks for the tokens of all hits at once: it lets other threads run, and a busy server waits for each call.
    """
    hits_by_part: list[Hits] = []
    for k, (begin, end) in enumerate(edges):
        look()
        hits = np.fromiter(chain.from_iterable(spans(text.text[begin:end])), np.int64).reshape(-1, 2)
        if len(hits):
            hits_by_part.append(np.insert(hits + begin, 2, k, axis=1))
    places = np.concatenate(hits_by_part or [np.zeros((0, 3), np.int64)])
    places[:, 0], places[:, 1] = text.steps_at(places[:, :2])
    return places


def _token_hits(axis: Axis, tokens: Tokens, cancel: Cancel, whole: list[Any], words: list[Any]) -> Iterator[Hits]:
    """Yield the places where one token matches ``whole``, or tokens in a row match ``words``."""
    matchers: dict[Any, Callable[[Ids], NDArray[np.bool_]]] = {}
    for pattern in [*whole, *words]:
        matchers[pattern] = matchers.get(pattern) or token_matcher(tokens, _is_token(pattern, tokens))
    for first, after, ids in batches(axis, tokens, cancel):
        base, borders = int(axis.starts[first]), axis.stops[first:after]
        spans: list[tuple[int, int]] = []
        for patterns in [whole] if len(words) == 1 else [whole, words]:
            is_hit = np.ones(max(0, len(ids) - len(patterns) + 1), np.bool_)
            for i, pattern in enumerate(patterns):
                is_hit &= matchers[pattern](ids)[i : i + len(is_hit)]
                if not is_hit.any():
                    break
            starts = base + np.flatnonzero(is_hit) if patterns else np.zeros(0, np.int64)
            is_inside = starts + len(patterns) <= borders[np.searchsorted(borders, starts, side="right")]
            spans += [(a, a + len(patterns)) for a in starts[is_inside].tolist()]
        disjoint: list[tuple[int, int]] = []
        for start, stop in sorted(spans):
            if not disjoint or start >= disjoint[-1][1]:
                disjoint.append((start, stop))
        bounds = np.array(disjoint, np.int64).reshape(-1, 2)
        yield np.column_stack([bounds, first + np.searchsorted(borders, bounds[:, 0], side="right")])


def _is_token(pattern: Any, tokens: Tokens) -> Callable[[str], bool]:
    """Return a function that tells whether a token matches; a piece may do so without the space it brings along."""
    if not tokens.pieces:
        return lambda token: bool(pattern.fullmatch(composed(token)))
    return lambda token: any(pattern.fullmatch(form) for form in {composed(token), composed(token.strip(" "))})


def token_matcher(tokens: Tokens, is_wanted: Callable[[str], object]) -> Callable[[Ids], NDArray[np.bool_]]:
    """Return a function that tells which ids are of tokens that are wanted; each is tested once."""
    if tokens.vocab is None:
        known: dict[int, bool] = {}

        def matches(ids: Ids) -> NDArray[np.bool_]:
            different, place = np.unique(ids, return_inverse=True)
            for token_id in different.tolist():
                if token_id not in known:
                    known[token_id] = bool(is_wanted(str(token_id)))
            return np.array([known[i] for i in different.tolist()], np.bool_)[place]

        return matches
    table = np.array([bool(is_wanted(word)) for word in tokens.vocab], np.bool_)
    return lambda ids: table[_check_ids(tokens, ids)]


def _check_ids(tokens: Tokens, ids: Ids) -> Ids:
    n_entries = len(tokens.vocab or ())
    if tokens.vocab is not None and len(ids) and int(ids.max()) >= n_entries:
        raise DumpError(f"token id {ids.max()} is outside the vocabulary of {n_entries} entries; write the dump again")
    return ids
