"""Dash's part in the page: the frame, and wires from its controls to the page's modules.

    controls --(clientside)--> store/state.mjs --set_props--> selection store

The selection store is written once a gesture has ended; nothing on the server remembers it. The page's questions to the
server are requests of its own: see ``ui/routes`` and store/request.mjs.
"""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input

from lstmviz.ui.ids import Button, Field, Store


def register(app: Dash) -> None:
    """Wire the page of ``build_layout`` to ``app``."""
    _clientside(app, "boot", Input(Store.BOOT, "data"), begins=True)
    for field in Field:
        _clientside(app, f"field_{field.removeprefix('lv-')}", Input(field, "value"))
    for button in Button:
        _clientside(app, f"press_{button.removeprefix('lv-').replace('-', '_')}", Input(button, "n_clicks"))


def _clientside(app: Dash, name: str, given: Input, begins: bool = False) -> None:
    function = ClientsideFunction("lstmviz", name)
    app.clientside_callback(function, given, prevent_initial_call=not begins)  # type: ignore[no-untyped-call]
