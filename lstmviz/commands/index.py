"""``lstmviz index``: make a dump's index before it is needed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

import lstmviz
from lstmviz.api import Dump
from lstmviz.commands.base import app, one_line, progress_bar
from lstmviz.dump.corpus.reader import ShardReader
from lstmviz.errors import DumpError
from lstmviz.match.index.ahead import is_built_ahead
from lstmviz.match.index.store import (
    build_index,
    built_shares,
    index_folder,
    index_size,
    is_small,
)

EVERY = 0.1  # seconds between two checks of how far an index is


@app.command()
@one_line
def index(path: Annotated[Path, typer.Argument(help="A dump (.h5), or the folder of a corpus.")]) -> None:
    """Build the index by which matches are found; otherwise it is built on first use. It is safe to delete."""
    dump = lstmviz.open_dump(path)
    total = sum(index_size(source) for source in dump.sources.values())
    where = f"{dump.path}, beside each shard" if isinstance(dump, ShardReader) else index_folder(dump)
    typer.echo(f"{total:,} bytes at {where} for {len(dump.sources)} sources")
    with progress_bar() as progress:
        for name in dump.sources:
            if not _build(dump, name, progress):
                raise DumpError(f"the index of {name} cannot be kept; free {total:,} bytes beside the dump or at home")
    typer.echo("ready")


def prepare_index(dump: Dump, sources: Iterable[str], progress: Progress) -> None:
    """Build what is missing of the index of some sources, with a bar; small sources need none on disk."""
    for name in sources:
        if name in dump.sources and not is_small(dump.source(name)):
            _build(dump, name, progress)


def finish_index(dump: Dump, sources: Iterable[str]) -> None:
    """Wait, with a bar, for the indexes of some sources that were begun before the question was answered."""
    sys.stdout.flush()
    waiting = [name for name in sources if is_built_ahead(dump, name)]
    if not waiting:
        return
    with progress_bar() as progress:
        tasks = {name: progress.add_task(f"index of {name}, for the next question", total=1.0) for name in waiting}
        while any(is_built_ahead(dump, name) for name in waiting):
            for name, share in built_shares(dump):
                if name in tasks:
                    progress.update(tasks[name], completed=share)
            time.sleep(EVERY)


def _build(dump: Dump, name: str, progress: Progress) -> bool:
    """Build the index of one source, in a corpus of every shard; False if it cannot be kept."""
    task = progress.add_task(f"index of {name}", total=dump.source(name).n_steps)
    n_before = 0
    for reader in dump.readers():

        def show(n_done: int, _: int, task: TaskID = task, n_before: int = n_before) -> None:
            progress.update(task, completed=n_before + n_done)

        if build_index(reader, name, show) is None:
            return False
        n_before += reader.source(name).n_steps
        progress.update(task, completed=n_before)
    return True
