"""``lstmviz recover``: complete a recording that was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lstmviz.commands.base import app, ascii_safe, err, one_line, say
from lstmviz.dump.journal.recover import recover as complete
from lstmviz.errors import DumpMissing, LstmvizError

EXIT_CODES = {"complete": 0, "cut short": 3, "empty": 1}
NOT_POSSIBLE = 4


@app.command()
@one_line
def recover(
    path: Annotated[Path, typer.Argument(help="The path that was recorded to; its .parts folder is beside it.")],
    overwrite: Annotated[bool, typer.Option(help="Replace another dump at the path.")] = False,
) -> None:
    """Complete an unfinished recording; exit code 0: all of it, 3: a part, 1: nothing, 4: not possible now.

    With code 4 nothing was changed: the recording still runs, the disk is full, another file is at the path, or there
    is no recording.
    """
    try:
        recovery = complete(path, overwrite=overwrite)
    except DumpMissing:
        raise
    except (LstmvizError, OSError) as error:
        err.print(f"lstmviz: {ascii_safe(str(error))}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(NOT_POSSIBLE) from error
    say(recovery.line)
    if code := EXIT_CODES[recovery.state]:
        raise typer.Exit(code)
