"""Dash's part in the page: two questions to the server, and wires from controls to the page's modules.

    controls --(clientside)--> store/state.mjs, store/matches.mjs --set_props--> selection store
    selection store --(server: rows)--> matches store --(clientside)--> store/matches.mjs
    once these are there: store/summary.mjs --set_props--> summary's question --(server: summary)--> summary store

The selection store is written once a gesture has ended; nothing on the server remembers it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, ctx

from lstmviz.errors import LstmvizError
from lstmviz.ui.ids import Button, Field, Store

log = logging.getLogger("lstmviz")

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


def register(app: Dash, rows: Answer, summary: Answer) -> None:
    """Wire the page of ``build_layout`` to ``app``.

    ``rows`` maps a selection to what the matches store holds, ``summary`` to what the summary store holds. An
    exception in either reaches the page as words: an LstmvizError as its own line, any other by its kind only (the
    server's log has the rest).
    """
    _clientside(app, "boot", Input(Store.BOOT, "data"))
    _clientside(app, "matches", Input(Store.MATCHES, "data"))
    _clientside(app, "summary", Input(Store.SUMMARY, "data"))
    for field in Field:
        _clientside(app, f"field_{field.removeprefix('lv-')}", Input(field, "value"))
    for button in Button:
        _clientside(app, f"press_{button.removeprefix('lv-').replace('-', '_')}", Input(button, "n_clicks"))

    _answered(app, Store.SELECTION, Store.MATCHES, rows)
    _answered(app, Store.SUMMARY_ASKED, Store.SUMMARY, summary)


def _answered(app: Dash, question: str, store: str, answer: Answer) -> None:
    """Answer what is put into one store in another one, by the server."""

    def failed(error: Exception) -> dict[str, Any]:
        return failure(ctx.inputs.get(f"{question}.data") or {}, error)

    @app.callback(Output(store, "data"), Input(question, "data"), prevent_initial_call=True, on_error=failed)
    def ask(selection: dict[str, Any] | None) -> Mapping[str, Any] | None:
        return None if selection is None else answer(selection)


def _clientside(app: Dash, name: str, given: Input) -> None:
    app.clientside_callback(ClientsideFunction("lstmviz", name), given)  # type: ignore[no-untyped-call]


def failure(selection: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    """Return the answer that tells of an error in words, under the key of the selection that met it."""
    if isinstance(error, LstmvizError):
        words = str(error)
    else:
        log.error("matching failed", exc_info=error)
        words = f"matching failed on the server ({type(error).__name__}); its log says where"
    return {"key": selection.get("key"), "error": words}
