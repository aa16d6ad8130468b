"""A view as one HTML page that opens without a server: no script, nothing is fetched, every token is text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.figures import pageparts as parts
from lstmviz.figures.pairparts import pair_section
from lstmviz.figures.strips import Strip, axis_track, units_on, unknown_in
from lstmviz.figures.text import shown_name
from lstmviz.figures.theme import get_theme
from lstmviz.figures.track_cells import track_cells
from lstmviz.match.corpus.shards import found_in
from lstmviz.match.summary.carry import carry
from lstmviz.match.summary.pairs import with_pair
from lstmviz.types import Pattern, PatternUnit, Window

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MOST_STEPS, MOST_VALUES, MOST_ROWS = 500, 400_000, 500
BEFORE, CELLS = 5, 40  # cells before a match starts, and in all
PAIR = 48  # letters of the other text of a match
OTHER_TEXT = {"pair": "the other text", "attended": "attended to most"}  # columns of ``dump.match(pair=)``


def page(
    dump: DumpReader,
    source: str,
    start: int,
    stop: int,
    pattern: Pattern | None = None,
    window: Window | tuple[int, int] | None = None,
    tracks: Sequence[str] = (),
    rows: pd.DataFrame | None = None,
    limit: int = 50,
    title: str | None = None,
    details: Sequence[tuple[str, str]] = (),
    pair: tuple[str, int] | None = None,
    pair_window: Window | tuple[int, int] | None = None,
) -> str:
    """Write one HTML page with a source's units over steps [start, stop), and the pattern's matches beneath.

    The page contains everything that it shows. It has no scripts, makes no requests, and follows the reader's setting
    for light or dark.

    Args:
        dump: The dump.
        source: Name of the source.
        start: First step.
        stop: Step after the last one.
        pattern: The pattern.
        window: Brushed steps [start, stop) to shade.
        tracks: Names of tracks to draw.
        rows: Matches to list, from ``dump.match``; None for the best ``limit``.
        limit: Number of matches to list.
        title: A title in place of the page's own.
        details: Headings and texts to fold out, such as code.
        pair: An attention and the number of a pair, to draw it as ``figures.attention`` does; the matches then have the
            other text beside them. Of texts of more than 200 tokens the page says that they are too long.
        pair_window: Steps [start, stop) of the axis that attends, to be outlined in the pair.

    Returns:
        The HTML.

    Raises:
        UnknownName: The dump has no such source, track or attention.
        WindowError: The steps are outside the axis or cross a sequence border, or there is no such pair.
        PatternError: There are more than 500 steps or rows.

    Example:
        >>> html = figures.page(dump, "rnn.l1.c", 240, 260, pattern, window=(249, 255))
        >>> html[:15], "<script" in html
        ('<!doctype html>', False)
    """
    view, axis = _checked_view(dump, source, start, stop), dump.axis_of(source)
    for name in tracks:
        axis_track(axis, name)
    brushed, outlined = _window(window), _window(pair_window)
    name = title or f"{shown_name(source)} of {shown_name(dump.name)}"
    body = [_header(dump, source, name), _select(dump, source, view, pattern, brushed, tracks)]
    if pair is not None:
        body.append(pair_section(dump, *pair, outlined))
    if pattern is not None and pattern.units:
        matches = found_in(dump, pattern)
        frame = matches.page(min(limit, MOST_ROWS)) if rows is None else rows
        if len(frame) > MOST_ROWS:
            raise PatternError(f"{len(frame):,} rows are too many for a page; give at most {MOST_ROWS}")
        matches.page(1)  # finds the best at least, also where rows are given
        totals = matches.totals()
        if pair is not None:
            frame = _with_other_text(dump, pattern, frame, pair[0])
        body.append(_matches(dump, pattern, frame, totals, tracks))
        body.append(_carried_tables(dump, pattern, totals[0][0] if totals else 0))
    body += [parts.details_block(heading, text) for heading, text in details]
    return parts.document(name, POLICY, body)


def _checked_view(dump: DumpReader, source: str, start: int, stop: int) -> Window:
    """Return the window that is shown; PatternError where it is too long."""
    info, n_steps, view = dump.source(source), dump.axis_of(source).n_steps, Window(start, stop)
    if view.stop > n_steps or len(view) > MOST_STEPS or len(view) * info.n_units > MOST_VALUES:
        most = min(MOST_STEPS, max(1, MOST_VALUES // info.n_units))
        raise PatternError(f"steps {start} to {stop} cannot be shown; give at most {most} of the {n_steps:,} steps")
    return view


def _window(given: Window | tuple[int, int] | None) -> Window | None:
    return given if isinstance(given, Window) or given is None else Window(*given)


def _with_other_text(dump: DumpReader, pattern: Pattern, frame: pd.DataFrame, attention: str) -> pd.DataFrame:
    """Add the other text to matches on one of the two axes of an attention."""
    between = dump.attention[attention]
    if pattern.axis not in (between.axis, between.over):
        return frame
    return with_pair(dump, dump.axis(pattern.axis), frame, attention)


def _header(dump: DumpReader, source: str, name: str) -> str:
    info, axis = dump.source(source), dump.axis_of(source)
    model = dump.provenance.get("model")
    facts = [
        f"recording {shown_name(dump.name)}",
        *([f"model {shown_name(str(model))}"] if model else []),
        f"source {shown_name(source)}, {info.n_units:,} units" + ", shown through tanh" * (info.view == "tanh"),
        f"{axis.n_steps:,} steps in {len(axis.starts):,} sequence{'s' * (len(axis.starts) != 1)}",
    ]
    return f"<header><h1>{escape(name)}</h1><p>{escape(' · '.join(facts))}</p></header>"


def _select(
    dump: DumpReader,
    source: str,
    view: Window,
    pattern: Pattern | None,
    window: Window | None,
    tracks: Sequence[str],
) -> str:
    axis = dump.axis_of(source)
    light = get_theme("light")
    tokens = [str(view.start + i) for i in range(len(view))]
    if axis.tokens is not None:
        tokens = axis.tokens[view.start : view.stop]
    strips = [track_cells(axis, name, [view], light) for name in tracks]
    drawing = parts.Drawing(dump, source, view, tokens, window)
    n_on = units_on(dump, pattern, view)
    summary = f"Steps {view.start:,} to {view.stop - 1:,}"
    if window is not None:
        summary += f"; steps {window.start:,} to {window.stop - 1:,} brushed"
    body = drawing.svg(pattern, n_on, strips)
    return f"<section><h2>Select</h2><p>{escape(summary)}</p>{body}{_chips(pattern, source)}</section>"


def _chips(pattern: Pattern | None, source: str) -> str:
    if pattern is None:
        return ""
    if not pattern.units:
        return "<p>The pattern has no units.</p>"
    chips = "".join(f'<li class="{unit.side}">{escape(_chip(unit, source))}</li>' for unit in pattern.units)
    constraints = [
        f"off {pattern.off_before} before" if pattern.off_before else "",
        f"off {pattern.off_after} after" if pattern.off_after else "",
    ]
    words = ", ".join(filter(None, constraints))
    return f"<h3>Units of the pattern</h3><ul class=chips>{chips}</ul>" + (f"<p>{words}</p>" if words else "")


def _chip(unit: PatternUnit, source: str) -> str:
    sign = ("−", "≤") if unit.side == "low" else ("", "≥")
    of = "" if unit.source == source else f" of {shown_name(unit.source)}"
    return f"{sign[0]}{unit.unit}{of} {sign[1]} {unit.threshold:.4g}".replace(" -", " −")


def _matches(
    dump: DumpReader, pattern: Pattern, frame: pd.DataFrame, counts: list[tuple[int, int]], tracks: Iterable[str]
) -> str:
    axis = dump.axis(pattern.axis)
    totals = [f"{n:,} with {_units_on(level, pattern.n_units)}" for level, n in counts[:4]]
    summary = f"{', '.join(totals) or 'No matches'}; {len(frame):,} shown"
    names = [name for name in tracks if name in axis.tracks]
    views = [
        _view(axis, int(start), int(sequence))
        for start, sequence in zip(frame["start"], frame["sequence"], strict=True)
    ]
    strips = [_strip(axis, name, views) for name in names]
    body, offset = [], 0
    for match, view in zip(frame.itertuples(index=False), views, strict=True):
        body.append(_row(dump, axis, pattern, match, view, strips, offset))
        offset += len(view)
    heads = "".join(f"<th>{escape(shown_name(name, 24))}</th>" for name in names)
    heads += "".join(f"<th>{words}</th>" for column, words in OTHER_TEXT.items() if column in frame)
    return (
        f"<section><h2>Matches</h2><p>{escape(summary)}</p><div class=wide><table class=rows>"
        f"<thead><tr><th>step</th><th colspan={CELLS}>tokens, shaded by the units that are on</th>{heads}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _view(axis: Axis, start: int, sequence: int) -> Window:
    """Return the steps of a row: around a match's start, inside its sequence."""
    first = start - BEFORE
    return Window(max(first, int(axis.starts[sequence])), min(first + CELLS, int(axis.stops[sequence])))


