"""What is shown, to take away: figures as SVG, PNG and PDF, one HTML page, and the pattern as code to copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match import barcode, carry, count, unit_card
from lstmviz.match.pattern.file import PatternFile, hidden_in
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.match.pattern.thresholds import count_by_threshold
from lstmviz.types import Side, Window
from lstmviz.ui.copy_as import as_command, as_python, as_region, plain_brush
from lstmviz.ui.queries import listing_of, pattern_of
from lstmviz.ui.regions import map_asked, region_asked
from lstmviz.ui.routes.requests import int_arg, selection_body, side_arg
from lstmviz.ui.routes.responses import attachment, uncached
from lstmviz.ui.selection import Name, Selection, WholeNumber
from lstmviz.ui.table import DumpTable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_ROWS = 200  # of matches in a figure
MOST_STEPS = 4_000  # of a sequence in a text
KINDS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


class AskedView(BaseModel):
    """What is in view beside the selection: which steps, and which tracks under them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: WholeNumber = 0
    span: Annotated[int, Field(ge=1, le=100_000)] = 60
    tracks: Annotated[tuple[Name, ...], Field(max_length=32)] = ()


class _View:
    """A selection with its pattern, its rows and what is in view, as a request brings them."""

    def __init__(self, dump: DumpReader) -> None:
        self.dump, self.asked = dump, selection_body()
        self.file: PatternFile = pattern_of(dump, self.asked)
        self.pattern = self.file.pattern
        self._shown = _asked_view(request.get_json())
        axis = dump.axis_of(self.asked.source)
        self.start = min(self._shown.at, axis.n_steps - 1)
        self.stop = min(self.start + self._shown.span, axis.n_steps)
        self.tracks = [name for name in self._shown.tracks if name in axis.tracks]
        self.theme: Any = request.args.get("theme", "light")  # which a figure checks

    @property
    def window(self) -> Window | None:
        """The brushed steps, if any are."""
        if self.asked.start is None or self.asked.stop is None or self.asked.pattern is not None:
            return None
        return Window(self.asked.start, self.asked.stop)

    @property
    def rows(self) -> pd.DataFrame:
        """The match rows that the page lists, without those hidden by hand."""
        listing, _ = listing_of(self.dump, self.pattern, self.asked)
        frame = listing.page(min(self.asked.rows, MOST_ROWS), self.asked.offset)
        hidden = {(w.start, w.stop) for w in hidden_in(self.file, self.dump.uuid)}
        return frame[[span not in hidden for span in zip(frame["start"], frame["stop"], strict=True)]]


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
        dump, asked = table[uuid], selection_body()
        path = table.shown_path(dump)
        text = COPIES[form](path, pattern_of(dump, asked), asked) if asked.lasso is None else _copied(path, form, asked)
        return uncached(Response(text, mimetype="text/plain"))


def _asked_view(body: Mapping[str, Any]) -> AskedView:
    try:
        return AskedView.model_validate(body)
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PatternError(f"the view's {field!r} is {str(first['input'])[:80]!r}: {first['msg']}") from err


def _units(view: _View) -> Figure:
    from lstmviz import figures

    shown = view.pattern if view.pattern.units else None
    at = view.start, view.stop
    return figures.units(
        view.dump, view.asked.source, *at, shown, window=view.window, tracks=view.tracks, theme=view.theme
    )


def _map(view: _View) -> Figure:
    from lstmviz import figures

    asked = view.asked
    mapped = map_asked(view.dump, asked.map_of or asked.source, asked.map_method)
    window = view.start, view.stop
    return figures.projection(view.dump, mapped, asked.map_colour, window, region=asked.lasso or (), theme=view.theme)


def _matches(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "rows of matches")
    panels = [f"track:{name}" for name in view.tracks[:3]]
    colour = view.asked.colour
    return figures.matches(view.dump, view.pattern, view.rows, colour=colour, panels=panels, theme=view.theme)


def _unit(view: _View) -> Figure:
    from lstmviz import figures

    asked = view.asked
    side: Side = side_arg()
    card = unit_card(view.dump, asked.source, int_arg("unit"), asked.threshold, side)
    return figures.unit(card, theme=view.theme)


def _text(view: _View) -> Figure:
    from lstmviz import figures

    axis = view.dump.axis_of(view.asked.source)
    sequence = axis.sequence_of(view.start)
    start, stop = int(axis.starts[sequence]), int(axis.stops[sequence])
    if stop - start > MOST_STEPS:  # of a long one, what begins in view
        start, stop = view.start, min(stop, view.start + MOST_STEPS)
    return figures.text(view.dump, view.asked.source, int_arg("unit"), start, stop, theme=view.theme)


def _thresholds(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "thresholds")
    asked, window = view.asked, view.window
    if window is None:
        raise PatternError("no steps are brushed, so that no threshold selects any units; brush some first")
    side: Side = "low" if asked.side == "low" else "high"
    query = WindowQuery(asked.source, window, asked.threshold, asked.before, asked.after, side)
    return figures.thresholds(count_by_threshold(view.dump, query), asked.threshold, theme=view.theme)


def _lengths(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "lengths")
    return figures.lengths(count(view.dump, view.pattern), view.asked.shared, theme=view.theme)


def _carry(view: _View) -> Figure:
    from lstmviz import figures

    if view.asked.lasso is not None:
        carried = region_asked(view.dump, view.asked).carry()
        return figures.carry(carried, title="What the region carries", theme=view.theme, of="the region")
    hidden = hidden_in(view.file, view.dump.uuid)
    return figures.carry(carry(view.dump, view.pattern, view.asked.shared, hidden), theme=view.theme)


def _barcode(view: _View) -> Figure:
    from lstmviz import figures

    _refuse_region(view, "places of matches")
    hidden = hidden_in(view.file, view.dump.uuid)
    return figures.barcode(barcode(view.dump, view.pattern, 600, view.asked.shared, hidden), theme=view.theme)


def _refuse_region(view: _View, what: str) -> None:
    if view.asked.lasso is not None:
        raise PatternError(f"a region of the map is listed, which has no {what}; go back to the matches first")


def _page(view: _View) -> str:
    from lstmviz import figures

    shown = view.pattern if view.pattern.units else None
    details = [("The pattern, as a file", view.file.to_json())] if shown else []
    return figures.page(
        view.dump,
        view.asked.source,
        view.start,
        view.stop,
        shown,
        view.window,
        view.tracks,
        view.rows if shown else None,
        details=details,
    )


def _python(path: str, file: PatternFile, asked: Selection) -> str:
    return as_python(path, file.pattern, _brush(asked), asked.order, asked.shared or 1)


def _command(path: str, file: PatternFile, asked: Selection) -> str:
    return as_command(path, file.pattern, _brush(asked), asked.order, asked.shared or 1)


def _copied(path: str, form: str, asked: Selection) -> str:
    """Return the region of the map that is listed, as Python; PatternError for a command, which cannot say it."""
    if form != "python":
        raise PatternError("no command says a region of the map; copy it as Python, or save its steps as CSV or JSON")
    return as_region(path, asked.map_of or asked.source, asked.map_method, asked.lasso or (), asked.filters)


def _brush(asked: Selection) -> Any:
    if asked.pattern is not None:
        return None
    return plain_brush(asked.brush(), None if asked.typed is None else asked.typed.text)


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
}
COPIES: dict[str, Callable[[str, PatternFile, Selection], str]] = {"python": _python, "command": _command}
