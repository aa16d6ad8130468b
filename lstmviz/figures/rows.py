"""The matches of a pattern, one row each and aligned at their first step, coloured by the units that are on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures.strips import Strip, add_key, cells, coloured, extent, number, track_of, units_on, write
from lstmviz.figures.text import cut, label, listed, named, typical
from lstmviz.figures.theme import (
    EM,
    PAGE,
    TYPE,
    Room,
    Theme,
    ThemeName,
    bar,
    dress,
    flat_scale,
    legend_height,
    mixed,
    numbers_width,
    scale,
    themed,
)
from lstmviz.match.card.unit_card import in_view
from lstmviz.match.corpus.shards import found_in
from lstmviz.types import Pattern, Window
from lstmviz.visible import visible_text

ROW = 16  # px a row
MOST_ROWS, MOST_PANELS = 200, 3
BEFORE, CELLS = 5, 40  # cells before a match starts, and in all, at most
RIGHT, GAP = 14, 14  # px right of the rows, and between the tokens and the panels
PANEL = 3.2  # px a cell of a panel
SHADE, TRACK, UNIT = "shared", "track:", "unit:"  # what colours cells, as the page names it
WIDEST = 12  # cells of a token that a column is made for


def matches(
    dump: DumpReader,
    pattern: Pattern,
    rows: pd.DataFrame | None = None,
    colour: str = SHADE,
    panels: Sequence[str] = (),
    limit: int = 20,
    title: str | None = None,
    theme: ThemeName = "light",
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
    colours, axis = themed(theme), dump.axis(pattern.axis)
    found = found_in(dump, pattern)
    best = found.page(min(limit, MOST_ROWS) if rows is None else 1)  # one is enough to count those with most units
    frame = best if rows is None else rows
    if len(frame) > MOST_ROWS:
        raise PatternError(f"{len(frame):,} rows are too many to draw; give at most {MOST_ROWS}")
    if len(panels) > MOST_PANELS:
        raise PatternError(f"{len(panels)} panels leave no room for the tokens; give at most {MOST_PANELS}")
    spans = [Window(int(a), int(b)) for a, b in zip(frame["start"], frame["stop"], strict=True)]
    side = numbers_width([span.start for span in spans])
    grid = _Grid.around(axis, spans, PAGE - side - RIGHT - len(panels) * (GAP + int(CELLS * PANEL)))
    fig = go.Figure()
    main = _coloured(dump, axis, grid, pattern, colour, colours)
    beside = [_coloured(dump, axis, grid, pattern, name, colours) for name in panels]
    height = ROW * max(1, len(spans))
    _draw(fig, colours, grid, main, beside)
    for strip in {strip.name: strip for strip in (main, *beside)}.values():
        add_key(fig, strip, 0, is_only=len({s.name for s in (main, *beside) if s.labels}) == 1)
    detail = "; ".join([_shading(pattern, colour), *filter(None, dict.fromkeys(map(extent, (main, *beside))))])
    room = Room(
        left=side,
        right=RIGHT,
        bottom=44 + 52 * (SHADE in (colour, *panels)),
        legend=legend_height(fig, PAGE - side - RIGHT),
    )
    dress(fig, colours, title or _title(found.totals(), pattern, len(spans), rows is None), detail, PAGE, height, room)
    fig.update_layout(barmode="overlay")
    _axes(fig, grid, beside, PAGE - side - RIGHT)
    if SHADE in (colour, *panels):
        at = 0 if colour == SHADE else 1 + 2 * list(panels).index(SHADE)
        n_units = pattern.n_units
        ticks = {"tickvals": [*range(n_units + 1)]} if n_units <= 8 else {"nticks": 5}
        key = bar(colours, "units on", height, 44, tickformat=",d", **ticks)
        fig.data[at].marker.update(showscale=True, colorbar=key)
    return fig


class _Grid:
    """Which step each cell of each row shows (-1: none, outside the match's sequence), and the tokens there."""

    def __init__(self, axis: Axis, spans: list[Window], before: int, n_cells: int, cell: float) -> None:
        self.spans, self.before, self.cell = spans, before, cell
        self.x = np.arange(-before, n_cells - before)
        self.steps = np.full((len(spans), n_cells), -1, np.int64)
        self.words: list[list[str | None]] = []
        for i, span in enumerate(spans):
            sequence = axis.sequence_of(span.start)
            low, high = int(axis.starts[sequence]), int(axis.stops[sequence])
            steps = span.start + self.x
            self.steps[i] = np.where((steps >= low) & (steps < high), steps, -1)
            kept = Window(max(low, int(steps[0])), min(high, int(steps[-1]) + 1))
            tokens = None if axis.tokens is None else axis.tokens[kept.start : kept.stop]
            self.words.append([None if s < 0 or tokens is None else tokens[s - kept.start] for s in self.steps[i]])

    @classmethod
    def around(cls, axis: Axis, spans: list[Window], room: int) -> _Grid:
        """Return as many cells as there is room for, so wide that most tokens can be read."""
        wide = cls(axis, spans, BEFORE, CELLS, 1)
        columns = min(WIDEST, typical(visible_text(word) for row in wide.words for word in row if word is not None))
        cell = max(room / CELLS, columns * TYPE * EM + 3)
        n_cells = max(4, int(room / cell))
        return cls(axis, spans, min(BEFORE, n_cells // 4), n_cells, room / n_cells)


def _coloured(dump: DumpReader, axis: Axis, grid: _Grid, pattern: Pattern, what: str, theme: Theme) -> Strip:
    """Return the cells of all rows, row after row, with what colours them."""
    values = np.full(grid.steps.shape, np.nan)
    read = _reader(dump, axis, pattern, what)
    for row, steps in zip(values, grid.steps, strict=True):
        here = steps[steps >= 0]
        row[steps >= 0] = read(Window(int(here[0]), int(here[-1]) + 1))
    flat = values.ravel()
    if what == SHADE:
        n = pattern.n_units + 1
        words = [None if np.isnan(v) else str(int(v)) for v in flat]
        return Strip("units on", flat, words, flat_scale(mixed(theme.shade, n), n), -0.5, n - 0.5, is_tokens=True)
    if not what or what.startswith(UNIT):
        finite = flat[np.isfinite(flat)]
        reach = max(1.0, float(np.abs(finite).max(initial=0.0)))
        name = f"unit {what.rpartition(':')[2]}" if what else "token"
        colours = scale(theme.signed if what else (theme.ground, theme.ground))
        words = [None if np.isnan(v) or not what else number(v) for v in flat]
        return Strip(name, flat, words, colours, -reach, reach, is_tokens=not what)
    return coloured(track_of(axis, what.removeprefix(TRACK)), flat, theme)


def _reader(dump: DumpReader, axis: Axis, pattern: Pattern, what: str) -> Callable[[Window], NDArray[np.float64]]:
    """Return what gives the values, at the steps of a window, by which cells are coloured."""
    if what == SHADE:
        return lambda view: units_on(dump, pattern, view).astype(np.float64)
    if not what:
        return lambda view: np.zeros(len(view))
    if what.startswith(UNIT):
        name, _, unit = what.removeprefix(UNIT).rpartition(":")
        info = dump.source(name)
        if info.axis != axis.name or not unit.isdecimal() or int(unit) >= info.n_units:
            raise PatternError(
                f"{what[:80]!r} is no unit of axis {axis.name!r}; {name} has units 0 to {info.n_units - 1}"
            )
        return lambda view: in_view(info, dump.states(name)[view.start : view.stop, [int(unit)]][:, 0])
    track = track_of(axis, what.removeprefix(TRACK))
    return lambda view: np.asarray(track[view.start : view.stop], np.float64)


def _draw(fig: go.Figure, theme: Theme, grid: _Grid, main: Strip, beside: list[Strip]) -> None:
    shape = grid.steps.shape
    x, y = grid.x.tolist() * shape[0], np.repeat(np.arange(shape[0]), shape[1]).tolist()
    words = [label(word, 80) for row in grid.words for word in row]
    about = list(zip(words, grid.steps.ravel().tolist(), strict=True))
    for i, strip in enumerate((main, *beside)):
        said = [[*rest, label(word, 80)] for rest, word in zip(about, strip.words, strict=True)]
        hover = f"%{{customdata[0]}}, step %{{customdata[1]:,d}}<br>{label(strip.name, 40)} %{{customdata[2]}}"
        gap = (0.04 if i == 0 else 0, 1 / ROW)
        cells(fig, strip, x, y, said, hover, gap, xaxis=f"x{i + 1}")
        if i == 0:
            _words(fig, theme, grid, strip)
        else:
            fig.add_scatter(x=[-0.5, -0.5], y=[-0.5, shape[0] - 0.5], mode="lines", xaxis=f"x{i + 1}", **_line(theme))
    ends: list[float | None] = []
    at: list[float | None] = []
    for i, span in enumerate(grid.spans):
        if len(span) - 0.5 <= grid.x[-1]:
            ends += [len(span) - 0.5, len(span) - 0.5, None]
            at += [i - 0.5, i + 0.5, None]
    fig.add_scatter(x=[-0.5, -0.5], y=[-0.5, shape[0] - 0.5], mode="lines", **_line(theme))
    fig.add_scatter(x=ends, y=at, mode="lines", **_line(theme, 1.2))


def _line(theme: Theme, width: float = 1.6) -> dict[str, object]:
    return {"line": {"color": theme.ink, "width": width}, "showlegend": False, "hoverinfo": "skip", "cliponaxis": False}


def _words(fig: go.Figure, theme: Theme, grid: _Grid, strip: Strip) -> None:
    n_cells = grid.steps.shape[1]
    columns = max(1, int((grid.cell - 2) / (TYPE * EM)))
    for i, row in enumerate(grid.words):
        words = [None if w is None else cut(visible_text(w), columns) for w in row]
        part = Strip(
            strip.name, strip.values[i * n_cells : (i + 1) * n_cells], words, strip.colours, strip.low, strip.high
        )
        write(fig, theme, part, grid.x.tolist(), i, grid.cell)


def _axes(fig: go.Figure, grid: _Grid, beside: list[Strip], plot: int) -> None:
    panel = int(CELLS * PANEL)
    edge = (plot - len(beside) * (GAP + panel)) / plot
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
    for i, strip in enumerate(beside):
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


def _shading(pattern: Pattern, colour: str) -> str:
    names = [f"−{u.unit}" if u.side == "low" else str(u.unit) for u in pattern.units]
    sources = sorted({u.source for u in pattern.units})
    of = f"units {listed(names)} of {named(', '.join(sources))}" if names else "the pattern has no units"
    if colour in (SHADE, ""):
        return of
    what = colour.removeprefix(TRACK)
    if colour.startswith(UNIT):
        source, _, unit = colour.removeprefix(UNIT).rpartition(":")
        what = f"the activation of unit {unit} of {source}, low to high"
    return f"{of}; tokens coloured by {named(what, 80)}"
