"""Rows of cells, one a step: tokens shaded by the units that are on, and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import UnknownName
from lstmviz.figures.text import label, n_columns, shown_name, word_label
from lstmviz.figures.theme import EM, MONO, TYPE, Theme, colour_scale, ink_on, stepped_scale
from lstmviz.match.engine.threshold import is_on
from lstmviz.types import Pattern, Window
from lstmviz.visible import visible_text


@dataclass(frozen=True, eq=False)
class Strip:
    """One row of cells: ``values`` (NaN: nothing) coloured between ``low`` and ``high``, ``words`` in them.

    ``unknown`` are the places of words that the model does not know.
    """

    name: str
    values: NDArray[np.float64]
    words: Sequence[str | None]
    colours: list[list[Any]]
    low: float
    high: float
    is_tokens: bool = False
    labels: tuple[str, ...] = ()
    unknown: frozenset[int] = frozenset()


def token_strip(dump: DumpReader, axis: Axis, view: Window, pattern: Pattern | None, theme: Theme) -> Strip:
    """Return the tokens of some steps, shaded by how many of the pattern's units are on at each."""
    words = [] if axis.tokens is None else axis.tokens[view.start : view.stop]
    unknown = unknown_in(axis, view.start, view.stop)
    n_on = units_on(dump, pattern, view)
    n_units = pattern.n_units if pattern else 0
    shade = colour_scale(theme.shade)
    counts = n_on.astype(np.float64)
    return Strip("token", counts, words, shade, 0, max(1, n_units), is_tokens=True, unknown=unknown)


def unknown_in(axis: Axis, start: int, stop: int) -> frozenset[int]:
    """Return which of some steps, from 0, have a word that the model does not know."""
    if axis.tokens is None:
        return frozenset()
    return frozenset(np.flatnonzero(axis.tokens.is_unknown(slice(start, stop))).tolist())


def units_on(dump: DumpReader, pattern: Pattern | None, view: Window) -> NDArray[np.int64]:
    """Return the number of a pattern's units that are on at each step of a window."""
    total = np.zeros(len(view), np.int64)
    if pattern is None:
        return total
    for source in sorted({u.source for u in pattern.units}):
        values, info = dump.states(source)[view.start : view.stop], dump.source(source)
        for unit in pattern.units:
            if unit.source == source:
                total += is_on(values[:, unit.unit], info, unit.threshold, unit.side)
    return total


def axis_track(axis: Axis, name: str) -> Track:
    """Return a track of an axis by its name; UnknownName lists those there are."""
    if name not in axis.tracks:
        known = ", ".join(axis.tracks) or "none"
        raise UnknownName(f"no track {name!r} on axis {axis.name!r}; it has {known}")
    return axis.tracks[name]


def coloured_strip(
    track: Track, values: NDArray[np.float64], theme: Theme, ends: tuple[float, float] | None = None
) -> Strip:
    """Return a track's values, of any steps (NaN where there is none), with the colours and words to show them in.

    ``ends`` are the numbers between which the colours lie; without them, the least and the greatest shown.
    """
    if track.info.kind == "category":
        is_label = (values >= 0) & (values < len(track.labels))
        words = [track.labels[int(v)] if ok else None for v, ok in zip(values, is_label, strict=True)]
        codes, n = np.where(is_label, values, np.nan), max(1, len(track.labels))
        colours = stepped_scale(theme.categories, n)
        return Strip(track.info.name, codes, words, colours, -0.5, n - 0.5, labels=track.labels)
    finite = values[np.isfinite(values)]
    low, high = ends or ((float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0))
    words = [None if np.isnan(v) else short_number(v) for v in values]
    high = high if high > low else low + 1
    numbers = np.where(np.isfinite(values), values, np.nan)
    return Strip(track.info.name, numbers, words, colour_scale(theme.ordered), low, high)


def draw_cells(
    fig: go.Figure,
    strip: Strip,
    x: Sequence[float],
    y: Sequence[float],
    customdata: Sequence[Any],
    hover: str,
    gap: tuple[float, float] = (0.04, 0),
    **more: Any,
) -> None:
    """Draw the values of a strip as rectangles (a heatmap would be an image, coarse in print); none for NaN.

    ``gap`` is the share of a cell's width and height that stays empty.
    """
    drawn = np.flatnonzero(np.isfinite(strip.values)).tolist()
    fig.add_bar(
        base=[x[i] - 0.5 + gap[0] / 2 for i in drawn],
        x=[1 - gap[0]] * len(drawn),
        y=[y[i] for i in drawn],
        width=1 - gap[1],
        orientation="h",
        marker={
            "color": strip.values[drawn],
            "colorscale": strip.colours,
            "cmin": strip.low,
            "cmax": strip.high,
            "line": {"width": 0},
        },
        customdata=[customdata[i] for i in drawn],
        hovertemplate=hover + "<extra></extra>",
        showlegend=False,
        name=label(strip.name, 40),
        **more,
    )


def write_words(
    fig: go.Figure, theme: Theme, strip: Strip, x: Sequence[float], y: float, cell: float, **more: Any
) -> None:
    """Write the words of a strip into its cells of ``cell`` px, each in the ink that contrasts with its cell.

    A word that is too wide is left out; it is shown on hover.
    """
    is_written = [word is not None and fits(word, cell) for word in strip.words]
    spread = strip.high - strip.low
    inks = [
        ink_on(theme, strip.colours, (v - strip.low) / spread) if np.isfinite(v) else theme.ink for v in strip.values
    ]
    fig.add_scatter(
        x=list(compress(x, is_written)),
        y=[y] * sum(is_written),
        mode="text",
        text=list(compress((word_label(word, i in strip.unknown) for i, word in enumerate(strip.words)), is_written)),
        textfont={"family": MONO, "size": TYPE, "color": list(compress(inks, is_written))},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
        **more,
    )


def fits(token: str, cell: float) -> bool:
    """Tell whether a token fits into a cell of ``cell`` px."""
    return n_columns(visible_text(token)) * TYPE * EM + 1 <= cell


def add_legend(fig: go.Figure, strip: Strip, cell: float, is_only: bool = False, most: int = 8) -> None:
    """Add the labels of a strip to the legend where its cells are too small for some of them.

    The track's name stands before each, unless it is the only one with labels.
    """
    if not strip.labels or all(word is None or fits(word, cell) for word in strip.words):
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


def range_in_words(strip: Strip) -> str:
    """Return the range of numbers that a strip is shaded by, in words; "" for tokens and labels."""
    if strip.is_tokens or strip.labels or not np.isfinite(strip.values).any():
        return ""
    name, finite = shown_name(strip.name, 20), strip.values[np.isfinite(strip.values)]
    if finite.min() == finite.max():
        return f"{name} {short_number(float(finite[0]))}"
    return f"{name} {short_number(strip.low)} to {short_number(strip.high)}"


def short_number(value: float) -> str:
    """Return a track's number in words: whole numbers whole, others with three digits."""
    is_long = not np.isfinite(value) or value % 1 or abs(value) >= 1e6
    return (f"{value:.3g}" if is_long else str(int(value))).replace("-", "−")
