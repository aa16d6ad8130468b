"""``lstmviz select`` and ``lstmviz match``: from a window to a pattern, and from a pattern to where it recurs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.markup import escape
from rich.table import Table

import lstmviz
from lstmviz.api import Dump
from lstmviz.commands.base import DumpPath, Format, app, ascii_safe, err, finite, one_line, out, progress_bar
from lstmviz.commands.index import prepare_index
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match import found_in
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import check_pattern
from lstmviz.match.order.listing import Listing
from lstmviz.match.pattern.edit import with_unit, without
from lstmviz.match.pattern.file import MAX_BYTES, Notes, PatternFile
from lstmviz.types import Filter, Pattern, check_side

Source = Annotated[str, typer.Option(help="Source, such as rnn.l0.c.")]
Start = Annotated[int, typer.Option(help="First step of the window.")]
Stop = Annotated[int, typer.Option(help="Step after the last one of the window.")]
Threshold = Annotated[float, typer.Option(help="A unit is on at or above this value in the source's view.")]
OffBefore = Annotated[int, typer.Option(help="Steps before the window at which a unit must be off.")]
OffAfter = Annotated[int, typer.Option(help="Steps after the window at which a unit must be off.")]
WhichSide = Annotated[
    str, typer.Option("--side", help="high: on at or above the threshold; low: on at or below minus the threshold.")
]
MinLength = Annotated[int | None, typer.Option(help="Least length of a match, in steps.")]
MaxLength = Annotated[int | None, typer.Option(help="Greatest length of a match, in steps.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        help="Match only steps that a track allows: TRACK=LABEL, or TRACK=LOW:HIGH, where either end may be empty. "
        "May be repeated; labels of one track add up.",
        metavar="TRACK=WHAT",
    ),
]
SourceOrNone = Annotated[str | None, typer.Option("--source", help="Source to select units from, such as rnn.l0.c.")]
StartOrNone = Annotated[int | None, typer.Option("--start", help="First step of the window.")]
StopOrNone = Annotated[int | None, typer.Option("--stop", help="Step after the last one of the window.")]
ThresholdOrNone = Annotated[float | None, typer.Option("--threshold", help="Threshold in the view (default: 0.3).")]
BeforeOrNone = Annotated[int | None, typer.Option("--off-before", help="Steps before it to be off at (default: 1).")]
AfterOrNone = Annotated[int | None, typer.Option("--off-after", help="Steps after it to be off at (default: 0).")]
SideOrNone = Annotated[str | None, typer.Option("--side", help="high (default), or low: on at or below -threshold.")]
PatternPath = Annotated[
    str | None,
    typer.Option("--pattern", help="A pattern file, or - for one on stdin, instead of a window.", metavar="FILE"),
]
HowFormat = Annotated[Format, typer.Option("--format", help="Format of the answer.")]


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
    leave: Annotated[list[int] | None, typer.Option("--without", help="Leave this unit out.")] = None,
    pin: Annotated[list[int] | None, typer.Option("--with", help="Add this unit, whether selected or not.")] = None,
    min_length: MinLength = None,
    max_length: MaxLength = None,
    only: Only = None,
    name: Annotated[str, typer.Option(help="Name of the pattern, kept in its file.")] = "",
    format: HowFormat = Format.TABLE,
) -> None:
    """Select the units that are on through a window. With --format json, write them as a pattern file."""
    dump = lstmviz.open_dump(path)
    pattern = dump.select(source, start, stop, threshold, off_before, off_after, check_side(side))
    for unit in leave or []:
        pattern = without(pattern, source, unit)
    for unit in pin or []:
        pattern = with_unit(pattern, source, unit, check_side(side))
    pattern = narrowed(dump, pattern, min_length, max_length, only)
    check_filters(dump, check_pattern(dump, pattern), pattern.filters)  # such as a unit that is not there
    if format is Format.JSON:
        sys.stdout.write(PatternFile(pattern, Notes(name=name, dump=dump.uuid)).to_json())
        return
    units = [(u.source, u.unit, u.side, u.threshold) for u in pattern.units]
    write_frame(pd.DataFrame(units, columns=["source", "unit", "side", "threshold"]), format)
    if format is Format.TABLE and not units:
        out.print("no unit; try another threshold or drop a constraint (lstmviz thresholds tells)", markup=False)


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
    format: HowFormat = Format.TABLE,
) -> None:
    """List where the units of a window, or of a pattern file, are on together."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        progress.add_task("matching", total=None)
        dump = lstmviz.open_dump(path)
        asked, what = asked_for(dump, pattern, window)
        asked = narrowed(dump, asked, min_length, max_length, only)
        prepare_index(dump, [name for name, _ in asked.bases], progress)
        found = found_in(dump, asked)  # looked for once, for the rows and the totals
        frame = Listing(dump, found, order, "", min_shared).page(limit, offset)
        totals = found.count().totals.itertuples(index=False) if format is Format.TABLE else ()
    tell_nan(dump, asked)
    if format is Format.TABLE:
        shown = ", ".join(f"{n:,} with {m}" for m, n in totals)
        for line in (f"{what}: {_units(asked)}", f"matches by shared units: {shown or 'none'}"):
            out.print(ascii_safe(line), markup=False, highlight=False, soft_wrap=True)
    write_frame(frame, format)


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
    format: HowFormat = Format.TABLE,
) -> None:
    """Count the matches of a window's units, or of a pattern file, by shared units and by length."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        progress.add_task("counting", total=None)
        dump = lstmviz.open_dump(path)
        asked = narrowed(dump, asked_for(dump, pattern, window)[0], min_length, max_length, only)
        prepare_index(dump, [name for name, _ in asked.bases], progress)
        counted = dump.count(asked)
    tell_nan(dump, asked)
    write_frame(counted.lengths, format)


@dataclass(frozen=True)
class WindowOptions:
    """What a command was told of a window; None where it was not."""

    source: str | None
    start: int | None
    stop: int | None
    threshold: float | None
    off_before: int | None
    off_after: int | None
    side: str | None


def asked_for(dump: Dump, pattern: str | None, window: WindowOptions) -> tuple[Pattern, str]:
    """Return the pattern of a file or of a window, and what to call its units; PatternError for both or neither."""
    if pattern is not None:
        told = [f"--{f.name.replace('_', '-')}" for f in fields(window) if getattr(window, f.name) is not None]
        if told:
            raise PatternError(f"give either --pattern or a window; with --pattern leave out {', '.join(told)}")
        return read_pattern(pattern).pattern, "units of the pattern"
    if window.source is None or window.start is None or window.stop is None:
        raise PatternError("give a window (--source, --start and --stop) or --pattern FILE")
    chosen = dump.select(
        window.source,
        window.start,
        window.stop,
        0.3 if window.threshold is None else window.threshold,
        1 if window.off_before is None else window.off_before,
        window.off_after or 0,
        check_side(window.side or "high"),
    )
    return chosen, f"units on through [{window.start}, {window.stop}) of {window.source}"


def tell_nan(dump: Dump, pattern: Pattern) -> None:
    """Say on stderr where a source of the pattern holds NaN values: they are left out of every answer."""
    for name, _ in pattern.bases:
        if dump.n_nan(name):
            line = f"note: {name} holds {dump.n_nan(name):,} NaN values, which are neither on nor off"
            err.print(line, markup=False, highlight=False, soft_wrap=True)


def read_pattern(path: str) -> PatternFile:
    """Read a pattern file, or stdin where the path is ``-``; PatternError where it is none."""
    if path == "-":
        return PatternFile.from_json(sys.stdin.buffer.read(MAX_BYTES + 1))
    return PatternFile.read(Path(path))


def narrowed(
    dump: Dump, pattern: Pattern, min_length: int | None, max_length: int | None, only: list[str] | None
) -> Pattern:
    """Return the pattern with other bounds of length, where given, and more filters."""
    return replace(
        pattern,
        min_length=pattern.min_length if min_length is None else min_length,
        max_length=pattern.max_length if max_length is None else max_length,
        filters=pattern.filters + _filters(dump, pattern.axis, only or []),
    )


def write_frame(frame: pd.DataFrame, format: Format) -> None:
    """Write a frame to stdout, as a table whose text cannot drive the terminal, as CSV or as a JSON list of rows."""
    if format is Format.CSV:
        sys.stdout.write(frame.to_csv(index=False, lineterminator="\n"))
    elif format is Format.JSON:
        write_json(frame)
    else:
        table = Table(*map(str, frame.columns))
        for row in frame.itertuples(index=False):
            table.add_row(*(escape(ascii_safe(str(value))) for value in row))
        out.print(table)


def write_json(value: Any) -> None:
    """Write a value to stdout as JSON."""
    sys.stdout.write(json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _units(pattern: Pattern) -> str:
    sources = {u.source for u in pattern.units}
    names = [f"{u.unit} of {u.source}" if len(sources) > 1 else str(u.unit) for u in pattern.units]
    names = [f"{n} (low)" if u.side == "low" else n for n, u in zip(names, pattern.units, strict=True)]
    return ", ".join(names) or "none; try another threshold or drop a constraint"


def _filters(dump: Dump, axis: str, only: list[str]) -> tuple[Filter, ...]:
    """Return the filters of ``--only``; UnknownName or PatternError where one is none."""
    tracks = dump.axis(axis).tracks
    labels: dict[str, tuple[str, ...]] = {}
    ranges: list[Filter] = []
    for text in only:
        names = [name for name in tracks if text.startswith(f"{name}=")]
        if not names:
            known = ", ".join(tracks) or "none"
            raise UnknownName(f"--only {text!r} names no track; write TRACK=LABEL or TRACK=LOW:HIGH; tracks: {known}")
        name = max(names, key=len)
        what = text[len(name) + 1 :]
        if tracks[name].info.kind == "category":
            labels[name] = (*labels.get(name, ()), what)
        else:
            ranges.append(_range(name, what))
    return (*(Filter(name, wanted) for name, wanted in labels.items()), *ranges)


def _range(track: str, text: str) -> Filter:
    low, colon, high = text.partition(":")
    try:
        ends = [None if not end.strip() else float(end) for end in ((low, high) if colon else (low, low))]
    except ValueError as err:
        raise PatternError(f"{text!r} is no range of track {track!r}; write LOW:HIGH, such as 2:5, 2: or :5") from err
    return Filter(track, low=ends[0], high=ends[1])
