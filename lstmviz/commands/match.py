"""``lstmviz select``, ``match`` and ``count``: from a window to a pattern, and from a pattern to its matches."""

from __future__ import annotations

import sys
from typing import Annotated

import pandas as pd
import typer

import lstmviz
from lstmviz.api import Dump
from lstmviz.checks import check_side
from lstmviz.commands.base import DumpPath, Format, app, err, one_line, out, progress_bar, say, write_frame
from lstmviz.commands.index import finish_index, prepare_index
from lstmviz.commands.options import (
    AfterOrNone,
    BeforeOrNone,
    MaxLength,
    MinLength,
    OffAfter,
    OffBefore,
    Only,
    OnlyOptions,
    OnlyRegex,
    OnlyTokens,
    OutputFormat,
    PatternPath,
    SideOrNone,
    Source,
    SourceOrNone,
    Start,
    StartOrNone,
    Stop,
    StopOrNone,
    Threshold,
    ThresholdOrNone,
    WhichSide,
    WindowOptions,
    narrowed,
    pattern_of,
)
from lstmviz.match import found_in
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import check_pattern, is_short
from lstmviz.match.index.ahead import pattern_ahead
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.edit import with_unit, without
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.match.summary.pairs import with_pair
from lstmviz.types import Pattern


@app.command()
@one_line
def select(
    path: DumpPath,
    source: Source,
    start: Start,
    stop: Stop,
    threshold: Threshold = 0.3,
    off_before: OffBefore = 1,
    off_after: OffAfter = 0,
    side: WhichSide = "high",
    excluded: Annotated[list[int] | None, typer.Option("--without", help="Leave this unit out.")] = None,
    pinned: Annotated[list[int] | None, typer.Option("--with", help="Add this unit, selected or not.")] = None,
    min_length: MinLength = None,
    max_length: MaxLength = None,
    only: Only = None,
    token: OnlyTokens = None,
    regex: OnlyRegex = None,
    name: Annotated[str, typer.Option(help="Name of the pattern, kept in its file.")] = "",
    format: OutputFormat = Format.TABLE,
) -> None:
    """Select the units that are on throughout a window; as json they are a pattern file, for match and the page."""
    dump = lstmviz.open_dump(path)
    pattern = dump.select(source, start, stop, threshold, off_before, off_after, check_side(side))
    for unit in excluded or []:
        pattern = without(pattern, source, unit)
    for unit in pinned or []:
        pattern = with_unit(pattern, source, unit, check_side(side))
    pattern = narrowed(dump, pattern, min_length, max_length, OnlyOptions(only, token, regex))
    check_filters(dump, check_pattern(dump, pattern), pattern.filters)  # such as a unit that is not there
    if format is Format.JSON:
        sys.stdout.write(PatternFile(pattern, Notes(name=name, dump=dump.uuid)).to_json())
        return
    units = [(u.source, u.unit, u.side, u.threshold) for u in pattern.units]
    write_frame(pd.DataFrame(units, columns=["source", "unit", "side", "threshold"]), format)
    if format is Format.TABLE and not units:
        out.print("no unit; try another threshold or drop a constraint (see lstmviz thresholds)", markup=False)


@app.command()
@one_line
def match(
    path: DumpPath,
    source: SourceOrNone = None,
    start: StartOrNone = None,
    stop: StopOrNone = None,
    threshold: ThresholdOrNone = None,
    off_before: BeforeOrNone = None,
    off_after: AfterOrNone = None,
    side: SideOrNone = None,
    pattern: PatternPath = None,
    min_length: MinLength = None,
    max_length: MaxLength = None,
    only: Only = None,
    token: OnlyTokens = None,
    regex: OnlyRegex = None,
    limit: Annotated[int, typer.Option(min=0, help="Number of rows.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Number of rows to skip.")] = 0,
    order: Annotated[
        str,
        typer.Option(
            help="best: most shared units first; step; length or -length; track:NAME or -track:NAME, by the value at "
            "the first step."
        ),
    ] = "best",
    min_shared: Annotated[int, typer.Option(min=1, help="List only matches that share at least this many units.")] = 1,
    pair: Annotated[
        str | None,
        typer.Option(help="Another time axis, or an attention: its text stands beside each match."),
    ] = None,
    format: OutputFormat = Format.TABLE,
) -> None:
    """List the matches of the units that a window selects, or of a pattern file."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        progress.add_task("matching", total=None)
        dump = lstmviz.open_dump(path)
        chosen, title = pattern_of(dump, pattern, window)
        chosen = narrowed(dump, chosen, min_length, max_length, OnlyOptions(only, token, regex))
        pattern_ahead(dump, chosen)
        matches = found_in(dump, chosen)  # one search for the rows and the totals
        frame = Listing(dump, matches, order, "", min_shared).page(limit, offset)
        if pair is not None:
            frame = with_pair(dump, dump.axis(chosen.axis), frame, pair)
        if format is Format.TABLE and is_short(dump, chosen):
            matches.complete()
    note_nan(dump, chosen)
    if format is Format.TABLE:
        say(f"{title}: {_units(chosen)}")
        totals = [f"{n:,} with {m}" for m, n in matches.totals()]
        more = [] if matches.is_complete else ["fewer not counted, see lstmviz count"]
        say(f"matches by shared units: {', '.join(totals + more) or 'none'}")
    write_frame(frame, format)
    finish_index(dump, [name for name, _ in chosen.bases])


@app.command()
@one_line
def count(
    path: DumpPath,
    source: SourceOrNone = None,
    start: StartOrNone = None,
    stop: StopOrNone = None,
    threshold: ThresholdOrNone = None,
    off_before: BeforeOrNone = None,
    off_after: AfterOrNone = None,
    side: SideOrNone = None,
    pattern: PatternPath = None,
    min_length: MinLength = None,
    max_length: MaxLength = None,
    only: Only = None,
    token: OnlyTokens = None,
    regex: OnlyRegex = None,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Count the matches of a window's units or of a pattern file, by the units they share and by their length."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        progress.add_task("counting", total=None)
        dump = lstmviz.open_dump(path)
        chosen = narrowed(
            dump, pattern_of(dump, pattern, window)[0], min_length, max_length, OnlyOptions(only, token, regex)
        )
        prepare_index(dump, [name for name, _ in chosen.bases], progress)
        counts = dump.count(chosen)
    note_nan(dump, chosen)
    write_frame(counts.lengths, format)


def note_nan(dump: Dump, pattern: Pattern) -> None:
    """Say on stderr which sources of the pattern hold NaN, which is neither on nor off."""
    for name, _ in pattern.bases:
        if dump.n_nan(name):
            line = f"note: {name} holds {dump.n_nan(name):,} NaN values, which are neither on nor off"
            err.print(line, markup=False, highlight=False, soft_wrap=True)


def _units(pattern: Pattern) -> str:
    sources = {u.source for u in pattern.units}
    names = [f"{u.unit} of {u.source}" if len(sources) > 1 else str(u.unit) for u in pattern.units]
    names = [f"{n} (low)" if u.side == "low" else n for n, u in zip(names, pattern.units, strict=True)]
    return ", ".join(names) or "none; try another threshold or drop a constraint"
