"""Two dumps or two patterns side by side: dumps of the same text, and the matches that two patterns share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.align import Comparable
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.compare import compare_spans, unmet_frame, unmet_spans
from lstmviz.match.summary.same_text import same_text, why_other_text
from lstmviz.types import Pattern
from lstmviz.ui.evidence import partner
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.routes.requests import axis_at, json_body, source_at
from lstmviz.ui.routes.responses import answered, uncached
from lstmviz.ui.routes.search import text_around
from lstmviz.ui.selection import Selection, parse
from lstmviz.ui.table import DumpTable

N_UNMET = 50  # matches in only one of two patterns that are listed
AROUND = 16  # steps of text on either side of each


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.get("/beside/<int:axis>")
    def get_same_text(uuid: str, axis: int) -> Response:
        """Return the served dumps with the same tokens at the same steps, and their sources there."""
        dump = table[uuid]
        axis_of_dump = axis_at(dump, axis)
        pairs = same_text(axis_of_dump, dump, list(table.of_length(axis_of_dump.n_steps)))
        return uncached(jsonify({"dumps": [_dump_json(*pair) for pair in pairs]}))  # it depends on what else is served

    @routes.get("/partner/<int:source>/<int:unit>")
    def get_partner(uuid: str, source: int, unit: int) -> Response:
        """Return the unit of another recording of the text that goes with a unit most."""
        dump, second = table[uuid], table[request.args.get("beside", "")]
        info = source_at(dump, source)
        pair = Comparable(dump, info.name, second, request.args.get("source", ""))
        return answered(partner, pair, info.check_unit(unit))

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
        axes = [dump.axis(pattern.axis) for dump, pattern in zip(dumps, patterns, strict=True)]
        only = {} if why else {"first": _unmet_json(axes[0], *spans), "second": _unmet_json(axes[1], *spans[::-1])}
        return uncached(jsonify({"first": first, "second": second, "both": both, "only": only, "why": why}))


def _dump_json(dump: DumpReader, axis: Axis) -> dict[str, Any]:
    return {"uuid": dump.uuid, "name": dump.name, "axis": axis.index, "sources": list(axis.sources)}


def _selection(name: str, uuid: str) -> Selection:
    """Return one of the two selections that a request posts; it is of the address' dump unless it names another."""
    raw = json_body().get(name)
    if not isinstance(raw, dict):
        raise PatternError(f"{name!r} is missing: post the two selections as 'first' and 'second'")
    return parse({"dump": uuid, **raw})


def _unmet_json(axis: Axis, spans: Candidates, others: Candidates) -> dict[str, Any]:
    """Describe the spans without a step in any of the others: how many, and the first of them with the text around."""
    unmet = unmet_spans(spans, others)
    rows = unmet_frame(axis, unmet.take(np.arange(min(N_UNMET, len(unmet))))).to_dict("records")
    texts = (text_around(axis, row["start"], row["stop"], row["sequence"], AROUND) for row in rows)
    listed = [{"start": row["start"], "stop": row["stop"], **text} for row, text in zip(rows, texts, strict=True)]
    return {"n": len(unmet), "rows": listed}


def _pattern_json(dump: DumpReader, pattern: Pattern, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    ordered = np.sort(lengths)
    values, counts = np.unique(lengths, return_counts=True)
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
        "by_length": [list(pair) for pair in zip(values.tolist(), counts.tolist(), strict=True)],
    }
