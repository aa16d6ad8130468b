"""``lstmviz enrichment``, ``rank``, ``detect`` and ``probe``: more than chance, which units, and how few are enough."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

import lstmviz
from lstmviz.api import Dump
from lstmviz.commands.base import DumpPath, Format, app, err, one_line, progress_bar, say, write_figures, write_json
from lstmviz.commands.index import prepare_index
from lstmviz.commands.options import (
    AfterOrNone,
    BeforeOrNone,
    MinShared,
    ModelName,
    OnlyOptions,
    OutputFormat,
    PatternPath,
    SideOrNone,
    SourceOrNone,
    StartOrNone,
    StopOrNone,
    ThresholdOrNone,
    WindowOptions,
    file_of,
    filters_of,
    open_with,
)
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.detector import Detector
from lstmviz.explain.evidence.enrichment_row import chosen_by
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.types import Filter

Track = Annotated[str | None, typer.Option("--track", help="Track to ask about, with all its values.")]
Carried = Annotated[
    str | None,
    typer.Option(
        "--track", help='Track to ask about, with all its values; or "token here", "token before" or "token after".'
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        help="Steps that count as a yes: TRACK=LABEL, or TRACK=LOW:HIGH with either end left out. "
        "Can be given several times for labels of one track.",
        metavar="TRACK=VALUE",
    ),
]
Tokens = Annotated[
    list[str] | None,
    typer.Option("--token", help="Token whose steps count as a yes. Can be given several times.", metavar="TOKEN"),
]
Regex = Annotated[
    str | None,
    typer.Option(
        "--regex",
        help="Regular expression; tokens that it matches from end to end count as a yes.",
        metavar="EXPRESSION",
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Source whose units are used; can be given several times. Default: every h and c."),
]
FILTERS = "--only TRACK=VALUE (of one track), --token or --regex"  # the ways to give a filter, for errors
Limit = Annotated[int, typer.Option(min=0, help="Number of rows.")]
Seed = Annotated[int, typer.Option(help="Seed of what is drawn.")]
Untrained = Annotated[
    bool,
    typer.Option("--untrained", help="Also ask an untrained network of the same shape as the model."),
]


@app.command()
@one_line
def enrichment(
    path: DumpPath,
    source: SourceOrNone = None,
    start: StartOrNone = None,
    stop: StopOrNone = None,
    threshold: ThresholdOrNone = None,
    off_before: BeforeOrNone = None,
    off_after: AfterOrNone = None,
    side: SideOrNone = None,
    pattern: PatternPath = None,
    track: Carried = None,
    only: Only = None,
    token: Tokens = None,
    regex: Regex = None,
    min_shared: MinShared = None,
    limit: Limit = 50,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Test whether the matches of a window's units, or of a pattern file, carry a label more often than by chance."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        progress.add_task("counting", total=None)
        dump = lstmviz.open_dump(path)
        chosen, _ = file_of(dump, pattern, window)
        asked = OnlyOptions(only, token, regex)
        hypothesis = hypothesis_of(dump, track, asked, chosen.pattern.axis, '--track NAME (such as "token here")')
        prepare_index(dump, [name for name, _ in chosen.pattern.bases], progress)
        frame = dump.enrichment(chosen, hypothesis, min_shared, seed=seed)
    shown = frame.head(limit)
    write_figures(_enrichment_table(shown) if format is Format.TABLE else shown, format)
    if format is Format.TABLE:
        _say_null(frame)
    _note_left_out(shown, frame)


@app.command()
@one_line
def rank(
    path: DumpPath,
    track: Track = None,
    only: Only = None,
    token: Tokens = None,
    regex: Regex = None,
    source: Sources = None,
    given_token: Annotated[bool, typer.Option(help="Also give the AUC within the steps of each token.")] = False,
    limit: Limit = 50,
    untrained: Untrained = False,
    model: ModelName = None,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Rank units by how well one threshold detects a label, or by their correlation with a track of numbers."""
    with progress_bar() as progress:
        progress.add_task("ranking", total=None)
        dump = open_with(path, model)
        hypothesis = hypothesis_of(dump, track, OnlyOptions(only, token, regex), _axis(dump, source, only))
        frame = dump.rank_units(hypothesis, source or None, given_token, seed, untrained)
    shown = frame.head(limit)
    if untrained and len(shown) < len(frame):  # the untrained network's line is always shown
        shown = pd.concat([shown, frame.tail(1)])
    write_figures(_rank_table(shown) if format is Format.TABLE else shown, format)
    if format is Format.TABLE and "f1_always" in frame:  # not in a ranking by r
        say(f"F1 of always saying yes {frame['f1_always'][0]:.3g}")
        _say_null(frame)
    _note_left_out(shown, frame)


