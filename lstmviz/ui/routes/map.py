"""The maps: their points and colours, the window as a path, and the jobs that compute them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError, ProjectionError, UnknownName
from lstmviz.maps import jobs
from lstmviz.maps.embeddings import embeddings
from lstmviz.maps.in_subprocess import missing
from lstmviz.maps.projection import EMBEDDING, METHODS, NAMES, Method, Projection
from lstmviz.maps.region import frequencies
from lstmviz.maps.sampling import N_STEPS
from lstmviz.maps.tensorboard import projector_zip
from lstmviz.maps.trace import trace
from lstmviz.match.order.bins import values_at
from lstmviz.ui.budget import visitor
from lstmviz.ui.condition_paths import condition_paths
from lstmviz.ui.regions import computed_map, map_shades
from lstmviz.ui.routes.requests import int_arg, json_body, source_at
from lstmviz.ui.routes.responses import attachment, cached_by_tracks, cached_forever, jsonable, uncached
from lstmviz.ui.selection import parse
from lstmviz.ui.table import DumpTable

MOST_PATH = 4_096  # steps of a path
FREQUENCY = "frequency"


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes; ``of`` is a source's number, or "embedding"."""
    _add_maps(routes, table)
    _add_jobs(routes, table)


def _add_maps(routes: Blueprint, table: DumpTable) -> None:
    @routes.get("/map/about.json")
    def get_maps(uuid: str) -> Response:
        return jsonify(_about(table[uuid]))

    @routes.get("/map/<of>/<method>/points.json")
    def get_map(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        source, named_method = _source(dump, of), _method(method)
        job = jobs.status(dump, source, named_method, N_STEPS)
        mapped = computed_map(dump, source, named_method) if job.state == "done" else None
        return jsonify({"job": asdict(job), "map": None if mapped is None else _map(mapped)})

    @routes.get("/map/<of>/<method>/points.bin")
    def get_points(uuid: str, of: str, method: str) -> Response:
        mapped = _computed(table[uuid], of, method)
        return _binary(mapped.ids.astype("<i4").tobytes() + mapped.points.astype("<f4").tobytes(), mapped, method)

    @routes.get("/map/<of>/<method>/tokens.json")
    def get_map_tokens(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        mapped = _computed(dump, of, method)
        if mapped.is_of_steps:
            raise UnknownName("the points of this map are steps; their tokens are under steps/")
        vocab = embeddings(dump).vocab
        return jsonify({"tokens": [vocab[i] for i in mapped.ids.tolist()]})

    @routes.get("/map/<of>/<method>/colour.bin")
    def get_colour(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        mapped = _computed(dump, of, method)
        answer = _binary(_values(dump, mapped, request.args.get("by", "")).astype("<f4").tobytes(), mapped, method)
        return answer if request.args.get("tracks", "") == dump.tracks_revision else uncached(answer)

    @routes.post("/map/<of>/<method>/shades.bin")
    def post_shades(uuid: str, of: str, method: str) -> Response:
        """Return a number for each point, of the unit or the pattern that colours the map."""
        dump, selection = table[uuid], parse(json_body())
        mapped = _computed(dump, of, method)
        return uncached(_binary(map_shades(dump, mapped, selection).astype("<f4").tobytes(), mapped, method))

    @routes.get("/map/<of>/<method>/path.json")
    def get_path(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        return jsonify(_path(dump, _computed(dump, of, method)))

    @routes.get("/map/<of>/<method>/paths.json")
    def get_paths(uuid: str, of: str, method: str) -> Response:
        """Return the mean path of the trials of each condition; ``by`` is a track, or "" for all in one."""
        dump = table[uuid]
        paths = condition_paths(dump, _computed(dump, of, method), request.args.get("by", ""))
        return cached_by_tracks(jsonify(paths), dump.tracks_revision)


def _add_jobs(routes: Blueprint, table: DumpTable) -> None:
    @routes.post("/map/<of>/projector.zip")
    def post_projector(uuid: str, of: str) -> Response:
        dump = table[uuid]
        json_body()
        source = _source(dump, of)
        answer = Response(projector_zip(dump, source), mimetype="application/zip")
        return attachment(answer, f"{dump.name}-{source}-projector.zip")

    @routes.post("/map/<of>/<method>/start")
    def post_start(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        json_body()
        return jsonify(asdict(jobs.start(dump, _source(dump, of), _method(method), N_STEPS, by=_visitor())))

    @routes.post("/map/<of>/<method>/cancel")
    def post_cancel(uuid: str, of: str, method: str) -> Response:
        dump = table[uuid]
        json_body()
        jobs.cancel(dump, _source(dump, of), _method(method), N_STEPS)
        return jsonify({})


def _visitor() -> str:
    """Return who asks, as it may be written down: a cookie's value stays with its browser."""
    asker = visitor()
    return asker and hashlib.sha256(asker.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _about(dump: DumpReader) -> dict[str, Any]:
    try:
        embedded: dict[str, Any] = {"n_tokens": len(embeddings(dump).vocab), "why_not": None}
    except ProjectionError as err:
        embedded = {"n_tokens": 0, "why_not": str(err)}
    methods = [{"name": name, "words": NAMES[name], "missing": missing(name)} for name in METHODS]
    return {"methods": methods, "embedding": embedded, "most": N_STEPS}


def _source(dump: DumpReader, of: str) -> str:
    if of == EMBEDDING:
        return EMBEDDING
    if not (of.isdecimal() and of.isascii() and len(of) < 10):
        raise UnknownName(f"no map of {of[:40]!r}; give a source's number, or {EMBEDDING}")
    return source_at(dump, int(of)).name


def _method(method: str) -> Method:
    for name in METHODS:
        if method == name:
            return name
    raise PatternError(f"method {method[:40]!r} is not known; use {', '.join(METHODS)}")


def _computed(dump: DumpReader, of: str, method: str) -> Projection:
    return computed_map(dump, _source(dump, of), _method(method))


def _map(mapped: Projection) -> dict[str, Any]:
    return {
        "n": len(mapped.ids),
        "n_all": mapped.n_all,
        "n_nan": mapped.n_nan,
        "seed": mapped.seed,
        "parameters": dict(mapped.parameters),
        "explained": None if mapped.explained is None else jsonable(mapped.explained),
        "is_of_steps": mapped.is_of_steps,
        "is_exact": mapped.is_exact,
        "low": jsonable(mapped.points.min(axis=0)),
        "high": jsonable(mapped.points.max(axis=0)),
    }


def _binary(data: bytes, mapped: Projection, method: str) -> Response:
    """Send numbers; browsers may keep those that depend on the dump alone."""
    answer = Response(data, mimetype="application/octet-stream")
    return cached_forever(answer) if method == "pca" and mapped.is_of_steps else answer


def _values(dump: DumpReader, mapped: Projection, by: str) -> NDArray[Any]:
    """Return a number for each point: a track's value or label at its step, or the frequency of its token."""
    if not mapped.is_of_steps:
        if by != FREQUENCY:
            raise UnknownName(f"tokens are not coloured by {by[:40]!r}; use {FREQUENCY}")
        return frequencies(dump, mapped)
    axis = dump.axis_of(mapped.source)
    if by not in axis.tracks:
        raise UnknownName(f"no track {by[:40]!r} on axis {axis.name!r}; it has {', '.join(axis.tracks) or 'none'}")
    track = axis.tracks[by]
    values = values_at(track, mapped.ids)
    if track.info.kind == "number":
        return values
    return np.where((values >= 0) & (values < len(track.labels)), values, np.nan)


def _path(dump: DumpReader, mapped: Projection) -> dict[str, Any]:
    """Return the point of each step of a window, None where it has none, and the steps that begin a sequence."""
    n_steps = (dump.axis_of(mapped.source) if mapped.is_of_steps else dump.first).n_steps
    start, stop = int_arg("start", most=n_steps), int_arg("stop", most=n_steps)
    if not start < stop <= start + MOST_PATH:
        raise PatternError(f"steps {start} to {stop} do not make a path; give 1 to {MOST_PATH:,} steps")
    path = trace(dump, mapped, start, stop)
    return {
        "start": start,
        "points": jsonable(path.points.tolist()),
        "borders": path.borders.tolist(),
        "is_exact": path.is_exact,
    }
