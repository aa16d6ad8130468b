"""Make a track from whatever a user gives of it: values, an expression, functions, or a ready-made one's name."""

from __future__ import annotations

from typing import Any

from lstmviz.annotate.by_text import Aligned
from lstmviz.annotate.encode import new_track
from lstmviz.annotate.of_functions import OfSequence, OfToken, sequence_track, token_track
from lstmviz.annotate.of_regex import regex_track
from lstmviz.annotate.ready import ready_values
from lstmviz.dump.change_tracks import NewTrack
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError


def make_track(
    axis: Axis,
    name: str,
    values: Any = None,
    *,
    regex: str | None = None,
    of_token: OfToken | None = None,
    of_sequence: OfSequence | None = None,
    ready: str | None = None,
    rest: str | None,
    made: str = "values",
    is_own: bool = True,
) -> NewTrack:
    """Make a track from the one thing that is given; InputError where none is, or several are.

    ``is_own``: the expression is that of whoever runs this process, not of a visitor.
    """
    given = {"values": values, "regex": regex, "of_token": of_token, "of_sequence": of_sequence, "ready": ready}
    named = [argument for argument, value in given.items() if value is not None]
    if len(named) != 1:
        problem = f"{' and '.join(named)} are given" if named else "nothing is given"
        raise InputError(f"{problem} for track {name!r}; give values, or one of regex, of_token, of_sequence and ready")
    if regex is not None:
        return regex_track(axis, regex, rest, is_own=is_own)
    if of_token is not None:
        return _with_values(token_track(axis, name, of_token), "of_token", "a token, as it is shown")
    if of_sequence is not None:
        return _with_values(sequence_track(axis, name, of_sequence), "of_sequence", "the list of a sequence's tokens")
    if ready is not None:
        return new_track(axis, name, ready_values(axis, ready), f"ready: {ready}", rest)
    if isinstance(values, Aligned):
        return new_track(axis, name, values.values, made if made != "values" else "aligned by text", rest)
    return new_track(axis, name, values, made, rest)


def _with_values(track: NewTrack, argument: str, given: str) -> NewTrack:
    """Return a track; InputError where a function gave no value at all."""
    if not (track.values >= 0 if track.kind == "category" else track.values == track.values).any():
        raise InputError(f"{argument} gives no value anywhere; a function is called with {given}, and returns a label")
    return track
