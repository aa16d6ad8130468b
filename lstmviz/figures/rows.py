"""The matches of a pattern, one a row, aligned at their first step and coloured by the units that are on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import (
    Strip,
    add_legend,
    draw_cells,
    range_in_words,
    short_number,
    units_on,
    unknown_in,
    write_words,
)
from lstmviz.figures.text import cut, label, shown_name, typical_width, units_in_words
from lstmviz.figures.theme import (
    EM,
    PAGE,
    TYPE,
    Margins,
    Theme,
    ThemeName,
    colour_bar,
    colour_scale,
    get_theme,
    gradient,
    lay_out,
    legend_height,
    number_width,
    stepped_scale,
)
from lstmviz.figures.track_cells import track_cells
from lstmviz.match.card.unit_card import in_view
from lstmviz.match.corpus.shards import found_in
from lstmviz.types import Pattern, PatternUnit, Window
from lstmviz.visible import visible_text

ROW = 16  # px a row
UNDERLINE = 3  # px of it
MOST_ROWS, MOST_PANELS = 200, 3
BEFORE, CELLS = 5, 40  # cells before a match starts, and in all, at most
RIGHT, GAP = 14, 14  # px right of the rows, and between the tokens and the panels
PANEL = 3.2  # px a cell of a panel
SHADE, TRACK, UNIT = "shared", "track:", "unit:"  # what colours cells, as the page names it
WIDEST = 12  # cells of a token that a column has room for


def matches(
    dump: DumpReader,
    pattern: Pattern,
    rows: pd.DataFrame | None = None,
    colour: str = SHADE,
    panels: Sequence[str] = (),
    limit: int = 20,
    title: str | None = None,
    theme: ThemeName = "light",
    shaded: Sequence[PatternUnit] = (),
    underline: str = "",
) -> go.Figure:
    """Draw matches in rows, aligned at their first step. A line marks where they start, a tick where each ends.

    Colours are ``"shared"`` (how many of the pattern's units are on), a track (its name, or ``"track:NAME"``),
    ``"unit:SOURCE:UNIT"`` (one unit's activation), or ``""`` (none).

    Args:
        dump: The dump.
        pattern: The pattern.
        rows: Matches to draw, from ``dump.match``; None for the best ``limit``.
        colour: What colours the cells.
        panels: At most three colours to draw beside the rows.
        limit: Number of matches to draw.
        title: A title in place of the figure's own.
        theme: ``"light"`` or ``"dark"``.
        shaded: Units that ``"shared"`` counts in the cells in place of all of the pattern's.
        underline: A track that underlines the tokens beside what colours them.

    Returns:
        A Plotly figure.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern or of a colour.
        PatternError: The pattern or a colour is invalid, or there are more than 200 rows.

    Example:
        >>> fig = figures.matches(dump, pattern, panels=["depth"], limit=5)
        >>> fig.layout.width
        680
    """
    colours, axis = get_theme(theme), dump.axis(pattern.axis)
    search = found_in(dump, pattern)
    best = search.page(min(limit, MOST_ROWS) if rows is None else 1)  # one is enough to count those with most units
    frame = best if rows is None else rows
    if len(frame) > MOST_ROWS:
        raise PatternError(f"{len(frame):,} rows are too many to draw; give at most {MOST_ROWS}")
    if len(panels) > MOST_PANELS:
        raise PatternError(f"{len(panels)} panels leave no room for the tokens; give at most {MOST_PANELS}")
    spans = [Window(int(start), int(stop)) for start, stop in zip(frame["start"], frame["stop"], strict=True)]
    left = number_width([span.start for span in spans])
    width = PAGE - left - RIGHT
    grid = _Grid.around(axis, spans, width - len(panels) * (GAP + int(CELLS * PANEL)))
    fig, height = go.Figure(), ROW * max(1, len(spans))
    shading = replace(pattern, units=tuple(shaded)) if shaded else pattern
    strips = [_cell_strip(dump, axis, grid, shading, colour, colours)]
    strips += [_cell_strip(dump, axis, grid, pattern, name, colours) for name in panels]
    _draw(fig, colours, grid, strips)
    if underline:
        strips.append(_track_strip(axis, grid, underline.removeprefix(TRACK), colours))
        _underline(fig, grid, strips[-1])
    for strip in {strip.name: strip for strip in strips}.values():
        add_legend(fig, strip, 0, is_only=len({s.name for s in strips if s.labels}) == 1)
    has_key = SHADE in (colour, *panels)
    margins = Margins(left=left, right=RIGHT, bottom=44 + 52 * has_key, legend=legend_height(fig, width))
    ranges = filter(None, dict.fromkeys(map(range_in_words, strips)))
    detail = "; ".join([_detail(pattern, shading, colour, underline), *ranges])
    title = title or _title(search.totals(), pattern, len(spans), rows is None)
    lay_out(fig, colours, title, detail, PAGE, height, margins)
    fig.update_layout(barmode="overlay")
    _axes(fig, grid, strips[1 : 1 + len(panels)], width)
    if has_key:
        at = 0 if colour == SHADE else 1 + 2 * list(panels).index(SHADE)
        n_units = shading.n_units if colour == SHADE else pattern.n_units
        fig.data[at].marker.update(showscale=True, colorbar=_key(n_units, height, colours))
    return fig


def _key(n_units: int, height: int, theme: Theme) -> dict[str, Any]:
    """Return the colour bar of the numbers of units that are on."""
    ticks = {"tickvals": [*range(n_units + 1)]} if n_units <= 8 else {"nticks": 5}
    return colour_bar(theme, "units on", height, 44, tickformat=",d", **ticks)


class _Grid:
    """The step that each cell of each row shows (-1: outside the match's sequence), and the tokens there."""

    def __init__(self, axis: Axis, spans: list[Window], before: int, n_cells: int, cell: float) -> None:
        self.spans, self.before, self.cell = spans, before, cell
        self.x = np.arange(-before, n_cells - before)
        self.steps = np.full((len(spans), n_cells), -1, np.int64)
        self.words: list[list[str | None]] = []
        self.unknown: list[frozenset[int]] = []  # places in a row's words that the model does not know
        for i, span in enumerate(spans):
            sequence = axis.sequence_of(span.start)
            low, high = int(axis.starts[sequence]), int(axis.stops[sequence])
            steps = span.start + self.x
            self.steps[i] = np.where((steps >= low) & (steps < high), steps, -1)
            view = Window(max(low, int(steps[0])), min(high, int(steps[-1]) + 1))
            tokens = None if axis.tokens is None else axis.tokens[view.start : view.stop]
            lead = view.start - int(steps[0])
            self.unknown.append(frozenset(lead + k for k in unknown_in(axis, view.start, view.stop)))
            self.words.append([None if s < 0 or tokens is None else tokens[s - view.start] for s in self.steps[i]])

    @classmethod
    def around(cls, axis: Axis, spans: list[Window], width: int) -> _Grid:
        """Return a grid of the cells that fit into a width in px, each wide enough for most tokens."""
        widest = cls(axis, spans, BEFORE, CELLS, 1)
        words = (visible_text(word) for row in widest.words for word in row if word is not None)
        cell = max(width / CELLS, min(WIDEST, typical_width(words)) * TYPE * EM + 3)
        n_cells = max(4, int(width / cell))
        return cls(axis, spans, min(BEFORE, n_cells // 4), n_cells, width / n_cells)


def _cell_strip(dump: DumpReader, axis: Axis, grid: _Grid, pattern: Pattern, colour: str, theme: Theme) -> Strip:
    """Return the cells of all rows, row after row, coloured by ``colour``."""
    if colour not in (SHADE, "") and not colour.startswith(UNIT):
        return _track_strip(axis, grid, colour.removeprefix(TRACK), theme)
    values = np.full(grid.steps.shape, np.nan)
    value_at = _value_reader(dump, axis, pattern, colour)
    for row, steps in zip(values, grid.steps, strict=True):
        inside = steps[steps >= 0]
        row[steps >= 0] = value_at(Window(int(inside[0]), int(inside[-1]) + 1))
    flat = values.ravel()
    if colour == SHADE:
        n = pattern.n_units + 1
        words = [None if np.isnan(v) else str(int(v)) for v in flat]
        return Strip("units on", flat, words, stepped_scale(gradient(theme.shade, n), n), -0.5, n - 0.5, is_tokens=True)
    finite = flat[np.isfinite(flat)]
    reach = max(1.0, float(np.abs(finite).max(initial=0.0)))
    name = f"unit {colour.rpartition(':')[2]}" if colour else "token"
    scale = colour_scale(theme.signed if colour else (theme.ground, theme.ground))
    words = [None if np.isnan(v) or not colour else short_number(v) for v in flat]
    return Strip(name, flat, words, scale, -reach, reach, is_tokens=not colour)


def _track_strip(axis: Axis, grid: _Grid, name: str, theme: Theme) -> Strip:
    """Return a track over the cells of all rows, row after row."""
    inside = [steps[steps >= 0] for steps in grid.steps]
    cells = track_cells(axis, name, [Window(int(steps[0]), int(steps[-1]) + 1) for steps in inside], theme)
    values, words = np.full(grid.steps.size, np.nan), np.full(grid.steps.size, None, object)
    is_in = grid.steps.ravel() >= 0
    values[is_in], words[is_in] = cells.values, np.array(cells.words, object)
    return replace(cells, values=values, words=words.tolist())


def _value_reader(
    dump: DumpReader, axis: Axis, pattern: Pattern, colour: str
) -> Callable[[Window], NDArray[np.float64]]:
    """Return a function from a window to the values that colour its steps."""
    if colour == SHADE:
        return lambda view: units_on(dump, pattern, view).astype(np.float64)
    if not colour:
        return lambda view: np.zeros(len(view))
    name, _, unit = colour.removeprefix(UNIT).rpartition(":")
    info = dump.source(name)
    if info.axis != axis.name or not unit.isdecimal() or int(unit) >= info.n_units:
        raise PatternError(
            f"{colour[:80]!r} is not a unit of axis {axis.name!r}; {name} has units 0 to {info.n_units - 1}"
        )
    return lambda view: in_view(info, dump.states(name)[view.start : view.stop, [int(unit)]][:, 0])


def _draw(fig: go.Figure, theme: Theme, grid: _Grid, strips: list[Strip]) -> None:
    """Draw the first strip with its tokens, the others as panels, the start of all matches and the end of each."""
    shape = grid.steps.shape
    x, y = grid.x.tolist() * shape[0], np.repeat(np.arange(shape[0]), shape[1]).tolist()
    words = [label(word, 80) for row in grid.words for word in row]
    tokens = list(zip(words, grid.steps.ravel().tolist(), strict=True))
    for i, strip in enumerate(strips):
        hover_data = [[*token, label(word, 80)] for token, word in zip(tokens, strip.words, strict=True)]
        hover = f"%{{customdata[0]}}, step %{{customdata[1]:,d}}<br>{label(strip.name, 40)} %{{customdata[2]}}"
        gap = (0.04 if i == 0 else 0, 1 / ROW)
        draw_cells(fig, strip, x, y, hover_data, hover, gap, xaxis=f"x{i + 1}")
        if i == 0:
            _write_tokens(fig, theme, grid, strip)
        else:
            fig.add_scatter(x=[-0.5, -0.5], y=[-0.5, shape[0] - 0.5], mode="lines", xaxis=f"x{i + 1}", **_line(theme))
    ends: list[float | None] = []
    rows: list[float | None] = []
    for i, span in enumerate(grid.spans):
        if len(span) - 0.5 <= grid.x[-1]:
            ends += [len(span) - 0.5, len(span) - 0.5, None]
            rows += [i - 0.5, i + 0.5, None]
    fig.add_scatter(x=[-0.5, -0.5], y=[-0.5, shape[0] - 0.5], mode="lines", **_line(theme))
    fig.add_scatter(x=ends, y=rows, mode="lines", **_line(theme, 1.2))


def _underline(fig: go.Figure, grid: _Grid, strip: Strip) -> None:
    """Draw a strip as a bar under each token."""
    shape = grid.steps.shape
    x, y = grid.x.tolist() * shape[0], np.repeat(np.arange(shape[0]) + 0.5 - UNDERLINE / ROW / 2, shape[1]).tolist()
    hover = f"{label(strip.name, 40)} %{{customdata}}"
    draw_cells(fig, strip, x, y, [label(word, 80) for word in strip.words], hover, (0.04, 1 - UNDERLINE / ROW))


def _line(theme: Theme, width: float = 1.6) -> dict[str, object]:
    return {"line": {"color": theme.ink, "width": width}, "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}


def _write_tokens(fig: go.Figure, theme: Theme, grid: _Grid, strip: Strip) -> None:
    n_cells = grid.steps.shape[1]
    columns = max(1, int((grid.cell - 2) / (TYPE * EM)))
    for i, row in enumerate(grid.words):
        words = [None if w is None else cut(visible_text(w), columns) for w in row]
        values = strip.values[i * n_cells : (i + 1) * n_cells]
        part = Strip(strip.name, values, words, strip.colours, strip.low, strip.high, unknown=grid.unknown[i])
        write_words(fig, theme, part, grid.x.tolist(), i, grid.cell)


def _axes(fig: go.Figure, grid: _Grid, panels: list[Strip], plot: int) -> None:
    panel = int(CELLS * PANEL)
    edge = (plot - len(panels) * (GAP + panel)) / plot
    n_rows = len(grid.spans)
    fig.update_yaxes(
        range=[max(1, n_rows) - 0.5, -0.5],
        tickvals=list(range(n_rows)),
        ticktext=[f"{span.start:,}" for span in grid.spans],
        showgrid=False,
        ticks="",
        title_text="first step",
    )
    reach = [grid.x[0] - 0.5, grid.x[-1] + 0.5]
    look = {"range": reach, "showgrid": False, "ticks": "outside", **_ticks(grid, 5 if grid.x[-1] > 8 else 1)}
    few = {**look, **_ticks(grid, 10 if grid.x[-1] > 8 else 2)}
    fig.update_layout(xaxis={**look, "domain": [0, edge], "title_text": "steps from the start of the match"})
    for i, strip in enumerate(panels):
        left = edge + (GAP * (i + 1) + panel * i) / plot
        domain = [left, min(1.0, left + panel / plot)]
        fig.layout[f"xaxis{i + 2}"] = {**few, "domain": domain, "title_text": label(strip.name, 18)}


def _ticks(grid: _Grid, every: int) -> dict[str, list[int] | list[str]]:
    values = [int(x) for x in grid.x if x % every == 0]
    return {"tickvals": values, "ticktext": [f"{v:+d}".replace("-", "−") if v else "0" for v in values]}


def _title(totals: list[tuple[int, int]], pattern: Pattern, n_rows: int, are_best: bool) -> str:
    if not totals:
        return "No matches"
    level, n_best = totals[0]
    which = "all" if level == pattern.n_units else f"{level} of the"
    units = f"{which} {pattern.n_units} units on" if pattern.n_units > 1 else "the unit on"
    if not are_best:
        first = f"; {n_rows:,} rows"
    elif n_rows < n_best:
        first = f", the best {n_rows}"
    else:
        first = ", then those with fewer" if n_rows > n_best else ""
    return f"{n_best:,} match{'es' * (n_best != 1)} with {units}{first}"


def _numbers(pattern: Pattern) -> str:
    return units_in_words([f"−{u.unit}" if u.side == "low" else str(u.unit) for u in pattern.units])


def _detail(pattern: Pattern, shading: Pattern, colour: str, underline: str) -> str:
    """Say which units the pattern has, what colours the tokens and what underlines them."""
    if underline:
        return f"{_detail(pattern, shading, colour, '')}; underlined by {shown_name(underline.removeprefix(TRACK), 80)}"
    sources = shown_name(", ".join(sorted({u.source for u in pattern.units})))
    of = f"units {_numbers(pattern)} of {sources}" if pattern.units else "the pattern has no units"
    if colour == SHADE and shading.n_units < pattern.n_units:
        return f"{of}; tokens coloured by units {_numbers(shading)}"
    if colour in (SHADE, ""):
        return of
    by = colour.removeprefix(TRACK)
    if colour.startswith(UNIT):
        source, _, unit = colour.removeprefix(UNIT).rpartition(":")
        by = f"the activation of unit {unit} of {source}, low to high"
    return f"{of}; tokens coloured by {shown_name(by, 80)}"
