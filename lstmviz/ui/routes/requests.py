"""What a request brings: arguments of its query, parts of its path and its body, each checked."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from lstmviz.checks import check_side, check_threshold
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.types import Side, Source, Window
from lstmviz.ui.selection import MAX_CONSTRAINT, Selection, parse

MAX_INT = 2**53  # a whole number that JavaScript also holds exactly
MAX_BODY = 8 * 2**20  # bytes of a selection

T = TypeVar("T")


def source_at(dump: DumpReader, index: int) -> Source:
    """Return a dump's source by its number; UnknownName where there is none."""
    return _item_at(list(dump.sources.values()), index, "source")


def axis_at(dump: DumpReader, index: int) -> Axis:
    """Return a dump's axis by its number; UnknownName where there is none."""
    return _item_at(list(dump.axes.values()), index, "axis")


def _item_at(items: list[T], index: int, kind: str) -> T:
    if index >= len(items):
        raise UnknownName(f"no {kind} number {index}; they count from 0 to {len(items) - 1}")
    return items[index]


def int_arg(name: str, default: int | None = None, least: int = 0, most: int = MAX_INT) -> int:
    """Return a whole number of the query.

    PatternError where it is not a whole number, out of range, or missing without a default.
    """
    text = request.args.get(name)
    if text is None:
        if default is None:
            raise PatternError(f"{name} is missing; add {name}= and a whole number")
        return default
    if not (text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 and least <= int(text) <= most):
        raise PatternError(f"{name}={text[:40]!r} is not a whole number from {least} to {most}")
    return int(text)


def threshold_arg(default: float | None = 0.3) -> float:
    """Return the threshold ``t`` of the query; PatternError where it is not a finite number, or missing and needed."""
    text = request.args.get("t", "nan" if default is None else str(default))
    try:
        return check_threshold(float(text))
    except ValueError as err:
        raise PatternError(f"t={text[:40]!r} is not a finite number; thresholds are values such as 0.3") from err


def side_arg() -> Side:
    """Return the ``side`` of the query, by default high; PatternError where it is neither high nor low."""
    return check_side(request.args.get("side", "high"))


def window_query(dump: DumpReader, source: int) -> WindowQuery:
    """Return what the query asks of a source's units: window, threshold, off-constraints (1 and 0) and side."""
    name, window = source_at(dump, source).name, Window(int_arg("start"), int_arg("stop"))
    constraints = int_arg("before", 1, most=MAX_CONSTRAINT), int_arg("after", 0, most=MAX_CONSTRAINT)
    return WindowQuery(name, window, threshold_arg(), *constraints, side_arg())


def json_body(max_bytes: int = MAX_BODY) -> dict[str, Any]:
    """Return the JSON object that a request posts, of at most so many bytes; PatternError where it posts none.

    Another site's page can post a form but not JSON, so that it cannot put a server on this machine to work.
    """
    request.max_content_length = max_bytes
    if not request.is_json:
        raise UnsupportedMediaType("post JSON, with Content-Type: application/json")
    body = request.get_json()
    if not isinstance(body, dict):
        raise PatternError(f"what was posted is a {type(body).__name__}, not a JSON object")
    return body


def selection_body() -> Selection:
    """Return the selection that a request posts as JSON; PatternError where it posts none."""
    return parse(json_body())
