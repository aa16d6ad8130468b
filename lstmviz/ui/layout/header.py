"""The bar at the top: recording and source, search and step, undo and redo, the link, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from lstmviz.ui.ids import Button, Field, Place
from lstmviz.ui.layout.fields import field, icon, named, place
from lstmviz.ui.start_page import DumpCard
from lstmviz.visible import visible_text

_WIDE_LIST = {"width": "max-content", "position": "bottom-start"}  # a list as wide as its longest name
_MOST_LISTED = 200  # recordings that their menu shows at a time: further ones are found by name
_SEARCH_WORDS = "Search the text; case matters if you type a capital. Enter: next hit, Shift+Enter: the one before"


def header(dumps: Sequence[DumpCard]) -> Component:
    """Return the bar for these dumps, with the first one selected."""
    return html.Header(
        className="lv-header",
        children=[
            html.H1(
                html.A(["lstm", html.Span("viz")], id=Place.HOME, href="./", title="All recordings"),
                className="lv-wordmark",
            ),
            *_recording(dumps),
            _search(),
            _step(),
            html.Span(className="lv-spacer"),
            html.Div(
                className="lv-group",
                role="group",
                **named("Undo and redo"),
                children=[
                    icon(Button.UNDO, "undo", "Undo the last change of the selection (Ctrl+Z)"),
                    icon(Button.REDO, "redo", "Redo what was undone (Ctrl+Shift+Z)"),
                ],
            ),
            place(Place.CLASS_BUTTON, "lv-header-place"),
            _copy_link(),
            place(Place.EXPORT, "lv-header-place"),
            icon(Place.PROJECTOR, "projector", "Large type, for a projector (L)"),
            dmc.ColorSchemeToggle(
                id=Place.THEME,
                lightIcon=html.Span(className="lv-icon lv-icon-sun"),
                darkIcon=html.Span(className="lv-icon lv-icon-moon"),
                variant="default",
                size=30,
                **named("Switch between light and dark"),
            ),
            place(Place.HELP, "lv-header-place"),
        ],
    )


def _step() -> Component:
    control: Component = dmc.NumberInput(
        id=Field.STEP,
        className="lv-field lv-field-step",
        min=0,
        allowDecimal=False,
        allowNegative=False,
        thousandSeparator=",",
        hideControls=True,
        debounce=True,
        **field("First visible step; type a number to go there", prefix="step", prefix_width=42),
    )
    return control


def _copy_link() -> Component:
    button: Component = dmc.Button(
        html.Span("Copy link", className="lv-copy-label"),
        leftSection=html.Span(className="lv-icon lv-icon-link"),
        id=Button.COPY_LINK,
        className="lv-copy",
        variant="default",
        size="xs",
        attributes={"root": {"title": "Copy a link to what is shown"}},
        **named("Copy link"),
    )
    return button


def _recording(dumps: Sequence[DumpCard]) -> list[Component]:
    options = [{"value": card.uuid, "label": _label(card)} for card in dumps]
    return [
        dmc.Select(
            id=Field.DUMP,
            data=options,
            value=dumps[0].uuid if dumps else None,
            placeholder="no dump",
            className="lv-field lv-field-dump",
            allowDeselect=False,
            comboboxProps=_WIDE_LIST,
            limit=_MOST_LISTED,
            **field("Recording", searchable=len(dumps) > 8),
            **named("Recording"),  # of its list
        ),
        html.Span(
            [html.Span("recording was "), "cut short"], id=Place.CUT_SHORT, className="lv-cut-short", hidden=True
        ),
        dmc.Select(
            id=Field.SOURCE,
            data=[],
            className="lv-field lv-field-source",
            allowDeselect=False,
            comboboxProps=_WIDE_LIST,
            **field("Source of the states", prefix="source", prefix_width=56),
            **named("Source of the states"),
        ),
    ]


def _search() -> Component:
    return html.Div(
        className="lv-search",
        role="search",
        children=[
            dmc.TextInput(
                id=Place.SEARCH,
                placeholder="Search the text",
                className="lv-field lv-field-search",
                rightSection=html.Span(
                    className="lv-hits",
                    children=[
                        html.Span(id=Place.HIT_COUNT, className="lv-hit-count", role="status"),
                        html.Span(id=Place.HIT_LIST),
                    ],
                ),
                rightSectionWidth=112,
                rightSectionPointerEvents="none",
                spellCheck=False,
                autoComplete="off",
                **field(_SEARCH_WORDS),
            ),
            icon(Button.HIT_BACK, "up", "Hit before (Shift+Enter)"),
            icon(Button.HIT_NEXT, "down", "Next hit (Enter)"),
        ],
    )


def _label(card: DumpCard) -> str:
    name = visible_text(card.name)
    return f"{name} · {card.detail}" if card.detail else name
