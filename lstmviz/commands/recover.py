"""``lstmviz recover``: complete a recording that did not come to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lstmviz.commands.base import app, one_line, say
from lstmviz.dump.recover import recover as complete

EXIT_CODES = {"whole": 0, "cut short": 3, "empty": 1}


@app.command()
@one_line
def recover(
    path: Annotated[Path, typer.Argument(help="The path that was recorded to; its .parts folder is beside it.")],
    overwrite: Annotated[bool, typer.Option(help="Replace another dump that is at the path.")] = False,
) -> None:
    """Complete an unfinished recording; exit code 0: whole, 3: cut short, 1: nothing there."""
    found = complete(path, overwrite=overwrite)
    say(found.line)
    if code := EXIT_CODES[found.state]:
        raise typer.Exit(code)