def _strip(axis: Axis, name: str, views: Sequence[Window]) -> Strip:
    """Return a track over the steps of all rows, one after the other, so that a colour means one thing in all."""
    return track_cells(axis, name, views, get_theme("light"))


def _row(
    dump: DumpReader, axis: Axis, pattern: Pattern, match: Any, view: Window, strips: Sequence[Strip], offset: int
) -> str:
    """Return a match as a row of a table; its cells in the strips begin at ``offset``."""
    first = int(match.start) - BEFORE
    n_on = units_on(dump, pattern, view)
    tokens = ["·"] * len(view) if axis.tokens is None else axis.tokens[view.start : view.stop]
    unknown = unknown_in(axis, view.start, view.stop)
    cells = ["<td></td>"] * (view.start - first)
    for step, token, on in zip(range(view.start, view.stop), tokens, n_on.tolist(), strict=True):
        edge = " from" * (step == match.start) + " to" * (step == match.stop - 1)
        edge += " unknown" * (step - view.start in unknown)
        shade = parts.shade_index(on / pattern.n_units, parts.SHADES)
        cells.append(parts.token_cell(token, f"s{shade}{edge}", f"step {step:,}, {_units_on(on, pattern.n_units)}"))
    cells += ["<td></td>"] * (first + CELLS - view.stop)
    own = slice(offset, offset + len(view))
    cells += [f"<td>{parts.heat_strip(strip, own, view.start - first, CELLS)}</td>" for strip in strips]
    texts = [getattr(match, name) for name in OTHER_TEXT if hasattr(match, name)]
    cells += [f"<td class=pair><bdi>{escape(shown_name(text, PAIR))}</bdi></td>" for text in texts]
    return f"<tr><th>{match.start:,}</th>{''.join(cells)}</tr>"


