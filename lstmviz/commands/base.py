"""What every command shares: the app, the consoles, errors in one line, bars, formats."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import lstmviz
from lstmviz.errors import LstmvizError

P = ParamSpec("P")

app = typer.Typer(
    name="lstmviz",
    help="See what a recurrent network has learned: record, select, match.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console()
err = Console(stderr=True)

DumpPath = Annotated[Path, typer.Argument(help="A dump (.h5), or the folder of a corpus or of an LSTMVis project.")]


class Format(StrEnum):
    """How a table is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def one_line(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what lstmviz raises on purpose into one line and exit code 1, and Ctrl-C into exit code 130."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LstmvizError as error:
            for line in str(error).split("\n"):  # a project's faults, one each; one line for all else
                err.print(f"lstmviz: {line}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(130) from error

    return run


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Say the version.", is_eager=True)] = False,
) -> None:
    """See what a recurrent network has learned: record, select, match."""
    if show:
        typer.echo(lstmviz.__version__)
        raise typer.Exit


def ascii_safe(text: str) -> str:
    """Write control and other unprintable characters as escapes: a token must not drive the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def finite(value: Any) -> Any:
    """Return what JSON can hold, frames as lists of rows: None in place of NaN and of infinite numbers."""
    if isinstance(value, pd.DataFrame):
        return [finite(row) for row in value.to_dict("records")]
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def say(line: str) -> None:
    """Write one line to stdout as it is; what could drive the terminal is escaped."""
    out.print(ascii_safe(line), markup=False, highlight=False, soft_wrap=True)


def progress_bar() -> Progress:
    """Show a bar on stderr while something takes long, and nothing once it is done or where stderr is no terminal."""
    columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
