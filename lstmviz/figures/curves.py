"""Small figures: units by threshold, matches by length, and where in the corpus the matches lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lstmviz.errors import PatternError
from lstmviz.figures.theme import (
    COLUMN,
    PAGE,
    Margins,
    ThemeName,
    count_axis,
    get_theme,
    gradient,
    lay_out,
    legend_height,
)
from lstmviz.match.engine.find import Count

PLOT = 130  # px
MOST_LEVELS = 4  # numbers of shared units that have a colour of their own


def thresholds(
    advice: pd.DataFrame, threshold: float | None = None, title: str | None = None, theme: ThemeName = "light"
) -> go.Figure:
    """Draw how many units a window selects at each threshold. A long flat stretch is a stable choice.

    Args:
        advice: The data frame of ``dump.thresholds``.
        threshold: The threshold to mark.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        PatternError: The data frame lacks the columns threshold and n_units.

    Example:
        >>> curve = figures.thresholds(dump.thresholds("rnn.l1.c", 249, 255), threshold=0.3)
        >>> curve.layout.xaxis.title.text
        'threshold'
    """
    colours = get_theme(theme)
    _check_columns(advice, ("threshold", "n_units"), "dump.thresholds")
    x, y = advice["threshold"].to_numpy(float), advice["n_units"].to_numpy(int)
    fig = go.Figure()
    fig.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": colours.accent, "width": 1.8, "shape": "hv"},
        name="units selected",
        hovertemplate="%{y} units at %{x:.2f}<extra></extra>",
    )
    detail = ""
    if threshold is not None and len(x):
        at = max(0, int(np.searchsorted(x, threshold + 1e-9, side="right")) - 1)
        n_here = int(y[at])
        marker = {"color": colours.hover, "size": 8}
        fig.add_vline(threshold, line={"color": colours.dim, "width": 1, "dash": "4px,3px"})
        fig.add_scatter(x=[threshold], y=[n_here], mode="markers", marker=marker, name="taken", hoverinfo="skip")
        detail = f"{n_here} unit{'s' * (n_here != 1)} at the chosen threshold, {threshold:.4g}"
    margins = Margins(left=48, bottom=42)
    lay_out(fig, colours, title or "Units selected by threshold", detail, COLUMN, PLOT, margins)
    most = int(y.max(initial=1))
    fig.update_xaxes(title_text="threshold", showgrid=False, tickformat="~g", ticks="outside")
    fig.update_yaxes(**count_axis(most, "units"), range=[-0.04 * most, max(1, most) * 1.08])
    return fig


def lengths(
    count: Count, min_shared: int | None = None, title: str | None = None, theme: ThemeName = "light"
) -> go.Figure:
    """Draw how many matches there are of each length, one colour for each number of shared units.

    Args:
        count: The counts, from ``dump.count``.
        min_shared: Draw the matches that share at least this many units; None for those that share most.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Example:
        >>> fig = figures.lengths(dump.count(pattern), min_shared=3)
        >>> [bar.name for bar in fig.data]
        ['4 shared units', '3 shared units']
    """
    colours, table = get_theme(theme), count.lengths
    best = int(table["n_shared"].max()) if len(table) else 0
    least = best if min_shared is None else min_shared
    table = table[table["n_shared"] >= least]
    levels = sorted({int(n) for n in table["n_shared"]}, reverse=True)
    shades = (colours.accent, *gradient(colours.shade, MOST_LEVELS + 1)[1:-1][::-1])
    fig = go.Figure()
    for i, level in enumerate(levels[:MOST_LEVELS]):
        is_rest = i == MOST_LEVELS - 1 and len(levels) > MOST_LEVELS
        rows = table[table["n_shared"] <= level] if is_rest else table[table["n_shared"] == level]
        by_length = rows.groupby("length")["n_matches"].sum()
        fig.add_bar(
            x=by_length.index.to_numpy(),
            y=by_length.to_numpy(),
            marker={"color": shades[i], "line": {"width": 0}},
            name=f"{level}{' or fewer' * is_rest} shared unit{'s' * (level != 1)}",
            hovertemplate="%{y:,d} of %{x} steps<extra></extra>",
        )
    total = int(table["n_matches"].sum())
    which = f"with {least}{' or more' * (least < best)} units on" if best else "found"
    if len(levels) < 2:
        fig.update_traces(showlegend=False)
    margins = Margins(left=56, bottom=42, legend=legend_height(fig, COLUMN - 70))
    detail = f"{total:,} match{'es' * (total != 1)} {which}"
    lay_out(fig, colours, title or "Length of the matches", detail, COLUMN, PLOT, margins)
    longest = int(table["length"].max()) if total else 1
    fig.update_layout(barmode="stack")
    fig.update_xaxes(title_text="length in steps", showgrid=False, range=[0.4, longest + 0.6], ticks="outside")
    fig.update_xaxes(dtick=1 if longest <= 12 else None, tickformat=",d")
    tallest = int(table.groupby("length")["n_matches"].sum().max()) if total else 1
    fig.update_yaxes(**count_axis(tallest, "matches"))
    return fig


def barcode(bars: pd.DataFrame, title: str | None = None, theme: ThemeName = "light") -> go.Figure:
    """Draw where in the corpus the matches lie: the share of each bin's steps that lie in one.

    Args:
        bars: The data frame of ``dump.barcode``.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        PatternError: The data frame lacks the columns start, stop, n_matches and n_steps.

    Example:
        >>> fig = figures.barcode(dump.barcode(pattern, n_bins=100))
        >>> len(fig.data)
        1
    """
    colours = get_theme(theme)
    _check_columns(bars, ("start", "stop", "n_matches", "n_steps"), "lstmviz.match.barcode")
    start, stop = bars["start"].to_numpy(np.int64), bars["stop"].to_numpy(np.int64)
    share = bars["n_steps"].to_numpy(float) / np.maximum(1, stop - start)
    most = float(share.max(initial=0.0))
    total, n_steps = int(bars["n_matches"].sum()), int(stop[-1]) if len(stop) else 0
    shade = colours.shade
    fig = go.Figure()
    fig.add_bar(
        x=(start + stop) / 2,
        y=np.ones(len(start)),
        width=stop - start,
        marker={
            "color": share,
            "colorscale": [[0, shade[0]], [0.001, shade[1]], [0.5, shade[2]], [1, colours.accent]],
            "cmin": 0,
            "cmax": most or 1,
            "line": {"width": 0},
        },
        customdata=[[int(a), int(b) - 1, int(n)] for a, b, n in zip(start, stop, bars["n_matches"], strict=True)],
        hovertemplate="steps %{customdata[0]:,d} to %{customdata[1]:,d}: %{customdata[2]:,d} matches<extra></extra>",
    )
    width = int(stop[0] - start[0]) if len(stop) else 0
    detail = f"{total:,} match{'es' * (total != 1)}; a bar is {width:,} step{'s' * (width != 1)}"
    detail += f", shaded by how many of them lie in a match: 0 to {most:.0%}" if total else ""
    lay_out(fig, colours, title or "Where the matches lie", detail, PAGE, 30, Margins(left=14, right=14, bottom=42))
    fig.update_xaxes(title_text="step", tickformat=",d", showgrid=False, range=[0, n_steps], ticks="outside")
    fig.update_yaxes(visible=False, range=[0, 1])
    return fig


def _check_columns(frame: pd.DataFrame, columns: tuple[str, ...], maker: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise PatternError(f"the frame has no column {', '.join(missing)}; give what {maker} returns")
