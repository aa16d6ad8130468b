"""Search: the places where a text stands, a few at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match import search
from lstmviz.ui.routes.requests import axis_at, int_arg
from lstmviz.ui.table import DumpTable

MAX_HITS = 500
MAX_AROUND = 100  # steps of text on either side of a hit


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/search/<int:axis>")
    def get_search(uuid: str, axis: int) -> Response:
        dump, query = table[uuid], request.args.get("q", "")
        limit = max(1, min(int_arg("limit", 1), MAX_HITS))
        if "from" in request.args:
            return jsonify(_listed(dump, axis, query, int_arg("from"), limit, int_arg("around", 0, most=MAX_AROUND)))
        return jsonify(_hits(dump, axis, query, int_arg("after", 0), limit))


@lru_cache(maxsize=32)
def all_hits(dump: DumpReader, index: int, query: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return every place of a text on an axis, in order, shape (n_hits, 3): start, stop, sequence."""
    return search(axis_at(dump, index), query)[["start", "stop", "sequence"]].to_numpy()


def _hits(dump: DumpReader, index: int, query: str, after: int, limit: int) -> dict[str, Any]:
    """Return the next ``limit`` hits from step ``after`` on, and from the start again, with the index of the first."""
    hits = all_hits(dump, index, query)
    first = int(np.searchsorted(hits[:, 0], after)) % max(1, len(hits))
    indices = (first + np.arange(min(limit, len(hits)))) % max(1, len(hits))
    return {"hits": hits[indices, :2].tolist(), "total": len(hits), "first": first}


def _listed(dump: DumpReader, index: int, query: str, first: int, limit: int, around: int) -> dict[str, Any]:
    """Return ``limit`` hits from index ``first`` on, each with the tokens around it inside its sequence."""
    axis, hits = axis_at(dump, index), all_hits(dump, index, query)
    page = hits[first : first + limit].tolist()
    texts = [_text(axis, start, stop, sequence, around) for start, stop, sequence in page]
    return {"hits": [hit[:2] for hit in page], "texts": texts, "total": len(hits), "first": first}


def _text(axis: Axis, start: int, stop: int, sequence: int, around: int) -> dict[str, Any]:
    first = max(start - around, int(axis.starts[sequence]))
    last = min(stop + around, int(axis.stops[sequence]))
    return {"first": first, "tokens": None if axis.tokens is None else axis.tokens[first:last]}
