"""Write docs/cli.md, the reference of the command line, from the commands (run by ``make reference``; - prints it)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from typing import Any

from typer.main import get_command

from lstmviz.cli import app

PAGE = Path(__file__).parent / "cli.md"
INTRODUCTION = """# The command line

Every command and option, written from the program's own help (`lstmviz COMMAND --help` gives the same).
A command that fails says why in one line and ends with exit code 1; after Ctrl-C the exit code is 130.
"""


def reference() -> str:
    """Return the text of the page."""
    return "\n".join([INTRODUCTION, *_sections(get_command(app), "lstmviz")])


def _sections(command: Any, path: str) -> Iterator[str]:
    """Yield the section of a command, or of each command of a group, by name."""
    if hasattr(command, "commands"):
        for name in sorted(command.commands):
            yield from _sections(command.commands[name], f"{path} {name}")
        return
    parameters = [p for p in command.params if p.name != "help" and not p.hidden]
    yield f"## {path}\n\n{' '.join(command.help.split())}\n"
    yield f"```text\n{' '.join([path, *_usage(parameters)])}\n```\n"
    if parameters:
        yield "| argument | | default |\n| --- | --- | --- |"
        yield from (_row(parameter) for parameter in parameters)
        yield ""


def _usage(parameters: list[Any]) -> Iterator[str]:
    if any(p.param_type_name == "option" for p in parameters):
        yield "[OPTIONS]"
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            many = "..." if parameter.nargs == -1 and not _name(parameter).endswith("...") else ""
            yield _name(parameter) + many if parameter.required else f"[{_name(parameter)}{many}]"


def _name(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"| `{_name(parameter)}` | {_cell(parameter.help)} | |"
    flags = ", ".join(f"`{flag}`" for flag in [*parameter.opts, *parameter.secondary_opts])
    kind = parameter.type_descriptor.annotation
    choices = list(kind) if isinstance(kind, EnumType) else ()
    values = f" One of {', '.join(f'`{_value(choice)}`' for choice in choices)}." if choices else ""
    return f"| {flags} | {_cell(parameter.help)}{values} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, "", ()) or parameter.is_flag:
        return f"`{parameter.opts[0]}`" if parameter.default is True else ""
    return f"`{_value(parameter.default)}`"


def _value(choice: Any) -> str:
    return str(getattr(choice, "value", choice))


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(reference())
    else:
        PAGE.write_text(reference(), encoding="utf-8")
