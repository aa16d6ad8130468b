"""Rows of cells, one a step: tokens shaded by the units that are on, and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import UnknownName
from lstmviz.figures.text import label, n_columns, named
from lstmviz.figures.theme import EM, MONO, TYPE, Theme, flat_scale, ink_on, scale
from lstmviz.match.engine.threshold import is_on
from lstmviz.types import Pattern, Window
from lstmviz.visible import visible_text


@dataclass(frozen=True, eq=False)
class Strip:
    """One row of cells: ``values`` (NaN: nothing) coloured between ``low`` and ``high``, ``words`` in them."""

    name: str
    values: NDArray[np.float64]
    words: Sequence[str | None]
    colours: list[list[Any]]
    low: float
    high: float
    is_tokens: bool = False
    labels: tuple[str, ...] = ()


def token_strip(dump: DumpReader, axis: Axis, view: Window, pattern: Pattern | None, theme: Theme) -> Strip:
    """Return the tokens of some steps, shaded by how many of the pattern's units are on at each."""
    words = [] if axis.tokens is None else axis.tokens[view.start : view.stop]
    n_on = units_on(dump, pattern, view)
    n_units = pattern.n_units if pattern else 0
    return Strip("token", n_on.astype(np.float64), words, scale(theme.shade), 0, max(1, n_units), is_tokens=True)


def units_on(dump: DumpReader, pattern: Pattern | None, view: Window) -> NDArray[np.int64]:
    """Return how many of a pattern's units are on at each step of a window."""
    total = np.zeros(len(view), np.int64)
    if pattern is None:
        return total
    for source in sorted({u.source for u in pattern.units}):
        values, info = dump.states(source)[view.start : view.stop], dump.source(source)
        for unit in pattern.units:
            if unit.source == source:
                total += is_on(values[:, unit.unit], info, unit.threshold, unit.side)
    return total


def track_of(axis: Axis, name: str) -> Track:
    """Return a track of an axis; UnknownName lists those there are."""
    if name not in axis.tracks:
        known = ", ".join(axis.tracks) or "none"
        raise UnknownName(f"no track {name!r} on axis {axis.name!r}; it has {known}")
    return axis.tracks[name]


def strip_of(axis: Axis, name: str, view: Window, theme: Theme) -> Strip:
    """Return a track over some steps: labels by colour and name, numbers from the least to the greatest shown."""
    track = track_of(axis, name)
    values = np.asarray(track[view.start : view.stop])
    return coloured(track, values.astype(np.float64), theme)


def coloured(track: Track, values: NDArray[np.float64], theme: Theme) -> Strip:
    """Return a track's values, of any steps (NaN where there is none), with the colours and words to show them in."""
    if track.info.kind == "category":
        is_label = (values >= 0) & (values < len(track.labels))
        words = [track.labels[int(v)] if ok else None for v, ok in zip(values, is_label, strict=True)]
        kept = np.where(is_label, values, np.nan)
        n = max(1, len(track.labels))
        return Strip(track.info.name, kept, words, flat_scale(theme.categories, n), -0.5, n - 0.5, labels=track.labels)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    words = [None if np.isnan(v) else number(v) for v in values]
    high = high if high > low else low + 1
    kept = np.where(np.isfinite(values), values, np.nan)
    return Strip(track.info.name, kept, words, scale(theme.ordered), low, high)


def cells(
    fig: go.Figure,
    strip: Strip,
    x: Sequence[float],
    y: Sequence[float],
    customdata: Sequence[Any],
    hover: str,
    gap: tuple[float, float] = (0.04, 0),
    **more: Any,
) -> None:
    """Draw the values of a strip as rectangles (a heatmap would be a picture, coarse in print); none where it is NaN.

    ``gap`` is the share of a cell's width and height that is left free.
    """
    there = np.flatnonzero(np.isfinite(strip.values)).tolist()
    fig.add_bar(
        base=[x[i] - 0.5 + gap[0] / 2 for i in there],
        x=[1 - gap[0]] * len(there),
        y=[y[i] for i in there],
        width=1 - gap[1],
        orientation="h",
        marker={
            "color": strip.values[there],
            "colorscale": strip.colours,
            "cmin": strip.low,
            "cmax": strip.high,
            "line": {"width": 0},
        },
        customdata=[customdata[i] for i in there],
        hovertemplate=hover + "<extra></extra>",
        showlegend=False,
        name=label(strip.name, 40),
        **more,
    )


def write(fig: go.Figure, theme: Theme, strip: Strip, x: Sequence[float], y: float, cell: float, **more: Any) -> None:
    """Write the words of a strip into its cells of so many px, each in the ink that reads on its ground.

    A word that is too wide is left out; the hover has it.
    """
    fits = [word is not None and is_room(word, cell) for word in strip.words]
    spread = strip.high - strip.low
    inks = [
        ink_on(theme, strip.colours, (v - strip.low) / spread) if np.isfinite(v) else theme.ink for v in strip.values
    ]
    fig.add_scatter(
        x=[at for at, fit in zip(x, fits, strict=True) if fit],
        y=[y] * sum(fits),
        mode="text",
        text=[label(word) for word, fit in zip(strip.words, fits, strict=True) if fit],
        textfont={"family": MONO, "size": TYPE, "color": [ink for ink, fit in zip(inks, fits, strict=True) if fit]},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
        **more,
    )


def is_room(token: str, cell: float) -> bool:
    """Tell whether a token can be written into a cell of so many px."""
    return n_columns(visible_text(token)) * TYPE * EM + 1 <= cell


def add_key(fig: go.Figure, strip: Strip, cell: float, is_only: bool = False, most: int = 8) -> None:
    """Add the labels of a strip to the legend where its cells are too small for some of them.

    With its track's name, unless it is the only one with labels.
    """
    if not strip.labels or all(word is None or is_room(word, cell) for word in strip.words):
        return
    seen = sorted({int(v) for v in strip.values if np.isfinite(v)})
    n = len(strip.labels)
    for code in seen[:most]:
        colour = strip.colours[2 * code][1]
        marker = {"symbol": "square", "size": 10, "color": colour}
        name = ("" if is_only else f"{label(strip.name, 12)}: ") + label(strip.labels[code], 20)
        fig.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)
    if len(seen) > most:
        marker = {"symbol": "square-open", "size": 10, "color": strip.colours[0][1]}
        fig.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=f"and {len(seen) - most} more of {n}")


def extent(strip: Strip) -> str:
    """Say from which number to which a strip is shaded; nothing for tokens and labels."""
    if strip.is_tokens or strip.labels or not np.isfinite(strip.values).any():
        return ""
    name, seen = named(strip.name, 20), strip.values[np.isfinite(strip.values)]
    if seen.min() == seen.max():
        return f"{name} {number(float(seen[0]))}"
    return f"{name} {number(strip.low)} to {number(strip.high)}"


def number(value: float) -> str:
    """Return a number of a track in as few digits as tell what it is."""
    is_long = not np.isfinite(value) or value % 1 or abs(value) >= 1e6
    return (f"{value:.3g}" if is_long else str(int(value))).replace("-", "−")
