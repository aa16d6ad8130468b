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
from lstmviz.types import Filter

BLOCK_STEPS = 2**20  # of a track, read at a time


def allowed_steps(dump: DumpReader, axis: Axis, filters: Sequence[Filter]) -> NDArray[np.bool_] | None:
    """Return which steps of an axis, shape (n_steps,), all filters allow; None if there is no filter.

    A step without a value (NaN, or a category without a label) is never allowed. Raises what ``check_filters`` raises.
    """
    tracks = check_filters(dump, axis, filters)
    if not tracks:
        return None
    allowed = np.ones(axis.n_steps, np.bool_)
    for track, condition in zip(tracks, filters, strict=True):
        for start in range(0, axis.n_steps, BLOCK_STEPS):
            values = track[start : start + BLOCK_STEPS]
            allowed[start : start + len(values)] &= _allows(track, condition, values)
    return allowed


def check_filters(dump: DumpReader, axis: Axis, filters: Sequence[Filter]) -> list[Track]:
    """Return the track of each filter, in order.

    Raises UnknownName for a track that is not on the axis or a label that the track does not have, PatternError for
    labels on a track of numbers or a range on a track of labels.
    """
    return [_track(dump, axis, condition) for condition in filters]


def _track(dump: DumpReader, axis: Axis, condition: Filter) -> Track:
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
    return track


def _allows(track: Track, condition: Filter, values: NDArray[Any]) -> NDArray[np.bool_]:
    if condition.labels:
        codes = [i for i, label in enumerate(track.labels) if label in condition.labels]
        return np.isin(values, codes)
    # Exactly: integers are compared with integers, and floats as float64.
    low, high = condition.low, condition.high
    is_in: NDArray[np.bool_] = np.ones(len(values), np.bool_)
    if values.dtype.kind == "f":
        values = values.astype(np.float64, copy=False)
        is_in = ~np.isnan(values)
    else:
        low = None if low is None else math.ceil(low)
        high = None if high is None else math.floor(high)
    if low is not None:
        is_in &= values >= low
    if high is not None:
        is_in &= values <= high
    return is_in


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label[:40]) for label in labels[:12]) or "no labels"
    return shown + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
