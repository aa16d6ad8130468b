"""Exports of what is shown: figures as SVG, PNG and PDF, one HTML page, and code that finds the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.maps.trajectories import trajectories_on
from lstmviz.match import barcode, carry, count, unit_card
from lstmviz.match.pattern.file import PatternFile, hidden_in
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.match.pattern.thresholds import count_by_threshold
from lstmviz.types import Side, Window
from lstmviz.ui.copy_as import as_command, as_pair, as_python, as_region, plain_brush
from lstmviz.ui.pairs import ShownPair, shown_pair
from lstmviz.ui.queries import listing_of, pattern_of
from lstmviz.ui.regions import computed_map, map_colour, selected_region
from lstmviz.ui.routes.requests import int_arg, selection_body, side_arg
from lstmviz.ui.routes.responses import attachment, uncached
from lstmviz.ui.selection import Name, Selection, WholeNumber
from lstmviz.ui.table import DumpTable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_ROWS = 200  # of matches in a figure
MOST_STEPS = 4_000  # of a sequence in a text
KINDS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


class ViewQuery(BaseModel):
    """What is in view besides the selection: the steps, the tracks under them, and the pair of texts.

    ``pair_at`` is a step of the pair, ``pair_brush`` a brush on its other text; with ``pair`` "off" it is folded away.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: WholeNumber = 0
    span: Annotated[int, Field(ge=1, le=100_000)] = 60
    tracks: Annotated[tuple[Name, ...], Field(max_length=32)] = ()
    pair: Literal["lines", "heat", "off"] = "off"
    pair_at: Annotated[WholeNumber | None, Field(alias="pairAt")] = None
    pair_brush: Annotated[Window | None, Field(alias="pairBrush")] = None


class _View:
    """A selection with its pattern, its rows and what is in view, as a request posts them."""

    def __init__(self, dump: DumpReader) -> None:
        self.dump, self.selection = dump, selection_body()
        self.file: PatternFile = pattern_of(dump, self.selection)
        self.pattern = self.file.pattern
        in_view = _view_query(request.get_json())
        axis = dump.axis_of(self.selection.source)
        self.start = min(in_view.at, axis.n_steps - 1)
        self.stop = min(self.start + in_view.span, axis.n_steps)
        self.tracks = [name for name in in_view.tracks if name in axis.tracks]
        self.is_pair_shown = in_view.pair != "off"
        at = self.start if self.window is None else self.window.start
        self._pair_step = min(at if in_view.pair_at is None else in_view.pair_at, axis.n_steps - 1)
        self._pair_brush = in_view.pair_brush
        self.theme: Any = request.args.get("theme", "light")  # figures check it

    @property
    def window(self) -> Window | None:
        """The brushed steps, if any are."""
        if self.selection.start is None or self.selection.stop is None or self.selection.pattern is not None:
            return None
        return Window(self.selection.start, self.selection.stop)

    @property
    def is_asked(self) -> bool:
        """Whether a brush or a pattern asks for matches."""
        return any(one is not None for one in (self.selection.pattern, self.selection.typed, self.window))

    @property
    def pair(self) -> ShownPair | None:
        """The pair of texts at the steps in view, folded away or not; None where the axis has no partner."""
        axis, named = self.dump.axis_of(self.selection.source), self.selection.pair_with
        return shown_pair(self.dump, axis, named, self._pair_step, self.window, self._pair_brush)

    @property
    def rows(self) -> pd.DataFrame:
        """The match rows that the page lists, without those hidden by hand."""
        listing, _ = listing_of(self.dump, self.pattern, self.selection)
        frame = listing.page(min(self.selection.rows, MOST_ROWS), self.selection.offset)
        hidden = {(w.start, w.stop) for w in hidden_in(self.file, self.dump.uuid)}
        is_shown = [span not in hidden for span in zip(frame["start"], frame["stop"], strict=True)]
        return frame[np.array(is_shown, np.bool_)]  # a list without an entry would select columns


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""

    @routes.post("/export/figure.<form>")
    def post_figure(uuid: str, form: str) -> Response:
        name = request.args.get("view", "units")
        if form not in KINDS or name not in VIEWS:
            raise UnknownName(
                f"no figure {name[:20]!r} as {form[:10]!r}; figures are {', '.join(VIEWS)}, as {', '.join(KINDS)}"
            )
        from lstmviz.figures import image

        dump = table[uuid]
        drawn = image(VIEWS[name](_View(dump)), form)  # type: ignore[arg-type]  # one of KINDS
        return attachment(Response(drawn, mimetype=KINDS[form]), f"{dump.name}-{name}.{form}")

    @routes.post("/export/view.html")
    def post_page(uuid: str) -> Response:
        dump = table[uuid]
        view = _View(dump)
        return attachment(Response(_page(view), mimetype="text/html"), f"{dump.name}-view.html")

    @routes.post("/copy/<form>")
    def post_copy(uuid: str, form: str) -> Response:
        if form not in COPIES:
            raise UnknownName(f"nothing is copied as {form[:20]!r}; there is {', '.join(COPIES)}")
        dump = table[uuid]
        view, path = _View(dump), table.shown_path(dump)
        text = COPIES[form](path, view) if view.selection.lasso is None else _region_code(path, form, view.selection)
        return uncached(Response(text, mimetype="text/plain"))


