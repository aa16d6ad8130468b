"""A region of the map instead of a pattern: its steps are listed like matches, one a row."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import ProjectionError
from lstmviz.maps.compute import find_map
from lstmviz.maps.projection import NAMES, Method, Projection
from lstmviz.maps.region import Region, region
from lstmviz.types import Filter
from lstmviz.ui.selection import Selection

MOST_TOKENS = 12  # different tokens of a region in an answer
CACHED = 8  # regions, and maps: half a megabyte each, and 4 MB of reduced states

Corners = tuple[tuple[float, float], ...]


def computed_map(dump: DumpReader, source: str, method: Method) -> Projection:
    """Return a map that was computed; ProjectionError where it was not."""
    mapped = _find(dump, source, method)
    if mapped is None:
        _find.cache_clear()  # it may be there the next time
        raise ProjectionError(
            f"the map of {source} by {NAMES[method]} has not been computed here; open the map and start it"
        )
    return mapped


@lru_cache(maxsize=CACHED)
def _find(dump: DumpReader, source: str, method: Method) -> Projection | None:
    return find_map(dump, source, method)


def selected_region(dump: DumpReader, selection: Selection) -> Region:
    """Return the region of a selection's lasso. Raises what ``region`` and ``computed_map`` raise."""
    return _region(dump, selection.map_source, selection.map_method, selection.lasso or (), selection.filters)


@lru_cache(maxsize=CACHED)
def _region(dump: DumpReader, source: str, method: Method, corners: Corners, filters: tuple[Filter, ...]) -> Region:
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
