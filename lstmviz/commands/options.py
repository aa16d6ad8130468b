"""Options that several commands share, and the pattern that they describe: a window, or a pattern file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

import typer

import lstmviz
from lstmviz.api import Dump
from lstmviz.checks import check_side
from lstmviz.commands.base import Format
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.pattern.file import MAX_BYTES, PatternFile
from lstmviz.types import Filter, Pattern

SOURCE_HELP = "Source whose units are selected, such as rnn.l0.c."
START_HELP = "First step of the window."
STOP_HELP = "Step after the last one of the window."
THRESHOLD_HELP = "A unit is on at or above this value in the source's view."
BEFORE_HELP = "Number of steps before the window at which a unit must be off."
AFTER_HELP = "Number of steps after the window at which a unit must be off."
SIDE_HELP = "high: on at or above the threshold; low: on at or below minus the threshold."

Source = Annotated[str, typer.Option(help=SOURCE_HELP)]
Start = Annotated[int, typer.Option(help=START_HELP)]
Stop = Annotated[int, typer.Option(help=STOP_HELP)]
Threshold = Annotated[float, typer.Option(help=THRESHOLD_HELP)]
OffBefore = Annotated[int, typer.Option(help=BEFORE_HELP)]
OffAfter = Annotated[int, typer.Option(help=AFTER_HELP)]
WhichSide = Annotated[str, typer.Option("--side", help=SIDE_HELP)]
MinLength = Annotated[int | None, typer.Option(help="Shortest match in steps.")]
MaxLength = Annotated[int | None, typer.Option(help="Longest match in steps.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        help="Match only at steps where a track has a value: TRACK=LABEL, or TRACK=LOW:HIGH with either end left out. "
        "Can be given several times; labels of one track are alternatives.",
        metavar="TRACK=VALUE",
    ),
]
OnlyTokens = Annotated[
    list[str] | None,
    typer.Option("--token", help="Match only at steps of this token. Can be given several times.", metavar="TOKEN"),
]
OnlyRegex = Annotated[
    str | None,
    typer.Option(
        "--regex",
        help="Match only at tokens that this regular expression matches from end to end.",
        metavar="EXPRESSION",
    ),
]
# For commands that take a window or a pattern file; None where an option was not given.
SourceOrNone = Annotated[str | None, typer.Option("--source", help=SOURCE_HELP)]
StartOrNone = Annotated[int | None, typer.Option("--start", help=START_HELP)]
StopOrNone = Annotated[int | None, typer.Option("--stop", help=STOP_HELP)]
ThresholdOrNone = Annotated[float | None, typer.Option("--threshold", help=f"{THRESHOLD_HELP} Default: 0.3.")]
BeforeOrNone = Annotated[int | None, typer.Option("--off-before", help=f"{BEFORE_HELP} Default: 1.")]
AfterOrNone = Annotated[int | None, typer.Option("--off-after", help=f"{AFTER_HELP} Default: 0.")]
SideOrNone = Annotated[str | None, typer.Option("--side", help=f"{SIDE_HELP} Default: high.")]
PatternPath = Annotated[
    str | None,
    typer.Option("--pattern", help="A pattern file, or - for one on stdin, instead of a window.", metavar="FILE"),
]
MinShared = Annotated[
    int | None, typer.Option(min=1, help="Use matches that share at least this many units. Default: all units.")
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Your model, in the place of one beside the dump: imported from here as package.module:name.",
        metavar="NAME",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Format of the output.")]


@dataclass(frozen=True)
class WindowOptions:
    """The options of a window; None where one was not given."""

    source: str | None
    start: int | None
    stop: int | None
    threshold: float | None
    off_before: int | None
    off_after: int | None
    side: str | None


@dataclass(frozen=True)
class OnlyOptions:
    """The options that name steps: by tracks, by tokens, and by an expression for tokens; None if not given."""

    tracks: list[str] | None
    tokens: list[str] | None
    regex: str | None


def open_with(path: Path, model: str | None) -> Dump:
    """Open a dump, and attach the user's model if one is named; ModelError where it is not the recorded one."""
    dump = lstmviz.open_dump(path)
    if model is not None:
        from lstmviz.rerun.live.named import named_model

        dump.attach(named_model(model))
    return dump


