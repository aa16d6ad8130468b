"""The matches of a selection: the rows that the page lists, and what all of them have in common."""

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
        """The rows that are asked for: matches of a pattern, or steps of a region of the map."""
        dump, asked = table[uuid], selection_body()
        with rows_turns.turn():
            return _answer(match_rows, dump, asked)

    @routes.post("/summary")
    def post_summary(uuid: str) -> Response:
        """How many matches there are, how long they are, where they lie and what they carry."""
        dump, asked = table[uuid], selection_body()
        with summary_turns.turn():
            return _answer(match_summary, dump, asked)


def _answer(answer: Callable[[DumpReader, Selection], dict[str, Any]], dump: DumpReader, asked: Selection) -> Response:
    """Answer a selection, or say as the answer's ``error`` why it has none.

    Such a line is an ordinary answer, with status 200: a window across a border is no failure of a request, which a
    browser would report in its console.
    """
    try:
        content = answer(dump, asked)
    except LstmvizError as err:
        content = {"error": str(err)}
    return uncached(jsonify(content))
