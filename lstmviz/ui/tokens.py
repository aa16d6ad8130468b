"""Tokens for the page, and which of them the model does not know."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmviz.dump.reader import Axis


def marked_tokens(axis: Axis, start: int, stop: int) -> dict[str, Any]:
    """Return the tokens of steps [start, stop), None where there are none, and the places of those to be marked."""
    tokens = None if axis.tokens is None else axis.tokens[start:stop]
    return {"tokens": tokens, "unknown": unknown_places(axis, start, stop)}


def unknown_places(axis: Axis, start: int, stop: int) -> list[int]:
    """Return which of steps [start, stop), from 0, the model read as its unknown token while the text has a word."""
    return [] if axis.tokens is None else np.flatnonzero(axis.tokens.is_unknown(slice(start, stop))).tolist()
