"""``lstmviz demo``, ``serve`` and ``inspect``: see a dump, in the browser or in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

import lstmviz
from lstmviz.api import Dump
from lstmviz.commands.base import DumpPath, app, ascii_safe, one_line, out, progress_bar, say
from lstmviz.dump.verify import verify
from lstmviz.errors import DumpError

Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on; if it is in use, the next free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on. Except on loopback, visitors need the printed token.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser, if there is one.")]


@app.command()
@one_line
def demo(
    port: Port = 8050,
    host: Host = "127.0.0.1",
    browser: Browser = True,
) -> None:
    """Show the samples in the browser: the first is built at once, the others on request."""
    from lstmviz.samples.gallery import Gallery
    from lstmviz.ui.serve import serve as serve_page

    gallery = Gallery()
    try:
        gallery.build(gallery.entries[0].name)
        serve_page([], host=host, port=port, open_browser=browser, say=typer.echo, gallery=gallery)
    finally:
        gallery.stop()


@app.command()
@one_line
def serve(
    dumps: Annotated[
        list[Path],
        typer.Argument(help="Dumps (.h5), or folders: of dumps, a corpus, or an LSTMVis project.", metavar="PATH..."),
    ],
    port: Port = 8050,
    host: Host = "127.0.0.1",
    browser: Browser = True,
) -> None:
    """Show dumps in the browser."""
    _serve(dumps, host, port, browser)


@app.command()
@one_line
def inspect(path: DumpPath) -> None:
    """Show what a dump holds, where it comes from, and whether every value can be read."""
    dump = lstmviz.open_dump(path)
    with progress_bar() as progress:
        task = progress.add_task("reading every value", total=None)
        problems = verify(dump, lambda done, total: progress.update(task, completed=done, total=total))
        n_nan = {name: dump.n_nan(name) for name in dump.sources} if not problems else {}
    facts = {k: v for k, v in dump.provenance.items() if isinstance(v, str | int | float | bool)}
    say(f"{dump.path.name}  {dump.path.stat().st_size / 2**20:,.1f} MiB  uuid {dump.uuid}")
    say("  ".join(f"{k} {v}" for k, v in facts.items()))
    for table in (_axes(dump), _sources(dump, n_nan), _tracks(dump)):
        if table.row_count:
            out.print(table)
    if problems:
        raise DumpError("\n".join(problems))
    say("every value was read; nothing is wrong")


def _axes(dump: Dump) -> Table:
    table = Table("axis", "steps", "sequences", "vocabulary", "text begins", title="time axes", title_justify="left")
    for axis in dump.axes.values():
        vocab, begins = "no tokens", ""
        if axis.tokens is not None:
            vocab = "ids only" if axis.tokens.vocab is None else f"{len(axis.tokens.vocab):,}"
            begins = ascii_safe(axis.text(0, min(24, int(axis.stops[0]))))
        table.add_row(escape(axis.name), f"{axis.n_steps:,}", f"{len(axis.starts):,}", vocab, escape(begins))
    return table


def _sources(dump: Dump, n_nan: Mapping[str, int]) -> Table:
    table = Table("source", "axis", "units", "stored as", "view", "NaN", title="sources", title_justify="left")
    for s in dump.sources.values():
        nan = f"{n_nan.get(s.name, 0):,}" + (" (neither on nor off)" if n_nan.get(s.name) else "")
        units = f"{s.n_units:,}" + " of the model's" * (s.units is not None)
        table.add_row(escape(s.name), escape(s.axis), units, s.dtype, s.view, nan)
    return table


def _tracks(dump: Dump) -> Table:
    table = Table("track", "axis", "kind", "labels", title="tracks", title_justify="left")
    for axis in dump.axes.values():
        for track in axis.tracks.values():
            labels = ", ".join(map(ascii_safe, track.labels[:8])) + (", ..." if len(track.labels) > 8 else "")
            kind = track.info.kind + ", one a sequence" * (track.info.per == "sequence")
            kind += ", of the next token" * (track.info.concerns == "next")
            table.add_row(*map(escape, (track.info.name, axis.name, kind, labels)))
    return table


def _serve(paths: list[Path], host: str, port: int, browser: bool) -> None:
    from lstmviz.opening import glances

    with progress_bar() as progress:
        task = progress.add_task("looking at the dumps", total=None)

        def count(n: int, n_all: int) -> None:
            progress.update(task, completed=n, total=n_all)

        dumps = [dump for path in paths for dump in glances(path, _note, count)]
    from lstmviz.ui.serve import serve as serve_page

    serve_page(dumps, host=host, port=port, open_browser=browser, say=typer.echo)


def _note(line: str) -> None:
    typer.echo(f"note: {line}", err=True)
