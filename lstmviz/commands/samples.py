"""``lstmviz samples``: which there are, build their dumps, train them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lstmviz.commands.base import app, err, one_line, out, progress_bar, say
from lstmviz.errors import UnknownName
from lstmviz.samples import catalog as samples

if TYPE_CHECKING:
    from lstmviz.training.fit import Curves

group = typer.Typer(help="List the samples, build their dumps, or train them again.", no_args_is_help=True)
app.add_typer(group, name="samples", rich_help_panel=None)

Name = Annotated[str, typer.Argument(help="A sample, such as parens; see lstmviz samples list.")]
Names = Annotated[str | None, typer.Argument(help="A sample, such as parens (default: all).")]


@group.command("list")
@one_line
def list_samples() -> None:
    """List the samples, their models, and what each is about."""
    table = Table("sample", "variant", "model", "about")
    for name in samples.names():
        sample = samples.sample(name)
        for i, variant in enumerate(sample.variants):
            first = i == 0
            about = sample.about + (" (trained here)" if not sample.is_shipped else "")
            table.add_row(*map(escape, (name if first else "", variant.name, variant.words, about if first else "")))
    out.print(table)


@group.command("build")
@one_line
def build(
    name: Names = None,
    variant: Annotated[str | None, typer.Option(help="One of its variants (default: all).")] = None,
    path: Annotated[Path | None, typer.Option("--out", help="Where to record the dump, for one variant.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Record the dumps of one sample or of all, keep them in the cache folder, and say where they are."""
    if name is None:
        if variant is not None or path is not None or overwrite:
            raise UnknownName(f"name a sample; there is {', '.join(samples.names())}")
        build_all()
        return
    if path is not None and variant is None:
        variant = samples.variants(name)[0]
    for each in samples.variants(name) if variant is None else (variant,):
        say(str(build_one(name, each, path, overwrite)))


@group.command("train")
@one_line
def train(
    name: Name,
    variant: Annotated[str | None, typer.Option(help="One of its variants (default: the first).")] = None,
    path: Annotated[Path | None, typer.Option("--out", help="Folder for the results.")] = None,
    seed: Annotated[int | None, typer.Option(help="A seed in place of the sample's own.", min=0, max=2**32 - 1)] = None,
    dropout: Annotated[
        float, typer.Option(help="Dropout of a second training, to compare curves; 0: none.", min=0.0, max=0.95)
    ] = samples.COMPARED_DROPOUT,
) -> None:
    """Train a sample from its seed; write weights, dump, and learning curves as a figure and for TensorBoard."""
    with progress_bar() as bar:
        task = bar.add_task("training", total=None)

        def show(title: str, curves: Curves, n_updates: int) -> None:
            point = curves.points[-1]
            held_out = f", held-out {curves.held_out[-1][1]:.4f}" if curves.held_out else ""
            line = f"{title}: loss {point.loss:.4f}{held_out}"
            bar.update(task, description=line, completed=point.update, total=n_updates)

        output = samples.train(name, variant, out=path, seed=seed, dropout=dropout, progress=show)
    floor, curves = "" if output.floor is None else f" (exact floor {output.floor:.4f})", output.curves
    say(f"held-out loss {output.loss:.4f} nats{floor} after {len(curves.points):,} updates: {curves.ending}")
    for kind, file in (("weights", output.weights), ("dump", output.dump), ("curves", output.figure)):
        say(f"{kind}: {file}")
    if curves.ending == "interrupted" and not samples.sample(name).is_shipped:
        say(f"{name} is not built from these weights: its training was interrupted")
    for checkpoint in output.checkpoints:
        say(f"checkpoint: {checkpoint}")
    say(f"TensorBoard: {output.events}" if output.events else "no TensorBoard events: pip install 'lstmviz[train]'")


def build_one(name: str, variant: str, path: Path | None = None, overwrite: bool = False) -> Path:
    """Build one dump behind a bar."""
    with progress_bar() as bar:
        task = bar.add_task(f"recording {name} {variant}", total=None)
        return samples.build(
            name,
            variant,
            path,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            overwrite=overwrite,
        )


def build_all() -> None:
    """Build every sample whose weights are here and say where it is; name those whose weights are not."""
    for name in samples.names():
        sample = samples.sample(name)
        for variant in sample.variants:
            if samples.weights_of(sample, variant) is None:
                err.print(f"{name} is trained here first: lstmviz samples train {name}", markup=False, highlight=False)
                continue
            say(str(build_one(name, variant.name)))