def _view_query(body: Mapping[str, Any]) -> ViewQuery:
    try:
        return ViewQuery.model_validate(body)
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PatternError(f"the view's {field!r} is {str(first['input'])[:80]!r}: {first['msg']}") from err


def _units(view: _View) -> Figure:
    from lstmviz import figures

    shown = view.pattern if view.pattern.units else None
    at = view.start, view.stop
    return figures.units(
        view.dump, view.selection.source, *at, shown, window=view.window, tracks=view.tracks, theme=view.theme
    )


def _map(view: _View) -> Figure:
    from lstmviz import figures

    selection = view.selection
    mapped = computed_map(view.dump, selection.map_source, selection.map_method)
    if selection.map_paths is not None and mapped.is_of_steps and mapped.is_exact:
        paths = trajectories_on(view.dump, mapped, selection.map_paths or None)
        return figures.trajectories(paths, theme=view.theme)
    window = view.start, view.stop
    corners = selection.lasso or ()
    by = map_colour(view.dump, selection, view.dump.axis_of(mapped.source).name) if mapped.is_of_steps else None
    return figures.projection(view.dump, mapped, by, window, region=corners, theme=view.theme)


def _matches(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "rows of matches")
    panels = [f"track:{name}" for name in view.tracks[:3]]
    selection, shading = view.selection, view.selection.shading(view.pattern)
    return figures.matches(
        view.dump,
        view.pattern,
        view.rows,
        colour=selection.colour,
        panels=panels,
        theme=view.theme,
        shaded=() if shading is None else shading.units,
        underline=selection.underline,
    )


def _unit(view: _View) -> Figure:
    from lstmviz import figures

    selection = view.selection
    side: Side = side_arg()
    card = unit_card(view.dump, selection.source, int_arg("unit"), selection.threshold, side)
    return figures.unit(card, theme=view.theme)


def _text(view: _View) -> Figure:
    from lstmviz import figures

    axis = view.dump.axis_of(view.selection.source)
    sequence = axis.sequence_of(view.start)
    start, stop = int(axis.starts[sequence]), int(axis.stops[sequence])
    if stop - start > MOST_STEPS:  # of a long sequence, the steps from the first in view
        start, stop = view.start, min(stop, view.start + MOST_STEPS)
    return figures.text(view.dump, view.selection.source, int_arg("unit"), start, stop, theme=view.theme)


