"""Labels by a function, or a mapping, of each token of the vocabulary or of each sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lstmviz.annotate.encode import encoded, new_track, of_codes
from lstmviz.checks import short_repr
from lstmviz.dump.change_tracks import NewTrack
from lstmviz.dump.reader import Axis
from lstmviz.dump.validate import read_sequence_track, read_track
from lstmviz.errors import InputError, reason_with_class

BLOCK_STEPS = 2**20

OfToken = Callable[[str], Any] | Mapping[str, Any]
"""A function from a token, as it is shown, to its label or number (None: no value); or a mapping."""
OfSequence = Callable[[list[str]], Any] | Mapping[int, Any]
"""A function from the tokens of a sequence to a label or number, or to one for each; or a mapping from its number."""


def token_track(axis: Axis, name: str, of_token: OfToken) -> NewTrack:
    """Make a track of a function of the token at each step; each token of the vocabulary is looked at once."""
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens; give values, or a function of each sequence")
    tokens = axis.tokens.as_written
    blocks = [slice(first, first + BLOCK_STEPS) for first in range(0, axis.n_steps, BLOCK_STEPS)]
    vocab = tokens.vocab
    if vocab is None:
        used = np.unique(np.concatenate([np.unique(tokens.ids[block]) for block in blocks]))
        words = [str(i) for i in used.tolist()]
    else:
        used, words = np.arange(len(vocab)), list(vocab)
    if isinstance(of_token, Mapping):
        if not any(word in of_token for word in words):
            raise InputError(f"of_token has none of the tokens of axis {axis.name!r}; they are such as {words[0]!r}")
        given = [of_token.get(word) for word in words]
    else:
        given = [_called(of_token, word, f"of_token of {short_repr(word)}") for word in words]
    rows = encoded(axis, read_track(name, given, (len(words),)), made=f"of each token by {_called_as(of_token)}")
    values = np.concatenate([rows.values[np.searchsorted(used, tokens.ids[block])] for block in blocks])
    if rows.kind == "category":
        return of_codes(axis, rows.labels, values, rows.made)
    return NewTrack(axis.name, "number", "step", (), values, rows.made)


def sequence_track(axis: Axis, name: str, of_sequence: OfSequence) -> NewTrack:
    """Make a track of a function of each sequence's tokens, which gives one value for all of it, or one a token."""
    made = f"of each sequence by {_called_as(of_sequence)}"
    n_sequences = len(axis.starts)
    if isinstance(of_sequence, Mapping):
        bad_key = next((key for key in of_sequence if not isinstance(key, int) or not 0 <= key < n_sequences), None)
        if bad_key is not None:
            raise InputError(
                f"of_sequence has the key {short_repr(bad_key)}; sequences are numbered 0 to {n_sequences - 1}"
            )
        by_number = [of_sequence.get(i) for i in range(n_sequences)]
        return encoded(axis, read_sequence_track(name, by_number, n_sequences), made, is_per_sequence=True)
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens to give to of_sequence; give a mapping, or values")
    given: list[Any] = []
    for i, (start, stop) in enumerate(zip(axis.starts.tolist(), axis.stops.tolist(), strict=True)):
        given.append(_called(of_sequence, axis.tokens[start:stop], f"of_sequence of sequence {i}"))
    are_rows = [isinstance(value, (list, tuple, np.ndarray)) for value in given]
    if all(are_rows):
        return new_track(axis, name, [np.asarray(value).tolist() for value in given], made)
    if any(are_rows):
        raise InputError("of_sequence gives one value for some sequences and one a token for others; give all alike")
    return encoded(axis, read_sequence_track(name, given, n_sequences), made, is_per_sequence=True)


def _called(function: Callable[[Any], Any], argument: Any, where: str) -> Any:
    try:
        return function(argument)
    except Exception as err:
        reason = reason_with_class(err)
        raise InputError(f"{where} failed ({reason})") from err


def _called_as(function: Any) -> str:
    return "a mapping" if isinstance(function, Mapping) else getattr(function, "__name__", type(function).__name__)
