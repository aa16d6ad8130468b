"""The answer to a brush: which matches the page lists, cell by cell, and how many there are."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, starmap
from typing import Any, NamedTuple

import numpy as np

from lstmviz.dump.read_ahead import joined_windows
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.card.unit_card import in_view
from lstmviz.match.engine.find import is_short
from lstmviz.match.engine.threshold import is_on
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.file import PatternFile
from lstmviz.types import Pattern, PatternUnit
from lstmviz.ui.describe import finite
from lstmviz.ui.pairs import Partner, partner_named, row_pair
from lstmviz.ui.queries import listing_of, matches_of, pattern_of
from lstmviz.ui.regions import region_answer, selected_region
from lstmviz.ui.selection import Selection
from lstmviz.ui.tokens import unknown_places

CELLS_BEFORE = 12  # cells of a row before the match starts
CELLS = 48  # cells of a row in all
MAX_GROUPS = 1_000  # described in one answer, beside those of its rows
UNIT_COLOUR = "unit:"
NOT_LISTED = {"is_hidden": False, "is_marked": False, "group": None}  # of a row that is no match of the list


def match_rows(dump: DumpReader, selection: Selection) -> dict[str, Any]:
    """Answer a selection as JSON for the page: the rows of its page, and the counts known by then.

    Counts are of matches at each number of shared units. They are all there where the answer is ``complete``, and it is
    where the selection is to be ``counted`` and that takes no more than a tenth of a second; else they are those of the
    levels that were looked at for the rows. ``counts_follow`` tells that the summary will have them all.
    Raises an LstmvizError, whose line the page shows, where the selection does not fit the dump.
    """
    if selection.lasso is not None:
        return _region_rows(dump, selection)
    began = time.perf_counter()
    file = pattern_of(dump, selection)
    pattern = file.pattern
    search = matches_of(dump, pattern)
    is_countable = is_short(dump, pattern)
    if selection.counted and is_countable:
        search.complete()
    listing, shared_from = listing_of(dump, pattern, selection)
    rows = _rows(dump, file, selection, listing)
    totals = search.totals()
    shading = selection.shading(pattern)
    return {
        "ms": (time.perf_counter() - began) * 1000,
        "n_units": pattern.n_units,
        "n_shaded": None if shading is None else shading.n_units,
        "n_full": next((n for shared, n in totals if shared == pattern.n_units), 0),
        "counts": totals,
        "complete": search.is_complete,
        "counts_follow": is_countable and not search.is_complete,
        "text_before": CELLS_BEFORE,
        "cells": CELLS,
        "offset": selection.offset,
        "n_listed": listing.n_matches,
        "shared_from": shared_from,
        "n_groups": len(listing.groups),
        "groups": _groups(listing, {row["group"] for row in rows}),
        "rows": rows,
        "brushed": _brushed_row(dump, file, selection) if selection.offset == 0 else None,
        "units": [_unit(dump, unit) for unit in pattern.units],
        "pattern": file.to_json(),
    }


def step_tracks(axis: Axis, start: int, stop: int) -> dict[str, list[float | int | None]]:
    """Return every track's values over steps [start, stop) as JSON carries them; None where there is no value."""
    return {name: listed(track[start:stop]) for name, track in axis.tracks.items()}


def listed(values: np.ndarray[Any, np.dtype[Any]]) -> list[float | int | None]:
    """Return numbers as JSON carries them; None for what is not finite."""
    numbers: list[Any] = values.tolist()
    return [finite(number) for number in numbers] if values.dtype.kind == "f" else numbers


def _unit(dump: DumpReader, unit: PatternUnit) -> dict[str, Any]:
    """Describe a pattern unit for the page, with the cut that its recorded values are compared with."""
    cut = finite(dump.source(unit.source).cut(unit.threshold))
    return {"source": unit.source, "unit": unit.unit, "side": unit.side, "threshold": unit.threshold, "cut": cut}


def _groups(listing: Listing, shown: set[int | None]) -> list[dict[str, Any]]:
    """Describe the first groups of a listing, and those of the rows that are shown."""
    some = sorted({*range(min(MAX_GROUPS, len(listing.groups))), *(i for i in shown if i is not None)})
    picked = [(i, listing.groups[i]) for i in some]
    return [{"index": i, "name": group.name, "n": group.n_matches, "first": group.first} for i, group in picked]


def _rows(dump: DumpReader, file: PatternFile, selection: Selection, listing: Listing) -> list[dict[str, Any]]:
    axis, notes = dump.axis(file.pattern.axis), file.notes
    partner = partner_named(dump, axis, selection.pair_with)
    is_here = notes.dump in ("", dump.uuid)
    hidden, marked = ({(w.start, w.stop) for w in rows if is_here} for rows in (notes.hidden, notes.marked))
    unit = _coloured_by(dump, axis, selection.colour)
    page = listing.page(selection.rows, selection.offset, has_text=False)
    places = [_Place(*row) for row in zip(*(page[name].tolist() for name in _Place._fields), strict=True)]
    windows = [_cells(axis, place) for place in places]
    on, shades = _counts_on(dump, file.pattern, windows), _shades(dump, file.pattern, selection, windows)
    rows = _shown(dump, axis, places, on, shades, unit, partner)
    for number, row in enumerate(rows, selection.offset):
        span = row["start"], row["stop"]
        row |= {"is_hidden": span in hidden, "is_marked": span in marked, "group": listing.group_at(number)}
    return rows


