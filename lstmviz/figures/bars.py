"""The values of each track at the matches of a pattern, as bars against the corpus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lstmviz.errors import PatternError, UnknownName
from lstmviz.figures.text import label, n_columns
from lstmviz.figures.theme import COLUMN, EM, TYPE, Margins, Theme, ThemeName, get_theme, lay_out
from lstmviz.visible import visible_text

ROW, GAP = 22, 26  # px: a value's two bars, and between two tracks
MOST_VALUES = 20  # of a track
MOST_ROWS = 24  # of a figure without chosen tracks: as many as a column of print holds
NAME = 16  # cells of a label
COLUMNS = ("track", "value", "n_steps", "share", "base_rate")
ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # shares at which the axis may end, as on the page
ROOM = 1.25  # of the longest bar's length


def carry(
    carried: pd.DataFrame,
    tracks: Sequence[str] = (),
    title: str | None = None,
    theme: ThemeName = "light",
    of: str = "matches",
) -> go.Figure:
    """Draw what the matches carry: the share of each track value at their steps and in the whole corpus.

    Args:
        carried: The data frame of ``dump.carry``, or of ``carry()`` of a region.
        tracks: Names of the tracks to draw; without any, those that differ most, as many as a column of print holds. Of
            a track with more than 20 values, those that differ most are drawn.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.
        of: Whose steps they are, such as ``"the region"``.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: A track is not in the data frame.
        PatternError: The data frame lacks its columns.

    Example:
        >>> bars = figures.carry(dump.carry(pattern), tracks=["depth"])
        >>> len(bars.data) > 0
        True
    """
    colours, parts = get_theme(theme), _tracks(carried, tracks)
    fig = go.Figure()
    _bars(fig, parts, colours)
    height = sum(ROW * max(1, len(p)) for p in parts) + GAP * max(0, len(parts) - 1) or ROW
    widest = max((n_columns(visible_text(v)) for p in parts for v in p["value"]), default=1)
    margins = Margins(left=20 + int(min(NAME, widest) * TYPE * EM) + 18, right=44, bottom=42)
    n_steps = max((int(p["n_steps"].sum()) for p in parts), default=0)
    detail = f"{n_steps:,} step{'s' * (n_steps != 1)} of {of}" if parts else "the corpus has no tracks"
    keys = [(name, colour) for _, name, colour in _roles(colours)]
    lay_out(fig, colours, title or "What the matches carry", detail, COLUMN, height, margins, keys)
    _axes(fig, parts, height)
    return fig


def _tracks(carried: pd.DataFrame, chosen: Sequence[str]) -> list[pd.DataFrame]:
    """Return the rows of each track that is drawn; raises what ``carry`` raises for a frame or a name that is wrong."""
    missing = [c for c in COLUMNS if c not in carried.columns]
    if missing:
        raise PatternError(f"the frame has no column {', '.join(missing)}; give what lstmviz.match.carry returns")
    known = list(dict.fromkeys(carried["track"]))
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UnknownName(f"no track {unknown[0]!r} in the frame; it has {', '.join(known) or 'none'}")
    parts = [_largest_differences(carried[carried["track"] == name]) for name in chosen or known]
    return parts if chosen else _most_different(parts)


def _most_different(parts: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return the tracks that differ most from the corpus, in their order: as many as a figure holds, at least one."""
    ranked = sorted(range(len(parts)), key=lambda i: -_differences(parts[i]).max())
    n_rows = np.cumsum([len(parts[i]) for i in ranked])
    first = ranked[: max(1, int(np.searchsorted(n_rows, MOST_ROWS, side="right")))]
    return [part for i, part in enumerate(parts) if i in first]


def _differences(part: pd.DataFrame) -> pd.Series[float]:
    return (part["share"].fillna(0) - part["base_rate"].fillna(0)).abs()


def _largest_differences(part: pd.DataFrame) -> pd.DataFrame:
    if len(part) <= MOST_VALUES:
        return part
    return part.loc[_differences(part).nlargest(MOST_VALUES).index.sort_values()]


def _roles(colours: Theme) -> tuple[tuple[str, str, str], ...]:
    return ("share", "matches", colours.accent), ("base_rate", "corpus", colours.base)


def _bars(fig: go.Figure, parts: list[pd.DataFrame], colours: Theme) -> None:
    for i, part in enumerate(parts):
        at = np.arange(len(part))
        for j, (column, name, colour) in enumerate(_roles(colours)):
            values = part[column].to_numpy(float)
            fig.add_bar(
                x=values,
                y=at + (-0.2 if j == 0 else 0.2),
                width=0.36,
                orientation="h",
                marker={"color": colour, "line": {"width": 0}},
                name=name,
                showlegend=i == 0,
                yaxis=f"y{i + 1}",
                text=["" if np.isnan(v) else f"{v:.2f}" for v in values] if j == 0 else None,
                textposition="outside",
                textangle=0,
                constraintext="none",
                cliponaxis=False,
                textfont={"size": TYPE, "color": colours.ink},
                customdata=[label(v, 60) for v in part["value"]],
                hovertemplate="%{customdata}: %{x:.4f} of the steps, " + name + "<extra></extra>",
            )


def _axes(fig: go.Figure, parts: list[pd.DataFrame], height: int) -> None:
    top = 0
    for i, part in enumerate(parts):
        tall = ROW * max(1, len(part))
        fig.layout[f"yaxis{i + 1}"] = {
            "domain": [max(0.0, 1 - (top + tall) / height), 1 - top / height],
            "range": [max(1, len(part)) - 0.5, -0.5],
            "tickvals": list(range(len(part))),
            "ticktext": [label(v, NAME) for v in part["value"]],
            "title": {"text": label(part["track"].iloc[0], max(4, tall // 7)) if len(part) else ""},
            "showgrid": False,
            "ticks": "",
            "anchor": "x",
        }
        top += tall + GAP
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(
        title_text="share of the steps",
        range=[0, _bars_end(parts)],
        tickformat="~g",
        ticks="outside",
        anchor="free",
        position=0,
    )


def _bars_end(parts: list[pd.DataFrame]) -> float:
    """Return the share at which the bars end: 1, or less where all are small, as those of words are."""
    most = max((np.nan_to_num(p[["share", "base_rate"]].to_numpy(float)).max(initial=0) for p in parts), default=0)
    return next((end for end in ENDS if 0 < most * ROOM <= end), 1.0)
