"""The page's frame: controls and empty places. What moves in them is drawn by assets/*.js."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lstmviz.ui import ids

_THEME = {
    "primaryColor": "blue",
    "fontFamily": "var(--lv-sans)",
    "fontFamilyMonospace": "var(--lv-mono)",
    "defaultRadius": "6px",
    "cursorType": "pointer",
}


_WIDE_LIST = {"width": "max-content", "position": "bottom-start"}  # a list as wide as its longest name
_SEARCH_WORDS = (
    "Search the text; capitals count only if you type one. Enter goes to the next hit, Shift+Enter to the one before"
)


@dataclass(frozen=True, slots=True)
class DumpCard:
    """One dump as the page lists it: its uuid, its name, and a few words such as ``20,000 steps``."""

    uuid: str
    name: str
    detail: str


def build_layout(dumps: Sequence[DumpCard]) -> Component:
    """Build the whole page for these dumps, the first one shown unless the address names another."""
    boot = {
        "dumps": [{"uuid": card.uuid, "name": card.name, "detail": card.detail} for card in dumps],
        "ids": ids.by_name(),
    }
    page: Component = dmc.MantineProvider(
        theme=_THEME,
        defaultColorScheme="auto",
        children=html.Div(
            id=ids.ROOT,
            className="lv-root",
            children=[
                dcc.Store(id=ids.BOOT, data=boot),
                dcc.Store(id=ids.SELECTION),
                dcc.Store(id=ids.MATCHES),
                _header(dumps),
                html.Div(id=ids.NOTICE, className="lv-notice", role="alert", hidden=True),
                html.Main(
                    className="lv-main",
                    children=[
                        html.Div(className="lv-column", children=[_select(), _matches()]),
                    ],
                ),
            ],
        ),
    )
    return page


def _header(dumps: Sequence[DumpCard]) -> Component:
    options = [{"value": card.uuid, "label": _label(card)} for card in dumps]
    return html.Header(
        className="lv-header",
        children=[
            html.H1(["lstm", html.Span("viz")], className="lv-wordmark"),
            dmc.Select(
                id=ids.DUMP,
                data=options,
                value=dumps[0].uuid if dumps else None,
                placeholder="no dump",
                className="lv-field lv-field-dump",
                allowDeselect=False,
                comboboxProps=_WIDE_LIST,
                **_field("Recording", searchable=len(dumps) > 8),
            ),
            html.Span(
                [html.Span("recording was "), "cut short"], id=ids.CUT_SHORT, className="lv-cut-short", hidden=True
            ),
            dmc.Select(
                id=ids.SOURCE,
                data=[],
                className="lv-field lv-field-source",
                allowDeselect=False,
                comboboxProps=_WIDE_LIST,
                **_field("Source of the states", prefix="source", room=56),
            ),
            _search(),
            dmc.NumberInput(
                id=ids.STEP,
                className="lv-field lv-field-step",
                min=0,
                allowDecimal=False,
                allowNegative=False,
                thousandSeparator=",",
                hideControls=True,
                debounce=True,
                **_field("First visible step; type a number to go there", prefix="step", room=42),
            ),
            html.Span(className="lv-spacer"),
            dmc.Button(
                html.Span("Copy link", className="lv-copy-label"),
                leftSection=html.Span(className="lv-icon lv-icon-link"),
                id=ids.COPY_LINK,
                className="lv-copy",
                variant="default",
                size="xs",
                attributes={"root": {"title": "Copy a link to what is shown"}},
                **_named("Copy link"),
            ),
            dmc.ColorSchemeToggle(
                id=ids.THEME,
                lightIcon=html.Span(className="lv-icon lv-icon-sun"),
                darkIcon=html.Span(className="lv-icon lv-icon-moon"),
                variant="default",
                size=30,
                **_named("Switch between light and dark"),
            ),
        ],
    )


def _search() -> Component:
    return html.Div(
        className="lv-search",
        role="search",
        children=[
            dmc.TextInput(
                id=ids.SEARCH,
                placeholder="Search the text",
                className="lv-field lv-field-search",
                rightSection=html.Span(id=ids.HIT_COUNT, className="lv-hit-count", role="status"),
                rightSectionWidth=96,
                rightSectionPointerEvents="none",
                spellCheck=False,
                autoComplete="off",
                **_field(_SEARCH_WORDS),
            ),
            _icon(ids.HIT_BACK, "up", "Hit before (Shift+Enter)"),
            _icon(ids.HIT_NEXT, "down", "Next hit (Enter)"),
        ],
    )


def _select() -> Component:
    return html.Section(
        className="lv-select",
        **_named("Select units"),
        children=[
            html.Div(
                className="lv-bar lv-select-bar",
                children=[
                    html.H2("Select"),
                    _number(ids.THRESHOLD, "threshold", 72, "lv-field-threshold", step=0.01, value=0.3),
                    _number(ids.BEFORE, "off before", 74, "lv-field-off", min=0, max=99, value=1),
                    _number(ids.AFTER, "off after", 64, "lv-field-off", min=0, max=99, value=0),
                    html.Span(id=ids.SELECT_NOTE, className="lv-bar-note"),
                    html.Button(id=ids.TO_BRUSH, className="lv-to-brush", type="button", hidden=True),
                    html.Span(className="lv-spacer"),
                    html.Div(
                        className="lv-group",
                        role="group",
                        **_named("Move"),
                        children=[
                            _icon(ids.PAGE_LEFT, "first", "A page to the left (Shift+←)"),
                            _icon(ids.PAN_LEFT, "left", "To the left (←)"),
                            _icon(ids.PAN_RIGHT, "right", "To the right (→)"),
                            _icon(ids.PAGE_RIGHT, "last", "A page to the right (Shift+→)"),
                        ],
                    ),
                    html.Div(
                        className="lv-group",
                        role="group",
                        **_named("Zoom"),
                        children=[
                            _icon(ids.ZOOM_OUT, "minus", "More steps (−)"),
                            _icon(ids.ZOOM_IN, "plus", "Fewer steps (+)"),
                        ],
                    ),
                ],
            ),
            html.Div(id=ids.PLOT, className="lv-plot"),
            html.Div(id=ids.STRIP, className="lv-strip"),
            html.Div(
                id=ids.UNITS,
                className="lv-units",
                children=[
                    html.Span("units", className="lv-gutter-label"),
                    html.Div(id=ids.CHIPS, className="lv-chips", role="group", **_named("Selected units")),
                    html.P(id=ids.MESSAGE, className="lv-message", role="status"),
                    html.Button(
                        id=ids.PATTERN_NOTE,
                        className="lv-to-brush",
                        type="button",
                        hidden=True,
                        title="Close the opened pattern",
                    ),
                    html.Span(className="lv-spacer"),
                    _text_button(ids.PATTERN_SAVE, "Save pattern", "Save these units and constraints as a file"),
                    _text_button(ids.PATTERN_OPEN, "Open pattern", "Open a pattern file and list its matches"),
                ],
            ),
        ],
    )


def _matches() -> Component:
    return html.Section(
        className="lv-matches",
        **_named("Matches"),
        children=[
            html.Div(
                className="lv-bar",
                children=[
                    html.H2("Matches"),
                    html.P(id=ids.COUNTS, className="lv-counts", role="status"),
                    html.Span(id=ids.MATCH_NOTE, className="lv-bar-note lv-match-note"),
                ],
            ),
            html.Div(id=ids.MATCH_TABLE, className="lv-match-table"),
            html.Div(id=ids.MORE, className="lv-more"),
        ],
    )


def _field(name: str, prefix: str = "", room: int = 0, **more: Any) -> dict[str, Any]:
    """Give what every field shares: its size, its name for screen readers, and the word in front of its value."""
    shared: dict[str, Any] = {"size": "xs", "attributes": {"input": {"aria-label": name, "title": name}}}
    if prefix:
        shared |= {
            "leftSection": html.Span(prefix, className="lv-prefix"),
            "leftSectionWidth": room,
            "leftSectionPointerEvents": "none",
        }
    return shared | more


def _text_button(name: str, words: str, title: str) -> Component:
    return html.Button(words, id=name, className="lv-link lv-pattern-link", type="button", title=title)


def _named(words: str) -> dict[str, Any]:
    """Name a control or a region for screen readers."""
    return {"aria-label": words}


def _number(name: str, prefix: str, room: int, class_name: str, **more: Any) -> Component:
    shared = {"allowDecimal": "step" in more, "allowNegative": "step" in more, "clampBehavior": "blur"}
    words = {
        ids.THRESHOLD: "Threshold: a unit is on where its value is at least this",
        ids.BEFORE: "Steps before the window in which a unit must be off",
        ids.AFTER: "Steps after the window in which a unit must be off",
    }
    look = _field(words[name], prefix, room)
    field: Component = dmc.NumberInput(id=name, className=f"lv-field {class_name}", **look, **shared, **more)
    return field


def _icon(name: str, icon: str, words: str) -> Component:
    button: Component = dmc.ActionIcon(
        html.Span(className=f"lv-icon lv-icon-{icon}"),
        id=name,
        variant="default",
        size=30,
        attributes={"root": {"title": words}},
        **_named(words),
    )
    return button


def _label(card: DumpCard) -> str:
    return f"{card.name} · {card.detail}" if card.detail else card.name
