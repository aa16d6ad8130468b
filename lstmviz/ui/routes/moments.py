"""The figures of what is selected at each moment of a training; the answer comes as lines, a share for each moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response

from lstmviz.dump.moments import moment_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError
from lstmviz.explain import moments
from lstmviz.types import Pattern
from lstmviz.ui.evidence import MOST_ALIGNED
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.routes.ablation import LINES
from lstmviz.ui.routes.requests import json_body
from lstmviz.ui.routes.responses import jsonable, log, uncached
from lstmviz.ui.selection import MomentsQuestion, checked
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""

    @routes.post("/moments")
    def post_moments(uuid: str) -> Response:
        dump, question = table[uuid], checked(MomentsQuestion, json_body())
        dumps = [table[one] for one in question.dumps]
        asks_pattern = question.start is not None or question.pattern is not None or question.typed is not None
        pattern = pattern_of(dump, question).pattern if asks_pattern else None
        return uncached(Response(_lines(dumps, question, pattern), mimetype=LINES))


def _lines(dumps: list[DumpReader], question: MomentsQuestion, pattern: Pattern | None) -> Iterator[str]:
    """Yield lines of JSON: {"share": ...} after each moment, then the rows, or {"error": ...}."""
    rows = []
    try:
        for k, dump in enumerate(dumps):
            rows.append(_row(dump, dumps[-1], question, pattern))
            yield json.dumps({"share": round((k + 1) / len(dumps), 3)}) + "\n"
        yield json.dumps({"rows": rows}) + "\n"
    except LstmvizError as err:
        yield json.dumps({"error": str(err)}) + "\n"
    except Exception as err:
        log.exception("moments could not be compared")
        yield json.dumps({"error": f"the moments could not be compared ({type(err).__name__}); see the log"}) + "\n"


def _row(dump: DumpReader, last: DumpReader, question: MomentsQuestion, pattern: Pattern | None) -> dict[str, Any]:
    """Return the figures of one moment, with null for what is not asked or not known."""
    moment, hypothesis = moment_of(dump.provenance), question.hypothesis
    row: dict[str, Any] = {
        "loss": moments.probe_loss(dump) if moment is None or moment.loss is None else moment.loss,
        "is_held_out": moment is not None and moment.loss is not None,
    }
    source = dump.source(question.source)
    is_small = source.n_units * source.n_steps <= MOST_ALIGNED // 2
    if is_small:
        aligned = moments.alignment(dump, source.name, last)
        row |= {"cka": aligned.cka, "cka_chance": aligned.cka_chance}
    if pattern is not None and pattern.n_units:
        row["at_matches"] = _plain(moments.at_matches(dump, pattern, hypothesis))
        if question.effect:
            row["kl"] = moments.effect(dump, pattern)
    unit = question.unit
    if unit is not None and is_small and unit.source == source.name:
        source.check_unit(unit.unit)
        row["unit"] = _plain(moments.unit_at(dump, unit.source, unit.unit, last, hypothesis))
    if hypothesis is not None and is_small:
        row["best"] = _plain(moments.best_unit(dump, hypothesis, (source.name,)))
    return _plain(row)


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else jsonable(value) for name, value in figures.items()}
