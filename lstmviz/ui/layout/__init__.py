"""The page's frame: controls and empty places. What moves in them is drawn by assets/*.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from lstmviz.ui import ids
from lstmviz.ui.layout.aside import aside
from lstmviz.ui.layout.dump_card import DumpCard
from lstmviz.ui.layout.header import header
from lstmviz.ui.layout.matches import matches
from lstmviz.ui.layout.select import select

__all__ = ["DumpCard", "build_layout"]

_THEME = {
    "primaryColor": "blue",
    "fontFamily": "var(--lv-sans)",
    "fontFamilyMonospace": "var(--lv-mono)",
    "defaultRadius": "6px",
    "cursorType": "pointer",
}


def build_layout(dumps: Sequence[DumpCard], offers: Sequence[Mapping[str, Any]] = ()) -> Component:
    """Build the whole page: a start page where there are several dumps or samples are offered, else the dump there is.

    ``offers`` are as the page is told of them (``ui/cards.py``).
    """
    boot = {"dumps": [asdict(card) for card in dumps], "offers": list(offers), "ids": ids.by_name()}
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
                dcc.Store(id=ids.SUMMARY_ASKED),
                dcc.Store(id=ids.SUMMARY),
                html.A("Skip to the tokens", href=f"#{ids.STRIP}", className="lv-skip"),
                header(dumps),
                html.Div(id=ids.NOTICE, className="lv-notice", role="alert", hidden=True),
                html.Div(id=ids.BUSY, className="lv-busy", role="status"),
                html.Div(id=ids.SAID, className="lv-unseen", role="status"),
                html.Main(id=ids.START, className="lv-start", hidden=True),
                html.Main(
                    id=ids.WORKBENCH,
                    hidden=True,  # until it is known what is asked for, and how tall it is: nothing jumps
                    className="lv-main",
                    children=[html.Div(className="lv-column", children=[select(), matches()]), aside()],
                ),
            ],
        ),
    )
    return page
