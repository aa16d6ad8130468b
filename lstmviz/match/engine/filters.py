"""Filters: the steps that a pattern's filters allow, and what is wrong with a filter that does not fit a dump."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.engine.threshold import compare
from lstmviz.match.text.regex import Expression
from lstmviz.match.text.search import search, token_matcher
from lstmviz.types import Filter

Mask = NDArray[np.bool_]

BLOCK_STEPS = 2**20  # of a track, read at a time


def allowed_steps(dump: DumpReader, axis: Axis, filters: Sequence[Filter]) -> Mask | None:
    """Return which steps of an axis, shape (n_steps,), all filters allow; None if there is no filter.

    A step without a value (NaN, or a category without a label) is never allowed. Raises what ``check_filters`` raises.
    """
    check_filters(dump, axis, filters)
    if not filters:
        return None
    allowed = np.ones(axis.n_steps, np.bool_)
    for condition in filters:
        if not condition.track:
            allowed &= _allowed_tokens(axis, condition)
            continue
        track = axis.tracks[condition.track]
        for start in range(0, axis.n_steps, BLOCK_STEPS):
            values = track[start : start + BLOCK_STEPS]
            allowed[start : start + len(values)] &= _allows(track, condition, values)
    return allowed


def check_filters(dump: DumpReader, axis: Axis, filters: Sequence[Filter]) -> None:
    """Check that filters fit an axis of a dump.

    Raises UnknownName for a track that is not on the axis or a label that the track does not have, PatternError for
    labels on a track of numbers, a range on a track of labels, tokens on an axis without any, or an invalid expression.
    """
    for condition in filters:
        if condition.track:
            _check_track(dump, axis, condition)
        elif axis.tokens is None:
            raise PatternError(f"axis {axis.name!r} of {dump.path.name} has no tokens; filter it by a track")
        elif condition.expression:
            Expression(condition.expression)


def _check_track(dump: DumpReader, axis: Axis, condition: Filter) -> None:
    if condition.track not in axis.tracks:
        known = ", ".join(axis.tracks) or "none"
        raise UnknownName(f"no track {condition.track!r} on axis {axis.name!r} of {dump.path.name}; it has {known}")
    track = axis.tracks[condition.track]
    if track.info.kind == "number" and condition.labels:
        raise PatternError(f"track {condition.track!r} holds numbers, not labels; filter it by a range, low to high")
    if track.info.kind == "category" and not condition.labels:
        raise PatternError(f"track {condition.track!r} holds labels, not numbers; filter it by {_some(track.labels)}")
    unknown = [label for label in condition.labels if label not in track.labels]
    if unknown:
        raise UnknownName(f"track {condition.track!r} has no label {unknown[0]!r}; it has {_some(track.labels)}")


def _allowed_tokens(axis: Axis, condition: Filter) -> Mask:
    """Return the steps, shape (n_steps,), at which a filter on the tokens of an axis allows the token."""
    tokens, allowed = axis.tokens, np.zeros(axis.n_steps, np.bool_)
    if tokens is None:
        return allowed
    if condition.expression and condition.over != "tokens":
        hits = search(axis, condition.expression, True, condition.over)
        for start, stop in zip(hits["start"].tolist(), hits["stop"].tolist(), strict=True):
            allowed[start:stop] = True
        return allowed
    expression = Expression(condition.expression) if condition.expression else None
    is_wanted = set(condition.labels).__contains__ if expression is None else expression.fullmatch
    for here in dict.fromkeys((tokens, tokens.as_written)):  # as the model read them, and as they stand in the text
        matches = token_matcher(here, is_wanted)
        for first in range(0, axis.n_steps, BLOCK_STEPS):
            block = slice(first, first + BLOCK_STEPS)
            allowed[block] |= matches(here.ids[block])
    return allowed


def _allows(track: Track, condition: Filter, values: NDArray[Any]) -> Mask:
    if condition.labels:
        codes = [i for i, label in enumerate(track.labels) if label in condition.labels]
        return np.isin(values, codes)
    # Exactly: integers are compared with integers, and floats as float64.
    low, high = condition.low, condition.high
    is_in: Mask = np.ones(len(values), np.bool_)
    if values.dtype.kind == "f":
        return _in_range(values, low, high)
    if low is not None:
        is_in &= values >= math.ceil(low)
    if high is not None:
        is_in &= values <= math.floor(high)
    return is_in


def _in_range(values: NDArray[Any], low: float | None, high: float | None) -> Mask:
    is_in: Mask = ~np.isnan(values)
    if low is not None:
        is_in &= compare(values, low, "high")
    if high is not None:
        is_in &= compare(values, high, "low")
    return is_in


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label[:40]) for label in labels[:12]) or "no labels"
    return shown + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
