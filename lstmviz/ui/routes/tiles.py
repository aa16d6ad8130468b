"""The data that a window is drawn from: the dump's description, states, tokens and tracks, cuts of thresholds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.index.ahead import index_ahead
from lstmviz.ui.describe import about, finite, tracks_json
from lstmviz.ui.routes.requests import axis_at, source_at, threshold_arg
from lstmviz.ui.routes.responses import cached_by_tracks, cached_forever
from lstmviz.ui.rows import step_tracks
from lstmviz.ui.table import DumpTable
from lstmviz.ui.tokens import marked_tokens

MAX_WINDOW_BYTES = 32 * 2**20  # of states in one answer
MAX_WINDOW_STEPS = 8_192  # of tokens and tracks in one answer


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/about.json")
    def get_about(uuid: str) -> Response:
        """Describe the dump; a browser asks each time whether its tracks, and its file's name, are still those."""
        dump = table[uuid]
        response = jsonify({**_about(dump), **tracks_json(dump)})
        response.add_etag()
        response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(request)
        return response

    @routes.get("/states/<int:source>/<int:start>/<int:stop>")
    def get_states(uuid: str, source: int, start: int, stop: int) -> Response:
        data = _state_bytes(table[uuid], source, start, stop)
        return cached_forever(Response(data, mimetype="application/octet-stream"))

    @routes.get("/steps/<int:axis>/<int:start>/<int:stop>")
    def get_steps(uuid: str, axis: int, start: int, stop: int) -> Response:
        dump = table[uuid]
        return cached_by_tracks(jsonify(_steps(axis_at(dump, axis), start, stop)), dump.tracks_revision)

    @routes.get("/cut/<int:source>")
    def get_cut(uuid: str, source: int) -> Response:
        cut = source_at(table[uuid], source).cut(threshold_arg(default=None))
        return cached_forever(jsonify({"cut": finite(cut)}))


@lru_cache(maxsize=64)
def _about(dump: DumpReader) -> dict[str, Any]:
    return about(dump)


def _state_bytes(dump: DumpReader, index: int, start: int, stop: int) -> bytes:
    """Return rows [start, stop) as little-endian bytes in the stored dtype, so that the page compares exactly."""
    source = source_at(dump, index)
    index_ahead(dump, source.name)  # what is looked at will be brushed
    dtype = np.dtype(source.dtype).newbyteorder("<")
    _check_range(start, stop, source.n_steps, MAX_WINDOW_BYTES // (dtype.itemsize * source.n_units))
    return np.ascontiguousarray(dump.states(source.name)[start:stop], dtype=dtype).tobytes()


def _steps(axis: Axis, start: int, stop: int) -> dict[str, Any]:
    _check_range(start, stop, axis.n_steps, MAX_WINDOW_STEPS)
    inside = slice(*np.searchsorted(axis.starts, [start, stop]).tolist())
    return {
        **marked_tokens(axis, start, stop),
        "borders": axis.starts[inside].tolist(),
        "first_sequence": inside.start,  # the number of the one that starts at the first border
        "tracks": step_tracks(axis, start, stop),
    }


def _check_range(start: int, stop: int, n_steps: int, most: int) -> None:
    if not start < stop <= n_steps:
        raise PatternError(f"steps {start} to {stop} are not a window of the {n_steps} steps there are")
    if stop - start > max(1, most):
        raise PatternError(f"steps {start} to {stop} are more than the {most} of one answer; ask for fewer")
