"""A window as a path on a map: the point of each of its steps, sampled or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.maps.projection import Points, Projection
from lstmviz.maps.sampling import states_at


@dataclass(frozen=True, eq=False)
class Trace:
    """The points of consecutive steps, (n, 2) float32; NaN for a step that has no point.

    ``borders`` are the steps among them at which a sequence begins. If ``is_exact`` is False, a step that was not
    sampled has the point of the nearest sampled state.
    """

    points: Points
    borders: NDArray[np.int64]
    is_exact: bool


def trace(dump: DumpReader, projection: Projection, start: int, stop: int) -> Trace:
    """Return the points of steps [start, stop) on a map; on a map of embeddings, those of their tokens."""
    axis = dump.axis_of(projection.source) if projection.is_of_steps else dump.first
    borders = axis.starts[slice(*np.searchsorted(axis.starts, [start + 1, stop]).tolist())]
    if not projection.is_of_steps:
        ids = None if axis.tokens is None else axis.tokens.ids[start:stop].astype(np.int64)
        no_points = np.full((stop - start, 2), np.nan, np.float32)
        return Trace(no_points if ids is None else projection.at(ids), borders, True)
    steps = np.arange(start, stop)
    points = projection.at(steps)
    is_unsampled = np.isnan(points).any(axis=1)
    points[is_unsampled] = projection.place(states_at(dump, projection.source, steps[is_unsampled]))
    return Trace(points, borders, projection.is_exact or not is_unsampled.any())