@app.command()
@one_line
def detect(
    path: DumpPath,
    only: Only = None,
    token: Tokens = None,
    regex: Regex = None,
    source: Sources = None,
    most: Annotated[int, typer.Option(min=1, help="Greatest number of units.")] = 4,
    n_swaps: Annotated[int, typer.Option(min=0, help="Also search on so many swapped tracks.")] = 0,
    untrained: Untrained = False,
    model: ModelName = None,
    seed: Seed = 0,
    name: Annotated[str, typer.Option(help="Name of the pattern, kept in its file.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", help="Write the pattern to this file.", metavar="FILE")
    ] = None,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Find the fewest units that detect a label, as a pattern; as json it is a pattern file, for match and the page."""
    with progress_bar() as progress:
        progress.add_task("searching", total=None)
        dump = open_with(path, model)
        hypothesis = filter_of(dump, OnlyOptions(only, token, regex), _axis(dump, source, only))
        detector = dump.detector(hypothesis, source or None, most, n_swaps, seed, untrained)
    file = PatternFile(detector.pattern, Notes(name=name, dump=dump.uuid, chosen_by=chosen_by(hypothesis)))
    if output is not None:
        file.write(output)
    if format is Format.JSON:
        sys.stdout.write(file.to_json())
        return
    write_figures(detector.steps, format)
    if format is Format.TABLE:
        _say_chance(detector)


@app.command()
@one_line
def probe(
    path: DumpPath,
    track: Track = None,
    only: Only = None,
    token: Tokens = None,
    regex: Regex = None,
    source: Sources = None,
    most: Annotated[int, typer.Option(min=1, help="Greatest number of units.")] = 8,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Measure how well few units predict a track's value, beside the accuracy of controls."""
    with progress_bar() as progress:
        progress.add_task("fitting", total=None)
        dump = lstmviz.open_dump(path)
        hypothesis = hypothesis_of(dump, track, OnlyOptions(only, token, regex), _axis(dump, source, only))
        accuracies = dump.probe(hypothesis, source or None, most, seed)
    if format is Format.JSON:
        write_json({"steps": accuracies.steps, "token": accuracies.token, "majority": accuracies.majority})
        return
    write_figures(accuracies.steps, format)
    if format is Format.TABLE:
        say(
            f"accuracy from the step's token alone {accuracies.token:.3f}, "
            f"always the most frequent value {accuracies.majority:.3f}"
        )


def hypothesis_of(
    dump: Dump, track: str | None, only: OnlyOptions, axis: str, named: str = "--track NAME"
) -> Filter | str:
    """Return the hypothesis: a track's name, or the one filter that the options give; PatternError for none or two.

    ``named`` is how the error tells the user to name a track.
    """
    if track is None:
        return filter_of(dump, only, axis, f"{named}, ")
    if filters_of(dump, axis, only):
        raise PatternError(f"give one of {named}, {FILTERS}")
    return track


def filter_of(dump: Dump, only: OnlyOptions, axis: str, also: str = "") -> Filter:
    """Return the one filter that the options give; PatternError for none or two, whose text begins with ``also``."""
    filters = filters_of(dump, axis, only)
    if len(filters) != 1:
        raise PatternError(f"give one of {also}{FILTERS}")
    return filters[0]


def _axis(dump: Dump, sources: list[str] | None, only: list[str] | None) -> str:
    """Return the axis of the sources that are named, or of a track that is, or the first one."""
    if sources:
        return dump.axis_of(sources[0]).name
    named = (
        a.name for a in dump.axes.values() for t in a.tracks if any(text.startswith(f"{t}=") for text in only or [])
    )
    return next(named, dump.first.name)


def _enrichment_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of an enrichment, in 80 characters."""
    return frame.assign(share=_with_interval(frame, "share"))[["value", "share", "base_rate", "lift", "recall", "q"]]


def _rank_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of a ranking, in 80 characters."""
    if "auc" not in frame:  # a ranking by r is narrow
        return frame
    within = [] if frame["auc_given_token"].isna().all() else ["auc_given_token"]
    threshold = frame["side"] + frame["threshold"].map(" {:.2f}".format)
    auc = frame["auc"] if within else _with_interval(frame, "auc")
    return frame.assign(threshold=threshold, auc=auc)[["source", "unit", "threshold", "f1", "auc", *within, "q"]]


def _with_interval(frame: pd.DataFrame, name: str) -> pd.Series[str]:
    """Return a column of figures, each with its interval where it has one."""
    rows = zip(frame[name], frame[f"{name}_low"], frame[f"{name}_high"], strict=True)
    texts = [
        f"{value:.3g}" if math.isnan(low) else f"{value:.3g} ({low:.3g} to {high:.3g})" for value, low, high in rows
    ]
    return pd.Series(texts, frame.index, dtype="str")


def _say_null(frame: pd.DataFrame) -> None:
    """Print which null the p values come from, what to keep in mind, and where the other columns are."""
    nulls = " and ".join(frame["by"].unique())
    notes = [note for note in frame.get("note", pd.Series(dtype="str")).unique() if note]
    for line in [*notes, f"p by {nulls}, q adjusted over all rows; --format csv has all columns"]:
        say(line)


def _note_left_out(shown: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Write on stderr that there are more rows."""
    if len(shown) < len(frame):
        err.print(f"{len(shown):,} of {len(frame):,} rows; --limit shows more", markup=False, highlight=False)


def _say_chance(detector: Detector) -> None:
    """Print the F1 of the pattern, of always saying yes, and of chance."""
    chance = f"; on {len(detector.chance)} swapped tracks at most {max(detector.chance):.3f}" if detector.chance else ""
    floor = "" if math.isnan(detector.f1_untrained) else f"; in an untrained network {detector.f1_untrained:.3f}"
    n = detector.pattern.n_units
    units, always = (
        f"F1 with {n} unit{'s' * (n != 1)} {detector.f1:.3f}",
        f"of always saying yes {detector.f1_always:.3f}",
    )
    say(f"{units}; {always}{chance}{floor}")
