"""What colours the points of a map beside tracks: a unit's value there, or how many of a pattern's units are on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.maps.projection import Projection
from lstmviz.maps.sampling import states_at
from lstmviz.match.corpus.shards import found_in
from lstmviz.types import Pattern


def unit_values(dump: DumpReader, mapped: Projection, source: str, unit: int) -> NDArray[np.float32]:
    """Return a unit's value at the step of each point, in its source's view: (n_points,) float32.

    Raises UnknownName for a source that is not there, PatternError for one on another axis or a unit it does not have,
    and where the points are no steps.
    """
    info = dump.source(source)
    _check_axis(dump, mapped, info.axis)
    number = info.check_unit(unit)
    return states_at(dump, source, mapped.ids, slice(number, number + 1))[:, 0]


def pattern_counts(dump: DumpReader, mapped: Projection, pattern: Pattern) -> NDArray[np.float32]:
    """Return how many of a pattern's units are on at the step of each point: (n_points,) float32.

    Raises PatternError where the pattern lies on another axis, or the points are no steps.
    """
    _check_axis(dump, mapped, pattern.axis)
    return found_in(dump, pattern).count_on(mapped.ids).astype(np.float32)


def _check_axis(dump: DumpReader, mapped: Projection, axis: str) -> None:
    if not mapped.is_of_steps:
        raise PatternError("the points of this map are tokens, which have no states; use the map of a source")
    own = dump.axis_of(mapped.source).name
    if axis != own:
        raise PatternError(f"the map of {mapped.source} has the steps of axis {own!r}, and these units axis {axis!r}")
