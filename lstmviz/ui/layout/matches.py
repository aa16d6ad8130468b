"""The match view: how many there are, how they are listed, and the table that the browser side draws."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from lstmviz.ui import ids
from lstmviz.ui.layout.fields import named, place


def matches() -> Component:
    """Return the match view with its empty table."""
    return html.Section(
        className="lv-matches",
        **named("Matches"),
        children=[
            html.Div(
                className="lv-bar",
                children=[
                    html.H2("Matches"),
                    html.P(id=ids.COUNTS, className="lv-counts", role="status"),
                    place(ids.MATCH_HAND, "lv-tool lv-match-hand"),
                ],
            ),
            html.Div(
                className="lv-match-tools",
                role="group",
                **named("How matches are listed"),
                children=[
                    place(ids.MATCH_ORDER, "lv-tool"),
                    place(ids.MATCH_GROUP, "lv-tool"),
                    place(ids.MATCH_COLOUR, "lv-tool"),
                    place(ids.MATCH_FILTER, "lv-tool"),
                    html.Span(id=ids.MATCH_NOTE, className="lv-bar-note lv-match-note"),
                ],
            ),
            place(ids.COMPARE, "lv-compare", "Two patterns side by side"),
            html.Div(id=ids.MATCH_TABLE, className="lv-match-table"),
            html.Div(id=ids.TOUR, className="lv-tour-offer", hidden=True),
            html.Div(id=ids.MORE, className="lv-more"),
        ],
    )
