"""What can stand beside a dump: every served dump with the same tokens at the same steps, and its sources there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match.summary.same_text import same_text
from lstmviz.ui.routes.responses import axis_at
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""

    @routes.get("/beside/<int:axis>")
    def get_beside(uuid: str, axis: int) -> Response:
        dump = table[uuid]
        found = same_text(axis_at(dump, axis), dump, list(table))
        answer = jsonify({"dumps": [_described(*one) for one in found]})
        answer.headers["Cache-Control"] = "no-store"  # it depends on what else is served
        return answer


def _described(dump: DumpReader, axis: Axis) -> dict[str, Any]:
    return {"uuid": dump.uuid, "name": dump.name, "axis": axis.index, "sources": list(axis.sources)}
