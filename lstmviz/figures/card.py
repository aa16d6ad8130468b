"""One unit's card as a figure: how its values spread, how long it stays on, and where it is strongest."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from lstmviz.figures.strips import Strip, cells, write
from lstmviz.figures.text import cut, label, named, typical
from lstmviz.figures.theme import EM, PAGE, TYPE, Room, Theme, ThemeName, counted, dress, numbers_width, scale, themed
from lstmviz.match.card.unit_card import UnitCard
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
    colours = themed(theme)
    picked = card.contexts[: min(contexts, MOST_CONTEXTS)]
    left = max(LEFT, numbers_width([c.step for c in picked]))
    below = BETWEEN + ROW * len(picked) if picked else 0
    height = PLOT + below
    colour = colours.hover if card.side == "high" else colours.low
    fig = go.Figure()
    _histogram(fig, card, colours, colour)
    _runs(fig, card, colour)
    name = title or f"Unit {card.unit} of {named(card.source)}"
    dress(fig, colours, name, _detail(card), PAGE, height, Room(left=left, right=RIGHT, bottom=42))
    n_runs = len(card.run_lengths)
    split = [max(0.0, 1 - PLOT / height), 1]
    fig.update_layout(
        xaxis={"domain": [0, 0.46], "title_text": "activation", "showgrid": False, "tickformat": "~g", "anchor": "y"},
        yaxis={"domain": split, **counted(int(card.histogram["n_steps"].max()), "steps")},
        xaxis2={
            "domain": [0.58, 1],
            "title_text": "length of a run in steps",
            "showgrid": False,
            "tickformat": ",d",
            "anchor": "y2",
        },
        yaxis2={"domain": split, **counted(card.run_lengths["n_runs"].max() if n_runs else 1, "runs"), "anchor": "x2"},
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
        marker={"color": [colour if on else theme.grey for on in is_on], "line": {"width": 0}},
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


def _contexts(fig: go.Figure, card: UnitCard, n: int, theme: Theme, height: int, room: int) -> None:
    """Draw contexts as rows of cells, around the step at which each is strongest."""
    picked = card.contexts[:n]
    tokens = [c.tokens or tuple("" for _ in c.values) for c in picked]
    columns = min(WIDEST, typical(visible_text(t) for row in tokens for t in row))
    most = max(max(c.step - c.start, c.stop - 1 - c.step) for c in picked)
    around = max(1, min(most, int((room / (columns * TYPE * EM + 3) - 1) / 2)))
    x = np.arange(-around, around + 1)
    cell = room / len(x)
    reach = max(1e-9, max(abs(v) for c in picked for v in c.values if np.isfinite(v)) if picked else 1)
    reach = 1.0 if reach <= 1 else float(reach)
    values = np.full((n, len(x)), np.nan)
    words: list[list[str | None]] = [[None] * len(x) for _ in range(n)]
    for i, context in enumerate(picked):
        for j, step in enumerate((context.step + x).tolist()):
            if context.start <= step < context.stop:
                values[i, j] = context.values[step - context.start]
                words[i][j] = tokens[i][step - context.start] if context.tokens else None
    colours = scale(theme.signed)
    every = Strip("token", values.ravel(), [w for row in words for w in row], colours, -reach, reach)
    said = [[label(word, 80), value] for word, value in zip(every.words, every.values.tolist(), strict=True)]
    y = np.repeat(np.arange(n), len(x)).tolist()
    hover = "%{customdata[0]}: %{customdata[1]:.3f}"
    cells(fig, every, x.tolist() * n, y, said, hover, (0.02, 2 / ROW), xaxis="x3", yaxis="y3")
    fits = max(1, int((cell - 2) / (TYPE * EM)))
    for i, row in enumerate(words):
        part = [None if w is None else cut(visible_text(w), fits) for w in row]
        write(
            fig,
            theme,
            Strip("token", values[i], part, colours, -reach, reach),
            x.tolist(),
            i,
            cell,
            xaxis="x3",
            yaxis="y3",
        )
    fig.update_layout(
        barmode="overlay",
        xaxis3={
            "range": [-around - 0.5, around + 0.5],
            "title_text": f"steps from the strongest; coloured from −{reach:.3g} (low) to {reach:.3g} (high)",
            "showgrid": False,
            "anchor": "y3",
        },
        yaxis3={
            "domain": [0, ROW * n / height],
            "range": [n - 0.5, -0.5],
            "tickvals": list(range(n)),
            "ticktext": [f"{c.step:,}" for c in picked],
            "showgrid": False,
            "ticks": "",
            "anchor": "x3",
        },
    )