def _brushed_row(dump: DumpReader, file: PatternFile, selection: Selection) -> dict[str, Any] | None:
    """Return the brush's own place as a row; None where the question is no brush on the corpus."""
    start, stop = selection.start, selection.stop
    if selection.pattern is not None or selection.typed is not None or start is None or stop is None:
        return None
    pattern = file.pattern
    axis = dump.axis(pattern.axis)
    n_shared = sum(
        bool(is_on(dump.states(u.source)[start:stop, u.unit], dump.source(u.source), u.threshold, u.side).all())
        for u in pattern.units
    )
    place = _Place(start, stop, axis.sequence_of(start), n_shared, length=stop - start)
    windows = [_cells(axis, place)]
    on, shades = _counts_on(dump, pattern, windows), _shades(dump, pattern, selection, windows)
    unit, partner = _coloured_by(dump, axis, selection.colour), partner_named(dump, axis, selection.pair_with)
    return _shown(dump, axis, [place], on, shades, unit, partner)[0] | NOT_LISTED


def _cells(axis: Axis, place: _Place) -> tuple[int, int]:
    """Return the steps [a, b) that a row shows: CELLS of them, as far as they are of its match's sequence."""
    first = place.start - CELLS_BEFORE
    return max(first, int(axis.starts[place.sequence])), min(first + CELLS, int(axis.stops[place.sequence]))


def _counts_on(dump: DumpReader, pattern: Pattern, windows: list[tuple[int, int]]) -> list[list[int]]:
    """Count the pattern's units that are on at each step of some windows."""
    steps = np.array(list(chain.from_iterable(starmap(range, windows))), np.int64)
    counts = iter(matches_of(dump, pattern).count_on(steps).tolist())
    return [list(islice(counts, b - a)) for a, b in windows]


def _shades(
    dump: DumpReader, pattern: Pattern, selection: Selection, windows: list[tuple[int, int]]
) -> list[list[int]] | list[None]:
    """Count the units that are on of those that shade the tokens; None for each window where all units do."""
    shading = selection.shading(pattern)
    return [None] * len(windows) if shading is None else _counts_on(dump, shading, windows)


def _shown(
    dump: DumpReader,
    axis: Axis,
    places: Sequence[_Place],
    on: Sequence[list[int]],
    shades: Sequence[list[int] | None],
    unit: tuple[str, int] | None,
    partner: Partner | None,
) -> list[dict[str, Any]]:
    """Return matches as rows, cell by cell.

    ``on`` has how many units are on at each step that a row shows, ``shades`` how many of those that shade the tokens.
    """
    if not places:
        return []
    windows = [_cells(axis, place) for place in places]
    cells = joined_windows(axis, windows)
    tokens = None if cells.tokens is None else cells.tokens[:]
    unknown, tracks = unknown_places(cells, 0, cells.n_steps), step_tracks(cells, 0, cells.n_steps)
    rows, end = [], 0
    for place, (a, b), n_on, n_shading in zip(places, windows, on, shades, strict=True):
        begin, end = end, end + b - a
        first = place.start - CELLS_BEFORE
        row = _Row(slice(begin, end), a - first, first + CELLS - b)
        values = None if unit is None else listed(in_view(dump.source(unit[0]), dump.states(unit[0])[a:b, unit[1]]))
        rows.append(
            {
                **place._asdict(),
                "first": first,
                "tokens": None if tokens is None else row.padded(tokens[row.cells]),
                "unknown": row.places(unknown),
                "on": row.padded(n_on),
                "shades": None if n_shading is None else row.padded(n_shading),
                "tracks": {name: row.padded(track[row.cells]) for name, track in tracks.items()},
                "values": None if values is None else row.padded(values),
                "pair": None if partner is None else row_pair(dump, axis, place.start, place.stop, partner),
            }
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the list: which of all rows' cells it has, and how many empty ones before and after these."""

    cells: slice
    n_before: int
    n_after: int

    def padded(self, values: list[Any]) -> list[Any]:
        """Return values of the cells, and None for the empty ones."""
        return [None] * self.n_before + values + [None] * self.n_after

    def places(self, cells: list[int]) -> list[int]:
        """Return which places of the row have one of some cells, which are in rising order."""
        first, last = bisect_left(cells, self.cells.start), bisect_left(cells, self.cells.stop)
        return [cell - self.cells.start + self.n_before for cell in cells[first:last]]


def _region_rows(dump: DumpReader, selection: Selection) -> dict[str, Any]:
    """Answer a lasso: a row for each step of the region, as a match of one step."""
    region = selected_region(dump, selection)
    axis = region.axis
    unit, partner = _coloured_by(dump, axis, selection.colour), partner_named(dump, axis, selection.pair_with)
    steps = region.steps[selection.offset : selection.offset + selection.rows].tolist()
    places = [_Place(step, step + 1, axis.sequence_of(step)) for step in steps]
    on = [[0] * (b - a) for a, b in (_cells(axis, place) for place in places)]
    rows = _shown(dump, axis, places, on, [None] * len(places), unit, partner)
    content = {"text_before": CELLS_BEFORE, "cells": CELLS, "rows": [row | NOT_LISTED for row in rows]}
    return region_answer(selection, region) | content


class _Place(NamedTuple):
    """A match, a step of a region, or the brush's own place."""

    start: int
    stop: int
    sequence: int
    n_shared: int = 0
    n_union: int = 0
    length: int = 1


def _coloured_by(dump: DumpReader, axis: Axis, colour: str) -> tuple[str, int] | None:
    """Return the unit by whose activation the rows are coloured, if one is; PatternError for an unknown one."""
    if not colour.startswith(UNIT_COLOUR):
        return None
    name, _, number = colour.removeprefix(UNIT_COLOUR).rpartition(":")
    source = dump.source(name)
    if source.axis != axis.name or not number.isdecimal() or int(number) >= source.n_units:
        raise PatternError(
            f"colour {colour[:80]!r} is not a unit of axis {axis.name!r}; {name} has units 0 to {source.n_units - 1}"
        )
    return name, int(number)
