"""The units of a source as lines over a stretch of the text, with what a pattern selects, and tracks beneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import Strip, add_key, cells, extent, strip_of, token_strip, write
from lstmviz.figures.text import label, listed, n_columns, named
from lstmviz.figures.theme import EM, MONO, PAGE, TYPE, Room, Theme, ThemeName, dress, legend_height, themed
from lstmviz.match.card.unit_card import in_view
from lstmviz.types import Pattern, PatternUnit, Source, Window
from lstmviz.visible import visible_text

MAX_POINTS = 1_000_000  # values drawn as lines in one figure
MAX_WIDTH = 1_360  # px; a figure of words grows up to here, so that each can be read
PLOT, STRIP, GAP = 190, 18, 4  # px: heights of the lines, of a strip under them, and what is between
TOKEN = 16  # cells of a token that is written downwards
SIDE, RIGHT = 64, 14  # px beside the plot


def units(
    dump: DumpReader,
    source: str,
    start: int,
    stop: int,
    pattern: Pattern | None = None,
    window: Window | tuple[int, int] | None = None,
    tracks: Sequence[str] = (),
    title: str | None = None,
    theme: ThemeName = "light",
) -> go.Figure:
    """Draw every unit of a source over steps [start, stop): the units of a pattern in colour, the others in grey.

    Under the lines stand the tokens, shaded by how many of the pattern's units are on, and the tracks.

    Args:
        dump: The dump.
        source: Name of the source; values are drawn in its view.
        start: First step.
        stop: Step after the last one.
        pattern: The pattern.
        window: Brushed steps [start, stop) to shade.
        tracks: Names of tracks to draw.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: The dump has no such source or track.
        WindowError: The steps are outside the axis or cross a sequence border.
        PatternError: The figure would have more than a million values.

    Example:
        >>> fig = figures.units(dump, "rnn.l1.c", 240, 260, pattern, window=(249, 255), tracks=["depth"])
        >>> fig.layout.title.text.startswith("<b>Units of rnn.l1.c</b>")
        True
    """
    colours, info, axis = themed(theme), dump.source(source), dump.axis_of(source)
    view = _steps(axis, start, stop)
    if len(view) * info.n_units > MAX_POINTS:
        raise PatternError(
            f"{len(view):,} steps of {info.n_units:,} units are too many lines to draw; give at most "
            f"{max(1, MAX_POINTS // info.n_units):,} steps"
        )
    values = in_view(info, dump.states(source)[start:stop])
    strips = [token_strip(dump, axis, view, pattern, colours)] if axis.tokens is not None else []
    strips += [strip_of(axis, name, view, colours) for name in tracks]
    width, is_down = _width(strips, len(view))
    fig = go.Figure()
    _lines(fig, info, values, start, pattern, colours)
    _marks(fig, axis, view, None if window is None else _as_window(window), colours)
    cell = (width - SIDE - RIGHT) / len(view)
    for strip in strips[len(strips) - len(tracks) :]:
        add_key(fig, strip, cell, is_only=sum(bool(s.labels) for s in strips) == 1)
    room = Room(left=SIDE, right=RIGHT, bottom=_below(strips, is_down), legend=legend_height(fig, width - SIDE - RIGHT))
    height = PLOT + (STRIP + GAP) * len(strips)
    detail = "; ".join([_detail(info, pattern, strips), *filter(None, map(extent, strips))])
    dress(fig, colours, title or f"Units of {named(source)}", detail, width, height, room)
    _place(fig, info, values, view, strips, height, colours, is_down)
    if is_down:
        _write_downwards(fig, strips[0], view)
    return fig


def _steps(axis: Axis, start: int, stop: int) -> Window:
    view = Window(start, stop)
    if view.stop > axis.n_steps:
        raise PatternError(f"steps {start} to {stop} end after the last step; axis {axis.name!r} has {axis.n_steps}")
    return view


def _as_window(given: Window | tuple[int, int]) -> Window:
    return given if isinstance(given, Window) else Window(*given)


def _detail(info: Source, pattern: Pattern | None, strips: list[Strip]) -> str:
    if pattern is None:
        return f"{info.n_units:,} units"
    high, low = ([u for u in pattern.units if u.side == side] for side in ("high", "low"))
    names = [_named(u, info) for u in (*high, *low)]
    if not names:
        return "the pattern has no units"
    shaded = ", tokens shaded by how many are on" if strips and strips[0].is_tokens else ""
    return f"pattern of {len(names):,} unit{'s' * (len(names) > 1)}: {listed(names)}{shaded}"


def _named(unit: PatternUnit, info: Source) -> str:
    number = f"−{unit.unit} (low)" if unit.side == "low" else str(unit.unit)
    return number if unit.source == info.name else f"{number} of {named(unit.source)}"


def _lines(
    fig: go.Figure, info: Source, values: NDArray[np.float64], start: int, pattern: Pattern | None, colours: Theme
) -> None:
    """Add one trace a role: the others, those on high, those on low; lines in it are apart by a gap."""
    mine = [u for u in pattern.units if u.source == info.name] if pattern is not None else []
    sides = {side: [u.unit for u in mine if u.side == side] for side in ("high", "low")}
    taken = set(sides["high"]) | set(sides["low"])
    others = [u for u in range(info.n_units) if u not in taken]
    what = "other units" if taken else "units"
    roles: list[tuple[str, list[int], dict[str, Any], float]] = [
        (f"{len(others):,} {what}", others, {"color": colours.grey, "width": _thin(1, len(others))}, 0.45),
        (_on_words(mine, "high"), sides["high"], {"color": colours.accent, "width": _thin(1.8, len(sides["high"]))}, 1),
        (
            *(_on_words(mine, "low"), sides["low"]),
            *({"color": colours.low, "width": _thin(1.8, len(sides["low"])), "dash": "5px,2px"}, 1),
        ),
    ]
    for name, chosen, line, opacity in roles:
        if chosen:
            x, y, unit = _joined(values[:, chosen], start, chosen)
            hover = "unit %{customdata}, step %{x}: %{y:.3f}<extra></extra>"
            fig.add_scatter(
                x=x, y=y, customdata=unit, mode="lines", line=line, opacity=opacity, name=name, hovertemplate=hover
            )
    for threshold in sorted({u.threshold for u in mine}):
        fig.add_hline(threshold, line={"color": colours.ink, "width": 1, "dash": "4px,3px"}, opacity=0.8)
    if mine:
        line = {"color": colours.ink, "width": 1, "dash": "4px,3px"}
        fig.add_scatter(x=[None], y=[None], mode="lines", line=line, name=_threshold_words(mine))


def _thin(width: float, n_lines: int) -> float:
    """Return the width of a line among so many: lines of one trace do not shade each other, so they get thinner."""
    return max(0.35, width * min(1.0, math.pow(40 / max(1, n_lines), 0.35)))


def _on_words(units: list[PatternUnit], side: str) -> str:
    n = sum(u.side == side for u in units)
    return f"{n:,} on {side}"


def _threshold_words(units: list[PatternUnit]) -> str:
    thresholds = sorted({u.threshold for u in units})
    some = ", ".join(f"{t:.4g}".replace("-", "−") for t in thresholds[:3])
    return f"threshold{'s' * (len(thresholds) > 1)} {some}{' …' * (len(thresholds) > 3)}"


def _joined(values: NDArray[np.float64], start: int, units: list[int]) -> tuple[Any, Any, Any]:
    """Return columns of values as one line with gaps between them: x, y, and the unit at each point."""
    n_steps, n_units = values.shape
    y = np.full((n_units, n_steps + 1), np.nan)
    y[:, :n_steps] = values.T
    x = np.tile(np.arange(start, start + n_steps + 1), n_units)
    return x, y.ravel(), np.repeat(units, n_steps + 1)


def _marks(fig: go.Figure, axis: Axis, view: Window, window: Window | None, colours: Theme) -> None:
    if window is not None:
        fig.add_vrect(window.start - 0.5, window.stop - 0.5, fillcolor=colours.band, line_width=0, layer="below")
    inside = slice(*np.searchsorted(axis.starts, [view.start + 1, view.stop]).tolist())
    for border in axis.starts[inside].tolist():
        fig.add_vline(border - 0.5, line={"color": colours.dim, "width": 1, "dash": "1px,3px"})


def _width(strips: list[Strip], n_steps: int) -> tuple[int, bool]:
    """Return a width at which the tokens can be read, and whether they are written downwards, under their strip."""
    plot = PAGE - SIDE - RIGHT
    if not strips or not strips[0].is_tokens:
        return PAGE, False
    widest = max((n_columns(visible_text(w)) for w in strips[0].words), default=1)
    if widest * TYPE * EM + 2 <= plot / n_steps:
        return PAGE, False
    if widest <= 2 and n_steps * (widest * TYPE * EM + 3) <= MAX_WIDTH:
        return int(n_steps * (widest * TYPE * EM + 3)) + SIDE + RIGHT, False
    downwards = n_steps * (TYPE + 2) + SIDE + RIGHT
    return (max(PAGE, downwards), True) if downwards <= MAX_WIDTH else (PAGE, False)


def _below(strips: list[Strip], is_down: bool) -> int:
    """Return the px under the plot: the numbers of steps, or words written downwards, and the axis's title."""
    if not is_down:
        return 42
    longest = min(TOKEN, max((n_columns(visible_text(w)) for w in strips[0].words), default=1))
    return int(longest * TYPE * EM) + 34


