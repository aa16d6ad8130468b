"""``lstmviz ablate``, ``influence`` and ``align``: whether a model needs units, what a token changes, and partners."""

from __future__ import annotations

import dataclasses
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import lstmviz
from lstmviz.commands.base import DumpPath, Format, app, one_line, progress_bar, say, write_figures, write_json
from lstmviz.commands.evidence import Seed
from lstmviz.commands.index import prepare_index
from lstmviz.commands.options import (
    AfterOrNone,
    BeforeOrNone,
    MinShared,
    ModelName,
    OutputFormat,
    PatternPath,
    SideOrNone,
    Source,
    SourceOrNone,
    StartOrNone,
    StopOrNone,
    ThresholdOrNone,
    WindowOptions,
    open_with,
    pattern_of,
)
from lstmviz.errors import PatternError


class At(StrEnum):
    """Where units are ablated."""

    MATCHES = "matches"
    ALL = "all"


class Part(StrEnum):
    """One table of an effect."""

    PLACES = "places"
    TOKENS = "tokens"
    OTHERS = "others"


@app.command()
@one_line
def ablate(
    path: DumpPath,
    source: SourceOrNone = None,
    start: StartOrNone = None,
    stop: StopOrNone = None,
    threshold: ThresholdOrNone = None,
    off_before: BeforeOrNone = None,
    off_after: AfterOrNone = None,
    side: SideOrNone = None,
    pattern: PatternPath = None,
    to: Annotated[str, typer.Option(help="What units are held at: mean, zero, other, or a number.")] = "mean",
    at: Annotated[At, typer.Option(help="At the matched steps, or at all steps.")] = At.MATCHES,
    text: Annotated[str | None, typer.Option(help="Ask this text instead of the corpus.")] = None,
    n_others: Annotated[int, typer.Option(min=0, help="Number of other sets of units to compare with.")] = 49,
    min_shared: MinShared = None,
    part: Annotated[Part | None, typer.Option(help="Write this table only (csv: places by default).")] = None,
    model: ModelName = None,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Hold a pattern's units at another value in the model, and measure how its predictions change."""
    window = WindowOptions(source, start, stop, threshold, off_before, off_after, side)
    with progress_bar() as progress:
        task = progress.add_task("ablating", total=1.0)
        dump = open_with(path, model)
        chosen, _ = pattern_of(dump, pattern, window)
        if text is None:
            prepare_index(dump, [name for name, _ in chosen.bases], progress)
        effect = dump.ablate(
            chosen,
            to if to in ("mean", "zero", "other") else _number(to),
            at.value,
            n_others,
            min_shared,
            text=text,
            seed=seed,
            progress=lambda share, doing: progress.update(task, completed=share, description=doing),
        )
    tables = {name: getattr(effect, name.value) for name in Part}
    if part is not None or format is Format.CSV:
        write_figures(tables[part or Part.PLACES], format)
    elif format is Format.JSON:
        write_json({name.value: table for name, table in tables.items()})
    else:
        write_figures(tables[Part.PLACES], format)
        write_figures(tables[Part.TOKENS].head(10), format)
        say(f"p = {effect.p:.3g} beside {len(effect.others)} other sets of as many units")


@app.command()
@one_line
def influence(
    path: DumpPath,
    text: Annotated[str, typer.Argument(help="The text.")],
    source: Source,
    step: Annotated[int | None, typer.Option(help="Step of the text to look at. Default: the last.")] = None,
    unit: Annotated[
        list[int] | None, typer.Option(help="Unit to look at; several times for more. Default: all.")
    ] = None,
    n_draws: Annotated[int, typer.Option(min=0, help="Tokens that replace each; 0 for the mean embedding.")] = 16,
    model: ModelName = None,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Measure what each token of a text changes in the units of a source, and in the loss, at one step."""
    changes = open_with(path, model).influence(text, source, unit or None, n_draws, seed)
    write_figures(changes.at(len(changes.tokens) - 1 if step is None else step), format)


@app.command()
@one_line
def align(
    path: DumpPath,
    second: Annotated[Path, typer.Argument(help="Another dump of the same text.", metavar="SECOND")],
    source: Source,
    other: Annotated[str | None, typer.Option(help="Source of SECOND. Default: the one of the same name.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Your model of SECOND, to make an untrained one of its shape: imported from here as "
            "package.module:name.",
            metavar="NAME",
        ),
    ] = None,
    seed: Seed = 0,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Find each unit's partner in another recording of the same text, and measure how alike the sources are."""
    with progress_bar() as progress:
        progress.add_task("aligning", total=None)
        alignment = lstmviz.open_dump(path).align_units(source, open_with(second, model), other, seed)
    if format is Format.JSON:
        write_json({field.name: getattr(alignment, field.name) for field in dataclasses.fields(alignment)})
        return
    write_figures(alignment.units, format)
    if format is Format.TABLE:
        floors = [f"{alignment.cka_chance:.3f} with sequences swapped"]
        if not math.isnan(alignment.cka_untrained):
            floors.append(f"{alignment.cka_untrained:.3f} for an untrained network")
        say(f"CKA {alignment.cka:.3f}; {', '.join(floors)}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PatternError(f"--to {text!r} is not known; use mean, zero, other or a number") from None
