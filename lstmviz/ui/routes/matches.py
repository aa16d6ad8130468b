"""The matches of a selection: the rows that the page lists, and the summary of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError
from lstmviz.ui.routes.requests import selection_body
from lstmviz.ui.routes.responses import uncached
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.rows import match_rows
from lstmviz.ui.selection import Selection
from lstmviz.ui.summary import match_summary
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    rows_turns, summary_turns = Turns(), Turns()

    @routes.post("/matches")
    def post_rows(uuid: str) -> Response:
        """Return rows: matches of a pattern, or steps of a region of the map."""
        dump, selection = table[uuid], selection_body()
        with rows_turns.turn():
            return _answer(match_rows, dump, selection)

    @routes.post("/summary")
    def post_summary(uuid: str) -> Response:
        """Return how many matches there are, how long they are, where they lie and what they carry."""
        dump, selection = table[uuid], selection_body()
        with summary_turns.turn():
            return _answer(match_summary, dump, selection)


def _answer(
    answer: Callable[[DumpReader, Selection], dict[str, Any]], dump: DumpReader, selection: Selection
) -> Response:
    """Answer a selection; an LstmvizError becomes the answer's ``error``, with status 200.

    A window across a border is not a failed request, which a browser would report in its console.
    """
    try:
        content = answer(dump, selection)
    except LstmvizError as err:
        content = {"error": str(err)}
    return uncached(jsonify(content))
