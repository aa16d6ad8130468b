"""Ready-made tracks by name: each is a function of an axis that returns values for ``add_track``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from lstmviz.annotate.of_words import capital, kind_of_character, number, punctuation
from lstmviz.annotate.places import (
    distance_since,
    place_in_sentence,
    place_in_sequence,
    place_in_word,
    sentence_length,
    word_frequency_rank,
)
from lstmviz.annotate.python_code import python_tokens
from lstmviz.annotate.speech import part_of_speech
from lstmviz.annotate.structure import bracket_depth, indentation, inside_quotes
from lstmviz.dump.reader import Axis
from lstmviz.errors import UnknownName

Values = NDArray[Any] | pd.Categorical


@dataclass(frozen=True)
class Ready:
    """A ready-made track: its name, what it says in a line, and the function that makes it.

    ``takes`` is what the name is followed by, such as a token; "" for none.
    """

    name: str
    words: str
    make: Callable[..., Values]
    takes: str = ""


READY = {
    each.name: each
    for each in (
        Ready("kind of character", "letter, digit, punctuation, symbol or space", kind_of_character),
        Ready("capital", "whether the first letter, or all, are capitals", capital),
        Ready("number", "numbers in digits", number),
        Ready("punctuation", "punctuation marks", punctuation),
        Ready("place in word", "tokens since the word began", place_in_word),
        Ready("place in sentence", "tokens since the sentence began", place_in_sentence),
        Ready("place in sequence", "steps since the sequence began", place_in_sequence),
        Ready("sentence length", "tokens of the sentence", sentence_length),
        Ready("word frequency rank", "1 for the most frequent word", word_frequency_rank),
        Ready("bracket depth", "brackets that are open", bracket_depth),
        Ready("inside quotes", "between double quotation marks", inside_quotes),
        Ready("indentation", "spaces that the line begins with", indentation),
        Ready("distance since", "steps since a token stood here", distance_since, "token"),
        Ready("python", "what Python's tokenize says: name, keyword, string, ...", python_tokens),
        Ready("part of speech", "noun, verb, ... of English (needs lstmviz[annotate])", part_of_speech),
    )
}


def ready_values(axis: Axis, ready: str) -> Values:
    """Make a ready-made track by name; one that takes a token has it after a colon, ``distance since: (``.

    Args:
        axis: The axis.
        ready: The name; ``lstmviz track ready`` lists them.

    Returns:
        The values, for ``add_track``.

    Raises:
        UnknownName: There is no such track, or its token is missing.
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.ready_values(dump.first, "distance since: (")[250]
        np.float32(1.0)
    """
    name, colon, rest = ready.partition(":")
    one = READY.get(name.strip())
    if one is None:
        raise UnknownName(f"no ready-made track {ready[:60]!r}; there are {', '.join(READY)}")
    token = rest.removeprefix(" ")
    if bool(one.takes) != bool(colon and token):
        remedy = f"takes a {one.takes}, after a colon: {one.name}: (" if one.takes else "takes nothing after a colon"
        raise UnknownName(f"{one.name!r} {remedy}")
    return one.make(axis, token) if one.takes else one.make(axis)
