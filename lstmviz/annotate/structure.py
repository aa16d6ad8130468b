"""What encloses each token: brackets, quotation marks, the indentation of its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.annotate.encode import categorical
from lstmviz.annotate.texts import Part, each_part
from lstmviz.dump.reader import Axis

_OPEN, _CLOSE = "([{", ")]}"


def bracket_depth(axis: Axis) -> NDArray[Any]:
    """Count the brackets, ``(``, ``[`` and ``{``, that are open once each token was read.

    Args:
        axis: The axis.

    Returns:
        A number for each step, from 0; each sequence starts with none open.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> dump.first.text(249, 252), lstmviz.annotate.bracket_depth(dump.first)[249:252].tolist()
        ('(44', [4, 4, 4])
    """

    def depths(part: Part) -> NDArray[Any]:
        change = part.where(_OPEN.__contains__).astype(np.int64) - part.where(_CLOSE.__contains__)
        total = np.append(0, np.cumsum(change))
        return _floored(total[part.ends] - total[part.begins], part.firsts).astype(np.int32)

    return each_part(axis, depths)


def inside_quotes(axis: Axis) -> pd.Categorical:
    """Tell which tokens lie inside double quotation marks, once each was read; a blank line ends what was not closed.

    Args:
        axis: The axis.

    Returns:
        ``"no"`` or ``"yes"`` for each step: the mark that opens is inside, the one that closes is not.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> set(lstmviz.annotate.inside_quotes(dump.first))
        {'no'}
    """

    def are_inside(part: Part) -> NDArray[Any]:
        ends = part.ends - 1
        borders = [*part.begins[part.firsts].tolist(), *(hit.end() for hit in re.finditer(r"\n\s*\n", part.text))]
        straight, opening, closing = (part.where(marks.__contains__) for marks in ('"', "“«„", "”»"))
        inside = np.zeros(len(part.text) + 1, np.bool_)
        edges = sorted({*borders, len(part.text)})
        for start, stop in zip(edges, edges[1:], strict=False):
            block = slice(start, stop)
            is_open = np.cumsum(straight[block]) % 2 == 1
            depth = np.cumsum(opening[block].astype(np.int64) - closing[block])
            inside[block] = is_open | (depth > np.minimum(np.minimum.accumulate(depth), 0))
        return inside[np.maximum(ends, 0)] & (part.ends > part.begins)

    return categorical(each_part(axis, are_inside).astype(np.int8), ["no", "yes"])


def indentation(axis: Axis) -> NDArray[Any]:
    """Count the spaces that the line of each token begins with; a tab goes to the next multiple of 8.

    Args:
        axis: The axis.

    Returns:
        A number for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> int(lstmviz.annotate.indentation(dump.first)[0])
        0
    """

    def widths(part: Part) -> NDArray[Any]:
        borders = np.append(part.begins[part.firsts], len(part.text)).tolist()
        starts, indents = [], []
        for start, stop in zip(borders, borders[1:], strict=False):
            for begin in re.finditer(r"(?m)^([ \t]*)", part.text[start:stop]):
                starts.append(start + begin.start())
                indents.append(len(begin[1].expandtabs(8)))
        line = np.searchsorted(np.array(starts, np.int64), np.maximum(part.begins, 0), side="right") - 1
        return np.array(indents, np.int32)[np.maximum(line, 0)]

    return each_part(axis, widths)


def _floored(change: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return running sums that start anew with each sequence and never fall below 0."""
    total = np.cumsum(change)
    for start, stop in _stretches(firsts, len(change)):
        here = total[start:stop] - (total[start] - change[start])
        total[start:stop] = here - np.minimum(np.minimum.accumulate(here), 0)
    return total


def _stretches(firsts: NDArray[np.int64], n: int) -> Iterator[tuple[int, int]]:
    """Yield where each sequence starts and stops, the last one first: so the sums before each stay as they are."""
    edges = [*firsts.tolist(), n]
    return zip(edges[-2::-1], edges[:0:-1], strict=True)
