"""The routes that the page draws from: raw states, tokens and tracks by step, search hits, cuts.

All are named by the dump's uuid, which is new at every write, so that a browser may keep an answer for ever.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import LstmvizError, PatternError, UnknownName
from lstmviz.match import search
from lstmviz.types import check_threshold
from lstmviz.ui.about import about, finite
from lstmviz.ui.rows import step_tracks
from lstmviz.ui.table import DumpTable

MAX_WINDOW_BYTES = 32 * 2**20  # of states in one answer
MAX_WINDOW_STEPS = 8_192  # of tokens and tracks in one answer
MAX_HITS = 500
FOR_EVER = "private, max-age=31536000, immutable"

log = logging.getLogger("lstmviz")


def routes(table: DumpTable) -> Blueprint:
    """Return the routes under ``/d/<uuid>/`` for the dumps of a table; every failure is JSON with one line."""
    blueprint = Blueprint("lstmviz", __name__, url_prefix="/d/<uuid>")

    @blueprint.get("/about.json")
    def get_about(uuid: str) -> Response:
        return _kept(jsonify(_about(table[uuid])))

    @blueprint.get("/states/<int:source>/<int:start>/<int:stop>")
    def get_states(uuid: str, source: int, start: int, stop: int) -> Response:
        return _kept(Response(_state_bytes(table[uuid], source, start, stop), mimetype="application/octet-stream"))

    @blueprint.get("/steps/<int:axis>/<int:start>/<int:stop>")
    def get_steps(uuid: str, axis: int, start: int, stop: int) -> Response:
        return _kept(jsonify(_steps(_axis(table[uuid], axis), start, stop)))

    @blueprint.get("/search/<int:axis>")
    def get_search(uuid: str, axis: int) -> Response:
        after = request.args.get("after", 0, type=int)
        limit = min(request.args.get("limit", 1, type=int), MAX_HITS)
        return jsonify(_hits(table[uuid], axis, request.args.get("q", ""), after, max(1, limit)))

    @blueprint.get("/cut/<int:source>")
    def get_cut(uuid: str, source: int) -> Response:
        threshold = request.args.get("t", float("nan"), type=float)
        check_threshold(threshold)
        return _kept(jsonify({"cut": finite(_source(table[uuid], source).cut(threshold))}))

    blueprint.register_error_handler(LstmvizError, _explain)
    blueprint.register_error_handler(Exception, _apologize)
    return blueprint


@lru_cache(maxsize=64)
def _about(dump: DumpReader) -> dict[str, Any]:
    return about(dump)


def _state_bytes(dump: DumpReader, index: int, start: int, stop: int) -> bytes:
    """Return rows [start, stop) as little-endian bytes, float32 (float64 where so stored): a page compares exactly."""
    source = _source(dump, index)
    dtype = np.dtype("<f8" if source.dtype == "float64" else "<f4")
    _check_range(start, stop, source.n_steps, MAX_WINDOW_BYTES // (dtype.itemsize * source.n_units))
    return np.ascontiguousarray(dump.states(source.name)[start:stop], dtype=dtype).tobytes()


def _steps(axis: Axis, start: int, stop: int) -> dict[str, Any]:
    _check_range(start, stop, axis.n_steps, MAX_WINDOW_STEPS)
    inside = slice(*np.searchsorted(axis.starts, [start, stop]).tolist())
    return {
        "tokens": None if axis.tokens is None else axis.tokens[start:stop],
        "borders": axis.starts[inside].tolist(),
        "tracks": step_tracks(axis, start, stop),
    }


def _hits(dump: DumpReader, index: int, query: str, after: int, limit: int) -> dict[str, Any]:
    """Return the next ``limit`` hits from step ``after`` on, around the end, with the place of the first among all."""
    hits = _all_hits(dump, index, query)
    first = int(np.searchsorted(hits[:, 0], after)) % max(1, len(hits))
    wanted = (first + np.arange(min(limit, len(hits)))) % max(1, len(hits))
    return {"hits": hits[wanted].tolist(), "total": len(hits), "first": first}


@lru_cache(maxsize=32)
def _all_hits(dump: DumpReader, index: int, query: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return search(_axis(dump, index), query)[["start", "stop"]].to_numpy()


def _source(dump: DumpReader, index: int) -> Any:
    return _at(list(dump.sources.values()), index, "source")


def _axis(dump: DumpReader, index: int) -> Axis:
    axis: Axis = _at(list(dump.axes.values()), index, "axis")
    return axis


def _at(items: list[Any], index: int, what: str) -> Any:
    if index >= len(items):
        raise UnknownName(f"no {what} number {index}; they count from 0 to {len(items) - 1}")
    return items[index]


def _check_range(start: int, stop: int, n_steps: int, most: int) -> None:
    if not start < stop <= n_steps:
        raise PatternError(f"steps {start} to {stop} are not a window of the {n_steps} steps there are")
    if stop - start > max(1, most):
        raise PatternError(f"steps {start} to {stop} are more than the {most} that one answer carries; ask for fewer")


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = FOR_EVER
    return response


def _explain(err: LstmvizError) -> tuple[Response, int]:
    return jsonify({"error": str(err)}), 404 if isinstance(err, UnknownName) else 400


def _apologize(err: Exception) -> tuple[Response, int] | HTTPException:
    if isinstance(err, HTTPException):
        return err
    log.exception("a request failed")
    return jsonify({"error": f"the server failed on this ({type(err).__name__}); its log says where"}), 500