def _thresholds(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "thresholds")
    selection, window = view.selection, view.window
    if window is None:
        raise PatternError("no steps are brushed, so no threshold selects any units; brush some first")
    side: Side = "low" if selection.side == "low" else "high"
    query = WindowQuery(selection.source, window, selection.threshold, selection.before, selection.after, side)
    return figures.thresholds(count_by_threshold(view.dump, query), selection.threshold, theme=view.theme)


def _lengths(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "lengths")
    return figures.lengths(count(view.dump, view.pattern), view.selection.shared, theme=view.theme)


def _carry(view: _View) -> Figure:
    from lstmviz import figures

    if view.selection.lasso is not None:
        carried = selected_region(view.dump, view.selection).carry()
        return figures.carry(carried, title="What the region carries", theme=view.theme, of="the region")
    hidden = hidden_in(view.file, view.dump.uuid)
    return figures.carry(carry(view.dump, view.pattern, view.selection.shared, hidden), theme=view.theme)


def _barcode(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "places of matches")
    hidden = hidden_in(view.file, view.dump.uuid)
    return figures.barcode(barcode(view.dump, view.pattern, 600, view.selection.shared, hidden), theme=view.theme)


def _pair(view: _View) -> Figure:
    from lstmviz import figures

    pair = view.pair
    if pair is None or pair.partner.attention is None:
        axis = view.dump.axis_of(view.selection.source).name
        raise PatternError(f"no attention between axis {axis!r} and another was recorded; see docs/pairs.md")
    return figures.attention(view.dump, pair.partner.attention, pair.number, pair.window, theme=view.theme)


def _refuse_region(view: _View, figure: str) -> None:
    """Raise PatternError where a region of the map is listed, which has no such figure."""
    if view.selection.lasso is not None:
        raise PatternError(f"a region of the map is listed, which has no {figure}; go back to the matches first")


def _page(view: _View) -> str:
    from lstmviz import figures

    shown = view.pattern if view.pattern.units else None
    details = [("The pattern, as a file", view.file.to_json())] if shown else []
    pair = view.pair if view.is_pair_shown else None
    return figures.page(
        view.dump,
        view.selection.source,
        view.start,
        view.stop,
        shown,
        view.window,
        view.tracks,
        view.rows if shown else None,
        details=details,
        pair=None if pair is None or pair.partner.attention is None else (pair.partner.attention, pair.number),
        pair_window=None if pair is None else pair.window,
    )


def _python(path: str, view: _View) -> str:
    selection, pair = view.selection, view.pair if view.is_pair_shown else None
    if pair is not None and pair.partner.attention is not None and not view.is_asked:
        return as_pair(path, pair)
    shared = selection.min_shared, selection.max_shared
    return as_python(path, view.pattern, _brush(selection), selection.order, *shared, pair=pair)


def _command(path: str, view: _View) -> str:
    selection, pair = view.selection, view.pair if view.is_pair_shown else None
    name = None if pair is None else pair.name
    return as_command(path, view.pattern, _brush(selection), selection.order, selection.min_shared, pair=name)


def _region_code(path: str, form: str, selection: Selection) -> str:
    """Return Python that finds the region of the map that is listed; PatternError for a command, which cannot."""
    if form != "python":
        raise PatternError(
            "no command can express a region of the map; copy it as Python, or save its steps as CSV or JSON"
        )
    corners = selection.lasso or ()
    return as_region(path, selection.map_source, selection.map_method, corners, selection.filters)


def _brush(selection: Selection) -> Any:
    if selection.pattern is not None:
        return None
    return plain_brush(selection.brush(), None if selection.typed is None else selection.typed.text)


VIEWS: dict[str, Callable[[_View], Figure]] = {
    "units": _units,
    "matches": _matches,
    "unit": _unit,
    "text": _text,
    "thresholds": _thresholds,
    "lengths": _lengths,
    "carry": _carry,
    "barcode": _barcode,
    "map": _map,
    "pair": _pair,
}
COPIES: dict[str, Callable[[str, _View], str]] = {"python": _python, "command": _command}
