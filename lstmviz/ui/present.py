"""The pattern that a page in a notebook shows now, given back to the kernel that serves it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from lstmviz.errors import LstmvizError
from lstmviz.match.pattern.file import PatternFile
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import known_error, unexpected_error
from lstmviz.ui.selection import Selection, parse
from lstmviz.ui.table import DumpTable


class Present:
    """The selection that the page sent last; it sends one whenever a gesture rests."""

    def __init__(self) -> None:
        self._latest: tuple[DumpTable, Selection] | None = None

    def tell(self, table: DumpTable, selection: Selection) -> None:
        """Take what a page shows."""
        self._latest = table, selection

    @property
    def pattern(self) -> PatternFile | None:
        """The present pattern with its notes; None where nothing is selected."""
        if self._latest is None:
            return None
        table, selection = self._latest
        if selection.pattern is None and selection.typed is None and selection.start is None and not selection.pinned:
            return None
        return pattern_of(table[selection.dump], selection)


def present_routes(present: Present, table: DumpTable) -> Blueprint:
    """Return the route to which the page sends its selection."""
    blueprint = Blueprint("present", __name__)
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)

    @blueprint.post("/present")
    def post_present() -> Response:
        """Keep what the page shows."""
        present.tell(table, parse(json_body()))
        return jsonify({})

    return blueprint
