"""What all commands share: the app, the consoles, errors in one line, progress bars, output formats."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

import lstmviz
from lstmviz.errors import LstmvizError
from lstmviz.system.progress import progress
from lstmviz.system.streams import BROKEN_PIPE, discard_output, is_unicode

P = ParamSpec("P")

app = typer.Typer(
    name="lstmviz",
    help="See what a recurrent network has learned: record, select, match.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class _PipedConsole(Console):
    """A console that leaves handling a closed pipe to the caller."""

    def on_broken_pipe(self) -> None:
        """Raise the error that it was called for."""
        raise BrokenPipeError


out = _PipedConsole()
err = Console(stderr=True)

DumpPath = Annotated[Path, typer.Argument(help="A dump (.h5), or the folder of a corpus or of an LSTMVis project.")]


class Format(StrEnum):
    """The format in which a table is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def one_line(command: Callable[P, None]) -> Callable[P, None]:
    """End a command with one line and exit code 1 for an error, with 130 for Ctrl-C and 141 for a closed pipe."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LstmvizError as error:
            for line in str(error).split("\n"):  # a ProjectError has one for each fault
                err.print(f"lstmviz: {line}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(130) from error
        except BrokenPipeError as error:  # ``lstmviz ... | head``: the reader has all it wanted
            discard_output()
            raise typer.Exit(BROKEN_PIPE) from error
        except OSError as error:
            place = "the output" if error.filename is None else error.filename
            line = f"lstmviz: {place} cannot be read or written ({error.strerror or error})"
            err.print(line, markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from error

    return run


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """See what a recurrent network has learned: record, select, match."""
    if show:
        typer.echo(lstmviz.__version__)
        raise typer.Exit


def ascii_safe(text: str) -> str:
    """Return a text with unprintable characters as escapes, so that it cannot control the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def finite(value: Any) -> Any:
    """Return a value as JSON can hold it: frames as lists of rows, None for NaN and infinite numbers."""
    if isinstance(value, pd.DataFrame):
        return [finite(row) for row in value.to_dict("records")]
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def say(line: str) -> None:
    """Write one line to stdout, with unprintable characters as escapes."""
    out.print(ascii_safe(line), markup=False, highlight=False, soft_wrap=True)


def write_frame(frame: pd.DataFrame, format: Format) -> None:
    """Write a frame to stdout: as a table with unprintable characters as escapes, as CSV, or as a JSON list of rows."""
    if format is Format.CSV:
        text = frame.to_csv(index=False, lineterminator="\n")
        if not (is_unicode(sys.stdout) or text.isascii()):
            note = f"standard output is {sys.stdout.encoding}; PYTHONUTF8=1 writes what is shown here as escapes"
            err.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
        sys.stdout.write(text)
    elif format is Format.JSON:
        write_json(frame)
    else:
        table = Table(*(Column(str(name), overflow="fold") for name in frame.columns))
        for row in frame.itertuples(index=False):
            table.add_row(*(escape(ascii_safe(str(value))) for value in row))
        out.print(table)


def write_figures(frame: pd.DataFrame, format: Format) -> None:
    """Write a frame of measured figures; in a table they have three digits."""
    if format is Format.TABLE:
        numbers = frame.select_dtypes("float").columns
        frame = frame.assign(**{name: frame[name].map("{:.3g}".format) for name in numbers})
    write_frame(frame, format)


def write_json(value: Any) -> None:
    """Write a value to stdout as JSON; with JSON's own escapes where the output cannot take every character."""
    text = json.dumps(finite(value), ensure_ascii=not is_unicode(sys.stdout), indent=1, allow_nan=False)
    sys.stdout.write(text + "\n")


def progress_bar() -> Progress:
    """Return a progress bar on stderr that disappears when done; a line every ten seconds if that is no terminal."""
    spinner = SpinnerColumn("dots" if is_unicode(sys.stderr) else "line")
    columns: list[Any] = [spinner, TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    return progress(*columns, console=err, transient=True)
