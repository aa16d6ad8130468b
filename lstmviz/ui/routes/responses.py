"""What all routes share: arguments of a request, read with care, and answers, kept or refused in one line of JSON."""

from __future__ import annotations

import logging
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import LstmvizError, PatternError, UnknownName
from lstmviz.types import Side, Source, check_threshold
from lstmviz.ui.describe import finite

FOR_EVER = "private, max-age=31536000, immutable"
MOST = 2**53  # a whole number that JavaScript also holds exactly

log = logging.getLogger("lstmviz")
T = TypeVar("T")


def kept(response: Response) -> Response:
    """Let a browser keep an answer for ever: it is named by the dump's uuid, which is new at every write."""
    response.headers["Cache-Control"] = FOR_EVER
    return response


def source_at(dump: DumpReader, index: int) -> Source:
    """Return a dump's source by its number; UnknownName where there is none."""
    return _at(list(dump.sources.values()), index, "source")


def axis_at(dump: DumpReader, index: int) -> Axis:
    """Return a dump's axis by its number; UnknownName where there is none."""
    return _at(list(dump.axes.values()), index, "axis")


def whole(name: str, default: int | None = None, least: int = 0, most: int = MOST) -> int:
    """Return a whole number of the query; PatternError where it is none, out of range, or missing without a default."""
    text = request.args.get(name)
    if text is None:
        if default is None:
            raise PatternError(f"{name} is missing; add {name}= and a whole number")
        return default
    if not (text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 and least <= int(text) <= most):
        raise PatternError(f"{name}={text[:40]!r} is no whole number from {least} to {most}")
    return int(text)


def threshold_asked(default: float | None = 0.3) -> float:
    """Return the threshold ``t`` of the query; PatternError where it is no finite number, or missing and needed."""
    text = request.args.get("t", "nan" if default is None else str(default))
    try:
        return check_threshold(float(text))
    except ValueError as err:
        raise PatternError(f"t={text[:40]!r} is not a finite number; thresholds are values such as 0.3") from err


def side_asked() -> Side:
    """Return the ``side`` of the query, high where it has none; PatternError where it is neither high nor low."""
    side = request.args.get("side", "high")
    if side not in ("high", "low"):
        raise PatternError(f"side {side[:40]!r} is not known; use 'high' or 'low'")
    return "high" if side == "high" else "low"


def plain(value: Any) -> Any:
    """Return a value as JSON carries it: numbers as Python's own, None for what is not finite."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return finite(value) if isinstance(value, float) else value


def attached(response: Response, name: str) -> Response:
    """Offer an answer as a file to be saved under a name, with an underscore for each invisible character."""
    name = "".join(c if c.isprintable() and c not in "\\/" else "_" for c in name)
    ascii_name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\/%' else "_" for c in name)
    encoded = quote(name, safe="", errors="replace")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
    response.headers["Cache-Control"] = "no-store"
    return response


def explain(err: LstmvizError) -> tuple[Response, int]:
    """Answer an error of ours with its line."""
    return jsonify({"error": str(err)}), 404 if isinstance(err, UnknownName) else 400


def apologize(err: Exception) -> tuple[Response, int]:
    """Answer any other failure with a line; what is no fault of the request stands in the log."""
    if isinstance(err, HTTPException):
        words = " ".join(str(err.description or err.name).split())
        return jsonify({"error": words}), err.code or 500
    log.exception("a request failed")
    return jsonify({"error": f"the server failed on this ({type(err).__name__}); its log says where"}), 500


def _at(items: list[T], index: int, what: str) -> T:
    if index >= len(items):
        raise UnknownName(f"no {what} number {index}; they count from 0 to {len(items) - 1}")
    return items[index]
