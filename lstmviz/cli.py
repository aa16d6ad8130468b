"""The command line: every command, gathered."""

from __future__ import annotations

from typing import Any

import typer

from lstmviz.commands import corpus, doctor, index, lstmvis, match, projector, questions, recover, samples, show, train
from lstmviz.commands.base import app

__all__ = [
    "app",
    "corpus",
    "doctor",
    "index",
    "lstmvis",
    "main",
    "match",
    "projector",
    "questions",
    "recover",
    "samples",
    "serve_command",
    "show",
    "train",
]


def main() -> None:
    """Run the command line.

    CPython remembers a KeyboardInterrupt that came up through ``exec`` or ``eval`` of a string, as in the making of a
    dataclass, even where it was caught, and ends ``python -m`` by SIGINT in the place of its exit code; the next
    ``exec`` of a string makes it forget.
    """
    try:
        app()
    finally:
        exec("")  # noqa: S102


def serve_command() -> Any:
    """Return ``lstmviz serve`` as a command of its own, for ``python app.py``."""
    group: Any = typer.main.get_command(app)
    return group.commands["serve"]


if __name__ == "__main__":
    main()
