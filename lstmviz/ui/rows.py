"""The answer to a brush: which matches the page lists, cell by cell, and how many there are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.match import brushed, found_in
from lstmviz.match.find import Found
from lstmviz.match.on import is_on
from lstmviz.match.pattern_file import Notes, PatternFile
from lstmviz.match.shards import FoundInShards
from lstmviz.types import Pattern, PatternUnit
from lstmviz.ui.about import finite
from lstmviz.ui.selection import Selection, parse
from lstmviz.ui.table import DumpTable

CELLS_BEFORE = 5  # cells of a row before the match starts
CELLS = 40  # cells of a row in all
COUNT_ALL = 2**22  # steps x pattern units; up to here every match is counted at once, in a tenth of a second
KEPT = 16  # patterns whose matches are kept, so that the next rows come at once


def match_rows(table: DumpTable, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a selection as JSON for the page: counts at each number of shared units, and the first rows.

    Raises an LstmvizError, whose line the page shows, where the selection does not fit what is served.
    """
    asked = parse(raw)
    dump = table[asked.dump]
    began = time.perf_counter()
    file = _pattern(dump, asked)
    found = _found(dump, file.pattern)
    if dump.axis(found.pattern.axis).n_steps * found.pattern.n_units <= COUNT_ALL:
        found.complete()
    frame, totals = found.page(asked.rows), found.totals()
    axis = dump.axis(found.pattern.axis)
    rows = [_row(dump, axis, found.pattern, match) for match in frame.itertuples(index=False)]
    return {
        "key": asked.key,
        "error": None,
        "ms": (time.perf_counter() - began) * 1000,
        "n_units": found.pattern.n_units,
        "n_full": next((n for shared, n in totals if shared == found.pattern.n_units), 0),
        "counts": totals,
        "complete": found.is_complete,
        "text_before": CELLS_BEFORE,
        "cells": CELLS,
        "rows": rows,
        "units": [_unit(dump, unit) for unit in found.pattern.units],
        "pattern": file.to_json(),
    }


def step_tracks(axis: Axis, start: int, stop: int) -> dict[str, list[float | int | None]]:
    """Return every track's values over steps [start, stop) as JSON carries them; None where there is no value."""
    return {name: _listed(track[start:stop]) for name, track in axis.tracks.items()}


def _listed(values: np.ndarray[Any, np.dtype[Any]]) -> list[float | int | None]:
    if values.dtype.kind != "f":
        return [int(v) for v in values]
    return [float(v) if np.isfinite(v) else None for v in values]


def _pattern(dump: DumpReader, asked: Selection) -> PatternFile:
    """Return the pattern that was opened, or that of the brush, as a file to keep."""
    if asked.pattern is not None:
        return PatternFile.from_json(asked.pattern)
    hidden, marked = asked.by_hand()
    return PatternFile(brushed(dump, asked.brush()), Notes(dump=dump.uuid, hidden=hidden, marked=marked))


def _unit(dump: DumpReader, unit: PatternUnit) -> dict[str, Any]:
    """Describe a pattern unit for the page, with the cut that its recorded values are compared with."""
    cut = finite(dump.source(unit.source).cut(unit.threshold))
    return {"source": unit.source, "unit": unit.unit, "side": unit.side, "threshold": unit.threshold, "cut": cut}


@lru_cache(maxsize=KEPT)
def _found(dump: DumpReader, pattern: Pattern) -> Found | FoundInShards:
    return found_in(dump, pattern)


def _row(dump: DumpReader, axis: Axis, pattern: Pattern, match: Any) -> dict[str, Any]:
    first = int(match.start) - CELLS_BEFORE
    begin, end = (int(edge[match.sequence]) for edge in (axis.starts, axis.stops))
    a, b = max(first, begin), min(first + CELLS, end)
    lead, trail = a - first, first + CELLS - b
    tokens = None if axis.tokens is None else axis.tokens[a:b]
    return {
        **{k: int(getattr(match, k)) for k in ("start", "stop", "sequence", "n_shared", "n_union", "length")},
        "first": first,
        "tokens": None if tokens is None else [None] * lead + tokens + [None] * trail,
        "on": [None] * lead + _n_on(dump, pattern, a, b) + [None] * trail,
        "tracks": {n: [None] * lead + v + [None] * trail for n, v in step_tracks(axis, a, b).items()},
    }


def _n_on(dump: DumpReader, pattern: Pattern, start: int, stop: int) -> list[int]:
    """Count the pattern's units that are on at each step of [start, stop)."""
    total = np.zeros(stop - start, np.int64)
    for source, _ in pattern.bases:
        values = dump.states(source)[start:stop]
        for unit in pattern.units:
            if unit.source == source:
                total += is_on(values[:, unit.unit], dump.source(source), unit.threshold, unit.side)
    return total.tolist()
