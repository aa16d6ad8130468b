"""The units of a source as lines over a window of the text, those of a pattern coloured, and tracks beneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import Strip, add_legend, draw_cells, range_in_words, token_strip, write_words
from lstmviz.figures.text import label, n_columns, shown_name, units_in_words, word_label
from lstmviz.figures.theme import EM, MONO, PAGE, TYPE, Margins, Theme, ThemeName, get_theme, lay_out, legend_height
from lstmviz.figures.track_cells import track_cells
from lstmviz.match.card.unit_card import in_view
from lstmviz.types import Pattern, PatternUnit, Source, Window
from lstmviz.visible import visible_text

MAX_POINTS = 1_000_000  # values drawn as lines in one figure
MAX_WIDTH = 1_360  # px; a figure with tokens grows up to here, so that each can be read
PLOT, STRIP, GAP = 190, 18, 4  # px: heights of the plot, of a strip under it, and of the gap between
TOKEN = 16  # cells of a token that is written vertically
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
    colours, info, axis = get_theme(theme), dump.source(source), dump.axis_of(source)
    view = _view(axis, start, stop)
    if len(view) * info.n_units > MAX_POINTS:
        raise PatternError(
            f"{len(view):,} steps of {info.n_units:,} units are too many lines to draw; give at most "
            f"{max(1, MAX_POINTS // info.n_units):,} steps"
        )
    values = in_view(info, dump.states(source)[start:stop])
    strips = [token_strip(dump, axis, view, pattern, colours)] if axis.tokens is not None else []
    strips += [track_cells(axis, name, [view], colours) for name in tracks]
    width, is_vertical = _figure_width(strips, len(view))
    fig = go.Figure()
    _lines(fig, info, values, start, pattern, colours)
    _marks(fig, axis, view, None if window is None else _as_window(window), colours)
    cell = (width - SIDE - RIGHT) / len(view)
    for strip in strips[len(strips) - len(tracks) :]:
        add_legend(fig, strip, cell, is_only=sum(bool(s.labels) for s in strips) == 1)
    legend = legend_height(fig, width - SIDE - RIGHT)
    margins = Margins(left=SIDE, right=RIGHT, bottom=_bottom_margin(strips, is_vertical), legend=legend)
    height = PLOT + (STRIP + GAP) * len(strips)
    detail = "; ".join([_detail(info, pattern, strips), *filter(None, map(range_in_words, strips))])
    lay_out(fig, colours, title or f"Units of {shown_name(source)}", detail, width, height, margins)
    _place_axes(fig, info, values, view, len(strips), height)
    for i, strip in enumerate(strips):
        _draw_strip(fig, strip, i, view, len(strips), height, colours, is_vertical)
    if is_vertical:
        _write_vertically(fig, strips[0], view)
    return fig


def _view(axis: Axis, start: int, stop: int) -> Window:
    view = Window(start, stop)
    if view.stop > axis.n_steps:
        raise PatternError(f"steps {start} to {stop} end after the last step; axis {axis.name!r} has {axis.n_steps}")
    return view


def _as_window(window: Window | tuple[int, int]) -> Window:
    return window if isinstance(window, Window) else Window(*window)


def _detail(info: Source, pattern: Pattern | None, strips: list[Strip]) -> str:
    if pattern is None:
        return f"{info.n_units:,} units"
    high, low = ([u for u in pattern.units if u.side == side] for side in ("high", "low"))
    names = [_unit_name(u, info) for u in (*high, *low)]
    if not names:
        return "the pattern has no units"
    shaded = ", tokens shaded by how many are on" if strips and strips[0].is_tokens else ""
    return f"pattern of {len(names):,} unit{'s' * (len(names) > 1)}: {units_in_words(names)}{shaded}"


def _unit_name(unit: PatternUnit, info: Source) -> str:
    number = f"−{unit.unit} (low)" if unit.side == "low" else str(unit.unit)
    return number if unit.source == info.name else f"{number} of {shown_name(unit.source)}"


def _lines(
    fig: go.Figure, info: Source, values: NDArray[np.float64], start: int, pattern: Pattern | None, colours: Theme
) -> None:
    """Add one trace a role: other units, those on high, those on low. A gap separates the lines of a trace."""
    mine = [u for u in pattern.units if u.source == info.name] if pattern is not None else []
    sides = {side: [u.unit for u in mine if u.side == side] for side in ("high", "low")}
    taken = set(sides["high"]) | set(sides["low"])
    others = [u for u in range(info.n_units) if u not in taken]
    noun = "other units" if taken else "units"
    roles: list[tuple[str, list[int], dict[str, Any], float]] = [
        (f"{len(others):,} {noun}", others, {"color": colours.unit, "width": _line_width(1, len(others))}, 0.45),
        (
            *(_on_words(mine, "high"), sides["high"]),
            *({"color": colours.accent, "width": _line_width(1.8, len(sides["high"]))}, 1),
        ),
        (
            *(_on_words(mine, "low"), sides["low"]),
            *({"color": colours.low, "width": _line_width(1.8, len(sides["low"])), "dash": "5px,2px"}, 1),
        ),
    ]
    for name, chosen, line, opacity in roles:
        if chosen:
            x, y, unit = _as_one_line(values[:, chosen], start, chosen)
            hover = "unit %{customdata}, step %{x}: %{y:.3f}<extra></extra>"
            fig.add_scatter(
                x=x, y=y, customdata=unit, mode="lines", line=line, opacity=opacity, name=name, hovertemplate=hover
            )
    for threshold in sorted({u.threshold for u in mine}):
        fig.add_hline(threshold, line={"color": colours.ink, "width": 1, "dash": "4px,3px"}, opacity=0.8)
    if mine:
        line = {"color": colours.ink, "width": 1, "dash": "4px,3px"}
        fig.add_scatter(x=[None], y=[None], mode="lines", line=line, name=_threshold_words(mine))


def _line_width(width: float, n_lines: int) -> float:
    """Return the width of each of ``n_lines`` lines: the more, the thinner, as those of one trace are opaque."""
    return max(0.35, width * min(1.0, math.pow(40 / max(1, n_lines), 0.35)))


def _on_words(units: list[PatternUnit], side: str) -> str:
    n = sum(u.side == side for u in units)
    return f"{n:,} on {side}"


def _threshold_words(units: list[PatternUnit]) -> str:
    thresholds = sorted({u.threshold for u in units})
    first = ", ".join(f"{t:.4g}".replace("-", "−") for t in thresholds[:3])
    return f"threshold{'s' * (len(thresholds) > 1)} {first}{' …' * (len(thresholds) > 3)}"


def _as_one_line(values: NDArray[np.float64], start: int, units: list[int]) -> tuple[Any, Any, Any]:
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


def _figure_width(strips: list[Strip], n_steps: int) -> tuple[int, bool]:
    """Return a width at which the tokens can be read, and whether they are written vertically, under their strip."""
    plot = PAGE - SIDE - RIGHT
    if not strips or not strips[0].is_tokens:
        return PAGE, False
    widest = max((n_columns(visible_text(w)) for w in strips[0].words), default=1)
    if widest * TYPE * EM + 2 <= plot / n_steps:
        return PAGE, False
    if widest <= 2 and n_steps * (widest * TYPE * EM + 3) <= MAX_WIDTH:
        return int(n_steps * (widest * TYPE * EM + 3)) + SIDE + RIGHT, False
    vertical = n_steps * (TYPE + 2) + SIDE + RIGHT
    return (max(PAGE, vertical), True) if vertical <= MAX_WIDTH else (PAGE, False)


def _bottom_margin(strips: list[Strip], is_vertical: bool) -> int:
    """Return the px under the plot: the numbers of steps, or tokens written vertically, and the axis's title."""
    if not is_vertical:
        return 42
    longest = min(TOKEN, max((n_columns(visible_text(w)) for w in strips[0].words), default=1))
    return int(longest * TYPE * EM) + 34


