"""``lstmviz demo``, ``serve`` and ``inspect``: see a dump, in the browser or in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

import lstmviz
from lstmviz.api import Dump
from lstmviz.commands.base import DumpPath, app, ascii_safe, one_line, out, progress_bar, say
from lstmviz.dump.verify import verify
from lstmviz.errors import DumpError, ServeError

if TYPE_CHECKING:
    from lstmviz.ui.extras import Extras
    from lstmviz.ui.place import Place

Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on; if it is in use, the next free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on. Except on loopback, visitors need the printed token.")]
AllowLabels = Annotated[
    bool | None,
    typer.Option(
        "--allow-labels/--no-allow-labels",
        help="Let visitors add tracks beside the dumps. Default: only where this machine alone reaches the page.",
        show_default=False,
    ),
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser, if there is one.")]
Hosts = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A name by which browsers reach this server, such as a proxy's; repeatable."),
]
Prefix = Annotated[
    str | None, typer.Option(metavar="PATH", help="The path under which a proxy shows the page, such as /proxy/8050/.")
]
Certfile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A certificate in PEM: the page is served over TLS, as https.")
]
Keyfile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The certificate's key, where its file does not have it.")
]


@app.command()
@one_line
def demo(
    port: Port = 8050,
    host: Host = "127.0.0.1",
    browser: Browser = True,
    allow_host: Hosts = None,
    prefix: Prefix = None,
    certfile: Certfile = None,
    keyfile: Keyfile = None,
) -> None:
    """Show the samples in the browser: the first is built at once, the others on request."""
    serve_samples(host, port, browser, place=place_of(allow_host, prefix), tls=tls_of(certfile, keyfile))


def serve_samples(host: str, port: int, browser: bool, extras: Extras | None = None, **more: Any) -> None:
    """Build the first sample, and serve all of them."""
    from lstmviz.samples.gallery import Gallery
    from lstmviz.ui.extras import Extras
    from lstmviz.ui.serve import serve as serve_page

    gallery = Gallery()
    try:
        gallery.build(gallery.entries[0].name)
        serve_page([], host, port, browser, typer.echo, replace(extras or Extras(), gallery=gallery), **more)
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
    model: Annotated[
        str | None,
        typer.Option(help="Your model, to run typed texts: imported from here as package.module:name.", metavar="NAME"),
    ] = None,
    allow_labels: AllowLabels = None,
    lesson: Annotated[
        list[Path] | None,
        typer.Option(help="A lesson (YAML) to lead through; the first of several opens.", metavar="FILE"),
    ] = None,
    open_: Annotated[
        Path | None, typer.Option("--open", help="A pattern file (JSON) that the page opens with.", metavar="FILE")
    ] = None,
    allow_host: Hosts = None,
    prefix: Prefix = None,
    certfile: Certfile = None,
    keyfile: Keyfile = None,
) -> None:
    """Show dumps in the browser."""
    from lstmviz.lessons import read_lesson
    from lstmviz.match.pattern.file import PatternFile
    from lstmviz.ui.extras import Extras

    pattern = None if open_ is None else PatternFile.read(open_)
    lessons = [read_lesson(path) for path in lesson or ()]
    extras = Extras(allow_labels=allow_labels, lessons=lessons, pattern=pattern)
    place, tls = place_of(allow_host, prefix), tls_of(certfile, keyfile)
    serve_dumps(dumps, host, port, browser, model, extras, place=place, tls=tls)


def place_of(hosts: list[str] | None, prefix: str | None) -> Place:
    """Return where the page is seen: as the options say, else as the environment does."""
    from lstmviz.ui.place import Place

    return Place.from_environment(os.environ, hosts=tuple(hosts or ()), prefix=prefix)


def tls_of(certfile: Path | None, keyfile: Path | None) -> SSLContext | None:
    """Return what to serve over TLS with; None for plain HTTP."""
    from lstmviz.ui.tls import tls_context

    if certfile is None and keyfile is not None:
        raise ServeError(f"--keyfile {keyfile} needs --certfile, the certificate that it is the key of")
    return None if certfile is None else tls_context(certfile, keyfile)


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
    for table in (_axes(dump), _sources(dump, n_nan), _attention(dump), _tracks(dump)):
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


N_NAMES = 4  # of a source's units, in its row


def _sources(dump: Dump, n_nan: Mapping[str, int]) -> Table:
    table = Table("source", "axis", "units", "stored as", "view", "NaN", title="sources", title_justify="left")
    for s in dump.sources.values():
        nan = f"{n_nan.get(s.name, 0):,}" + (" (neither on nor off)" if n_nan.get(s.name) else "")
        units = f"{s.n_units:,}" + " of the model's" * (s.units is not None)
        if s.names is not None:
            units += f": {', '.join(map(ascii_safe, s.names[:N_NAMES]))}{', ...' * (s.n_units > N_NAMES)}"
        table.add_row(escape(s.name), escape(s.axis), escape(units), s.dtype, s.view, nan)
    return table


def _attention(dump: Dump) -> Table:
    table = Table("attention", "axis", "over", "pairs", title="attention", title_justify="left")
    for a in dump.attention.values():
        table.add_row(escape(a.name), escape(a.axis), escape(a.over), f"{len(a):,}")
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


def serve_dumps(
    paths: list[Path],
    host: str,
    port: int,
    browser: bool,
    model: str | None,
    extras: Extras,
    **more: Any,
) -> None:
    """Open the dumps that some paths stand for, and serve them."""
    from lstmviz.ui.arrivals import opened

    with progress_bar() as progress:
        task = progress.add_task("looking at the dumps", total=None)

        def count(n: int, n_all: int) -> None:
            progress.update(task, completed=n, total=n_all)

        strays: list[str] = []
        dumps, arrivals = opened(paths, _note, count, strays.append)
    from lstmviz.ui.live import live_by_name
    from lstmviz.ui.serve import serve as serve_page

    shown = replace(extras, live=live_by_name(model), strays=strays, arrivals=arrivals)
    serve_page(dumps, host, port, browser, typer.echo, shown, **more)


def _note(line: str) -> None:
    typer.echo(f"note: {line}", err=True)
