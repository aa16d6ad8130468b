"""Every match of a selection, or every step of a region of the map, as a file: CSV, or JSON for a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.regions import region_asked
from lstmviz.ui.routes.requests import selection_body
from lstmviz.ui.routes.responses import attachment, jsonable
from lstmviz.ui.selection import Selection
from lstmviz.ui.table import DumpTable

ROWS_AT_ONCE = 2_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes text that begins so for a formula

Row = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """What a file holds: ``head`` says of what, and ``rows`` come under ``listed``, a match or a step each."""

    name: str
    listed: str
    head: dict[str, Any]
    columns: list[str]
    rows: Iterator[Row]


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.post("/export/matches.<form>")
    def post_matches(uuid: str, form: str) -> Response:
        if form not in WRITERS:
            raise UnknownName(f"matches are not written as {form[:20]!r}; there is matches.csv and matches.json")
        dump, asked = table[uuid], selection_body()
        content = _matches(dump, asked) if asked.lasso is None else _region(dump, asked)
        write, kind = WRITERS[form]
        return attachment(Response(write(content), mimetype=kind), f"{dump.name}-{content.name}.{form}")


def _matches(dump: DumpReader, asked: Selection) -> Content:
    file = pattern_of(dump, asked)
    listing = Listing(dump, found_in(dump, file.pattern), asked.order, asked.group, asked.shared or 1, is_whole=True)
    listing.page(1)  # what can fail fails before the answer begins
    head = {
        "dump": {"uuid": dump.uuid, "name": dump.name},
        "order": asked.order,
        "group": asked.group,
        "min_shared": asked.shared or 1,
        "n_matches": listing.n_matches,
        **json.loads(file.to_json()),
    }
    return Content("matches", "matches", head, _columns(dump, file.pattern.axis), _rows(dump, file, listing))


def _region(dump: DumpReader, asked: Selection) -> Content:
    region = region_asked(dump, asked)
    head = {
        "dump": {"uuid": dump.uuid, "name": dump.name},
        "region": {"map": asked.map_of or asked.source, "method": asked.map_method, "corners": asked.lasso},
        "filters": [{k: v for k, v in filter_fields(one).items() if v not in ((), None)} for one in asked.filters],
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
    """Yield the matches: the columns of ``find``, whether hidden or marked, and each track at the first step."""
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
    place = order.argsort(kind="stable")
    found = {}
    for name, track in dump.axis(axis).tracks.items():
        values = jsonable(values_at(track, steps[order])[place])
        labels = dict(enumerate(track.labels))
        found[f"track:{name}"] = [labels.get(code) for code in values] if track.info.kind == "category" else values
    return found


def _columns(dump: DumpReader, axis: str) -> list[str]:
    own = ("start", "stop", "sequence", "n_shared", "n_union", "length", "text", "is_hidden", "is_marked")
    return [*own, *(f"track:{name}" for name in dump.axis(axis).tracks)]


def _csv(content: Content) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(content.columns)
    for i, row in enumerate(content.rows):
        writer.writerow([_defused(row[column]) for column in content.columns])
        if i % ROWS_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _json(content: Content) -> Iterator[str]:
    yield json.dumps(content.head, ensure_ascii=False, allow_nan=False)[:-1] + f', "{content.listed}": [\n'
    before = ""
    for row in content.rows:
        yield before + json.dumps(row, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "\n]}\n"


def _defused(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


WRITERS = {"csv": (_csv, "text/csv; charset=utf-8"), "json": (_json, "application/json")}
