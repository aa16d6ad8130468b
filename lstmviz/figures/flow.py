"""A stretch of text in lines, each token coloured by one unit's activation (as in Karpathy et al. 2015, section 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import number
from lstmviz.figures.text import cut, label, n_columns, named
from lstmviz.figures.theme import (
    EM,
    MONO,
    PAGE,
    TYPE,
    Room,
    ThemeName,
    bar,
    dress,
    ink_on,
    numbers_width,
    scale,
    themed,
)
from lstmviz.match.card.unit_card import in_view
from lstmviz.types import Window
from lstmviz.visible import visible_text

LINE = 19  # px
MOST_STEPS = 4_000
LEFT, RIGHT = 62, 14  # px beside the text
WIDEST = 40  # cells of a token
PAD = 0.5  # cells between two tokens of more than one letter


def text(
    dump: DumpReader,
    source: str,
    unit: int,
    start: int,
    stop: int,
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Draw the text of steps [start, stop), each token coloured by a unit's value.

    The number before a line is its first step, and each sequence begins a new line. If the axis has no tokens, the
    values are written.

    Args:
        dump: The dump.
        source: Name of the source.
        unit: Number of the unit.
        start: First step.
        stop: Step after the last one.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: The dump has no such source.
        WindowError: The steps are outside the axis.
        PatternError: The source has no such unit, or there are more than 4,000 steps.

    Example:
        >>> fig = figures.text(dump, "rnn.l1.c", 45, 0, 400, theme="dark")
        >>> fig.layout.width
        680
    """
    colours, info, axis = themed(theme), dump.source(source), dump.axis_of(source)
    view = Window(start, stop)
    if view.stop > axis.n_steps or len(view) > MOST_STEPS:
        raise PatternError(
            f"steps {start} to {stop} cannot be drawn; give at most {MOST_STEPS:,} of the {axis.n_steps:,} steps"
        )
    info.check_unit(unit)
    values = in_view(info, dump.states(source)[start:stop, [unit]][:, 0])
    left = max(LEFT, numbers_width([stop]))
    room = PAGE - left - RIGHT
    words = [number(v) for v in values] if axis.tokens is None else axis.tokens[start:stop]
    finite = values[np.isfinite(values)]
    reach = max(1.0, float(np.abs(finite).max(initial=0.0)))
    texts = [cut(visible_text(word), WIDEST) for word in words]
    borders = set(axis.starts[slice(*np.searchsorted(axis.starts, [start + 1, stop]).tolist())].tolist())
    lefts, widths, lines = _placed(texts, borders, start, int(room / (TYPE * EM)))
    fig = go.Figure()
    scaled = scale(colours.signed)
    inks = [ink_on(colours, scaled, (v / reach + 1) / 2) if np.isfinite(v) else colours.dim for v in values]
    height = LINE * (lines[-1] + 1)
    fig.add_bar(
        base=lefts,
        x=widths,
        y=lines,
        orientation="h",
        width=0.88,
        marker={
            "color": np.where(np.isfinite(values), values, 0.0),
            "colorscale": scaled,
            "cmin": -reach,
            "cmax": reach,
            "line": {"width": 0},
            "colorbar": bar(colours, "activation", height, 14, tickvals=[-reach, 0, reach], tickformat="~g"),
            "showscale": True,
        },
        customdata=np.arange(start, stop),
        hovertext=[f"{label(w, 80)}: {v:.3f}" for w, v in zip(words, values, strict=True)],
        hovertemplate="%{hovertext}, step %{customdata:,d}<extra></extra>",
    )
    fig.add_scatter(
        x=[a + w / 2 for a, w in zip(lefts, widths, strict=True)],
        y=lines,
        mode="text",
        text=[label(t) for t in texts],
        textfont={"family": MONO, "size": TYPE, "color": inks},
        hoverinfo="skip",
        cliponaxis=False,
    )
    name = title or f"Unit {unit} of {named(source)}, token by token"
    detail = f"steps {start:,} to {stop - 1:,}" + (
        f"; {len(values) - len(finite):,} have no value" if len(finite) < len(values) else ""
    )
    dress(fig, colours, name, detail, PAGE, height, Room(left=left, right=RIGHT, bottom=62))
    firsts = _firsts(lines, start)
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(visible=False, range=[0, room / (TYPE * EM)])
    fig.update_yaxes(
        range=[lines[-1] + 0.5, -0.5],
        tickvals=list(range(lines[-1] + 1)),
        ticktext=[f"{first:,}" for first in firsts],
        showgrid=False,
        ticks="",
    )
    return fig


def _placed(
    texts: Sequence[str], borders: set[int], start: int, columns: int
) -> tuple[list[float], list[float], list[int]]:
    """Return where each token begins on its line and how wide it is, in cells, and its line."""
    lefts, widths, lines = list[float](), list[float](), list[int]()
    at, line = 0.0, 0
    for i, text in enumerate(texts):
        width = max(1, n_columns(text)) + PAD
        if at and (at + width > columns or start + i in borders):
            at, line = 0.0, line + 1
        lefts.append(at)
        widths.append(width - 0.08)
        lines.append(line)
        at += width
    return lefts, widths, lines


def _firsts(lines: Sequence[int], start: int) -> list[int]:
    return [start + i for i, line in enumerate(lines) if not i or line != lines[i - 1]]
