"""One unit's card as a figure: the distribution of its values, the lengths of its runs, its strongest contexts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.figures.strips import Strip, draw_cells, write_words
from lstmviz.figures.text import cut, label, shown_name, typical_width
from lstmviz.figures.theme import (
    EM,
    PAGE,
    TYPE,
    Margins,
    Theme,
    ThemeName,
    colour_scale,
    count_axis,
    get_theme,
    lay_out,
    number_width,
)
from lstmviz.match.card.unit_card import UnitCard, UnitContext
from lstmviz.visible import visible_text

PLOT, BETWEEN, ROW = 110, 54, 18  # px: the two charts, from them to the contexts, and a context
LEFT, RIGHT = 62, 14  # px beside the plot
MOST_CONTEXTS = 12
WIDEST = 12  # cells of a token


def unit(card: UnitCard, contexts: int = 6, title: str | None = None, theme: ThemeName = "light") -> go.Figure:
    """Draw a unit's card: the histogram of its values, the lengths of its runs, and its strongest contexts.

    Steps at which the unit is on are coloured. The contexts are aligned at their strongest step, and each token is
    coloured by the unit's value.

    Args:
        card: The card, from ``dump.unit``.
        contexts: Number of contexts to draw, at most 12.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Example:
        >>> fig = figures.unit(dump.unit("rnn.l1.c", 45), contexts=3)
        >>> fig.layout.width  # the width of a page's text, in px
        680
    """
    colours = get_theme(theme)
    picked = card.contexts[: min(contexts, MOST_CONTEXTS)]
    left = max(LEFT, number_width([c.step for c in picked]))
    below = BETWEEN + ROW * len(picked) if picked else 0
    height = PLOT + below
    colour = colours.hover if card.side == "high" else colours.low
    fig = go.Figure()
    _histogram(fig, card, colours, colour)
    _runs(fig, card, colour)
    name = title or f"Unit {card.unit} of {shown_name(card.source)}"
    lay_out(fig, colours, name, _detail(card), PAGE, height, Margins(left=left, right=RIGHT, bottom=42))
    most_runs = card.run_lengths["n_runs"].max() if len(card.run_lengths) else 1
    split = [max(0.0, 1 - PLOT / height), 1]
    fig.update_layout(
        xaxis={"domain": [0, 0.46], "title_text": "activation", "showgrid": False, "tickformat": "~g", "anchor": "y"},
        yaxis={"domain": split, **count_axis(int(card.histogram["n_steps"].max()), "steps")},
        xaxis2={
            "domain": [0.58, 1],
            "title_text": "length of a run in steps",
            "showgrid": False,
            "tickformat": ",d",
            "anchor": "y2",
        },
        yaxis2={"domain": split, **count_axis(most_runs, "runs"), "anchor": "x2"},
    )
    if picked:
        _contexts(fig, card, len(picked), colours, height, PAGE - left - RIGHT)
    return fig


def _detail(card: UnitCard) -> str:
    sign = "≥" if card.side == "high" else "≤"
    at = f"{card.threshold:.4g}".replace("-", "−")
    n_runs = int(card.run_lengths["n_runs"].sum())
    words = f"on (activation {sign} {at}) in {card.on_rate:.1%} of {card.n_steps - card.n_nan:,} steps"
    words += f", {n_runs:,} run{'s' * (n_runs != 1)}"
    if n_runs:
        runs = np.repeat(card.run_lengths["length"], card.run_lengths["n_runs"])
        words += f" of {np.median(runs):g} steps (median)"
    return words + (f"; {card.n_nan:,} steps are NaN" if card.n_nan else "")


def _histogram(fig: go.Figure, card: UnitCard, theme: Theme, colour: str) -> None:
    low, high = card.histogram["low"].to_numpy(), card.histogram["high"].to_numpy()
    is_on = low >= card.threshold if card.side == "high" else high <= card.threshold
    fig.add_bar(
        x=(low + high) / 2,
        y=card.histogram["n_steps"].to_numpy(),
        width=(high - low) * 0.9,
        marker={"color": [colour if on else theme.base for on in is_on], "line": {"width": 0}},
        name="steps",
        hovertemplate="%{y:,d} steps at %{x:.3g}<extra></extra>",
    )
    line = {"color": theme.ink, "width": 1, "dash": "4px,3px"}
    fig.add_shape(type="line", x0=card.threshold, x1=card.threshold, y0=0, y1=1, yref="y domain", line=line)


def _runs(fig: go.Figure, card: UnitCard, colour: str) -> None:
    fig.add_bar(
        x=card.run_lengths["length"].to_numpy(),
        y=card.run_lengths["n_runs"].to_numpy(),
        marker={"color": colour, "line": {"width": 0}},
        name="runs",
        hovertemplate="%{y:,d} runs of %{x} steps<extra></extra>",
        xaxis="x2",
        yaxis="y2",
    )


def _contexts(fig: go.Figure, card: UnitCard, n: int, theme: Theme, height: int, width: int) -> None:
    """Draw n contexts as rows of cells, around the step at which each is strongest."""
    x, values, words = _aligned(card.contexts[:n], width)
    cell = width / len(x)
    picked = card.contexts[:n]
    reach = float(max(1.0, *(abs(v) for context in picked for v in context.values if np.isfinite(v))))
    colours = colour_scale(theme.signed)
    strip = Strip("token", values.ravel(), [word for row in words for word in row], colours, -reach, reach)
    hover_data = [[label(word, 80), value] for word, value in zip(strip.words, strip.values.tolist(), strict=True)]
    y = np.repeat(np.arange(n), len(x)).tolist()
    hover = "%{customdata[0]}: %{customdata[1]:.3f}"
    draw_cells(fig, strip, x.tolist() * n, y, hover_data, hover, (0.02, 2 / ROW), xaxis="x3", yaxis="y3")
    columns = max(1, int((cell - 2) / (TYPE * EM)))
    for i, row in enumerate(words):
        short = [None if word is None else cut(visible_text(word), columns) for word in row]
        line = Strip("token", values[i], short, colours, -reach, reach)
        write_words(fig, theme, line, x.tolist(), i, cell, xaxis="x3", yaxis="y3")
    fig.update_layout(
        barmode="overlay",
        xaxis3={
            "range": [x[0] - 0.5, x[-1] + 0.5],
            "title_text": f"steps from the strongest; coloured from −{reach:.3g} (low) to {reach:.3g} (high)",
            "showgrid": False,
            "anchor": "y3",
        },
        yaxis3={
            "domain": [0, ROW * n / height],
            "range": [n - 0.5, -0.5],
            "tickvals": list(range(n)),
            "ticktext": [f"{context.step:,}" for context in card.contexts[:n]],
            "showgrid": False,
            "ticks": "",
            "anchor": "x3",
        },
    )


def _aligned(
    contexts: Sequence[UnitContext], width: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[list[str | None]]]:
    """Return the steps from the strongest one that are shown, and each context's values and tokens there."""
    tokens = [context.tokens or tuple("" for _ in context.values) for context in contexts]
    columns = min(WIDEST, typical_width(visible_text(token) for row in tokens for token in row))
    farthest = max(max(c.step - c.start, c.stop - 1 - c.step) for c in contexts)
    around = max(1, min(farthest, int((width / (columns * TYPE * EM + 3) - 1) / 2)))
    x = np.arange(-around, around + 1)
    values = np.full((len(contexts), len(x)), np.nan)
    words: list[list[str | None]] = [[None] * len(x) for _ in contexts]
    for i, context in enumerate(contexts):
        for j, step in enumerate((context.step + x).tolist()):
            if context.start <= step < context.stop:
                values[i, j] = context.values[step - context.start]
                words[i][j] = tokens[i][step - context.start] if context.tokens else None
    return x, values, words
