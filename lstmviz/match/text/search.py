"""Search the corpus text: where a piece of text, or what a regular expression describes, stands in steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.reader import Axis
from lstmviz.errors import DumpError, PatternError
from lstmviz.match.text.regex import Expression

Over = Literal["characters", "words", "tokens"]
"""What a hit of a search consists of."""
BATCH_STEPS = 2**18  # of whole sequences decoded at a time; one longer sequence is decoded whole

Hit = tuple[int, int, int]
Ids = NDArray[Any]
_WORD = re.compile(r"\S+")


def search(axis: Axis, query: str, regex: bool = False, over: Over = "characters") -> pd.DataFrame:
    r"""Find every place where a text occurs on an axis.

    The text of each sequence is its tokens, joined as the axis says. Hits are taken from left to right, do not overlap,
    and lie inside one sequence; a hit covers every token that it touches. An axis without tokens has no hits.

    ``over`` says what a hit consists of:

    - ``"characters"``: any stretch of the text that equals the query or matches the expression, and is not empty;
    - ``"words"``: whole words, separated by spaces: the words of the query one after another, or one word that matches
      the expression from end to end;
    - ``"tokens"``: whole tokens: one that equals the query, or the words of the query one after another, or one that
      matches the expression from end to end.

    A query is case-sensitive if it contains a capital letter; an expression sets this itself (``(?i)``).

    Args:
        axis: The axis, such as ``dump.first``.
        query: What to look for.
        regex: Whether the query is a regular expression. It is stopped after a few seconds.
        over: What a hit consists of.

    Returns:
        One row for each hit: start and stop (steps), sequence.

    Raises:
        PatternError: The query is empty or has no word, or the expression is invalid or takes too long.

    Example:
        >>> match.search(dump.first, r"\(4+\)", regex=True).head(2)
           start  stop  sequence
        0     30    37         0
        1     37    41         0
    """
    if over not in ("characters", "words", "tokens"):
        raise PatternError(f"a search over {over!r} is not known; use 'characters', 'words' or 'tokens'")
    if not query:
        raise PatternError("the search text is empty; give at least one character")
    if over == "words" and not regex and not query.split():
        raise PatternError("the search text has no word, only spaces; search over characters")
    hits = [] if axis.tokens is None else list(_finder(axis.tokens, query, regex, over)(axis, axis.tokens))
    return pd.DataFrame(np.array(hits, np.int64).reshape(-1, 3), columns=["start", "stop", "sequence"])


def _finder(tokens: Tokens, query: str, regex: bool, over: Over) -> Callable[[Axis, Tokens], Iterator[Hit]]:
    """Return what goes through an axis and yields the hits."""
    if over == "tokens" or (over == "words" and _is_words(tokens)):
        whole = [Expression(query) if regex else _literal(re.escape(query), query)]
        parts = whole if regex else [_literal(re.escape(word), query) for word in query.split()]
        return lambda axis, tokens: _token_hits(axis, tokens, whole, parts)
    if regex and over == "words":
        words = _Known(Expression(query))
        return lambda axis, tokens: _text_hits(axis, tokens, words.spans, None)
    if regex:
        spans = Expression(query).spans
        return lambda axis, tokens: _text_hits(axis, tokens, spans, None)
    bare = query.split()[0] if over == "words" else query
    quick = _literal(re.escape(bare), query)
    pattern = _literal(_whole_words(query), query) if over == "words" else quick
    return lambda axis, tokens: _text_hits(axis, tokens, lambda text: [m.span() for m in pattern.finditer(text)], quick)


def _literal(source: str, query: str) -> re.Pattern[str]:
    return re.compile(source, 0 if query != query.lower() else re.IGNORECASE)


def _whole_words(query: str) -> str:
    """Return an expression for the query's words with nothing but space around each; it begins with a literal."""
    first, *rest = map(re.escape, query.split())
    return rf"{first}(?<!\S{first})" + "".join(rf"\s+{word}" for word in rest) + r"(?!\S)"


class _Known:
    """The words of a text that an expression matches from end to end; each different word is decided once."""

    def __init__(self, expression: Expression) -> None:
        self._expression, self._known = expression, dict[str, bool]()

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        for word in set(text.split()) - self._known.keys():
            self._known[word] = bool(self._expression.fullmatch(word))
        if any(self._known[word] for word in set(text.split())):
            yield from (hit.span() for hit in _WORD.finditer(text) if self._known[hit[0]])


def _is_words(tokens: Tokens) -> bool:
    """Tell whether each token is one word of the text and each word one token."""
    vocab = tokens.vocab
    return tokens.join.isspace() and (vocab is None or all(entry.split() == [entry] for entry in vocab))


