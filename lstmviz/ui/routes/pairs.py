"""A pair of sequences: both texts, and the attention between them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from lstmviz.errors import UnknownName
from lstmviz.ui.pairs import pair_answer
from lstmviz.ui.routes.requests import axis_at
from lstmviz.ui.routes.responses import cached_forever
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""

    @routes.get("/pair/<int:axis>/<int:step>/<int:other>.json")
    def get_pair(uuid: str, axis: int, step: int, other: int) -> Response:
        """Return the pair at a step of an axis, with another axis; ``attention`` names the weights."""
        dump = table[uuid]
        first, second = axis_at(dump, axis), axis_at(dump, other)
        if step >= first.n_steps:
            raise UnknownName(f"no step {step} on axis {first.name!r}; it has {first.n_steps}")
        return cached_forever(jsonify(pair_answer(dump, first, step, second, request.args.get("attention"))))
