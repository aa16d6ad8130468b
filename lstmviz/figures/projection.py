"""A map of states or embeddings: points coloured by a track, a window as a path through them, a region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import UnknownName
from lstmviz.figures.text import label
from lstmviz.figures.theme import (
    PAGE,
    Margins,
    Theme,
    ThemeName,
    colour_bar,
    colour_scale,
    get_theme,
    lay_out,
    legend_height,
)
from lstmviz.maps.colours import pattern_counts, unit_values
from lstmviz.maps.projection import NAMES, Projection, check_corners
from lstmviz.maps.region import frequencies
from lstmviz.maps.trace import trace
from lstmviz.match.order.bins import values_at
from lstmviz.types import Pattern

Colour = str | tuple[str, int] | Pattern  # a track, a unit, a pattern

PLOT = 420  # px
COLOURED = 9  # labels with a colour of their own
LABELLED = 150  # tokens that are written beside their points
# The page's colours for labels (assets/style_map.css), and for numbers.
MARKS = {
    "light": ("#332288", "#cc6677", "#117733", "#ddaa33", "#66b5e3", "#aa4499", "#44aa99", "#882255", "#8a8a2b"),
    "dark": ("#9b95ff", "#ee8899", "#4fc36b", "#ecc94b", "#88ccee", "#d98ad3", "#4fd0bd", "#e0609b", "#c0c056"),
}
RISING = {
    "light": ("#cfd560", "#4fb477", "#26828e", "#3f4a8a", "#3b0f52"),
    "dark": ("#45347a", "#3a5a9b", "#26928f", "#6bcb6e", "#f2e661"),
}


def projection(
    dump: DumpReader,
    mapped: Projection,
    colour: Colour | None = None,
    window: tuple[int, int] | None = None,
    region: Sequence[Sequence[float]] = (),
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Draw a map, its points coloured by a track, a unit or a pattern.

    Args:
        dump: The dump.
        mapped: The map, from ``dump.project``.
        colour: Name of the track; None for the first, ``""`` for none. Or a unit as ("rnn.l1.c", 23), by its value, or
            a Pattern, by how many of its units are on. A map of embeddings is coloured by how often a token occurs.
        window: Steps [start, stop) to draw as a path from a ring to a dot.
        region: Corners (x, y) of an outline to draw.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: There is no such track or source.
        PatternError: The unit or pattern lies on another axis, or the unit is not there.

    Example:
        >>> fig = figures.projection(dump, dump.project("rnn.l1.c", n_steps=500), colour="depth", window=(249, 255))
        >>> [trace.name for trace in fig.data]
        ['', 'window', 'begin', 'end']
    """
    colours = get_theme(theme)
    fig = go.Figure()
    _points(fig, dump, mapped, colour, colours, theme)
    if region:
        corners = check_corners(region)
        x, y = zip(*corners, corners[0], strict=True)
        line = {"color": colours.ink, "width": 1.2, "dash": "4px,3px"}
        fig.add_scatter(x=x, y=y, mode="lines", line=line, name="region", showlegend=False, hoverinfo="skip")
    if window is not None:
        _path(fig, dump, mapped, window, colours)
    fig.update_layout(showlegend=True)
    margins = Margins(left=52, right=96, bottom=44, legend=legend_height(fig, PAGE - 148))
    of = f"the states of {mapped.source}" if mapped.is_of_steps else "the model's embeddings"
    lay_out(fig, colours, title or f"{NAMES[mapped.method]} of {of}", _detail(mapped, window), PAGE, PLOT, margins)
    shares = mapped.explained
    names = [f"axis {i + 1}" + (f", {shares[i]:.0%} of the variance" if shares else "") for i in (0, 1)]
    look: dict[str, Any] = {"showgrid": bool(shares), "showticklabels": bool(shares), "nticks": 6}
    fig.update_xaxes(title_text=names[0], **look)
    fig.update_yaxes(title_text=names[1], scaleanchor="x", scaleratio=1, **look)
    return fig


def _detail(mapped: Projection, window: tuple[int, int] | None) -> str:
    unit = "step" if mapped.is_of_steps else "token"
    n = len(mapped.ids)
    parts = [f"{n:,} of {mapped.n_all:,} {unit}s" if n < mapped.n_all else f"all {n:,} {unit}s"]
    if mapped.n_nan:
        parts.append(f"{mapped.n_nan:,} with NaN left out")
    if window is not None and mapped.is_of_steps and not mapped.is_exact:
        parts.append("the path goes through the nearest sampled states")
    return ", ".join(parts)


