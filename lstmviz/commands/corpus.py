"""``lstmviz corpus``: make the dumps of a folder one corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lstmviz
from lstmviz.commands.base import app, one_line, out


@app.command()
@one_line
def corpus(
    folder: Annotated[Path, typer.Argument(help="A folder that holds the dumps of one corpus.")],
    dumps: Annotated[
        list[Path] | None,
        typer.Argument(help="Its dumps in order (default: every .h5 in it, part-2 before part-10).", metavar="PATH..."),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the corpus.json that the folder has already.")] = False,
) -> None:
    """Make the dumps of a folder the shards of one corpus, by writing its corpus.json."""
    opened = lstmviz.open_dump(lstmviz.write_corpus(folder, dumps, overwrite))
    n_shards = opened.provenance["shards"]
    out.print(
        f"{opened.name}: {n_shards} shards, {opened.n_steps:,} steps, uuid {opened.uuid}", markup=False, highlight=False
    )
