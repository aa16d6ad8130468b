"""Two dumps or two patterns side by side: dumps of the same text, and the matches that two patterns share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.summary.compare import compare_spans
from lstmviz.match.summary.same_text import same_text, why_other_text
from lstmviz.types import Pattern
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.routes.requests import axis_at, json_body
from lstmviz.ui.routes.responses import uncached
from lstmviz.ui.selection import Selection, parse
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/beside/<int:axis>")
    def get_same_text(uuid: str, axis: int) -> Response:
        """Return the served dumps with the same tokens at the same steps, and their sources there."""
        dump = table[uuid]
        asked = axis_at(dump, axis)
        pairs = same_text(asked, dump, list(table.of_length(asked.n_steps)))
        return uncached(jsonify({"dumps": [_dump_json(*pair) for pair in pairs]}))  # it depends on what else is served

    @routes.post("/compare")
    def post_compare(uuid: str) -> Response:
        """Return what each of two patterns is, how many matches it has, and how many lie in the other's."""
        selections = [_selection(name, uuid) for name in ("first", "second")]
        dumps = [table[selection.dump] for selection in selections]
        patterns = [pattern_of(dump, selection).pattern for dump, selection in zip(dumps, selections, strict=True)]
        spans = [
            matches_of(dump, pattern).spans(max(1, pattern.n_units))
            for dump, pattern in zip(dumps, patterns, strict=True)
        ]
        why = why_other_text(dumps[0], patterns[0].axis, dumps[1], patterns[1].axis)
        first, second = (
            _pattern_json(dump, pattern, span.stop - span.start)
            for dump, pattern, span in zip(dumps, patterns, spans, strict=True)
        )
        both = None if why else asdict(compare_spans(*spans))
        return uncached(jsonify({"first": first, "second": second, "both": both, "why": why}))


def _dump_json(dump: DumpReader, axis: Axis) -> dict[str, Any]:
    return {"uuid": dump.uuid, "name": dump.name, "axis": axis.index, "sources": list(axis.sources)}


def _selection(name: str, uuid: str) -> Selection:
    """Return one of the two selections that a request posts; it is of the address' dump unless it names another."""
    raw = json_body().get(name)
    if not isinstance(raw, dict):
        raise PatternError(f"{name!r} is missing: post the two selections as 'first' and 'second'")
    return parse({"dump": uuid, **raw})


def _pattern_json(dump: DumpReader, pattern: Pattern, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    ordered = np.sort(lengths)
    quantiles = None if not len(ordered) else [int(ordered[0]), int(ordered[len(ordered) // 2]), int(ordered[-1])]
    return {
        "dump": dump.uuid,
        "name": dump.name,
        "n_units": pattern.n_units,
        "units": [
            {"source": u.source, "unit": u.unit, "side": u.side, "threshold": u.threshold} for u in pattern.units
        ],
        "off_before": pattern.off_before,
        "off_after": pattern.off_after,
        "n_matches": len(ordered),
        "lengths": quantiles,
    }
