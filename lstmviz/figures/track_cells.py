"""A track's values where the page shows them: over the token they concern, in one colour for a value everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis
from lstmviz.dump.track_range import track_range
from lstmviz.figures.strips import Strip, axis_track, coloured_strip
from lstmviz.figures.theme import Theme, colour_scale
from lstmviz.types import Window

SURE = 0.9  # of the scale: the colour of a prediction with probability 1, as on the page


def track_cells(axis: Axis, name: str, views: Sequence[Window], theme: Theme) -> Strip:
    """Return a track over the steps of some windows, one after the other, each inside a sequence.

    What concerns the next token stands over that one. Numbers are coloured between the least and the greatest of the
    whole track, predictions by their probability where it was recorded.
    """
    track = axis_track(axis, name)
    values = _over(axis, track, views)
    if track.info.kind == "number":
        reach = track_range(track)
        return coloured_strip(track, values, theme, (reach.low, reach.high))
    strip = coloured_strip(track, values, theme)
    weights = _weights(axis, track)
    if weights is None:
        return strip
    sure = np.clip(np.nan_to_num(_over(axis, weights, views)), 0, 1) * SURE
    shown = np.where(np.isfinite(strip.values), sure, np.nan)
    return Strip(name, shown, strip.words, colour_scale(theme.ordered), 0, 1)


def _over(axis: Axis, track: Track, views: Sequence[Window]) -> NDArray[np.float64]:
    """Return the values that stand over the steps of some windows; NaN where there is none."""
    if not views:
        return np.zeros(0)
    return np.concatenate([_drawn(axis, track, view) for view in views])


def _drawn(axis: Axis, track: Track, view: Window) -> NDArray[np.float64]:
    if track.info.concerns != "next":
        return np.asarray(track[view.start : view.stop], np.float64)
    before = max(0, view.start - 1)
    values = np.asarray(track[before : view.stop - 1], np.float64)
    drawn = np.concatenate([np.full(len(view) - len(values), np.nan), values])
    first, end = np.searchsorted(axis.starts, [view.start, view.stop]).tolist()
    drawn[np.asarray(axis.starts[first:end], np.int64) - view.start] = np.nan  # the step before is of another sequence
    return drawn


def _weights(axis: Axis, track: Track) -> Track | None:
    """Return the probabilities of a track of predictions: "p1" of the same group for "top1"."""
    parts = re.fullmatch(r"(.*)top(\d+)", track.info.name)
    if not parts or not track.info.group:
        return None
    other = axis.tracks.get(f"{parts[1]}p{parts[2]}")
    return other if other is not None and other.info.group == track.info.group else None
