"""Where a text stands: search hits, a few at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.reader import DumpReader
from lstmviz.match import search
from lstmviz.ui.routes.answers import axis_at, whole
from lstmviz.ui.table import DumpTable

MAX_HITS = 500


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/search/<int:axis>")
    def get_search(uuid: str, axis: int) -> Response:
        limit = min(whole("limit", 1), MAX_HITS)
        return jsonify(_hits(table[uuid], axis, request.args.get("q", ""), whole("after", 0), max(1, limit)))


@lru_cache(maxsize=32)
def all_hits(dump: DumpReader, index: int, query: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return every place of an axis where a text stands, shape (n_hits, 3): start, stop, sequence; in order."""
    return search(axis_at(dump, index), query)[["start", "stop", "sequence"]].to_numpy()


def _hits(dump: DumpReader, index: int, query: str, after: int, limit: int) -> dict[str, Any]:
    """Return the next ``limit`` hits from step ``after`` on, around the end, with the place of the first among all."""
    hits = all_hits(dump, index, query)
    first = int(np.searchsorted(hits[:, 0], after)) % max(1, len(hits))
    wanted = (first + np.arange(min(limit, len(hits)))) % max(1, len(hits))
    return {"hits": hits[wanted, :2].tolist(), "total": len(hits), "first": first}