def _batches(axis: Axis, tokens: Tokens) -> Iterator[tuple[int, int, Ids]]:
    """Yield (first sequence, the one after the last, token ids) of whole sequences, in order."""
    first = 0
    while first < len(axis.starts):
        begin = int(axis.starts[first])
        after = max(first + 1, int(np.searchsorted(axis.stops, begin + BATCH_STEPS, side="right")))
        yield first, after, tokens.ids[begin : int(axis.stops[after - 1])]
        first = after


def _text_hits(
    axis: Axis,
    tokens: Tokens,
    spans: Callable[[str], Iterable[tuple[int, int]]],
    quick: re.Pattern[str] | None,
) -> Iterator[Hit]:
    """Yield the steps of each stretch of a sequence's text; ``quick`` rules out a whole batch of them at once."""
    decode = _decoder(tokens)
    for first, after, ids in _batches(axis, tokens):
        words, base = decode(ids), int(axis.starts[first])
        if quick and after - first > 1 and not quick.search(axis.join.join(words)):
            continue
        edges = zip(axis.starts[first:after].tolist(), axis.stops[first:after].tolist(), strict=True)
        for sequence, (start, stop) in enumerate(edges, first):
            some = words[start - base : stop - base]
            found = np.array(list(spans(axis.join.join(some))), np.int64).reshape(-1, 2)
            yield from _in_steps(found, some, len(axis.join), start, sequence) if len(found) else ()


def _in_steps(found: NDArray[np.int64], words: list[str], n_join: int, start: int, sequence: int) -> Iterator[Hit]:
    """Turn stretches of a sequence's text into the tokens that they touch."""
    begins = np.zeros(len(words), np.int64)
    np.cumsum([len(word) + n_join for word in words[:-1]], out=begins[1:])
    first = np.searchsorted(begins, found[:, 0], side="right") - 1
    last = np.maximum(np.searchsorted(begins, found[:, 1] - 1, side="right"), first + 1)
    for a, b in zip((start + first).tolist(), (start + last).tolist(), strict=True):
        yield a, b, sequence


def _token_hits(axis: Axis, tokens: Tokens, whole: list[Any], parts: list[Any]) -> Iterator[Hit]:
    """Yield every place where one token fits ``whole``, or tokens one after another fit ``parts``."""
    chosen: dict[Any, Callable[[Ids], NDArray[np.bool_]]] = {}
    for entry in [*whole, *parts]:
        chosen[entry] = chosen.get(entry) or _chooser(tokens, entry)
    for first, after, ids in _batches(axis, tokens):
        base, borders = int(axis.starts[first]), axis.stops[first:after]
        spans: list[tuple[int, int]] = []
        for wanted in [whole] if len(parts) == 1 else [whole, parts]:
            fits = np.ones(max(0, len(ids) - len(wanted) + 1), np.bool_)
            for i, entry in enumerate(wanted):
                fits &= chosen[entry](ids)[i : i + len(fits)]
            starts = base + np.flatnonzero(fits) if wanted else np.zeros(0, np.int64)
            is_inside = starts + len(wanted) <= borders[np.searchsorted(borders, starts, side="right")]
            spans += [(a, a + len(wanted)) for a in starts[is_inside].tolist()]
        done = base
        for start, stop in sorted(spans):
            if start >= done:
                done = stop
                yield start, stop, first + int(np.searchsorted(borders, start, side="right"))


def _chooser(tokens: Tokens, entry: Any) -> Callable[[Ids], NDArray[np.bool_]]:
    """Return what tells which ids are tokens that an expression matches from end to end, decided once per entry."""
    if tokens.vocab is None:
        known: dict[int, bool] = {}

        def choose(ids: Ids) -> NDArray[np.bool_]:
            different, place = np.unique(ids, return_inverse=True)
            for token_id in different.tolist():
                if token_id not in known:
                    known[token_id] = bool(entry.fullmatch(str(token_id)))
            return np.array([known[i] for i in different.tolist()], np.bool_)[place]

        return choose
    table = np.array([bool(entry.fullmatch(word)) for word in tokens.vocab], np.bool_)
    return lambda ids: table[_checked(tokens, ids)]


def _decoder(tokens: Tokens) -> Callable[[Ids], list[str]]:
    if tokens.vocab is None:
        return lambda ids: list(map(str, ids.tolist()))
    table = np.array([*tokens.vocab, None], object)[:-1]  # None: an array of objects, whatever the strings are
    return lambda ids: table[_checked(tokens, ids)].tolist()


def _checked(tokens: Tokens, ids: Ids) -> Ids:
    n_entries = len(tokens.vocab or ())
    if len(ids) and int(ids.max()) >= n_entries:
        raise DumpError(f"token id {ids.max()} is outside the vocabulary of {n_entries} entries; write the dump again")
    return ids
