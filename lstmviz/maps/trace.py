"""A window as a path on a map: where each of its steps lies, also of those that were not sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.maps.projection import Points, Projection
from lstmviz.maps.sampling import states_at


@dataclass(frozen=True, eq=False)
class Trace:
    """The points of some steps, (n, 2) float32, NaN for a step without a place, and those that begin a sequence.

    Where ``is_exact`` is False, a step that was not sampled lies where the nearest sampled state does.
    """

    points: Points
    borders: NDArray[np.int64]
    is_exact: bool


def trace(dump: DumpReader, projection: Projection, start: int, stop: int) -> Trace:
    """Return where steps [start, stop) lie on a map; on a map of embeddings, where their tokens do."""
    axis = dump.axis_of(projection.source) if projection.is_of_steps else dump.first
    borders = axis.starts[slice(*np.searchsorted(axis.starts, [start + 1, stop]).tolist())]
    if not projection.is_of_steps:
        ids = None if axis.tokens is None else axis.tokens.ids[start:stop].astype(np.int64)
        nowhere = np.full((stop - start, 2), np.nan, np.float32)
        return Trace(nowhere if ids is None else projection.at(ids), borders, True)
    steps = np.arange(start, stop)
    points = projection.at(steps)
    others = np.isnan(points).any(axis=1)
    points[others] = projection.place(states_at(dump, projection.source, steps[others]))
    return Trace(points, borders, projection.is_exact or not others.any())
