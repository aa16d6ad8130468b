"""The summary of a selection's matches: their lengths, where they lie, and what they carry.

The page asks for it after the rows, so that they never wait for it. Where finding every match takes long, it is that of
the matches that share all units, which are found first.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.match.corpus.shards import AnyMatchSearch
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.engine.find import is_short
from lstmviz.match.pattern.file import hidden_in
from lstmviz.match.summary.barcode import barcode_of_spans
from lstmviz.match.summary.carry import carry_of_spans
from lstmviz.match.summary.spans import without_hidden
from lstmviz.match.summary.token_rows import AFTER, BEFORE, HERE
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.regions import selected_region
from lstmviz.ui.rows import listed
from lstmviz.ui.selection import Selection

N_TOKENS = 20  # at, before and after the matches
MAX_VALUES = 200  # of one track in an answer: the most frequent ones at the matches


def match_summary(dump: DumpReader, selection: Selection) -> dict[str, Any]:
    """Return the summary as JSON for the page: counts and lengths of the matches, their barcode, and what they carry.

    Counts and lengths are of all matches if the answer is ``complete``. What is carried is that of the matches that
    share all units and are not hidden; the barcode is theirs too, or that of the levels that the selection lists.
    Raises an LstmvizError, whose line the page shows, where the selection does not fit the dump.
    """
    if selection.lasso is not None:
        return _region_summary(dump, selection)
    began = time.perf_counter()
    file = pattern_of(dump, selection)
    pattern = file.pattern
    search, is_complete = matches_of(dump, pattern), is_short(dump, pattern)
    if is_complete:
        search.complete()
    counted = time.perf_counter()
    matches = search.spans(1 if is_complete else max(1, pattern.n_units))
    full = matches.take(matches.n_shared == pattern.n_units)
    hidden = hidden_in(file, dump.uuid)
    visible = without_hidden(full, hidden)
    in_list = visible if selection.shared is None else without_hidden(_listed(search, selection), hidden)
    return {
        "n_units": pattern.n_units,
        "n_full": len(full),
        "n_hidden": len(full) - len(visible),
        "complete": is_complete,
        "counts": search.totals(),
        "counting_ms": (counted - began) * 1000,
        "lengths": _lengths(matches),
        "barcode": _barcode(dump, pattern.axis, in_list),
        "carry": {"n_matches": len(visible), **_carry(dump, pattern.axis, visible)},
        "ms": (time.perf_counter() - began) * 1000,
    }


def _listed(search: AnyMatchSearch, selection: Selection) -> Candidates:
    """Return the matches with as many shared units as the selection lists."""
    matches = search.spans(selection.min_shared)
    return matches if selection.max_shared is None else matches.take(matches.n_shared <= selection.max_shared)


def _region_summary(dump: DumpReader, selection: Selection) -> dict[str, Any]:
    """Summarize a region of the map: where its steps lie, and what they carry; each is a match of one step."""
    began = time.perf_counter()
    region = selected_region(dump, selection)
    n = len(region.steps)
    return {
        "is_region": True,
        "n_units": 0,
        "n_full": n,
        "n_hidden": 0,
        "complete": True,
        "lengths": [],
        "barcode": _barcode(dump, region.axis.name, region.spans),
        "carry": {"n_matches": n, **_carry(dump, region.axis.name, region.spans)},
        "ms": (time.perf_counter() - began) * 1000,
    }


def _lengths(matches: Candidates) -> list[list[int]]:
    """Return (n_shared, length, n_matches), most shared first, then the shortest."""
    length = matches.stop - matches.start
    width = int(length.max(initial=0)) + 1
    keys, n_matches = np.unique(length - matches.n_shared * width, return_counts=True)
    parts = zip((-(keys // width)).tolist(), (keys % width).tolist(), n_matches.tolist(), strict=True)
    return [list(part) for part in parts]


def _barcode(dump: DumpReader, axis: str, matches: Candidates) -> dict[str, Any]:
    frame = barcode_of_spans(dump.axis(axis).n_steps, matches)
    return {
        "width": int(frame["stop"][0]),
        "n_steps": dump.axis(axis).n_steps,
        "n_matches": frame["n_matches"].tolist(),
        "n_steps_in": frame["n_steps"].tolist(),
    }


def _carry(dump: DumpReader, axis: str, matches: Candidates) -> dict[str, Any]:
    frame = carry_of_spans(dump, axis, matches, N_TOKENS)
    tracks = [
        {"name": name, "kind": track.info.kind, **_values(frame[frame["track"] == name])}
        for name, track in dump.axis(axis).tracks.items()
    ]
    tokens = [
        {"name": place, "kind": "category", **_values(rows)}
        for place in (HERE, BEFORE, AFTER)
        if len(rows := frame[(frame["track"] == place) & frame["low"].isna()])
    ]
    return {"tracks": tracks, "tokens": tokens}


def _values(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the values of one track: all, or the most frequent at the matches, then in the corpus."""
    frequent = rows.sort_values(["n_steps", "n_corpus"], ascending=False, kind="stable").index[:MAX_VALUES]
    chosen = rows.loc[np.sort(frequent.to_numpy())]
    numbers = {name: listed(chosen[name].to_numpy()) for name in ("low", "high", "share", "base_rate")}
    counts = {name: chosen[name].tolist() for name in ("n_steps", "n_corpus")}
    return {
        "n_values": len(rows),
        "n_steps": int(rows["n_steps"].sum()),
        "n_corpus": int(rows["n_corpus"].sum()),
        "values": [
            dict(zip(("value", *numbers, *counts), row, strict=True))
            for row in zip(chosen["value"].tolist(), *numbers.values(), *counts.values(), strict=True)
        ],
    }
