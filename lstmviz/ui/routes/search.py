"""Search: the places where a text occurs, a few at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.read_ahead import read_ahead
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match import search
from lstmviz.ui.routes.requests import axis_at, int_arg, is_gone
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.table import DumpTable
from lstmviz.ui.tokens import marked_tokens

MAX_HITS = 500
MAX_AROUND = 100  # steps of text on either side of a hit
CACHED = 32  # texts that were searched last
KEPT_HITS = 4_000_000  # of all of them, 24 bytes each
BINS = 800  # of the corpus strip, each of which says whether a hit begins in it

Hits = np.ndarray[Any, np.dtype[np.int64]]


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    turns = Turns()

    @routes.get("/search/<int:axis>")
    def get_search(uuid: str, axis: int) -> Response:
        """Return some hits; a page that has typed on waits for its newest question alone."""
        dump, query = table[uuid], request.args.get("q", "")
        limit = max(1, min(int_arg("limit", 1), MAX_HITS))
        with turns.turn():
            all_hits(dump, axis, query, is_gone())
        if "from" in request.args:
            return jsonify(_listed(dump, axis, query, int_arg("from"), limit, int_arg("around", 0, most=MAX_AROUND)))
        return jsonify(_hits(dump, axis, query, int_arg("after", 0), limit))


_kept: OrderedDict[tuple[DumpReader, int, str], Hits] = OrderedDict()
_keeping = Lock()


def all_hits(dump: DumpReader, index: int, query: str, cancel: Callable[[], bool] | None = None) -> Hits:
    """Return every place of a text on an axis, in order, shape (n_hits, 3): start, stop, sequence.

    They are kept for the next question. Raises Cancelled once ``cancel`` says True.
    """
    key = dump, index, query
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    hits = search(axis_at(dump, index), query, cancel=cancel)[["start", "stop", "sequence"]].to_numpy()
    with _keeping:
        _kept[key] = hits
        while len(_kept) > CACHED or (len(_kept) > 1 and sum(map(len, _kept.values())) > KEPT_HITS):
            _kept.popitem(last=False)
    return hits


def _hits(dump: DumpReader, index: int, query: str, after: int, limit: int) -> dict[str, Any]:
    """Return the next ``limit`` hits from step ``after`` on, and from the start again, with the index of the first.

    ``places`` are those of all hits, as shares of the axis, to be drawn on a strip.
    """
    hits = all_hits(dump, index, query)
    first = int(np.searchsorted(hits[:, 0], after)) % max(1, len(hits))
    indices = (first + np.arange(min(limit, len(hits)))) % max(1, len(hits))
    n_steps = axis_at(dump, index).n_steps
    places = np.unique(hits[:, 0] * BINS // n_steps) / BINS
    return {"hits": hits[indices, :2].tolist(), "total": len(hits), "first": first, "places": places.tolist()}


def _listed(dump: DumpReader, index: int, query: str, first: int, limit: int, around: int) -> dict[str, Any]:
    """Return ``limit`` hits from index ``first`` on, each with the tokens around it inside its sequence."""
    axis, hits = axis_at(dump, index), all_hits(dump, index, query)
    page = hits[first : first + limit].tolist()
    ahead = read_ahead(axis, [(max(0, start - around), min(stop + around, axis.n_steps)) for start, stop, _ in page])
    texts = [text_around(ahead, start, stop, sequence, around) for start, stop, sequence in page]
    return {"hits": [hit[:2] for hit in page], "texts": texts, "total": len(hits), "first": first}


def text_around(axis: Axis, start: int, stop: int, sequence: int, around: int) -> dict[str, Any]:
    """Return the tokens of a span and around it, inside its sequence, with the step of the first."""
    first = max(start - around, int(axis.starts[sequence]))
    last = min(stop + around, int(axis.stops[sequence]))
    return {"first": first, **marked_tokens(axis, first, last)}
