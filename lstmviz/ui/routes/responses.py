"""Responses of the routes: cached by the browser or not, JSON or a file, and errors as one line of JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lstmviz.errors import DumpMissing, DumpReplaced, LstmvizError, UnknownName
from lstmviz.ui.describe import finite

FOREVER = "private, max-age=31536000, immutable"

log = logging.getLogger("lstmviz")


def cached_forever(response: Response) -> Response:
    """Let a browser keep an answer forever: it is named by the dump's uuid, which is new at every write."""
    response.headers["Cache-Control"] = FOREVER
    return response


def cached_by_tracks(response: Response, revision: str) -> Response:
    """Let a browser keep an answer that has tracks in it, if it was asked for by the revision that they have now."""
    return cached_forever(response) if request.args.get("tracks", "") == revision else uncached(response)


def telling_tracks(response: Response, uuid: str, revision: str) -> Response:
    """Add the revision of the tracks to an answer, so that the page sees when somebody else has changed them."""
    response.headers["Lstmviz-Tracks"] = f"{uuid} {revision}"
    return response


def uncached(response: Response) -> Response:
    """Have a browser ask again each time."""
    response.headers["Cache-Control"] = "no-store"
    return response


def jsonable(value: Any) -> Any:
    """Return a value as JSON carries it: numbers as Python's own, None for what is not finite."""
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    return finite(value) if isinstance(value, float) else value


def attachment(response: Response, name: str) -> Response:
    """Offer an answer as a file to be saved under a name, with an underscore for each invisible character."""
    name = "".join(c if c.isprintable() and c not in "\\/" else "_" for c in name)
    ascii_name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\/%' else "_" for c in name)
    encoded = quote(name, safe="", errors="replace")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
    return uncached(response)


def answered(answer: Callable[..., dict[str, Any]], *question: Any) -> Response:
    """Answer a question; an LstmvizError becomes the answer's ``error``, with status 200.

    A window across a border is not a failed request, which a browser would report in its console.
    """
    try:
        content = answer(*question)
    except LstmvizError as err:
        content = {"error": str(err)}
    return uncached(jsonify(content))


def known_error(err: LstmvizError) -> tuple[Response, int]:
    """Answer an error of ours with its line."""
    status = 410 if isinstance(err, DumpReplaced) else 404 if isinstance(err, (UnknownName, DumpMissing)) else 400
    return jsonify({"error": str(err)}), status


def unexpected_error(err: Exception) -> tuple[Response, int]:
    """Answer any other failure with a line; the log has the traceback, unless the request itself was at fault."""
    if isinstance(err, HTTPException):
        words = " ".join(str(err.description or err.name).split())
        answer = jsonify({"error": words})
        if (seconds := getattr(err, "retry_after", None)) is not None:
            answer.headers["Retry-After"] = str(seconds)
        return answer, err.code or 500
    log.exception("a request failed")
    return jsonify({"error": f"the server failed on this ({type(err).__name__}); its log says where"}), 500
