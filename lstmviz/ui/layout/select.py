"""The select view: the controls of a brush, and the places of the lines, the tokens and the selected units."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lstmviz.ui import ids
from lstmviz.ui.layout.fields import icon, named, number, place, text_button


def select() -> Component:
    """Return the select view with its empty canvases."""
    return html.Section(
        className="lv-select",
        **named("Select units"),
        children=[
            place(ids.SERIES, "lv-series", "Moments of the training"),
            place(ids.MINIMAP, "lv-minimap", "The whole corpus"),
            _bar(),
            place(ids.PARTS, "lv-parts", "Further sources"),
            html.Div(id=ids.PLOT, className="lv-plot"),
            place(ids.UNIT_TEXT, "lv-unit-text"),
            place(ids.MAP, "lv-map"),
            place(ids.BESIDE, "lv-beside", "Beside it, at the same steps"),
            html.Div(id=ids.STRIP, className="lv-strip"),
            place(ids.BARS, "lv-bars", "Where each selected unit is on"),
            _units(),
            place(ids.TYPED, "lv-typed", "Your text"),
        ],
    )


def _bar() -> Component:
    return html.Div(
        className="lv-bar lv-select-bar",
        children=[
            html.H2("Select"),
            number(
                ids.THRESHOLD,
                "Threshold: a unit is on high where its value is at least this, on low where it is at most minus this",
                "threshold",
                72,
                "lv-field-threshold",
                step=0.01,
                value=0.3,
            ),
            dmc.SegmentedControl(
                id=ids.SIDE,
                className="lv-side-switch",
                data=[
                    {"value": "high", "label": "high"},
                    {"value": "low", "label": "low"},
                    {"value": "both", "label": "both"},
                ],
                value="high",
                size="xs",
                **named("Which side of the threshold selects units"),
            ),
            number(
                ids.BEFORE,
                "Steps before the window in which a unit must be off",
                "off before",
                74,
                "lv-field-off",
                min=0,
                max=99,
                value=1,
            ),
            number(
                ids.AFTER,
                "Steps after the window in which a unit must be off",
                "off after",
                64,
                "lv-field-off",
                min=0,
                max=99,
                value=0,
            ),
            html.Span(id=ids.SELECT_NOTE, className="lv-bar-note"),
            html.Button(id=ids.TO_BRUSH, className="lv-to-brush", type="button", hidden=True),
            html.Span(className="lv-spacer"),
            place(ids.MAP_BUTTON, "lv-tool"),
            place(ids.SHOW, "lv-tool"),
            _move(),
        ],
    )


def _move() -> Component:
    return html.Div(
        className="lv-groups",
        children=[
            html.Div(
                className="lv-group",
                role="group",
                **named("Move"),
                children=[
                    icon(ids.PAGE_LEFT, "first", "A page to the left (Shift+←)"),
                    icon(ids.PAN_LEFT, "left", "To the left (←)"),
                    icon(ids.PAN_RIGHT, "right", "To the right (→)"),
                    icon(ids.PAGE_RIGHT, "last", "A page to the right (Shift+→)"),
                ],
            ),
            html.Div(
                className="lv-group",
                role="group",
                **named("Zoom"),
                children=[
                    icon(ids.ZOOM_OUT, "minus", "More steps (−)"),
                    icon(ids.ZOOM_IN, "plus", "Fewer steps (+)"),
                ],
            ),
        ],
    )


def _units() -> Component:
    return html.Div(
        id=ids.UNITS,
        className="lv-units",
        children=[
            html.Span("units", className="lv-gutter-label"),
            html.Div(id=ids.CHIPS, className="lv-chips", role="group", **named("Selected units")),
            html.P(id=ids.MESSAGE, className="lv-message", role="status"),
            html.Button(
                id=ids.PATTERN_NOTE,
                className="lv-to-brush",
                type="button",
                hidden=True,
                title="Close the opened pattern",
            ),
            place(ids.UNIT_TOOLS, "lv-tool"),
            text_button(ids.PATTERN_SAVE, "Save pattern", "Save these units and constraints as a file"),
            text_button(ids.PATTERN_OPEN, "Open pattern", "Open a pattern file and list its matches"),
        ],
    )
