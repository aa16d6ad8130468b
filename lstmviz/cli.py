"""The command line: the app, demo, serve and inspect; more in cli_*.py. An error is one line on stderr, exit code 1."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

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

Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on; the next free one where it is in use.")]
Host = Annotated[str, typer.Option(help="Address to listen on. Any but loopback asks visitors for the printed token.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser where there is one.")]
DumpPath = Annotated[Path, typer.Argument(help="A dump: the .h5 file that lstmviz.record wrote.")]


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


@app.command()
@one_line
def demo(
    port: Port = 8050,
    host: Host = "127.0.0.1",
    browser: Browser = True,
) -> None:
    """Build the sample dump and show it in the browser."""
    from lstmviz import samples

    with _progress() as progress:
        task = progress.add_task("building the parens sample", total=None)
        path = samples.build("parens", progress=lambda done, total: progress.update(task, completed=done, total=total))
    _serve([path], host, port, browser)


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
    """Say what a dump holds: axes, sources, tracks, NaN values, and where it comes from."""
    with _progress() as progress:
        progress.add_task("reading", total=None)
        dump = lstmviz.open_dump(path)
        n_nan = {name: dump.n_nan(name) for name in dump.sources}
    facts = {k: v for k, v in dump.provenance.items() if isinstance(v, str | int | float | bool)}
    out.print(f"{dump.path.name}  {dump.path.stat().st_size / 2**20:,.1f} MiB  uuid {dump.uuid}", markup=False)
    out.print("  ".join(f"{k} {v}" for k, v in facts.items()), markup=False, highlight=False)
    axes = Table("axis", "steps", "sequences", "vocabulary", "text begins", title="time axes", title_justify="left")
    for axis in dump.axes.values():
        vocab = (
            "no tokens"
            if axis.tokens is None
            else "ids only"
            if axis.tokens.vocab is None
            else f"{len(axis.tokens.vocab):,}"
        )
        begins = ascii_safe(axis.text(0, min(24, int(axis.stops[0]))))
        axes.add_row(escape(axis.name), f"{axis.n_steps:,}", f"{len(axis.starts):,}", vocab, escape(begins))
    sources = Table("source", "axis", "units", "stored as", "view", "NaN", title="sources", title_justify="left")
    for s in dump.sources.values():
        nan = f"{n_nan[s.name]:,}" + (" (never selected or matched)" if n_nan[s.name] else "")
        sources.add_row(escape(s.name), escape(s.axis), f"{s.n_units:,}", s.dtype, s.view, nan)
    tracks = Table("track", "axis", "kind", "labels", title="tracks", title_justify="left")
    for axis in dump.axes.values():
        for t in axis.tracks.values():
            tracks.add_row(
                *map(escape, (t.info.name, axis.name, t.info.kind, ", ".join(map(ascii_safe, t.labels[:8]))))
            )
    for table in (axes, sources, tracks):
        if table.row_count:
            out.print(table)


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


def main() -> None:
    """Run the command line."""
    app()


def _serve(paths: list[Path], host: str, port: int, browser: bool) -> None:
    from lstmviz.dump.folders import dump_paths

    with _progress() as progress:
        progress.add_task("opening", total=None)
        found = [p for path in paths for p in dump_paths(path, say=lambda note: typer.echo(f"note: {note}", err=True))]
        dumps = [lstmviz.open_dump(path) for path in found]
    from lstmviz.ui.serve import serve as serve_page

    serve_page(dumps, host=host, port=port, open_browser=browser, say=typer.echo)


def _progress() -> Progress:
    """Show a bar on stderr while something takes long, and nothing once it is done or where stderr is no terminal."""
    columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


from lstmviz import cli_corpus as cli_corpus  # noqa: E402  it adds its command to the app
from lstmviz import cli_index as cli_index  # noqa: E402
from lstmviz import cli_lstmvis as cli_lstmvis  # noqa: E402
from lstmviz import cli_match as cli_match  # noqa: E402
from lstmviz import cli_questions as cli_questions  # noqa: E402

if __name__ == "__main__":
    from lstmviz.cli import main as run  # of the module by its name, to which the commands above were added

    run()
