"""``lstmviz lesson``: list the lessons, and check one of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lstmviz.commands.base import app, one_line, say
from lstmviz.errors import InputError

lesson_app = typer.Typer(help="Lessons: lead a class through a question on the page.", no_args_is_help=True)
app.add_typer(lesson_app, name="lesson")


@lesson_app.command("list")
@one_line
def list_lessons() -> None:
    """List the lessons that come with lstmviz."""
    from lstmviz.lessons import builtin_lessons

    for lesson in builtin_lessons():
        say(f"{lesson.name:<10}  {lesson.title}  ({len(lesson.steps)} steps, {lesson.minutes} minutes)")


@lesson_app.command()
@one_line
def check(
    file: Annotated[Path, typer.Argument(help="A lesson (YAML).", metavar="FILE")],
    dumps: Annotated[
        list[Path] | None, typer.Argument(help="Recordings to hold its steps against.", metavar="DUMP...")
    ] = None,
) -> None:
    """Say whether a file is a lesson, and whether its steps fit some recordings."""
    from lstmviz.dump.corpus.reader import open_reader
    from lstmviz.lessons import check_on, read_lesson

    lesson = read_lesson(file)
    faults = check_on(lesson, [open_reader(path) for path in dumps]) if dumps else []
    if faults:
        raise InputError("\n".join(f"{file.name}: {fault}" for fault in faults))
    n_asked = sum(bool(step.ask) for step in lesson.steps)
    needs = ", ".join(lesson.recordings) or "any recording"
    say(f"{file.name} is a lesson of {len(lesson.steps)} steps, {n_asked} of them questions, on {needs}")