def pattern_of(dump: Dump, path: str | None, window: WindowOptions) -> tuple[Pattern, str]:
    """Return the pattern of a file or of a window, and a title for its units; PatternError for both or neither."""
    file, title = file_of(dump, path, window)
    return file.pattern, title


def file_of(dump: Dump, path: str | None, window: WindowOptions) -> tuple[PatternFile, str]:
    """Return the same with the notes of the file, which are empty for a window."""
    if path is not None:
        given = [f"--{f.name.replace('_', '-')}" for f in fields(window) if getattr(window, f.name) is not None]
        if given:
            raise PatternError(f"give either --pattern or a window; with --pattern leave out {', '.join(given)}")
        return read_pattern(path), "units of the pattern"
    if window.source is None or window.start is None or window.stop is None:
        raise PatternError("give a window (--source, --start and --stop) or --pattern FILE")
    pattern = dump.select(
        window.source,
        window.start,
        window.stop,
        0.3 if window.threshold is None else window.threshold,
        1 if window.off_before is None else window.off_before,
        window.off_after or 0,
        check_side(window.side or "high"),
    )
    return PatternFile(pattern), f"units on throughout [{window.start}, {window.stop}) of {window.source}"


def read_pattern(path: str) -> PatternFile:
    """Read a pattern file, or stdin if the path is ``-``; PatternError if it is not a pattern file."""
    if path == "-":
        return PatternFile.from_json(sys.stdin.buffer.read(MAX_BYTES + 1))
    return PatternFile.read(Path(path))


def narrowed(
    dump: Dump, pattern: Pattern, min_length: int | None, max_length: int | None, only: OnlyOptions
) -> Pattern:
    """Return the pattern with the given bounds of length, and the filters of the options added."""
    return replace(
        pattern,
        min_length=pattern.min_length if min_length is None else min_length,
        max_length=pattern.max_length if max_length is None else max_length,
        filters=pattern.filters + filters_of(dump, pattern.axis, only),
    )


def filters_of(dump: Dump, axis: str, only: OnlyOptions) -> tuple[Filter, ...]:
    """Return the filters of ``--only``, ``--token`` and ``--regex``; UnknownName or PatternError for an invalid one."""
    tracks = dump.axis(axis).tracks
    labels: dict[str, tuple[str, ...]] = {}
    ranges: list[Filter] = []
    for text in only.tracks or []:
        names = [name for name in tracks if text.startswith(f"{name}=")]
        if not names:
            known = ", ".join(tracks) or "none"
            raise UnknownName(f"--only {text!r} names no track; write TRACK=LABEL or TRACK=LOW:HIGH; tracks: {known}")
        name = max(names, key=len)
        value = text[len(name) + 1 :]
        if tracks[name].info.kind == "category":
            labels[name] = (*labels.get(name, ()), value)
        else:
            ranges.append(_range(name, value))
    on_tokens = [Filter.tokens(only.tokens)] if only.tokens else []
    on_tokens += [] if only.regex is None else [Filter.regex(only.regex)]
    return (*(Filter(name, some) for name, some in labels.items()), *ranges, *on_tokens)


def _range(track: str, text: str) -> Filter:
    low, colon, high = text.partition(":")
    try:
        ends = [None if not end.strip() else float(end) for end in ((low, high) if colon else (low, low))]
    except ValueError as err:
        raise PatternError(
            f"{text!r} is not a range of track {track!r}; write LOW:HIGH, such as 2:5, 2: or :5"
        ) from err
    return Filter(track, low=ends[0], high=ends[1])
