"""What there is to open, asked again while it may change: dumps, moments, samples; and the request that builds one."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from lstmviz.errors import LstmvizError, PatternError, UnknownName
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.budget import visitor
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import known_error, uncached, unexpected_error
from lstmviz.ui.start_page import start_page_json
from lstmviz.ui.table import DumpTable


def sample_routes(table: DumpTable, gallery: Gallery | None) -> Blueprint:
    """Return the routes under ``/samples``."""
    blueprint = Blueprint("samples", __name__, url_prefix="/samples")
    blueprint.register_error_handler(LstmvizError, known_error)
    blueprint.register_error_handler(Exception, unexpected_error)

    @blueprint.get("/about.json")
    def get_about() -> Response:
        return uncached(jsonify(start_page_json(table, gallery)))

    @blueprint.post("/build")
    def post_build() -> Response:
        if gallery is None:
            raise UnknownName("no samples are offered here; lstmviz demo does")
        name = json_body().get("name")
        if not isinstance(name, str):
            raise PatternError('say which sample to build: {"name": "..."}')
        gallery.build(name, visitor())
        return uncached(jsonify(start_page_json(table, gallery)))

    return blueprint
