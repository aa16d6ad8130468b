"""The command line, run in this process."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from lstmviz.cli import app

WIDE = {"COLUMNS": "200"}


def run(*arguments: object, stdin: str | None = None, env: dict[str, str] | None = None) -> Result:
    """Run ``lstmviz`` with these arguments: what it printed and its exit code."""
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, env=env)