def _points(
    fig: go.Figure, dump: DumpReader, mapped: Projection, colour: Colour | None, colours: Theme, theme: ThemeName
) -> None:
    diameter = 3 if len(mapped.ids) > 3_000 else 5
    if not mapped.is_of_steps:
        counts = frequencies(dump, mapped)
        logs = np.log10(1 + counts)
        _numbers(
            fig, mapped, logs, "times in the corpus, log10(1 + n)", 8, colours, theme, _names(dump, mapped, counts)
        )
        return
    if isinstance(colour, Pattern):
        on = pattern_counts(dump, mapped, colour).astype(float)
        _numbers(fig, mapped, on, f"units on of {colour.n_units}", diameter, colours, theme, None)
        return
    if isinstance(colour, tuple):
        own = unit_values(dump, mapped, *colour).astype(float)
        _numbers(fig, mapped, own, f"unit {colour[1]}", diameter, colours, theme, None)
        return
    tracks = dump.axis_of(mapped.source).tracks
    name = next(iter(tracks), "") if colour is None else colour
    if name and name not in tracks:
        raise UnknownName(f"no track {name!r}; the axis of {mapped.source} has {', '.join(tracks) or 'none'}")
    if not name:
        marker = {"size": diameter, "color": colours.grey, "opacity": 0.7}
        _scatter(fig, mapped, np.ones(len(mapped.ids), np.bool_), marker, "", mapped.ids)
        return
    track = tracks[name]
    values = values_at(track, mapped.ids)
    if track.info.kind == "number":
        _numbers(fig, mapped, values.astype(float), name, diameter, colours, theme, None)
    else:
        _labels(fig, mapped, values, track.labels, diameter, colours, theme)


def _numbers(
    fig: go.Figure,
    mapped: Projection,
    values: NDArray[np.floating],
    name: str,
    diameter: int,
    colours: Theme,
    theme: ThemeName,
    text: list[str] | None,
) -> None:
    is_number = np.isfinite(values)
    if not is_number.all():
        grey = {"size": diameter, "color": colours.grid}
        _scatter(fig, mapped, ~is_number, grey, "no value", mapped.ids[~is_number])
    look = {
        "orientation": "v",
        "thickness": 10,
        "len": 0.6,
        "lenmode": "fraction",
        "x": 1.02,
        "y": 0.5,
        "yanchor": "middle",
    }
    marker = {
        "size": diameter,
        "color": values[is_number],
        "colorscale": colour_scale(RISING[theme]),
        "opacity": 0.85,
        "showscale": True,
        "colorbar": colour_bar(colours, label(name, 16), PLOT, 0, **look),
    }
    _scatter(fig, mapped, is_number, marker, "", mapped.ids[is_number], text)


def _labels(
    fig: go.Figure,
    mapped: Projection,
    codes: NDArray[Any],
    labels: Sequence[str],
    diameter: int,
    colours: Theme,
    theme: ThemeName,
) -> None:
    counts = Counter(code for code in codes.tolist() if 0 <= code < len(labels))
    coloured = sorted(code for code, _ in counts.most_common(COLOURED))
    parts = [(label(labels[code], 18), codes == code, MARKS[theme][i]) for i, code in enumerate(coloured)]
    is_label = np.isin(codes, list(counts))
    parts += [("other", is_label & ~np.isin(codes, coloured), colours.grey), ("no value", ~is_label, colours.grid)]
    for name, is_part, colour in parts:
        if is_part.any():
            marker = {"size": diameter, "color": colour, "opacity": 0.85}
            _scatter(fig, mapped, is_part, marker, name, mapped.ids[is_part])


def _scatter(
    fig: go.Figure,
    mapped: Projection,
    chosen: NDArray[np.bool_],
    marker: dict[str, Any],
    name: str,
    ids: NDArray[np.int64],
    text: list[str] | None = None,
) -> None:
    points = mapped.points[chosen]
    fig.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers" if text is None else "markers+text",
        marker=marker,
        text=text,
        textposition="middle right",
        name=name,
        showlegend=bool(name),
        customdata=ids,
        hovertemplate=("step %{customdata}" if mapped.is_of_steps else "token %{customdata}") + "<extra></extra>",
    )


def _names(dump: DumpReader, mapped: Projection, counts: NDArray[np.float32]) -> list[str]:
    """Return the labels of the most frequent tokens; "" for the others."""
    vocab = () if dump.tokens is None else dump.tokens.vocab or ()
    frequent = set(np.argsort(-counts, kind="stable")[:LABELLED].tolist())
    return [label(vocab[i], 14) if k in frequent else "" for k, i in enumerate(mapped.ids.tolist())]


def _path(fig: go.Figure, dump: DumpReader, mapped: Projection, window: tuple[int, int], colours: Theme) -> None:
    axis = dump.axis_of(mapped.source) if mapped.is_of_steps else dump.first
    steps = axis.window(*window)
    points = trace(dump, mapped, steps.start, steps.stop).points
    line = {"color": colours.ink, "width": 1.4}
    x, y = points[:, 0], points[:, 1]
    fig.add_scatter(x=x, y=y, mode="lines", line=line, name="window", showlegend=False, hoverinfo="skip")
    for at, name, symbol in ((0, "begin", "circle-open"), (-1, "end", "circle")):
        marker = {
            "size": 11,
            "color": colours.accent,
            "symbol": symbol,
            "line": {"width": 2.5, "color": colours.accent},
        }
        fig.add_scatter(x=[x[at]], y=[y[at]], mode="markers", marker=marker, name=name, hoverinfo="skip")
