"""The matches of a selection: the rows that the page lists, and the summary of all."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from lstmviz.match.index.store import built_shares
from lstmviz.ui.routes.requests import selection_body, while_waiting
from lstmviz.ui.routes.responses import answered, telling_tracks, uncached
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.rows import match_rows
from lstmviz.ui.summary import match_summary
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    rows_turns, summary_turns = Turns(), Turns()

    @routes.post("/matches")
    def post_rows(uuid: str) -> Response:
        """Return rows: matches of a pattern, or steps of a region of the map."""
        dump, selection = table[uuid], selection_body()
        with rows_turns.turn(), while_waiting():
            return telling_tracks(answered(match_rows, dump, selection), uuid, dump.tracks_revision)

    @routes.get("/indexing.json")
    def get_indexing(uuid: str) -> Response:
        """Return how far the indexes are that are being built: what a first question waits for."""
        built = [{"source": name, "share": share} for name, share in built_shares(table[uuid])]
        return uncached(jsonify({"sources": built}))

    @routes.post("/summary")
    def post_summary(uuid: str) -> Response:
        """Return how many matches there are, how long they are, where they lie and what they carry."""
        dump, selection = table[uuid], selection_body()
        with summary_turns.turn(), while_waiting():
            return answered(match_summary, dump, selection)
