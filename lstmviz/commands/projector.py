"""``lstmviz projector``: states or embeddings for TensorBoard's Embedding Projector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import lstmviz
from lstmviz.commands.base import DumpPath, app, one_line, progress_bar, say
from lstmviz.maps.sampling import N_STEPS


@app.command()
@one_line
def projector(
    path: DumpPath,
    out: Annotated[Path, typer.Argument(help="A folder, or a file that ends in .zip.")],
    source: Annotated[
        str | None, typer.Option(help='Source of the states, or "embedding" (default: the last cell state).')
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps to sample, spread over the corpus.")] = N_STEPS,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Write states, each with its token, step and tracks, for TensorBoard's Embedding Projector."""
    with progress_bar() as progress:
        progress.add_task("writing", total=None)
        dump = lstmviz.open_dump(path)
        written = dump.to_projector(out, source, steps, seed, overwrite)
    say(f"written to {written}; open it with: tensorboard --logdir {written}, or load both .tsv files at its web page")
