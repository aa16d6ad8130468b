"""The routes under ``/d/<uuid>/``: the page's data and answers, one topic a file.

All are named by the dump's uuid, which is new at every write, so that a browser may keep an answer forever. Every
failure is JSON with one line.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.ui.routes import (
    ablation,
    compare,
    evidence,
    export,
    figures,
    map,
    matches,
    moments,
    pairs,
    search,
    sequences,
    survey,
    tiles,
    tracks,
    typed,
    units,
)
from lstmviz.ui.routes.responses import known_error, unexpected_error
from lstmviz.ui.table import DumpTable


def routes(table: DumpTable) -> Blueprint:
    """Return the routes under ``/d/<uuid>/`` for the dumps of a table."""
    blueprint = Blueprint("lstmviz", __name__, url_prefix="/d/<uuid>")
    for topic in (
        matches,
        tiles,
        search,
        units,
        sequences,
        export,
        figures,
        compare,
        map,
        typed,
        ablation,
        evidence,
        moments,
        tracks,
        survey,
        pairs,
    ):
        topic.add(blueprint, table)
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)

    @blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def no_route(uuid: str, rest: str) -> Response:
        """Answer any other address under here in a line; else Dash would answer it with the page."""
        raise UnknownName(f"nothing answers to {request.method} {rest[:80]!r} here; is it a link of another version?")

    return blueprint