def _place(
    fig: go.Figure,
    info: Source,
    values: NDArray[np.float64],
    view: Window,
    strips: list[Strip],
    height: int,
    colours: Theme,
    is_down: bool,
) -> None:
    """Give the lines and each strip its part of the plot's height, and the strips their cells."""
    share = (STRIP + GAP) / height
    bottom = share * len(strips)
    finite = values[np.isfinite(values)]
    is_unit = info.view == "tanh" or not finite.size or float(np.abs(finite).max()) <= 1
    words = "activation, tanh(c)" if info.view == "tanh" else "activation"
    fig.update_yaxes(domain=[bottom, 1], range=[-1.06, 1.06] if is_unit else None, title_text=words, tickformat="~g")
    x = {"range": [view.start - 0.5, view.stop - 0.5], "showgrid": False, "tickformat": ",d", "ticks": "outside"}
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(**x, anchor="free", position=0, title_text="step")
    for i, strip in enumerate(strips):
        top = bottom - i * share - GAP / height
        name = f"yaxis{i + 2}"
        steps = list(range(view.start, view.stop))
        said = [[label(w, 80), n, at] for w, n, at in zip(strip.words, strip.values.tolist(), steps, strict=True)]
        hover = f"{label(strip.name, 40)} %{{customdata[0]}}, step %{{customdata[2]:,d}}"
        if strip.is_tokens:
            hover += ": %{customdata[1]} units on"
        cells(fig, strip, steps, [0] * len(steps), said, hover, yaxis=f"y{i + 2}")
        fig.layout[name] = {
            "domain": [max(0, top - STRIP / height), top],
            "showgrid": False,
            "ticks": "",
            "tickvals": [0],
            "ticktext": [label(strip.name, 8)],
            "range": [-0.5, 0.5],
            "anchor": "x",
        }
        if not (is_down and strip.is_tokens):
            cell = (fig.layout.width - SIDE - RIGHT) / len(view)
            write(fig, colours, strip, steps, 0, cell, yaxis=f"y{i + 2}")


def _write_downwards(fig: go.Figure, tokens: Strip, view: Window) -> None:
    fig.update_xaxes(
        tickvals=list(range(view.start, view.stop)),
        ticktext=[label(w, TOKEN) for w in tokens.words],
        tickangle=-90,
        tickfont={"family": MONO, "size": TYPE},
        title_text=f"steps {view.start:,} to {view.stop - 1:,}",
    )
