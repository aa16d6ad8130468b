"""Attention between the two texts of a pair: a heat map of their tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.attention import Attention
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import FigureError, UnknownName, WindowError
from lstmviz.figures.text import escape_label, n_columns, shown_name
from lstmviz.figures.theme import (
    COLUMN,
    EM,
    PAGE,
    TYPE,
    Margins,
    Theme,
    ThemeName,
    colour_bar,
    colour_scale,
    get_theme,
    lay_out,
)

CELL = 20  # px of a token, at most
LONGEST = 18  # letters of a token beside the map
UPRIGHT = 2  # letters that fit over a column without being turned
EDGE, BAR = 24, 44  # px right of the map, and for the colour bar under it
MOST = 200  # tokens of a text that can be told apart in print


@dataclass(frozen=True, eq=False)
class DrawnPair:
    """The pair ``number`` of an attention as it is drawn: ``weights`` (rows, columns), and the tokens beside them."""

    attention: Attention
    number: int
    weights: NDArray[np.float32]
    rows: list[str]
    columns: list[str]

    @property
    def detail(self) -> str:
        """Which axes the rows and the columns are of."""
        return f"{shown_name(self.attention.axis)} (rows) to {shown_name(self.attention.over)} (columns)"

    def rows_of(self, dump: DumpReader, steps: tuple[int, int]) -> tuple[int, int]:
        """Return the rows [first, end) of steps of the attending axis; WindowError where they are not in the pair."""
        axis = dump.axes[self.attention.axis]
        window, start = axis.window(*steps), int(axis.starts[self.number])
        if (sequence := axis.sequence_of(window.start)) != self.number:
            raise WindowError(
                f"the window [{window.start}, {window.stop}) is in sequence {sequence} of axis {axis.name!r}, "
                f"and pair {self.number} is drawn; give one in [{start}, {int(axis.stops[self.number])})"
            )
        return window.start - start, window.stop - start


def drawn_pair(dump: DumpReader, name: str, pair: int) -> DrawnPair:
    """Return a pair as it is drawn. Raises UnknownName, WindowError or FigureError, as ``attention`` does."""
    if name not in dump.attention:
        known = ", ".join(dump.attention) or "none; record it with run.log(..., over=)"
        raise UnknownName(f"no attention {name!r} in {dump.path.name}; it has {known}")
    given = dump.attention[name]
    weights = given[pair]
    number = pair % len(given)
    if max(weights.shape) > MOST:
        raise FigureError(f"the texts of pair {number} have {weights.shape} tokens; at most {MOST} can be drawn")
    rows, columns = (_tokens(dump.axes[axis], number) for axis in (given.axis, given.over))
    return DrawnPair(given, number, weights, rows, columns)


def attention(
    dump: DumpReader,
    name: str,
    pair: int,
    window: tuple[int, int] | None = None,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Draw the attention of one pair of sequences: a row for each step that attends, a column for each attended to.

    Args:
        dump: The dump.
        name: Name of the attention, as in ``dump.attention``.
        pair: Number of the pair: of the sequence on either axis.
        window: Steps [start, stop) of the attending axis, to be outlined.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: The dump has no such attention.
        WindowError: There is no such pair, or the window is not in it.
        FigureError: A text of the pair has more than 200 tokens.

    Example:
        >>> import torch
        >>> nets = {name: torch.nn.GRU(2, 4, batch_first=True) for name in ("encoder", "decoder")}
        >>> with lstmviz.record(nets, "drawn.h5", axes={"source": "encoder", "target": "decoder"}) as run:
        ...     with run.batch(tokens={"source": ["abc"], "target": ["abc"]}):
        ...         outputs = [net(torch.zeros(1, 3, 2)) for net in nets.values()]
        ...         run.log("attention", torch.eye(3)[None], axis="target", over="source")
        >>> fig = figures.attention(lstmviz.open_dump("drawn.h5"), "attention", 0, window=(0, 2))
        >>> fig.data[0].z.shape
        (3, 3)
    """
    drawn, colours = drawn_pair(dump, name, pair), get_theme(theme)
    rows, columns, weights = drawn.rows, drawn.columns, drawn.weights
    fig = go.Figure()
    left = 26 + int(max(map(n_columns, rows), default=1) * TYPE * EM)
    below = 18 + int(max(map(n_columns, columns), default=1) * TYPE * EM)
    cell = min(CELL, (PAGE - left - EDGE) / len(columns))
    width = max(COLUMN, int(left + cell * len(columns)) + EDGE)
    fig.add_heatmap(
        z=weights,
        colorscale=colour_scale(colours.shade),
        zmin=0,
        zmax=float(max(weights.max(initial=0), 1e-9)),
        xgap=0.5,
        ygap=0.5,
        hovertemplate="%{y} to %{x}: %{z:.3f}<extra></extra>",
        colorbar=colour_bar(colours, "weight", CELL * len(rows), below),
    )
    if window is not None:
        _outline(fig, colours, drawn.rows_of(dump, window), len(columns))
    head = title or f"{shown_name(name)} of pair {drawn.number:,}"
    right = width - int(left + cell * len(columns))
    lay_out(fig, colours, head, drawn.detail, width, CELL * len(rows), Margins(left, right, below + BAR))
    angle = 0 if max(map(n_columns, columns)) <= UPRIGHT else -90
    every = max(1, math.ceil((TYPE + 2) / cell))  # columns may be narrower than a line of type
    fig.update_xaxes(**_ticks(columns, every), tickangle=angle)
    fig.update_yaxes(**_ticks(rows, 1), range=[len(rows) - 0.5, -0.5])
    return fig


def _ticks(words: list[str], every: int) -> dict[str, Any]:
    """Return an axis on which every ``every``-th word is written."""
    texts = [escape_label(word) for word in words[::every]]
    return {"tickvals": list(range(0, len(words), every)), "ticktext": texts, "showgrid": False, "ticks": ""}


def _tokens(axis: Axis, sequence: int) -> list[str]:
    """Return the tokens of a sequence, visible and cut; the numbers of its steps where there are none."""
    start, stop = int(axis.starts[sequence]), int(axis.stops[sequence])
    if axis.tokens is None:
        return [str(step - start) for step in range(start, stop)]
    return [shown_name(token, LONGEST) for token in axis.tokens[start:stop]]


def _outline(fig: go.Figure, theme: Theme, rows: tuple[int, int], n_columns: int) -> None:
    """Outline rows [first, end) of the map."""
    low, high = rows[0] - 0.5, rows[1] - 0.5
    edges = np.array([[-0.5, low], [n_columns - 0.5, low], [n_columns - 0.5, high], [-0.5, high], [-0.5, low]])
    fig.add_scatter(
        x=edges[:, 0],
        y=edges[:, 1],
        mode="lines",
        line={"color": theme.accent, "width": 2},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
