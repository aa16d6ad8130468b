"""Checks of arguments and of the fields of records: an error says what was given, what is allowed and what to do."""

from __future__ import annotations

import math
import operator
import os
from numbers import Integral, Real
from typing import Any, Literal

from lstmviz.errors import LstmvizError, PatternError


def check_side(side: str) -> Literal["high", "low"]:
    """Return a side; PatternError unless it is "high" or "low"."""
    if side == "high":
        return "high"
    if side == "low":
        return "low"
    raise PatternError(f"side {short_repr(side)} is not known; use 'high' or 'low'")


def check_threshold(threshold: float) -> float:
    """Return a threshold as a plain float; PatternError unless it is a finite number."""
    return float(check_number("threshold", threshold, "thresholds are values such as 0.3"))


def check_constraints(off_before: int, off_after: int) -> tuple[int, int]:
    """Return both off-constraints as plain ints; PatternError unless they are step counts."""
    before, after = check_whole("off_before", off_before), check_whole("off_after", off_after)
    for name, steps in (("off_before", before), ("off_after", after)):
        if steps < 0:
            raise PatternError(f"{name}={steps} is negative; it is a number of steps, 0 for no constraint")
    return before, after


def check_page(limit: int, offset: int) -> tuple[int, int]:
    """Return the number of rows to return and to skip as plain ints; PatternError unless both are 0 or more."""
    limit, offset = check_whole("limit", limit), check_whole("offset", offset)
    if min(limit, offset) < 0:
        raise PatternError(f"limit={limit} and offset={offset} must not be negative")
    return limit, offset


def check_whole(name: str, value: Any, error: type[LstmvizError] = PatternError) -> int:
    """Return a whole number of Python or NumPy as a plain int; raise ``error`` for any other value."""
    try:
        return operator.index(value)
    except TypeError:
        raise error(f"{name} is {short_repr(value)}, not a whole number; give one such as 3") from None


def check_text(name: str, value: object) -> None:
    """Raise PatternError unless a value is text."""
    if not isinstance(value, str):
        raise PatternError(f"{name} {short_repr(value)} is not a name; give text")


def check_path(path: object, kind: type[LstmvizError]) -> None:
    """Raise an error of a kind unless a value is the path of a file."""
    if not isinstance(path, (str, os.PathLike)):
        raise kind(f"path is {short_repr(path)}, a {type(path).__name__}; give the path of a dump, such as 'run.h5'")


def set_fields(record: object, **fields: object) -> None:
    """Replace fields of a frozen record in its ``__post_init__`` by plain values."""
    for name, value in fields.items():
        object.__setattr__(record, name, value)


def check_number(name: str, value: Any, remedy: str) -> int | float:
    """Return a finite number as a plain int or float; integers stay exact."""
    if not isinstance(value, Real):
        raise PatternError(f"{name} {short_repr(value)} is not a number; {remedy}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PatternError(f"{name} {number} is not a finite number; {remedy}")
    return int(value) if isinstance(value, Integral) else number


def short_repr(value: object) -> str:
    """Return what a message shows of a value that was given: one line of at most 80 characters."""
    is_scalar = type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()
    plain = getattr(value, "tolist", lambda: value)() if is_scalar else value
    return " ".join(repr(plain).split())[:80]
