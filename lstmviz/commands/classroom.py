"""``lstmviz classroom``: a class on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lstmviz.commands.base import app, one_line
from lstmviz.commands.show import (
    AllowLabels,
    Browser,
    Certfile,
    Hosts,
    Keyfile,
    Port,
    Prefix,
    place_of,
    serve_dumps,
    serve_samples,
    tls_of,
)


@app.command()
@one_line
def classroom(
    dumps: Annotated[
        list[Path] | None,
        typer.Argument(help="Dumps or folders, as of serve. Without one: the samples.", metavar="PATH..."),
    ] = None,
    lesson: Annotated[
        list[Path] | None,
        typer.Option(help="A lesson (YAML), beside those that come along; the first of several opens.", metavar="FILE"),
    ] = None,
    port: Port = 8050,
    host: Annotated[
        str, typer.Option(help="Address to listen on: by default all of this machine's, so that the class reaches it.")
    ] = "0.0.0.0",  # noqa: S104  a class is on other machines
    browser: Browser = True,
    allow_labels: AllowLabels = None,
    allow_host: Hosts = None,
    prefix: Prefix = None,
    certfile: Certfile = None,
    keyfile: Keyfile = None,
) -> None:
    """Teach a class: students join by a link or a QR code, follow your page, and answer questions."""
    from lstmviz.classroom import Room
    from lstmviz.lessons import read_lesson
    from lstmviz.ui.extras import Extras

    lessons = [read_lesson(path) for path in lesson or ()]
    extras = Extras(lessons=lessons, allow_labels=allow_labels)
    more: dict[str, Any] = {"place": place_of(allow_host, prefix), "room": Room(lessons)}
    more["tls"] = tls_of(certfile, keyfile)
    if dumps:
        serve_dumps(dumps, host, port, browser, None, extras, **more)
        return
    serve_samples(host, port, browser, extras, **more)
