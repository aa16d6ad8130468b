"""``lstmviz index``: make a dump's index before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

import lstmviz
from lstmviz.commands.base import app, one_line, progress_bar
from lstmviz.dump.shards import ShardReader
from lstmviz.errors import DumpError


@app.command()
@one_line
def index(path: Annotated[Path, typer.Argument(help="A dump (.h5), or the folder of a corpus.")]) -> None:
    """Make the index by which matches are found; it is made on first use otherwise, and safe to delete."""
    from lstmviz.match.index import build_index, index_folder, index_size

    dump = lstmviz.open_dump(path)
    parts = dump.readers() if isinstance(dump, ShardReader) else [dump]
    total = sum(index_size(source) for source in dump.sources.values())
    where = f"{dump.path}, beside each shard" if isinstance(dump, ShardReader) else index_folder(dump)
    typer.echo(f"{total:,} bytes at {where} for {len(dump.sources)} sources")
    with progress_bar() as progress:
        tasks = {name: progress.add_task(name, total=source.n_steps) for name, source in dump.sources.items()}
        for part in parts:
            for name, task in tasks.items():
                before = progress.tasks[task].completed

                def told(done: int, _: int, task: TaskID = task, before: float = before) -> None:
                    progress.update(task, completed=before + done)

                if build_index(part, name, told) is None:
                    raise DumpError(
                        f"the index of {name} could not be kept; free {total:,} bytes beside the dump or at home"
                    )
                progress.update(task, completed=before + part.source(name).n_steps)
    typer.echo("ready")
