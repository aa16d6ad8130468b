"""A stretch of text in lines, each token coloured by one unit's activation (as in Karpathy et al. 2015, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import short_number, unknown_in
from lstmviz.figures.text import cut, label, n_columns, shown_name, word_label
from lstmviz.figures.theme import (
    EM,
    MONO,
    PAGE,
    TYPE,
    Margins,
    Theme,
    ThemeName,
    colour_bar,
    colour_scale,
    get_theme,
    ink_on,
    lay_out,
    number_width,
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
    colours, info, axis = get_theme(theme), dump.source(source), dump.axis_of(source)
    view = Window(start, stop)
    if view.stop > axis.n_steps or len(view) > MOST_STEPS:
        raise PatternError(
            f"steps {start} to {stop} cannot be drawn; give at most {MOST_STEPS:,} of the {axis.n_steps:,} steps"
        )
    info.check_unit(unit)
    values = in_view(info, dump.states(source)[start:stop, [unit]][:, 0])
    words = [short_number(v) for v in values] if axis.tokens is None else axis.tokens[start:stop]
    left = max(LEFT, number_width([stop]))
    columns = (PAGE - left - RIGHT) / (TYPE * EM)
    borders = set(axis.starts[slice(*np.searchsorted(axis.starts, [start + 1, stop]).tolist())].tolist())
    tokens = _Tokens(view, values, words, unknown_in(axis, start, stop))
    places = _place_tokens(tokens.texts, borders, start, int(columns))
    height, n_nan = LINE * places.n_lines, int((~np.isfinite(values)).sum())
    fig = go.Figure()
    _draw(fig, tokens, places, height, colours)
    name = title or f"Unit {unit} of {shown_name(source)}, token by token"
    detail = f"steps {start:,} to {stop - 1:,}" + (f"; {n_nan:,} have no value" if n_nan else "")
    lay_out(fig, colours, name, detail, PAGE, height, Margins(left=left, right=RIGHT, bottom=62))
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(visible=False, range=[0, columns])
    fig.update_yaxes(
        range=[places.n_lines - 0.5, -0.5],
        tickvals=list(range(places.n_lines)),
        ticktext=[f"{start + i:,}" for i in places.first_of_lines],
        showgrid=False,
        ticks="",
    )
    return fig


@dataclass(frozen=True)
class _Tokens:
    """The tokens of a window, a unit's values there, and the places of those that the model does not know."""

    view: Window
    values: NDArray[np.float64]
    words: Sequence[str]
    unknown: frozenset[int]

    @property
    def texts(self) -> list[str]:
        """The tokens as they are drawn."""
        return [cut(visible_text(word), WIDEST) for word in self.words]


@dataclass(frozen=True)
class _Places:
    """Where each token begins on its line and how wide it is, in cells, and its line."""

    lefts: list[float]
    widths: list[float]
    lines: list[int]

    @property
    def n_lines(self) -> int:
        return self.lines[-1] + 1

    @property
    def first_of_lines(self) -> list[int]:
        """The index of the first token of each line."""
        return [i for i, line in enumerate(self.lines) if not i or line != self.lines[i - 1]]


def _place_tokens(texts: Sequence[str], borders: set[int], start: int, columns: int) -> _Places:
    """Fill lines of ``columns`` cells with tokens; a step in ``borders`` begins a line."""
    places = _Places([], [], [])
    at, line = 0.0, 0
    for i, text in enumerate(texts):
        width = max(1, n_columns(text)) + PAD
        if at and (at + width > columns or start + i in borders):
            at, line = 0.0, line + 1
        places.lefts.append(at)
        places.widths.append(width - 0.08)
        places.lines.append(line)
        at += width
    return places


def _draw(fig: go.Figure, tokens: _Tokens, places: _Places, height: int, theme: Theme) -> None:
    """Draw each token in its place, on the colour of its value."""
    is_finite = np.isfinite(tokens.values)
    values = np.where(is_finite, tokens.values, 0.0)
    reach = max(1.0, float(np.abs(values).max(initial=0.0)))
    colours = colour_scale(theme.signed)
    shares = ((values / reach + 1) / 2).tolist()
    inks = [ink_on(theme, colours, share) if ok else theme.dim for share, ok in zip(shares, is_finite, strict=True)]
    fig.add_bar(
        base=places.lefts,
        x=places.widths,
        y=places.lines,
        orientation="h",
        width=0.88,
        marker={
            "color": values,
            "colorscale": colours,
            "cmin": -reach,
            "cmax": reach,
            "line": {"width": 0},
            "colorbar": colour_bar(theme, "activation", height, 14, tickvals=[-reach, 0, reach], tickformat="~g"),
            "showscale": True,
        },
        customdata=np.arange(tokens.view.start, tokens.view.stop),
        hovertext=[f"{label(w, 80)}: {v:.3f}" for w, v in zip(tokens.words, tokens.values, strict=True)],
        hovertemplate="%{hovertext}, step %{customdata:,d}<extra></extra>",
    )
    fig.add_scatter(
        x=[left + width / 2 for left, width in zip(places.lefts, places.widths, strict=True)],
        y=places.lines,
        mode="text",
        text=[word_label(text, i in tokens.unknown) for i, text in enumerate(tokens.texts)],
        textfont={"family": MONO, "size": TYPE, "color": inks},
        hoverinfo="skip",
        cliponaxis=False,
    )
