"""Dash's own routes: only what the page needs of them, and every failure of them in a line."""

from __future__ import annotations

from dash.exceptions import DashException
from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from lstmviz.errors import LstmvizError
from lstmviz.ui.routes.responses import known_error, unexpected_error

CALLBACKS = "/_dash-update-component"


def tame(server: Flask) -> None:
    """Refuse Dash's callbacks, which the page does not use, and answer failures outside its own routes in one line.

    The page has no callbacks on the server, so nobody has reason to call one.
    """

    @server.before_request
    def refuse_callbacks() -> None:
        if request.path.startswith(CALLBACKS):
            raise NotFound("the page has no callbacks on the server")

    server.register_error_handler(DashException, _no_such_file)
    server.register_error_handler(LstmvizError, known_error)
    server.register_error_handler(Exception, unexpected_error)


def _no_such_file(_: DashException) -> tuple[Response, int]:
    return unexpected_error(NotFound("there is no such file of a component"))
