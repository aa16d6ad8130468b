"""Commands for LSTMVis projects: import-lstmvis and export-lstmvis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

import lstmviz
from lstmviz.commands.base import app, err, one_line, progress_bar
from lstmviz.errors import LstmvizError
from lstmviz.types import View


@app.command("import-lstmvis")
@one_line
def import_lstmvis(
    folder: Annotated[Path, typer.Argument(help="Folder of an LSTMVis project: the one with lstm.yml.", metavar="DIR")],
    out: Annotated[Path | None, typer.Option(help="Where to write the dump (default: DIR's name with .h5).")] = None,
    view: Annotated[
        list[str] | None,
        typer.Option(help="View of the values: raw or tanh for all sources, SOURCE=raw or SOURCE=tanh for one."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Import only this many of the first steps.")] = None,
    embedding: Annotated[
        bool, typer.Option("--embedding/--no-embedding", help="Import word_embedding as a source.")
    ] = True,
    transpose: Annotated[
        bool, typer.Option("--transpose", help="The states are stored as units by steps, as R and data frames do.")
    ] = False,
    lengths: Annotated[
        str | None,
        typer.Option(
            help="The arrays are padded documents, (documents, steps, units): the file of their lengths, a text of"
            " numbers, .npy, or FILE.h5:PATH.",
            metavar="FILE",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Convert an LSTMVis project to a dump, with notes on what was decided and what was left out."""
    from lstmviz.lstmvis import Options, import_project, read_lengths

    target = out or Path(f"{folder.resolve().name}.h5")
    options = Options(_views(view or []), steps, embedding, transpose, read_lengths(lengths) if lengths else ())
    with progress_bar() as bar:
        task = bar.add_task("importing", total=None)
        imported = import_project(
            folder, target, options, overwrite, lambda done, total: bar.update(task, completed=done, total=total)
        )
    _print_notes(imported.notes)
    typer.echo(f"wrote {imported.path}")


@app.command("export-lstmvis")
@one_line
def export_lstmvis(
    path: Annotated[Path, typer.Argument(help="The dump (.h5) to export.", metavar="DUMP")],
    folder: Annotated[Path, typer.Argument(help="New folder for the project.", metavar="DIR")],
    axis: Annotated[str | None, typer.Option(help="Time axis to export (default: the first).")] = None,
) -> None:
    """Write a dump as a project that LSTMVis reads."""
    from lstmviz.lstmvis import export_project

    with progress_bar() as bar:
        task = bar.add_task("exporting", total=None)
        exported = export_project(
            lstmviz.open_dump(path), folder, axis, lambda done, total: bar.update(task, completed=done, total=total)
        )
    _print_notes(exported.notes)
    typer.echo(f"wrote {exported.folder}")


def _views(texts: list[str]) -> dict[str, View]:
    """Return the view for each source; "" stands for all."""
    views: dict[str, View] = {}
    for text in texts:
        source, _, view = text.rpartition("=")
        if view not in ("raw", "tanh"):
            raise LstmvizError(f"--view {text!r} is not a view; give raw, tanh, SOURCE=raw or SOURCE=tanh")
        views[source] = cast(View, view)
    return views


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        err.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
