"""The sequences of an axis with their labels, and a search in them by label, number or text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.read_ahead import read_ahead
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match.order.bins import blocks
from lstmviz.ui.routes.requests import axis_at, int_arg
from lstmviz.ui.routes.responses import cached_by_tracks, jsonable
from lstmviz.ui.routes.search import all_hits
from lstmviz.ui.table import DumpTable

MAX_ROWS = 500
ROWS = 100
FIRST_TOKENS = 24  # shown of each sequence

Indices = NDArray[np.int64]


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/sequences/<int:axis>")
    def get_sequences(uuid: str, axis: int) -> Response:
        dump = table[uuid]
        answer = jsonify(_answer(dump, axis, request.args.get("q", "").strip()))
        return cached_by_tracks(answer, dump.tracks_revision)


def _answer(dump: DumpReader, index: int, query: str) -> dict[str, Any]:
    axis = axis_at(dump, index)
    hits = _search(dump, index, query)
    step, first, limit = int_arg("step", -1, least=-1), int_arg("from", 0), min(int_arg("limit", ROWS), MAX_ROWS)
    labels = _labels(dump, index)
    here = np.flatnonzero(hits == axis.sequence_of(step)) if 0 <= step < axis.n_steps else hits[:0]
    return {
        "total": len(hits),
        "n_sequences": len(axis.starts),
        "from": first,
        "at": int(here[0]) if len(here) else None,
        "tracks": list(labels),
        "sequences": _rows(axis, labels, hits[first : first + limit]),
    }


def _rows(axis: Axis, labels: dict[str, list[Any]], indices: Indices) -> list[dict[str, Any]]:
    starts, stops = axis.starts[indices], axis.stops[indices]
    ends = np.minimum(stops, starts + FIRST_TOKENS)
    ahead = read_ahead(axis, list(zip(starts.tolist(), ends.tolist(), strict=True)))
    return [_row(ahead, labels, i) for i in indices.tolist()]


def _row(axis: Axis, labels: dict[str, list[Any]], index: int) -> dict[str, Any]:
    start, stop = int(axis.starts[index]), int(axis.stops[index])
    return {
        "index": index,
        "start": start,
        "stop": stop,
        "labels": {name: values[index] for name, values in labels.items()},
        "tokens": None if axis.tokens is None else axis.tokens[start : min(stop, start + FIRST_TOKENS)],
    }


def _search(dump: DumpReader, index: int, query: str) -> Indices:
    """Return the sequences with the query as number, in the text or in a label; all for ""."""
    axis = axis_at(dump, index)
    n_sequences = len(axis.starts)
    if not query:
        return np.arange(n_sequences)
    is_hit = np.zeros(n_sequences, np.bool_)
    if query.isdecimal() and query.isascii() and len(query) < 16 and int(query) < n_sequences:
        is_hit[int(query)] = True
    for values in _labels(dump, index).values():
        is_hit |= np.array([query.lower() in str(value).lower() for value in values], np.bool_)
    if axis.tokens is not None:
        is_hit[all_hits(dump, index, query)[:, 2]] = True
    return np.flatnonzero(is_hit)


def _labels(dump: DumpReader, index: int) -> dict[str, list[Any]]:
    """Return the tracks that are constant in each sequence, as a label or a number for each sequence."""
    return _sequence_labels(dump, index, dump.tracks_revision)


@lru_cache(maxsize=16)
def _sequence_labels(dump: DumpReader, index: int, revision: str) -> dict[str, list[Any]]:
    """Return the labels as ``_labels``, of the tracks of a revision."""
    axis = axis_at(dump, index)
    constant = {name: track for name, track in axis.tracks.items() if _is_constant(track, axis)}
    return {name: _values(track, axis) for name, track in constant.items()}


def _is_constant(track: Track, axis: Axis) -> bool:
    last: NDArray[Any] | None = None
    for first, values in blocks(track):
        joined = values if last is None else np.concatenate([last, values])
        begin = first if last is None else first - 1
        is_same = joined[1:] == joined[:-1]
        if joined.dtype.kind == "f":
            is_same |= np.isnan(joined[1:]) & np.isnan(joined[:-1])
        changes = np.flatnonzero(~is_same) + begin + 1
        if not np.isin(changes, axis.starts, assume_unique=True).all():
            return False
        last = values[-1:]
    return True


def _values(track: Track, axis: Axis) -> list[Any]:
    values: list[Any] = []
    for first, block in blocks(track):
        inside = slice(*np.searchsorted(axis.starts, [first, first + len(block)]).tolist())
        values += jsonable(block[axis.starts[inside] - first])
    if track.info.kind == "number":
        return values
    return [track.labels[code] if 0 <= code < len(track.labels) else None for code in values]
