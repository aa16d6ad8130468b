"""Tracks that a visitor adds, paints, renames, removes and undoes, where the server lets visitors do so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import Forbidden

from lstmviz.annotate.make import make_track
from lstmviz.annotate.paint import paint
from lstmviz.annotate.ready import READY
from lstmviz.annotate.speech import is_installed
from lstmviz.dump.added_tracks import recorded_tracks
from lstmviz.dump.change_tracks import (
    add_track,
    is_writable,
    last_change,
    remove_track,
    rename_track,
    undo_tracks,
)
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, PatternError
from lstmviz.match.pattern.file import hidden_in
from lstmviz.match.summary.spans import without_hidden
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.regions import selected_region
from lstmviz.ui.routes.requests import axis_at, json_body
from lstmviz.ui.routes.responses import uncached
from lstmviz.ui.routes.search import all_hits
from lstmviz.ui.selection import Selection, checked
from lstmviz.ui.table import DumpTable
from lstmviz.ui.track_questions import NewTrackQuestion, OneTrack, PaintQuestion, Renaming, UndoQuestion

REFUSED = "this server lets no visitor change tracks; whoever starts it may allow it with --allow-labels"


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/tracks")
    def get_tracks(uuid: str) -> Response:
        """Return which tracks were added, what can be added, and whether this visitor may."""
        return _tracks_response(table, table[uuid])

    def change(act: Callable[[DumpReader, dict[str, Any]], None], uuid: str) -> Response:
        dump = table[uuid]
        if not table.may_label:
            raise Forbidden(REFUSED)
        body = json_body()
        try:
            act(dump, body)
        except LstmvizError as err:  # told in the page; a status of failure would stand in the browser's console too
            return uncached(jsonify({"error": str(err)}))
        return _tracks_response(table, dump)

    @routes.post("/tracks/add")
    def post_add(uuid: str) -> Response:
        return change(_add, uuid)

    @routes.post("/tracks/paint")
    def post_paint(uuid: str) -> Response:
        return change(_paint, uuid)

    @routes.post("/tracks/rename")
    def post_rename(uuid: str) -> Response:
        return change(_rename, uuid)

    @routes.post("/tracks/remove")
    def post_remove(uuid: str) -> Response:
        return change(_remove, uuid)

    @routes.post("/tracks/undo")
    def post_undo(uuid: str) -> Response:
        return change(_undo, uuid)


def _tracks_response(table: DumpTable, dump: DumpReader) -> Response:
    now = None if dump.added is None else dump.added.now()
    may = table.may_label and is_writable(dump)
    added = [
        {"name": name, "axis": axis.index, "kind": track.info.kind, "made": now.made.get(name, "") if now else ""}
        for axis in dump.axes.values()
        for name, track in axis.tracks.items()
        if name not in recorded_tracks(axis.tracks)
    ]
    ready = [
        {"name": each.name, "words": each.words, "takes": each.takes}
        for each in READY.values()
        if each.name != "part of speech" or is_installed()
    ]
    answer = {
        "revision": dump.tracks_revision,
        "may": may,
        "why": "" if may else REFUSED if not table.may_label else "nothing can be written beside this recording",
        "added": added,
        "undo": last_change(dump) if may else "",
        "ready": ready if may else [],
    }
    return uncached(jsonify(answer))


def _add(dump: DumpReader, body: dict[str, Any]) -> None:
    question = checked(NewTrackQuestion, body)
    axis = axis_at(dump, question.axis)
    text = question.text
    given: dict[str, Any]
    if question.of == "ready":
        given = {"ready": text}
    elif question.of == "regex":
        given = {"regex": text}
    else:
        spans, name = _spans(dump, question)
        axis = dump.axis(name)
        given = {"values": spans.assign(label=question.label), "made": f"{_WORDS[question.of]} {text}".strip()}
    if question.of != "ready" and axis.tokens is None and question.of in ("regex", "search"):
        raise PatternError("there is no text to look in")
    track = make_track(axis, question.name, **given, rest=question.rest, is_own=False)
    add_track(dump, question.name, track, question.overwrite)


_WORDS = {"search": "hits of", "matches": "matches of a pattern", "region": "region of a map", "marked": "marked rows"}


def _spans(dump: DumpReader, question: NewTrackQuestion) -> tuple[pd.DataFrame, str]:
    """Return the steps that are to be labelled, as stretches, and the name of their axis."""
    if question.of == "search":
        hits = all_hits(dump, question.axis, question.text)
        return _frame(hits[:, 0], hits[:, 1]), axis_at(dump, question.axis).name
    if question.selection is None:
        raise PatternError(f"a track of {question.of} needs the selection; post it too")
    return _selected(dump, question.of, question.selection)


def _selected(dump: DumpReader, of: str, selection: Selection) -> tuple[pd.DataFrame, str]:
    if of == "region":
        steps = selected_region(dump, selection).steps
        return _frame(steps, steps + 1), dump.axis_of(selection.map_source).name
    if of == "marked":
        rows = np.array([(row.start, row.stop) for row in selection.by_hand()[1]], np.int64).reshape(-1, 2)
        return _frame(rows[:, 0], rows[:, 1]), dump.axis_of(selection.source).name
    file = pattern_of(dump, selection)
    matches = matches_of(dump, file.pattern).spans(selection.shared or max(1, file.pattern.n_units))
    shown = without_hidden(matches, hidden_in(file, dump.uuid))
    return _frame(shown.start, shown.stop), file.pattern.axis


def _frame(start: Any, stop: Any) -> pd.DataFrame:
    if not len(start):
        raise PatternError("there is nothing to save: no step is meant")
    return pd.DataFrame({"start": np.asarray(start, np.int64), "stop": np.asarray(stop, np.int64)})


def _paint(dump: DumpReader, body: dict[str, Any]) -> None:
    question = checked(PaintQuestion, body)
    paint(dump, question.name, axis_at(dump, question.axis).name, question.spans, question.label)


def _rename(dump: DumpReader, body: dict[str, Any]) -> None:
    question = checked(Renaming, body)
    rename_track(dump, question.name, question.to)


def _remove(dump: DumpReader, body: dict[str, Any]) -> None:
    remove_track(dump, checked(OneTrack, body).name)


def _undo(dump: DumpReader, body: dict[str, Any]) -> None:
    undo_tracks(dump, checked(UndoQuestion, body).revision)
