"""``lstmviz unit``, ``thresholds`` and ``search``: what a unit does, which threshold to use, where a text occurs."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
import typer

import lstmviz
from lstmviz.checks import check_side
from lstmviz.commands.base import (
    DumpPath,
    Format,
    app,
    err,
    finite,
    one_line,
    out,
    progress_bar,
    say,
    write_frame,
    write_json,
)
from lstmviz.commands.options import OffAfter, OffBefore, OutputFormat, Source, Start, Stop, Threshold, WhichSide
from lstmviz.dump.read_ahead import texts_of
from lstmviz.match import UnitCard


class Over(StrEnum):
    """What a hit of a search consists of."""

    CHARACTERS = "characters"
    WORDS = "words"
    TOKENS = "tokens"


class Part(StrEnum):
    """One table of a unit's card."""

    HISTOGRAM = "histogram"
    QUANTILES = "quantiles"
    ON_RATES = "on-rates"
    RUN_LENGTHS = "run-lengths"
    CONTEXTS = "contexts"
    TRACKS = "tracks"
    TOKENS = "tokens"


@app.command()
@one_line
def unit(
    path: DumpPath,
    source: Source,
    unit: Annotated[int, typer.Option(help="Number of the unit, from 0.")],
    threshold: Threshold = 0.3,
    side: WhichSide = "high",
    contexts: Annotated[int, typer.Option(help="Number of strongest contexts.")] = 10,
    around: Annotated[int, typer.Option(help="Steps on either side of a context.")] = 12,
    part: Annotated[Part | None, typer.Option(help="Write this table only (csv: contexts by default).")] = None,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Show what one unit does: spread, on-rate, runs, where it is strongest, and how it relates to each track."""
    with progress_bar() as progress:
        progress.add_task("reading", total=None)
        card = lstmviz.open_dump(path).unit(source, unit, threshold, check_side(side), contexts, around)
    if format is Format.JSON and part is None:
        write_json(_card(card))
    elif format is Format.CSV or part is not None:
        frame = _part(card, part or Part.CONTEXTS)
        write_frame(frame.astype(object).where(frame.notna(), None) if format is Format.JSON else frame, format)
    else:
        _print_card(card)


@app.command()
@one_line
def thresholds(
    path: DumpPath,
    source: Source,
    start: Start,
    stop: Stop,
    off_before: OffBefore = 1,
    off_after: OffAfter = 0,
    side: WhichSide = "high",
    unit: Annotated[int | None, typer.Option(help="Say why this unit is or is not selected at --threshold.")] = None,
    threshold: Threshold = 0.3,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Count the units that a window would select at each threshold, or say why one is or is not selected."""
    dump = lstmviz.open_dump(path)
    if unit is None:
        write_frame(dump.thresholds(source, start, stop, off_before, off_after, check_side(side)), format)
        return
    why = dump.why_not(source, unit, start, stop, threshold, off_before, off_after, check_side(side))
    if format is Format.TABLE:
        out.print(str(why), markup=False, highlight=False, soft_wrap=True)
        return
    row = {k: finite(v) for k, v in dataclasses.asdict(why).items()}
    if format is Format.JSON:
        write_json(row)
    else:
        write_frame(pd.DataFrame([row]), format)


@app.command()
@one_line
def search(
    path: DumpPath,
    text: Annotated[str, typer.Argument(help="The text to search for.")],
    regex: Annotated[bool, typer.Option("--regex", help="TEXT is a regular expression.")] = False,
    over: Annotated[Over, typer.Option(help="Search any characters, whole words, or whole tokens.")] = Over.CHARACTERS,
    axis: Annotated[str | None, typer.Option(help="Time axis to search (default: the first).")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Number of rows.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Number of rows to skip.")] = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """List where a text occurs: steps, sequence, and the text of these steps."""
    with progress_bar() as progress:
        progress.add_task("searching", total=None)
        dump = lstmviz.open_dump(path)
        hits = dump.search(text, regex, over.value, axis)
    rows = hits.iloc[offset : offset + limit].reset_index(drop=True)
    searched = dump.first if axis is None else dump.axis(axis)
    texts = texts_of(searched, list(zip(rows["start"].tolist(), rows["stop"].tolist(), strict=True)))
    write_frame(rows.assign(text=pd.Series(texts, dtype="str")), format)
    if len(rows) < len(hits):
        err.print(
            f"{len(rows):,} of {len(hits):,} hits; --limit and --offset show others", markup=False, highlight=False
        )


def _part(card: UnitCard, part: Part) -> pd.DataFrame:
    if part is Part.CONTEXTS:
        names = ["step", "sequence", "value", "start", "stop", "text_before", "text", "text_after"]
        return pd.DataFrame([[getattr(c, n) for n in names] for c in card.contexts], columns=names)
    if part is Part.TRACKS:
        tables = [t.table.assign(value=t.table["value"].astype(str)) for t in card.tracks if t.table is not None]
        names = [t.name for t in card.tracks if t.table is not None]
        columns = ["track", "value", "n_steps", "base_rate", "mean", "on_rate", "rate_when_on"]
        if not tables:
            return pd.DataFrame(columns=columns)
        return pd.concat(tables, keys=names, names=["track", None]).reset_index(0)[columns].reset_index(drop=True)
    frame: pd.DataFrame = getattr(card, part.value.replace("-", "_"))
    return frame


def _card(card: UnitCard) -> dict[str, Any]:
    """Return a card for JSON: frames as lists of rows, NaN and infinities as null."""
    plain: dict[str, Any] = {f.name: getattr(card, f.name) for f in dataclasses.fields(card)}
    plain["contexts"] = [dataclasses.asdict(context) for context in card.contexts]
    plain["tracks"] = [{f.name: getattr(t, f.name) for f in dataclasses.fields(t)} for t in card.tracks]
    jsonable: dict[str, Any] = finite(plain)
    return jsonable


def _print_card(card: UnitCard) -> None:
    sign = ">=" if card.side == "high" else "<="
    q = dict(zip(card.quantiles["quantile"], card.quantiles["value"], strict=True))
    lines = [
        f"unit {card.unit} of {card.source}: on ({sign} {card.threshold:g}) in {card.on_rate:.1%} of {card.n_steps:,} "
        f"steps, {card.n_nan:,} NaN",
        f"values {q[0.0]:.3f} to {q[1.0]:.3f}, half of them {q[0.25]:.3f} to {q[0.75]:.3f}",
        f"runs {card.run_lengths['n_runs'].sum():,}, the longest {card.run_lengths['length'].max():,} steps"
        if len(card.run_lengths)
        else "runs none",
        *(f"with {t.name}: r = {t.r:.3f}" for t in card.tracks if t.r is not None),
    ]
    for line in lines:
        say(line)
    for part in (Part.TRACKS, Part.CONTEXTS):
        frame = _part(card, part)
        numbers = frame.select_dtypes("float").columns
        write_frame(frame.assign(**{n: frame[n].map("{:.3f}".format) for n in numbers}), Format.TABLE)
