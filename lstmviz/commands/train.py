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
    from lstmviz.training.recipe import TrainedModel
    from lstmviz.training.text_task import TextTask
    from lstmviz.training.train_text import OutputPaths, TextTrainingOutput

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
    snapshots: Annotated[
        int,
        typer.Option(
            help="Also leave N moments of the training, to see when a unit begins to count.",
            metavar="N",
            min=0,
            max=1000,
        ),
    ] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Train a small model on any text, and record a dump to explore; Ctrl-C keeps the best model so far."""
    from lstmviz.training.text_task import Options
    from lstmviz.training.train_text import claim_output, read_task

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
    task = read_task(text, labels, options)
    title = name or f"{text.stem}-{options.title}"
    _run(task, claim_output(folder or Path(title), title, overwrite, snapshots > 0), snapshots)


def _run(task: TextTask, paths: OutputPaths, n_moments: int) -> None:
    """Train, write the output, and say what it is; a second Ctrl-C ends in one line that says what is kept."""
    from lstmviz.training.train_text import save_model, write_output

    for line in task.about:
        say(line)
    say(f"training a {task.recipe.description.words}; Ctrl-C keeps the best model so far")
    outcome = "nothing was kept"
    try:
        trained = _train(task, paths, n_moments)
        save_model(trained, paths)
        outcome = f"the model is {paths.model}"
        with progress_bar() as bar:
            row = bar.add_task("recording", total=None)
            output = write_output(
                task, trained.curves, paths, lambda done, total: bar.update(row, completed=done, total=total)
            )
    except KeyboardInterrupt as error:
        err.print(f"lstmviz: ended at once; {outcome}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from error
    _say_output(task, trained, output, n_moments > 0)


def _train(task: TextTask, paths: OutputPaths, n_moments: int) -> TrainedModel:
    from lstmviz.training.moments import TrainingMoments
    from lstmviz.training.train_text import train_task

    plan = task.recipe.plan
    moments = TrainingMoments(paths.moments, task.recipe, n_moments) if n_moments else None
    if moments is not None:
        say(f"{n_moments} moments, each as it is taken: lstmviz serve {shlex.quote(str(paths.moments))}")
    with progress_bar() as bar:
        row = bar.add_task("training", total=1.0)

        def show(curves: Curves) -> None:
            point = curves.points[-1]
            line = f"update {point.update:,}: training {task.format_loss(point.loss)}"
            if curves.held_out:
                line += f", held out {task.format_loss(curves.held_out[-1][1])} {task.loss_unit}"
            bar.update(row, description=line, completed=plan.share_over(point.update, bar.tasks[row].elapsed or 0.0))

        stopping = "stopping: the best model so far is kept; Ctrl-C again ends at once"
        return train_task(task, show, lambda: say(stopping), moments)


def _say_output(task: TextTask, trained: TrainedModel, output: TextTrainingOutput, has_moments: bool) -> None:
    curves, paths = trained.curves, output.paths
    best = "" if curves.best is None else f", the best of them after {curves.best[0]:,}"
    ending = {
        "done": "",
        "no better": " (ended early: the held-out loss no longer fell)",
        "interrupted": " (interrupted)",
    }
    say(f"{len(curves.points):,} updates{best}{ending[curves.ending]}")
    say(f"held-out loss: {task.loss_in_words(output.loss)}")
    for line in output.outcome:
        say(line)
    for name, path in (("model", paths.model), ("dump", paths.dump), ("curves", paths.figure)):
        say(f"{name}: {path}")
    say(f"TensorBoard: {paths.events}" if output.has_events else "no TensorBoard events: pip install 'lstmviz[train]'")
    if has_moments:
        say(f"moments: {paths.moments}")
    say(f"see it: lstmviz serve {shlex.quote(str(paths.dump))}")
