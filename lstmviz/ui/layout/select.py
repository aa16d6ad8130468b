"""The select view: the controls of a brush, and places for the lines, the tokens and the selected units."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lstmviz.ui.ids import Button, Field, Place
from lstmviz.ui.layout.fields import icon, named, number, place, text_button


def select() -> Component:
    """Return the select view with its empty canvases."""
    return html.Section(
        className="lv-select",
        **named("Select units"),
        children=[
            place(Place.SERIES_CHART, "lv-series-chart", "Through the training"),
            place(Place.SERIES, "lv-series", "Moments of the training"),
            place(Place.MINIMAP, "lv-minimap", "The whole corpus"),
            _bar(),
            place(Place.PARTS, "lv-parts", "Further sources"),
            html.Div(id=Place.PLOT, className="lv-plot"),
            place(Place.UNIT_TEXT, "lv-unit-text"),
            place(Place.MAP, "lv-map"),
            place(Place.BESIDE, "lv-beside", "Beside it, at the same steps"),
            place(Place.PAINTER, "lv-painter", "Paint labels"),
            html.Div(id=Place.STRIP, className="lv-strip"),
            html.Div(id=Place.LABEL_LEGEND, className="lv-label-legend"),
            place(Place.BARS, "lv-bars", "Where each selected unit is on"),
            _units(),
            place(Place.PAIR, "lv-pair", "The pair of texts"),
            place(Place.TYPED, "lv-typed", "Your text"),
        ],
    )


def _bar() -> Component:
    return html.Div(
        className="lv-bar lv-select-bar",
        children=[
            html.H2("Select"),
            *_threshold_and_side(),
            _off("before", Field.BEFORE, prefix_width=74, value=1),
            _off("after", Field.AFTER, prefix_width=64, value=0),
            html.Span(id=Place.SELECT_NOTE, className="lv-bar-note"),
            html.Button(id=Place.TO_BRUSH, className="lv-to-brush", type="button", hidden=True),
            html.Span(className="lv-spacer"),
            place(Place.MAP_BUTTON, "lv-tool"),
            place(Place.LABELS, "lv-tool"),
            place(Place.SHOW, "lv-tool"),
            _move(),
        ],
    )


def _threshold_and_side() -> list[Component]:
    return [
        number(
            Field.THRESHOLD,
            "Threshold: a unit is on high where its value is at least this, on low where it is at most minus this",
            "threshold",
            72,
            "lv-field-threshold",
            step=0.01,
            value=0.3,
        ),
        dmc.SegmentedControl(
            id=Field.SIDE,
            className="lv-side-switch",
            data=[{"value": side, "label": side} for side in ("high", "low", "both")],
            value="high",
            size="xs",
            **named("Which side of the threshold selects units"),
        ),
    ]


def _off(where: str, name: Field, prefix_width: int, value: int) -> Component:
    words = f"Steps {where} the window in which a unit must be off"
    return number(name, words, f"off {where}", prefix_width, "lv-field-off", min=0, max=99, value=value)


def _move() -> Component:
    return html.Div(
        className="lv-groups",
        children=[
            html.Div(
                className="lv-group",
                role="group",
                **named("Move"),
                children=[
                    icon(Button.PAGE_LEFT, "first", "A page to the left (Shift+←)"),
                    icon(Button.PAN_LEFT, "left", "To the left (←)"),
                    icon(Button.PAN_RIGHT, "right", "To the right (→)"),
                    icon(Button.PAGE_RIGHT, "last", "A page to the right (Shift+→)"),
                ],
            ),
            html.Div(
                className="lv-group",
                role="group",
                **named("Zoom"),
                children=[
                    icon(Button.ZOOM_OUT, "minus", "More steps (−)"),
                    icon(Button.ZOOM_IN, "plus", "Fewer steps (+)"),
                ],
            ),
        ],
    )


def _units() -> Component:
    return html.Div(
        id=Place.UNITS,
        className="lv-units",
        children=[
            html.Span("units", className="lv-gutter-label"),
            html.Div(id=Place.CHIPS, className="lv-chips", role="group", **named("Selected units")),
            html.P(id=Place.MESSAGE, className="lv-message", role="status"),
            html.Div(
                id=Place.SUGGESTIONS,
                className="lv-suggestions",
                role="group",
                hidden=True,
                **named("What would select units"),
            ),
            html.Button(
                id=Place.PATTERN_NOTE,
                className="lv-to-brush",
                type="button",
                hidden=True,
                title="Close the opened pattern",
            ),
            place(Place.UNIT_TOOLS, "lv-tool"),
            text_button(Place.PATTERN_SAVE, "Save pattern", "Save these units and constraints as a file"),
            text_button(Place.PATTERN_OPEN, "Open pattern", "Open a pattern file and list its matches"),
        ],
    )
