"""The column beside the page: what is known of the unit that was pressed, the threshold, and the matches."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from lstmviz.ui import ids
from lstmviz.ui.layout.fields import named


def aside() -> Component:
    """Return the column with its empty places; it takes no room until one of them is filled."""
    return html.Aside(
        className="lv-aside",
        **named("More about the selection"),
        children=[
            html.Section(id=ids.CARD, className="lv-card", **named("Unit")),
            html.Section(id=ids.ADVISER, className="lv-card", **named("Threshold")),
            html.Section(id=ids.CARRY, className="lv-card", **named("What the matches carry")),
            html.Section(id=ids.LENGTHS, className="lv-card", **named("Length of the matches")),
        ],
    )
