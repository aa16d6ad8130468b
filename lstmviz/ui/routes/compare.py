"""Two patterns side by side: what each is, how many matches it has, and how many of these lie in the other's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.summary.compare import compared
from lstmviz.match.summary.same_text import why_apart
from lstmviz.types import Pattern
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.routes.export import posted
from lstmviz.ui.selection import Selection, parse
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.post("/compare")
    def post_compare(uuid: str) -> Response:
        asked = [_selection(name, uuid) for name in ("first", "second")]
        dumps = [table[one.dump] for one in asked]
        patterns = [pattern_of(dump, one).pattern for dump, one in zip(dumps, asked, strict=True)]
        spans = [
            matches_of(dump, pattern).spans(max(1, pattern.n_units))
            for dump, pattern in zip(dumps, patterns, strict=True)
        ]
        why = why_apart(dumps[0], patterns[0].axis, dumps[1], patterns[1].axis)
        answer = jsonify(
            {
                "first": _described(dumps[0], patterns[0], spans[0].stop - spans[0].start),
                "second": _described(dumps[1], patterns[1], spans[1].stop - spans[1].start),
                "both": None if why else asdict(compared(*spans)),
                "why": why,
            }
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _selection(name: str, uuid: str) -> Selection:
    """Return one of the two selections that a request brings; it is of the address' dump unless it names another."""
    given = posted().get(name)
    if not isinstance(given, dict):
        raise PatternError(f"{name!r} is missing: post the two selections as 'first' and 'second'")
    return parse({"dump": uuid, **given})


def _described(dump: DumpReader, pattern: Pattern, lengths: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    some = np.sort(lengths)
    span = None if not len(some) else [int(some[0]), int(some[len(some) // 2]), int(some[-1])]
    return {
        "dump": dump.uuid,
        "name": dump.name,
        "n_units": pattern.n_units,
        "units": [
            {"source": u.source, "unit": u.unit, "side": u.side, "threshold": u.threshold} for u in pattern.units
        ],
        "off_before": pattern.off_before,
        "off_after": pattern.off_after,
        "n_matches": len(some),
        "lengths": span,
    }
