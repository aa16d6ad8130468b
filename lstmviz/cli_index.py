"""``lstmviz index``: make a dump's index before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lstmviz
from lstmviz.cli import _progress, app, one_line
from lstmviz.errors import DumpError


@app.command()
@one_line
def index(path: Annotated[Path, typer.Argument(help="A dump: the .h5 file that lstmviz.record wrote.")]) -> None:
    """Make the index by which matches are found; it is made on first use otherwise, and safe to delete."""
    from lstmviz.match.index import build_index, index_folder, index_size

    dump = lstmviz.open_dump(path)
    total = sum(index_size(source) for source in dump.sources.values())
    typer.echo(f"{total:,} bytes at {index_folder(dump)} for {len(dump.sources)} sources")
    with _progress() as progress:
        for name in dump.sources:
            task = progress.add_task(name, total=dump.source(name).n_steps)
            made = build_index(dump, name, lambda done, _, task=task: progress.update(task, completed=done))
            if made is None:
                raise DumpError(
                    f"the index of {name} could not be kept; free {total:,} bytes beside the dump or at home"
                )
    typer.echo("ready")
