"""The command line with all its commands."""

from __future__ import annotations

import sys
from typing import Any

import typer

from lstmviz.commands import (
    causes,
    classroom,
    corpus,
    doctor,
    evidence,
    index,
    lessons,
    lstmvis,
    match,
    projector,
    questions,
    recover,
    samples,
    show,
    track,
    train,
)
from lstmviz.commands.base import app
from lstmviz.system.streams import flush, give_up, make_writable

__all__ = [
    "app",
    "causes",
    "classroom",
    "corpus",
    "doctor",
    "evidence",
    "index",
    "lessons",
    "lstmvis",
    "main",
    "match",
    "projector",
    "questions",
    "recover",
    "samples",
    "serve_command",
    "show",
    "track",
    "train",
]


def main() -> None:
    """Run the command line."""
    make_writable()
    try:
        app()
    except OSError as err:  # of a help or a version: commands tell their own
        sys.exit(give_up(err))
    finally:
        _forget_interrupt()
        code = flush()
        if code:
            sys.exit(code)


def _forget_interrupt() -> None:
    """Keep the exit code after a Ctrl-C that a command has handled.

    When a KeyboardInterrupt passes through ``exec`` or ``eval`` of a string, as in the creation of a dataclass, CPython
    ends ``python -m`` by SIGINT instead of its exit code, even if the exception was caught. The next ``exec`` of a
    string resets this, and nothing else does.
    """
    exec("")  # noqa: S102


def serve_command() -> Any:
    """Return ``lstmviz serve`` as a separate command, for ``python app.py``."""
    make_writable()
    group: Any = typer.main.get_command(app)
    return group.commands["serve"]


if __name__ == "__main__":
    main()
