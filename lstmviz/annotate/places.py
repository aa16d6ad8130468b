"""Where each token stands: in its word, sentence and sequence, since another token, and among the frequent words.

A word is a stretch of text without a space. A sentence ends at ``.``, ``!``, ``?`` or ``…`` before a space, at such a
mark of Chinese or Japanese, and at a blank line: "Mr. Smith" is cut, for nothing here knows a language.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.annotate.texts import Part, each_part, lengths_of, parts, since
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError


def place_in_word(axis: Axis) -> NDArray[Any]:
    """Count the tokens of its word before each token.

    Args:
        axis: The axis.

    Returns:
        A number for each step, from 0; NaN at spaces.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.place_in_word(dump.first)[:3].tolist()
        [0.0, 1.0, 2.0]
    """

    def places(part: Part) -> NDArray[Any]:
        return np.where(part.is_blank, np.nan, since(part.word_starts | part.sequence_starts)).astype(np.float32)

    return each_part(axis, places)


def place_in_sentence(axis: Axis) -> NDArray[Any]:
    """Count the tokens of its sentence before each token.

    Args:
        axis: The axis.

    Returns:
        A number for each step, from 0.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.place_in_sentence(dump.first)[:3].tolist()
        [0, 1, 2]
    """
    return each_part(axis, lambda part: since(part.sentence_starts).astype(np.int32))


def sentence_length(axis: Axis) -> NDArray[Any]:
    """Count the tokens of the sentence that each token is in.

    Args:
        axis: The axis.

    Returns:
        A number for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> int(lstmviz.annotate.sentence_length(dump.first)[0])
        200
    """
    return each_part(axis, lambda part: lengths_of(part.sentence_starts).astype(np.int32))


def place_in_sequence(axis: Axis) -> NDArray[Any]:
    """Count the steps of its sequence before each step.

    Args:
        axis: The axis, with tokens or without.

    Returns:
        A number for each step, from 0.

    Example:
        >>> lstmviz.annotate.place_in_sequence(dump.first)[199:201].tolist()
        [199, 0]
    """
    lengths = axis.stops - axis.starts
    return (np.arange(axis.n_steps) - np.repeat(axis.starts, lengths)).astype(np.int32)


def word_frequency_rank(axis: Axis) -> NDArray[Any]:
    """Rank the words of the text by how often they occur, 1 for the most frequent; each token has its word's rank.

    Args:
        axis: The axis.

    Returns:
        A number for each step; NaN at spaces. Words are counted without their capitals and the marks around them.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> float(lstmviz.annotate.word_frequency_rank(dump.first)[0])
        1.0
    """
    counts: Counter[str] = Counter()
    words_of: list[tuple[Part, NDArray[np.int64], list[str]]] = []
    for part in parts(axis):
        words_of.append((part, *_words(part)))
        counts.update(words_of[-1][2])
    rank = {word: i for i, (word, _) in enumerate(counts.most_common(), 1)}
    values = np.full(axis.n_steps, np.nan, np.float32)
    for part, starts, words in words_of:
        if not words:
            continue
        here = np.searchsorted(starts, np.arange(len(part)), side="right") - 1
        ranks = np.array([rank[word] for word in words], np.float32)
        is_word = (here >= 0) & ~part.is_blank
        values[part.begin : part.begin + len(part)] = np.where(is_word, ranks[np.maximum(here, 0)], np.nan)
    return values


def distance_since(axis: Axis, token: str) -> NDArray[Any]:
    """Count the steps since a token last stood in the sequence.

    Args:
        axis: The axis.
        token: The token, as it is shown or without the spaces around it.

    Returns:
        A number for each step, 0 at the token itself; NaN before the first one of a sequence.

    Raises:
        InputError: The axis has no tokens, or not this one.

    Example:
        >>> lstmviz.annotate.distance_since(dump.first, "(")[249:252].tolist()
        [0.0, 1.0, 2.0]
    """
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens")
    ids = axis.tokens.as_written.ids[:]
    vocab = axis.tokens.as_written.vocab
    words = [str(i) for i in range(int(ids.max()) + 1)] if vocab is None else vocab
    is_token = np.array([word == token or word.strip() == token for word in words], np.bool_)
    if not is_token.any():
        raise InputError(f"no token {token[:40]!r} on axis {axis.name!r}; its tokens are such as {words[0]!r}")
    places = np.arange(axis.n_steps)
    last = np.maximum.accumulate(np.where(is_token[ids], places, -1))
    start = np.repeat(axis.starts, axis.stops - axis.starts)
    return np.where(last >= start, places - last, np.nan).astype(np.float32)


def _words(part: Part) -> tuple[NDArray[np.int64], list[str]]:
    """Return the tokens at which the words of a text begin, and the words without capitals and marks around them."""
    starts = np.flatnonzero(part.word_starts)
    stops = np.append(starts[1:], len(part))
    borders = np.searchsorted(part.firsts, starts, side="right")
    ends = np.append(part.firsts, len(part))[borders]
    last = np.minimum(stops, ends) - 1
    spans = zip(part.begins[starts].tolist(), part.ends[last].tolist(), strict=True)
    return starts, [_bare(part.text[a:b]) for a, b in spans]


def _bare(text: str) -> str:
    word = text.strip().lower()
    inner = word.strip("\"'()[]{}.,;:!?…“”‘’«»-–—_*")
    return inner or word
