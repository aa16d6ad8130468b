"""A unit's card, the units that each threshold selects, and why a unit is not selected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match import UnitCard, UnitContext, UnitTrack, unit_card
from lstmviz.match.pattern.thresholds import count_by_threshold, why_not_selected
from lstmviz.ui.routes.requests import int_arg, side_arg, source_at, threshold_arg, window_query
from lstmviz.ui.routes.responses import cached_by_tracks, cached_forever, jsonable
from lstmviz.ui.table import DumpTable
from lstmviz.ui.tokens import unknown_places

N_CONTEXTS = 5
AROUND = 12  # steps on either side of a context


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/unit/<int:source>/<int:unit>")
    def get_unit(uuid: str, source: int, unit: int) -> Response:
        dump, contexts = table[uuid], (int_arg("contexts", N_CONTEXTS), int_arg("around", AROUND))
        card = unit_card(dump, source_at(dump, source).name, unit, threshold_arg(), side_arg(), *contexts)
        return cached_by_tracks(jsonify(_card(card, dump.axis(dump.source(card.source).axis))), dump.tracks_revision)

    @routes.get("/thresholds/<int:source>")
    def get_thresholds(uuid: str, source: int) -> Response:
        dump = table[uuid]
        return cached_forever(jsonify(columns(count_by_threshold(dump, window_query(dump, source)))))

    @routes.get("/whynot/<int:source>/<int:unit>")
    def get_why_not(uuid: str, source: int, unit: int) -> Response:
        return cached_forever(jsonify(why_not_json(table[uuid], source, unit)))


def why_not_json(dump: DumpReader, source: int, unit: int) -> dict[str, Any]:
    """Return as JSON why the window and threshold of the query do not select a unit of a source."""
    why = why_not_selected(dump, window_query(dump, source), unit)
    fields = ("unit", "is_selected", "kind", "step", "value", "threshold", "is_possible", "above", "up_to", "reason")
    return {"source": why.source, **{field: jsonable(getattr(why, field)) for field in fields}, "words": str(why)}


def _card(card: UnitCard, axis: Axis) -> dict[str, Any]:
    fields = ("source", "unit", "side", "threshold", "n_steps", "n_nan", "on_rate")
    frames = ("histogram", "quantiles", "on_rates", "run_lengths")
    by_place = card.tokens.groupby("track", sort=False)
    return {
        **{field: jsonable(getattr(card, field)) for field in fields},
        **{frame: columns(getattr(card, frame)) for frame in frames},
        "n_runs": int(card.run_lengths["n_runs"].sum()),
        "median_run": _median_run(card.run_lengths),
        "contexts": [_context(context, axis) for context in card.contexts],
        "tracks": [_track(track) for track in card.tracks],
        "tokens": [{"name": place, **columns(rows.drop(columns="track"))} for place, rows in by_place],
    }


def _median_run(lengths: pd.DataFrame) -> int | None:
    """Return the lower median of the lengths of runs; None where there is no run."""
    if lengths.empty:
        return None
    n_runs_up_to = lengths["n_runs"].cumsum().to_numpy()
    return int(lengths["length"].iloc[int(np.searchsorted(2 * n_runs_up_to, n_runs_up_to[-1]))])


def _context(context: UnitContext, axis: Axis) -> dict[str, Any]:
    fields = ("step", "start", "stop", "sequence", "value", "values", "tokens")
    unknown = unknown_places(axis, context.start, context.stop)
    return {**{field: jsonable(getattr(context, field)) for field in fields}, "unknown": unknown}


def _track(track: UnitTrack) -> dict[str, Any]:
    fields = ("name", "kind", "n_steps", "on_rate", "r")
    table = None if track.table is None else columns(track.table)
    return {**{field: jsonable(getattr(track, field)) for field in fields}, "table": table}


def columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a frame as a list for each column."""
    return {str(name): jsonable(frame[name].tolist()) for name in frame}
