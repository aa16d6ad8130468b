"""Trials by condition in the plane of their principal components: the mean path of each, and the spread around it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lstmviz.errors import PatternError
from lstmviz.figures.projection import MARKS, PLOT
from lstmviz.figures.text import label
from lstmviz.figures.theme import PAGE, Margins, ThemeName, get_theme, lay_out, legend_height

N_ELLIPSES = 6  # along a path
ROUND = np.linspace(0, 2 * np.pi, 49)
COLUMNS = ("condition", "time", "n", "pc1", "pc2", "sd1", "sd2")


def trajectories(paths: pd.DataFrame, title: str | None = None, theme: ThemeName = "light") -> go.Figure:
    """Draw the mean path of each condition, from a ring to a dot, with ellipses of one standard deviation along it.

    Args:
        paths: The data frame of ``dump.trajectories``, with two components or more; the first two are drawn.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        PatternError: The data frame lacks a column.

    Example:
        >>> fig = figures.trajectories(dump.trajectories("rnn.l1.c"))
        >>> [trace.name for trace in fig.data if trace.showlegend]
        ['all']
    """
    missing = next((name for name in COLUMNS if name not in paths), None)
    if missing is not None:
        raise PatternError(f"the paths have no column {missing!r}; give the data frame of dump.trajectories")
    colours, marks = get_theme(theme), MARKS[theme]
    fig = go.Figure()
    for k, (name, path) in enumerate(paths.groupby("condition", sort=False)):
        colour, shown = marks[k % len(marks)], label(str(name))
        some = path.iloc[:: max(1, len(path) // N_ELLIPSES)]
        for pc1, pc2, sd1, sd2 in some[["pc1", "pc2", "sd1", "sd2"]].to_numpy(float).tolist():
            x, y = pc1 + sd1 * np.cos(ROUND), pc2 + sd2 * np.sin(ROUND)
            fill = {"fill": "toself", "fillcolor": colour, "opacity": 0.12, "line": {"width": 0}}
            fig.add_scatter(x=x, y=y, mode="lines", showlegend=False, hoverinfo="skip", name=shown, **fill)
        fig.add_scatter(
            x=path["pc1"],
            y=path["pc2"],
            mode="lines",
            line={"color": colour, "width": 2},
            name=shown,
            showlegend=True,
            customdata=path[["time", "n"]].to_numpy(),
            hovertemplate="%{fullData.name}, time %{customdata[0]}: %{customdata[1]} trials<extra></extra>",
        )
        for place, symbol in ((0, "circle-open"), (-1, "circle")):
            end = path.iloc[[place]]
            marker = {"color": colour, "size": 8, "symbol": symbol, "line": {"width": 2}}
            fig.add_scatter(
                x=end["pc1"],
                y=end["pc2"],
                mode="markers",
                marker=marker,
                showlegend=False,
                hoverinfo="skip",
                name=shown,
            )
    fig.update_layout(showlegend=True)
    margins = Margins(left=52, right=96, bottom=44, legend=legend_height(fig, PAGE - 148))
    source, by = paths.attrs.get("source"), paths.attrs.get("by")
    head = title or f"Mean paths{f' of {source}' if source else ''}{f' by {by}' if by else ''}"
    detail = f"{paths['condition'].nunique()} conditions; ellipses: one standard deviation over trials"
    lay_out(fig, colours, head, detail, PAGE, PLOT, margins)
    shares = paths.attrs.get("explained") or []
    names = [f"axis {i + 1}" + (f", {shares[i]:.0%} of the variance" if i < len(shares) else "") for i in (0, 1)]
    fig.update_xaxes(title_text=names[0], nticks=6)
    fig.update_yaxes(title_text=names[1], nticks=6, scaleanchor="x", scaleratio=1)
    return fig
