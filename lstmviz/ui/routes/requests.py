"""The parts of a request: its query, path and body, each checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from lstmviz.checks import check_side, check_threshold
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import Cancelled, PatternError, UnknownName
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.system.asked import while_asked
from lstmviz.types import Side, Source, Window
from lstmviz.ui.selection import MAX_CONSTRAINT, Selection, parse

MAX_INT = 2**53  # a whole number that JavaScript also holds exactly

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


def json_body() -> dict[str, Any]:
    """Return the JSON object that a request posts; PatternError where it posts none.

    Another site's page can post a form but not JSON, so that it cannot use a server on this machine.
    """
    if not request.is_json:
        raise UnsupportedMediaType("post JSON, with Content-Type: application/json")
    try:
        body = request.get_json()
    except RecursionError as err:
        raise PatternError("what was posted is nested too deeply; a question has a few levels") from err
    if not isinstance(body, dict):
        raise PatternError(f"what was posted is a {type(body).__name__}, not a JSON object")
    return body


def is_gone() -> Callable[[], bool] | None:
    """Return a function that says whether the client of the present request has gone, in any thread; None if unknown.

    waitress knows; under another server the work goes on to its end.
    """
    has_disconnected: Callable[[], bool] | None = request.environ.get("waitress.client_disconnected")
    return has_disconnected


@contextmanager
def while_waiting() -> Iterator[None]:
    """End what is done in the block, with Cancelled, once the client of the present request has gone."""
    gone = is_gone()

    def check() -> None:
        if gone is not None and gone():
            raise Cancelled("the question was cancelled; ask again to start over")

    with while_asked(check):
        yield


def selection_body() -> Selection:
    """Return the selection that a request posts as JSON; PatternError where it posts none."""
    return parse(json_body())
