"""Every match of a selection, or every step of a region of the map, as a file: CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from flask import Blueprint, Response
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import UnknownName
from lstmviz.maps.region import Region, tokens_at
from lstmviz.match import found_in
from lstmviz.match.order.bins import values_at
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.file import PatternFile, filter_fields, hidden_in
from lstmviz.ui.limits import MOST_EXPORTS, Slots
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.regions import selected_region
from lstmviz.ui.routes.requests import selection_body
from lstmviz.ui.routes.responses import attachment, jsonable
from lstmviz.ui.selection import Selection
from lstmviz.ui.table import DumpTable

ROWS_AT_ONCE = 2_000  # that are read
SENT_AT_ONCE = 100  # rows, some milliseconds' work, before others are given way to
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet reads text that begins with one as a formula

Row = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """The content of a file: ``head`` describes it, and ``rows``, a match or a step each, come under ``listed``."""

    name: str
    listed: str
    head: dict[str, Any]
    columns: list[str]
    rows: Iterator[Row]


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    exports = Slots(MOST_EXPORTS, "exports are written")

    @routes.post("/export/matches.<form>")
    def post_matches(uuid: str, form: str) -> Response:
        if form not in WRITERS:
            raise UnknownName(f"matches are not exported as {form[:20]!r}; use matches.csv or matches.json")
        dump, selection = table[uuid], selection_body()
        with exports.taken() as place:
            content = _matches(dump, selection) if selection.lasso is None else _region(dump, selection)
            write, kind = WRITERS[form]
            answer = attachment(Response(write(content), mimetype=kind), f"{dump.name}-{content.name}.{form}")
            return exports.until_sent(answer, place)


def _matches(dump: DumpReader, selection: Selection) -> Content:
    file = pattern_of(dump, selection)
    least, most = selection.min_shared, selection.max_shared
    listing = Listing(
        dump, found_in(dump, file.pattern), selection.order, selection.group, least, is_whole=True, max_shared=most
    )
    listing.page(1)  # fails, if it does, before the response begins
    head = {
        "dump": {"uuid": dump.uuid, "name": dump.name},
        "order": selection.order,
        "group": selection.group,
        "min_shared": least,
        **({} if most is None else {"max_shared": most}),
        "n_matches": listing.n_matches,
        **json.loads(file.to_json()),
    }
    return Content("matches", "matches", head, _columns(dump, file.pattern.axis), _rows(dump, file, listing))


def _region(dump: DumpReader, selection: Selection) -> Content:
    region = selected_region(dump, selection)
    head = {
        "dump": {"uuid": dump.uuid, "name": dump.name},
        "region": {"map": selection.map_source, "method": selection.map_method, "corners": selection.lasso},
        "filters": [{k: v for k, v in filter_fields(one).items() if v not in ((), None)} for one in selection.filters],
        "n_points": region.n_points,
        "n_steps": len(region.steps),
    }
    columns = ["step", "sequence", "text", *(f"track:{name}" for name in region.axis.tracks)]
    return Content("region", "steps", head, columns, _steps(dump, region))


def _steps(dump: DumpReader, region: Region) -> Iterator[Row]:
    """Yield the steps of a region: each one's sequence, token, and tracks."""
    axis = region.axis
    for first in range(0, len(region.steps), ROWS_AT_ONCE):
        steps = region.steps[first : first + ROWS_AT_ONCE]
        tracks = _tracks(dump, axis.name, steps)
        sequences = np.searchsorted(axis.stops, steps, side="right").tolist()
        for i, (step, token) in enumerate(zip(steps.tolist(), tokens_at(axis, steps), strict=True)):
            row = {"step": step, "sequence": sequences[i], "text": token}
            yield row | {name: values[i] for name, values in tracks.items()}


def _rows(dump: DumpReader, file: PatternFile, listing: Listing) -> Iterator[Row]:
    """Yield the matches: the columns of ``dump.match``, whether hidden or marked, and each track at the first step."""
    is_here = file.notes.dump in ("", dump.uuid)
    hidden = {(w.start, w.stop) for w in hidden_in(file, dump.uuid)}
    marked = {(w.start, w.stop) for w in file.notes.marked if is_here}
    offset = 0
    while len(page := listing.page(ROWS_AT_ONCE, offset)):
        tracks = _tracks(dump, file.pattern.axis, page["start"].to_numpy())
        for i, row in enumerate(page.to_dict("records")):
            span = row["start"], row["stop"]
            by_hand = {"is_hidden": span in hidden, "is_marked": span in marked}
            yield {str(k): v for k, v in row.items()} | by_hand | {name: values[i] for name, values in tracks.items()}
        offset += len(page)


def _tracks(dump: DumpReader, axis: str, steps: NDArray[np.int64]) -> dict[str, list[Any]]:
    """Return each track's values, as labels or numbers, at some steps."""
    order = steps.argsort(kind="stable")
    rank = order.argsort(kind="stable")
    columns = {}
    for name, track in dump.axis(axis).tracks.items():
        values = jsonable(values_at(track, steps[order])[rank])
        labels = dict(enumerate(track.labels))
        columns[f"track:{name}"] = [labels.get(code) for code in values] if track.info.kind == "category" else values
    return columns


def _columns(dump: DumpReader, axis: str) -> list[str]:
    of_match = ("start", "stop", "sequence", "n_shared", "n_union", "length", "text", "is_hidden", "is_marked")
    return [*of_match, *(f"track:{name}" for name in dump.axis(axis).tracks)]


def _csv(content: Content) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(content.columns)
    for i, row in enumerate(content.rows):
        writer.writerow([_without_formula(row[column]) for column in content.columns])
        if i % SENT_AT_ONCE == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _json(content: Content) -> Iterator[str]:
    yield json.dumps(content.head, ensure_ascii=False, allow_nan=False)[:-1] + f', "{content.listed}": [\n'
    before = ""
    while rows := list(islice(content.rows, SENT_AT_ONCE)):
        yield before + ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
        before = ",\n"
    yield "\n]}\n"


def _without_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet reads as a formula: text that begins like one gets an apostrophe in front."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


WRITERS = {"csv": (_csv, "text/csv; charset=utf-8"), "json": (_json, "application/json")}
