"""``lstmviz track``: labels and numbers of one's own beside a dump: add, list, rename, remove, undo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import lstmviz
from lstmviz.annotate.by_text import Aligned
from lstmviz.annotate.encode import REST
from lstmviz.annotate.files import read_bio, read_conllu, read_csv
from lstmviz.annotate.make import make_track
from lstmviz.annotate.ready import READY
from lstmviz.api import Dump
from lstmviz.commands.base import DumpPath, Format, app, one_line, say, write_frame
from lstmviz.commands.options import OutputFormat
from lstmviz.dump.change_tracks import add_track
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError, reason_with_class

group = typer.Typer(help="Add tracks of your own to a dump, rename and remove them.", no_args_is_help=True)
app.add_typer(group, name="track", rich_help_panel=None)

Name = Annotated[str, typer.Argument(help="Name of the track.")]


@group.command("add")
@one_line
def add(
    path: DumpPath,
    name: Name,
    csv: Annotated[
        Path | None,
        typer.Option(help="A CSV file; its header says what it holds: start, stop; step; sequence; word; or values."),
    ] = None,
    conllu: Annotated[Path | None, typer.Option(help="A CoNLL-U file, put onto the tokens by text.")] = None,
    bio: Annotated[Path | None, typer.Option(help="A BIO file, put onto the tokens by text.")] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of the labels in the file. Default: upos, or the CSV's only one.")
    ] = None,
    regex: Annotated[
        str | None,
        typer.Option(
            help="A regular expression over the text; the label is the group's name, or the match.",
            metavar="EXPRESSION",
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            help="Your function of a sequence's tokens, imported from here as module:function; it gives a label or "
            "number, or one for each token.",
            metavar="NAME",
        ),
    ] = None,
    ready: Annotated[
        str | None,
        typer.Option(help="A ready-made track; lstmviz track ready lists them.", metavar="NAME"),
    ] = None,
    axis: Annotated[str | None, typer.Option(help="Name of the axis. Default: the first.")] = None,
    rest: Annotated[str, typer.Option(help="Label of the steps that nothing is said of; '' for no value.")] = REST,
    overwrite: Annotated[bool, typer.Option(help="Replace an added track of this name.")] = False,
) -> None:
    """Add a track to a dump: of a file, an expression, a function, or a ready-made one."""
    dump = lstmviz.open_dump(path)
    where = dump.first if axis is None else dump.axis(axis)
    files = {"--csv": csv, "--conllu": conllu, "--bio": bio}
    given = [
        option for option, value in {**files, "--regex": regex, "--python": python, "--ready": ready}.items() if value
    ]
    if len(given) != 1:
        named = " and ".join(given) or "nothing"
        raise InputError(f"{named} is given; give one of --csv, --conllu, --bio, --regex, --python and --ready")
    values: Any = _of_file(where, csv, conllu, bio, column)
    if isinstance(values, Aligned):
        say(str(values).splitlines()[0])
        for line in str(values).splitlines()[1:]:
            typer.echo(line, err=True)
    function = None if python is None else _function(python)
    file = next((file for file in files.values() if file is not None), None)
    made = "values" if file is None else f"file {file.name}"
    track = make_track(
        where, name, values, regex=regex, of_sequence=function, ready=ready, rest=rest or None, made=made
    )
    add_track(dump, name, track, overwrite)
    _say_track(dump, name)


@group.command("list")
@one_line
def list_tracks(path: DumpPath, format: OutputFormat = Format.TABLE) -> None:
    """List the tracks of a dump, and which were added since it was recorded."""
    dump = lstmviz.open_dump(path)
    made = {} if dump.added is None else dump.added.now().made
    rows = [
        {
            "track": name,
            "axis": axis.name,
            "kind": track.info.kind,
            "per": track.info.per,
            "n_labels": len(track.labels),
            "added": made.get(name, ""),
        }
        for axis in dump.axes.values()
        for name, track in axis.tracks.items()
    ]
    write_frame(pd.DataFrame(rows, columns=["track", "axis", "kind", "per", "n_labels", "added"]), format)


@group.command("ready")
@one_line
def ready_made(format: OutputFormat = Format.TABLE) -> None:
    """List the ready-made tracks."""
    rows = [
        {"name": each.name + (f": {each.takes.upper()}" if each.takes else ""), "says": each.words}
        for each in READY.values()
    ]
    write_frame(pd.DataFrame(rows), format)


@group.command("rename")
@one_line
def rename(path: DumpPath, name: Name, new_name: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give an added track another name."""
    lstmviz.open_dump(path).rename_track(name, new_name)
    say(f"{name} is {new_name} now")


@group.command("remove")
@one_line
def remove(path: DumpPath, name: Name) -> None:
    """Remove an added track; lstmviz track undo brings it back."""
    lstmviz.open_dump(path).remove_track(name)
    say(f"{name} is removed; lstmviz track undo {path} brings it back")


@group.command("undo")
@one_line
def undo(path: DumpPath) -> None:
    """Undo the last change of the added tracks, whoever made it."""
    say(f"undone: {lstmviz.open_dump(path).undo_tracks()}")


def _of_file(axis: Axis, csv: Path | None, conllu: Path | None, bio: Path | None, column: str | None) -> Any:
    """Return what a file says of an axis; None where none is given."""
    if bio is not None:
        if column is not None:
            raise InputError("--column is given with --bio, whose labels stand last in each line; leave it out")
        return read_bio(axis, bio)
    if conllu is not None:
        return read_conllu(axis, conllu, column or "upos")
    return None if csv is None else read_csv(axis, csv, column)


def _function(name: str) -> Callable[..., Any]:
    """Import a function of the user's own, by a name such as ``labels:topic``; the present folder is searched first."""
    place, _, path = name.partition(":")
    if not place or not path:
        raise InputError(f"{name[:80]!r} does not name a function; give module:function, such as labels:topic")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        function: Any = attrgetter(path)(import_module(place))
    except (Exception, SystemExit) as err:  # a script may end itself
        reason = reason_with_class(err)
        raise InputError(f"{name} cannot be imported ({reason})") from err
    if not callable(function):
        raise InputError(f"{name} is a {type(function).__name__}; name a function of a list of tokens")
    of_sequence: Callable[..., Any] = function
    return of_sequence


def _say_track(dump: Dump, name: str) -> None:
    track = next(axis.tracks[name] for axis in dump.axes.values() if name in axis.tracks)
    labels = ", ".join(track.labels[:8]) + ", ..." * (len(track.labels) > 8)
    kind = f"{len(track.labels)} labels ({labels})" if track.labels else "numbers"
    say(f"{name}: {kind}, one a {track.info.per}, beside {dump.path.name}")
