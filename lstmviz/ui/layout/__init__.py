"""The page's frame: controls and empty places. What moves in them is drawn by the modules in assets/page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lstmviz.ui.ids import Place, Store
from lstmviz.ui.layout.fields import named, place
from lstmviz.ui.layout.header import header
from lstmviz.ui.layout.matches import matches
from lstmviz.ui.layout.select import select
from lstmviz.ui.start_page import DumpCard

__all__ = ["DumpCard", "build_layout"]

_THEME = {
    "primaryColor": "blue",
    "fontFamily": "var(--lv-sans)",
    "fontFamilyMonospace": "var(--lv-mono)",
    "defaultRadius": "6px",
    "cursorType": "pointer",
}


def build_layout(
    dumps: Sequence[DumpCard],
    offers: Sequence[Mapping[str, Any]] = (),
    strays: Sequence[str] = (),
    watches: bool = False,
    opens: str | None = None,
    role: str | None = None,
    tells: bool = False,
) -> Component:
    """Build the whole page: it begins with a list of the dumps and offered samples, or with the only dump.

    ``offers`` are samples and trainings as JSON (``offers_json``), ``strays`` lines about files that are not shown.
    ``watches``: more may come by itself. ``opens`` is a pattern file's text, shown where the address asks for nothing.
    ``role``: "teacher" or "student" of a class. ``tells``: the page tells the server what it shows.
    """
    cards = [asdict(card) for card in dumps]
    boot = {"dumps": cards, "offers": list(offers), "strays": list(strays), "watches": watches, "opens": opens}
    boot |= {"inClass": role, "tells": tells}
    page: Component = dmc.MantineProvider(
        theme=_THEME,
        defaultColorScheme="auto",
        children=html.Div(
            id=Place.ROOT,
            className="lv-root",
            children=[
                dcc.Store(id=Store.BOOT, data=boot),
                dcc.Store(id=Store.SELECTION),
                html.A("Skip to the tokens", href=f"#{Place.STRIP}", className="lv-skip"),
                header(dumps),
                html.Section(id=Place.CLASS_BAND, className="lv-class-band", **named("The class")),
                html.Section(id=Place.LESSON, className="lv-lesson", **named("Lesson")),
                html.Div(id=Place.NOTICE, className="lv-notice", role="alert", hidden=True),
                html.Div(id=Place.BUSY, className="lv-busy", role="status"),
                html.Div(id=Place.SAID, className="lv-unseen", role="status"),
                html.Main(id=Place.START, className="lv-start", hidden=True),
                html.Main(
                    id=Place.WORKBENCH,
                    hidden=True,  # until its content is known, and so its height: nothing jumps
                    className="lv-main",
                    children=[
                        html.Div(
                            className="lv-column",
                            children=[select(), place(Place.SURVEY, "lv-survey", "All units at a glance"), matches()],
                        ),
                        _aside(),
                    ],
                ),
                html.Aside(id=Place.CLASS_PANEL, className="lv-class-panel", hidden=True, **named("Class")),
            ],
        ),
    )
    _ignore_clicks(page)
    return page


def _ignore_clicks(page: Component) -> None:
    """Have Dash count no clicks but those on buttons: each count renders every element around the click anew."""
    for element in page._traverse():  # type: ignore[no-untyped-call]
        if "disable_n_clicks" in getattr(element, "_prop_names", ()) and not isinstance(element, html.Button):
            element.disable_n_clicks = True


def _aside() -> Component:
    """Return the column beside the views; it takes no space until one of its places is filled."""
    return html.Aside(
        className="lv-aside",
        **named("More about the selection"),
        children=[
            html.Section(id=Place.CARRY, className="lv-card", **named("What the matches carry")),
            html.Section(id=Place.CARD, className="lv-card", **named("Unit")),
            html.Section(id=Place.ADVISER, className="lv-card", **named("Threshold")),
            html.Section(id=Place.ABLATION, className="lv-card", **named("Does it matter?")),
            html.Section(id=Place.LENGTHS, className="lv-card", **named("Length of the matches")),
        ],
    )
