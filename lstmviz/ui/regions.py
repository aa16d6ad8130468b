"""A region of the map instead of a pattern: its steps are listed like matches, one a row."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ProjectionError, UnknownName
from lstmviz.maps.colours import pattern_counts, unit_values
from lstmviz.maps.compute import find_map
from lstmviz.maps.projection import NAMES, Method, Projection
from lstmviz.maps.region import Region, region
from lstmviz.types import Filter, Pattern
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.selection import Selection

OF_PATTERN = "pattern:"  # what a map is coloured by, where it is no track
OF_UNIT = "unit:"
MOST_TOKENS = 12  # different tokens of a region in an answer
CACHED = 8  # regions, and maps: half a megabyte each, and 4 MB of reduced states

Corners = tuple[tuple[float, float], ...]


def computed_map(dump: DumpReader, source: str, method: Method) -> Projection:
    """Return a map that was computed; ProjectionError where it was not."""
    mapped = _find(dump, source, method)
    if mapped is None:
        _find.cache_clear()  # it may be there the next time
        raise ProjectionError(
            f"the map of {source} by {NAMES[method]} has not been computed here; open the map to start it"
        )
    return mapped


@lru_cache(maxsize=CACHED)
def _find(dump: DumpReader, source: str, method: Method) -> Projection | None:
    return find_map(dump, source, method)


def map_colour(dump: DumpReader, selection: Selection, axis: str) -> str | tuple[str, int] | Pattern | None:
    """Return what a selection colours its map by: a track's name, a unit, the present pattern; None for the usual."""
    by = selection.map_colour
    if by is None or by in dump.axis(axis).tracks:
        return by
    if by == OF_PATTERN:
        return pattern_of(dump, selection).pattern
    source, _, number = by.removeprefix(OF_UNIT).rpartition(":")
    if by.startswith(OF_UNIT) and number.isdecimal() and number.isascii() and len(number) < 10:
        return source, int(number)
    return by


def map_shades(dump: DumpReader, mapped: Projection, selection: Selection) -> NDArray[np.float32]:
    """Return a number from the states for each point of a map: of the unit or the pattern that colours it."""
    by = map_colour(dump, selection, dump.axis_of(mapped.source).name if mapped.is_of_steps else dump.first.name)
    if isinstance(by, Pattern):
        return pattern_counts(dump, mapped, by)
    if isinstance(by, tuple):
        return unit_values(dump, mapped, *by)
    raise UnknownName(f"a map is not shaded by {str(by)[:80]!r}; give unit:SOURCE:UNIT, or {OF_PATTERN!r}")


def selected_region(dump: DumpReader, selection: Selection) -> Region:
    """Return the region of a selection's lasso. Raises what ``region`` and ``computed_map`` raise."""
    shown = selection.map_source, selection.map_method, selection.lasso or ()
    return _region(dump, *shown, selection.filters, dump.tracks_revision)


@lru_cache(maxsize=CACHED)
def _region(
    dump: DumpReader, source: str, method: Method, corners: Corners, filters: tuple[Filter, ...], revision: str
) -> Region:
    """Return a region, filtered by the tracks of a revision."""
    return region(dump, computed_map(dump, source, method), corners, filters)


def region_answer(selection: Selection, region: Region) -> dict[str, Any]:
    """Return the answer to a lasso without its rows: no matches, and in ``region`` the region's counts."""
    tokens = region.tokens()
    nothing: dict[str, Any] = {"counts": [], "groups": [], "units": [], "n_units": 0, "n_full": 0, "n_groups": 0}
    return {
        **nothing,
        "ms": 0.0,
        "complete": True,
        "offset": selection.offset,
        "n_listed": len(region.steps),
        "shared_from": 1,
        "pattern": None,
        "region": {
            "n_points": region.n_points,
            "n_steps": len(region.steps),
            "n_tokens": len(tokens),
            "tokens": tokens.head(MOST_TOKENS).to_numpy(object).tolist(),
        },
    }
