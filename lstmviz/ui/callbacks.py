"""Dash's part in the page: one question to the server, and wires from controls to assets/*.js.

    controls --(clientside)--> assets/state.js --set_props--> selection store
    selection store --(server: answer)--> matches store --(clientside)--> assets/matches.js

The selection store is written once a gesture has ended; nothing on the server remembers it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, ctx

from lstmviz.errors import LstmvizError
from lstmviz.ui import ids

log = logging.getLogger("lstmviz")

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


def register(app: Dash, answer: Answer) -> None:
    """Wire the page of ``build_layout`` to ``app``; ``answer`` maps a selection to what the matches store holds.

    An exception in ``answer`` reaches the page as words: an LstmvizError as its own line, any other by its kind
    only (the server's log has the rest).
    """
    _clientside(app, "boot", Input(ids.BOOT, "data"))
    _clientside(app, "matches", Input(ids.MATCHES, "data"))
    for field in ids.FIELDS:
        _clientside(app, f"field_{field.removeprefix('lv-')}", Input(field, "value"))
    for button in ids.BUTTONS:
        _clientside(app, f"press_{button.removeprefix('lv-').replace('-', '_')}", Input(button, "n_clicks"))

    @app.callback(
        Output(ids.MATCHES, "data"),
        Input(ids.SELECTION, "data"),
        prevent_initial_call=True,
        on_error=_failed,
    )
    def match(selection: dict[str, Any] | None) -> Mapping[str, Any] | None:
        return None if selection is None else answer(selection)


def _clientside(app: Dash, name: str, given: Input) -> None:
    app.clientside_callback(ClientsideFunction("lstmviz", name), given)  # type: ignore[no-untyped-call]


def _failed(error: Exception) -> dict[str, Any]:
    selection = ctx.inputs.get(f"{ids.SELECTION}.data") or {}
    return failure(selection, error)


def failure(selection: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    """Return the answer that tells of an error in words, under the key of the selection that met it."""
    if isinstance(error, LstmvizError):
        words = str(error)
    else:
        log.error("matching failed", exc_info=error)
        words = f"matching failed on the server ({type(error).__name__}); its log says where"
    return {"key": selection.get("key"), "error": words}