def _units_on(n_on: int, n_units: int) -> str:
    if n_units == 1:
        return "the unit on" if n_on else "the unit off"
    return f"all {n_units} units on" if n_on == n_units else f"{n_on} of {n_units} units on"


def _carried_tables(dump: DumpReader, pattern: Pattern, best: int) -> str:
    """Return what the matches with the most shared units, ``best``, carry: a table a track."""
    if not best:
        return ""
    table = carry(dump, pattern, best)
    blocks = []
    for name in dict.fromkeys(table["track"]):
        part = table[table["track"] == name]
        rows = "".join(
            f"<tr><th>{escape(shown_name(value))}</th>"
            f"{parts.share_cell(share, 'match')}{parts.share_cell(base_rate, 'base')}</tr>"
            for value, share, base_rate in zip(part["value"], part["share"], part["base_rate"], strict=True)
        )
        blocks.append(
            f"<table class=carry><caption>{escape(shown_name(name, 40))}</caption>"
            f"<thead><tr><th></th><th>matches</th><th>corpus</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    if not blocks:
        return ""
    n_steps = int(np.max([table[table["track"] == n]["n_steps"].sum() for n in dict.fromkeys(table["track"])]))
    units = _units_on(best, pattern.n_units)
    summary = f"Share of the {n_steps:,} steps of the matches with {units}, against the whole corpus"
    return f"<section><h2>What the matches carry</h2><p>{summary}</p><div class=side>{''.join(blocks)}</div></section>"
