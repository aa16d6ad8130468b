"""``lstmviz train``: from a text file to a small model and a dump of its states."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstmviz.commands.base import app, err, one_line, progress_bar, say

if TYPE_CHECKING:
    from lstmviz.training.fit import Curves
    from lstmviz.training.recipe import Trained
    from lstmviz.training.text_task import Study
    from lstmviz.training.train_text import LeftOfText, Place

INTERRUPTED = 130


class LevelChoice(StrEnum):
    """What a token is."""

    CHAR = "char"
    WORD = "word"


class CellChoice(StrEnum):
    """The kind of recurrent layer."""

    LSTM = "lstm"
    GRU = "gru"
    RNN = "rnn"


@app.command()
@one_line
def train(
    text: Annotated[Path, typer.Argument(help="A text file in UTF-8; with --labels, one document a line.")],
    level: Annotated[LevelChoice, typer.Option(help="What a token is.")] = LevelChoice.CHAR,
    layers: Annotated[int, typer.Option(help="Number of stacked layers.", min=1, max=16)] = 2,
    units: Annotated[int, typer.Option(help="Units in each layer and direction.", min=1, max=4096)] = 128,
    cell: Annotated[CellChoice, typer.Option(help="Kind of recurrent layer.")] = CellChoice.LSTM,
    labels: Annotated[
        Path | None, typer.Option(help="A file with a label for each line of the text: train a classifier.")
    ] = None,
    bidirectional: Annotated[bool, typer.Option("--bidirectional", help="Read both ways; needs --labels.")] = False,
    dropout: Annotated[float, typer.Option(help="Share of values left out while training.", min=0.0, max=0.95)] = 0.0,
    epochs: Annotated[
        int | None, typer.Option(help="Passes through the text (default: 20, but a few minutes).", min=1)
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="End the training after this many minutes.", min=0.01)] = None,
    steps: Annotated[
        int, typer.Option(help="Most tokens to record: held-out ones, then the first of the text.", min=2)
    ] = 100_000,
    seed: Annotated[
        int, typer.Option(help="Seed. Without --minutes the same seed gives the same model.", min=0, max=2**32 - 1)
    ] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="Folder for the results. Default: the name.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of dump and model (default: from text and size).")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Train a small model on any text, and record a dump to explore; Ctrl-C keeps the best model so far."""
    from lstmviz.training.text_task import Options
    from lstmviz.training.train_text import claim, study

    options = Options(
        level=level.value,
        cell=cell.value,
        n_layers=layers,
        n_units=units,
        is_bidirectional=bidirectional,
        has_labels=labels is not None,
        dropout=dropout,
        n_epochs=epochs,
        minutes=minutes,
        n_recorded=steps,
        seed=seed,
    )
    learned = study(text, labels, options)
    title = name or f"{text.stem}-{options.title}"
    _run(learned, claim(folder or Path(title), title, overwrite))


def _run(study: Study, place: Place) -> None:
    """Train, leave what there is to see, and say what that is; what a second Ctrl-C leaves is one line."""
    from lstmviz.training.train_text import keep, leave_study

    for line in study.about:
        say(line)
    say(f"training a {study.recipe.description.words}; Ctrl-C keeps the best model so far")
    kept = "nothing was kept"
    try:
        trained = _train(study)
        keep(trained, place)
        kept = f"the model is {place.weights}"
        with progress_bar() as bar:
            task = bar.add_task("recording", total=None)
            left = leave_study(
                study, trained.curves, place, lambda done, total: bar.update(task, completed=done, total=total)
            )
    except KeyboardInterrupt as error:
        err.print(f"lstmviz: ended at once; {kept}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from error
    _say_what_came(study, trained, left)


def _train(study: Study) -> Trained:
    from lstmviz.training.train_text import train_study

    plan = study.recipe.plan
    with progress_bar() as bar:
        task = bar.add_task("training", total=1.0)

        def show(curves: Curves) -> None:
            point = curves.points[-1]
            held_out = f", held out {study.number(curves.held_out[-1][1])} {study.unit}" if curves.held_out else ""
            line = f"update {point.update:,}: training {study.number(point.loss)}{held_out}"
            bar.update(task, description=line, completed=plan.share_over(point.update, bar.tasks[task].elapsed or 0.0))

        return train_study(
            study, show, lambda: say("stopping: the best model so far is kept; Ctrl-C again ends at once")
        )


def _say_what_came(study: Study, trained: Trained, left: LeftOfText) -> None:
    curves, place = trained.curves, left.place
    best = "" if curves.best is None else f", the best of them after {curves.best[0]:,}"
    ending = {
        "done": "",
        "no better": " (ended early: the held-out loss no longer fell)",
        "interrupted": " (interrupted)",
    }
    say(f"{len(curves.points):,} updates{best}{ending[curves.ending]}")
    say(f"held-out loss: {study.told(left.loss)}")
    for line in left.closing:
        say(line)
    for what, where in (("model", place.weights), ("dump", place.dump), ("curves", place.figure)):
        say(f"{what}: {where}")
    say(f"TensorBoard: {place.events}" if left.has_events else "no TensorBoard events: pip install 'lstmviz[train]'")
    say(f"see it: lstmviz serve {shlex.quote(str(place.dump))}")