def _place_axes(
    fig: go.Figure, info: Source, values: NDArray[np.float64], view: Window, n_strips: int, height: int
) -> None:
    """Give the lines their part of the plot's height, above the strips, and both axes their ranges."""
    finite = values[np.isfinite(values)]
    is_unit = info.view == "tanh" or not finite.size or float(np.abs(finite).max()) <= 1
    words = "activation, tanh(c)" if info.view == "tanh" else "activation"
    domain = [n_strips * (STRIP + GAP) / height, 1]
    fig.update_yaxes(domain=domain, range=[-1.06, 1.06] if is_unit else None, title_text=words, tickformat="~g")
    x = {"range": [view.start - 0.5, view.stop - 0.5], "showgrid": False, "tickformat": ",d", "ticks": "outside"}
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(**x, anchor="free", position=0, title_text="step")


def _draw_strip(
    fig: go.Figure,
    strip: Strip,
    i: int,
    view: Window,
    n_strips: int,
    height: int,
    colours: Theme,
    is_vertical: bool,
) -> None:
    """Draw the i-th strip under the lines, on an axis of its own."""
    top = ((n_strips - i) * (STRIP + GAP) - GAP) / height
    steps = list(range(view.start, view.stop))
    values = strip.values.tolist()
    hover_data = [[label(word, 80), n, step] for word, n, step in zip(strip.words, values, steps, strict=True)]
    hover = f"{label(strip.name, 40)} %{{customdata[0]}}, step %{{customdata[2]:,d}}"
    if strip.is_tokens:
        hover += ": %{customdata[1]} units on"
    draw_cells(fig, strip, steps, [0] * len(steps), hover_data, hover, yaxis=f"y{i + 2}")
    fig.layout[f"yaxis{i + 2}"] = {
        "domain": [max(0, top - STRIP / height), top],
        "showgrid": False,
        "ticks": "",
        "tickvals": [0],
        "ticktext": [label(strip.name, 8)],
        "range": [-0.5, 0.5],
        "anchor": "x",
    }
    if not (is_vertical and strip.is_tokens):
        cell = (fig.layout.width - SIDE - RIGHT) / len(view)
        write_words(fig, colours, strip, steps, 0, cell, yaxis=f"y{i + 2}")


def _write_vertically(fig: go.Figure, tokens: Strip, view: Window) -> None:
    fig.update_xaxes(
        tickvals=list(range(view.start, view.stop)),
        ticktext=[word_label(w, i in tokens.unknown, TOKEN) for i, w in enumerate(tokens.words)],
        tickangle=-90,
        tickfont={"family": MONO, "size": TYPE},
        title_text=f"steps {view.start:,} to {view.stop - 1:,}",
    )
