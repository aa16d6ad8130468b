"""A region of the map in the place of a pattern: its steps are listed as matches are, a row each."""

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

MOST_TOKENS = 12  # of a region that an answer counts
KEPT = 8  # regions, and maps: half a megabyte each, and 4 MB of reduced states

Corners = tuple[tuple[float, float], ...]


def map_asked(dump: DumpReader, source: str, method: Method) -> Projection:
    """Return a map that is there; ProjectionError where it has not been computed."""
    found = _kept(dump, source, method)
    if found is None:
        _kept.cache_clear()  # it may be there the next time
        raise ProjectionError(
            f"the map of {source} by {NAMES[method]} has not been computed here; open the map and start it"
        )
    return found


@lru_cache(maxsize=KEPT)
def _kept(dump: DumpReader, source: str, method: Method) -> Projection | None:
    return find_map(dump, source, method)


def region_asked(dump: DumpReader, asked: Selection) -> Region:
    """Return the region that a selection holds. Raises what ``region`` and ``map_asked`` raise."""
    return _region(dump, asked.map_of or asked.source, asked.map_method, asked.lasso or (), asked.filters)


@lru_cache(maxsize=KEPT)
def _region(dump: DumpReader, source: str, method: Method, corners: Corners, filters: tuple[Filter, ...]) -> Region:
    return region(dump, map_asked(dump, source, method), corners, filters)


def region_answer(asked: Selection, found: Region) -> dict[str, Any]:
    """Answer a lasso for the match view, but for the rows: nothing is matched, and ``region`` tells what was found."""
    tokens = found.tokens()
    nothing: dict[str, Any] = {"counts": [], "groups": [], "units": [], "n_units": 0, "n_full": 0, "n_groups": 0}
    return {
        **nothing,
        "ms": 0.0,
        "complete": True,
        "offset": asked.offset,
        "n_listed": len(found.steps),
        "shared_from": 1,
        "pattern": None,
        "region": {
            "n_points": found.n_points,
            "n_steps": len(found.steps),
            "n_tokens": len(tokens),
            "tokens": tokens.head(MOST_TOKENS).to_numpy(object).tolist(),
        },
    }
