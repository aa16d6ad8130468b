"""The match view: the counts, the order and groups, and the table that the browser side draws."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from lstmviz.ui.ids import Place
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
                    html.P(id=Place.COUNTS, className="lv-counts", role="status"),
                    place(Place.MATCH_HAND, "lv-tool lv-match-hand"),
                ],
            ),
            html.Div(
                className="lv-match-tools",
                role="group",
                **named("How matches are listed"),
                children=[
                    place(Place.MATCH_ORDER, "lv-tool"),
                    place(Place.MATCH_GROUP, "lv-tool"),
                    place(Place.MATCH_COLOUR, "lv-tool"),
                    place(Place.MATCH_FILTER, "lv-tool"),
                    html.Span(id=Place.MATCH_NOTE, className="lv-bar-note lv-match-note"),
                ],
            ),
            place(Place.COMPARE, "lv-compare", "Two patterns side by side"),
            html.Div(id=Place.MATCH_TABLE, className="lv-match-table"),
            html.Div(id=Place.FIRST_LESSON, className="lv-first-offer", hidden=True),
            html.Div(id=Place.MORE, className="lv-more"),
        ],
    )
