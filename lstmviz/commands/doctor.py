"""``lstmviz doctor``: what is right and wrong with any file, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from lstmviz.commands.base import app, ascii_safe, one_line, out, progress_bar, say, write_json
from lstmviz.doctor import Finding, diagnose
from lstmviz.dump.corpus.reader import open_reader
from lstmviz.errors import LstmvizError
from lstmviz.match.index.store import index_folder, is_right, open_indexes, unusable_indexes

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


@app.command()
@one_line
def doctor(
    path: Annotated[Path, typer.Argument(help="Any HDF5 file, dump, corpus, LSTMVis project, or folder of them.")],
    json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Say what is right and wrong with any HDF5 file or dump, and what to do; exit code 1 if something is wrong."""
    with progress_bar() as progress:
        task = progress.add_task("reading every value", total=None)
        findings = list(diagnose(path, lambda done, total: progress.update(task, completed=done, total=total)))
        findings += _index_findings(path)
    marks = Counter(finding.mark for finding in findings)
    if json:
        write_json({"path": str(path), "n_problems": marks["problem"], "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            _print(finding)
        say(f"{path}: {_plural(marks['problem'], 'problem')}, {_plural(marks['note'], 'note')}")
    if marks["problem"]:
        raise typer.Exit(1)


def _index_findings(path: Path) -> Iterator[Finding]:
    """Yield whether the index of each source of a dump, or of a shard of a corpus, is what was written."""
    try:
        readers = list(open_reader(path).readers())
    except (LstmvizError, OSError):  # it is no dump, or one whose faults are reported already
        return
    for reader in readers:
        file = reader.path.name if len(readers) > 1 else ""
        indexes = list(open_indexes(reader))
        damaged = [name for name, codes in indexes if not is_right(codes)]
        for name in damaged:
            yield Finding("problem", file, f"the index of {name} is damaged", f"delete {index_folder(reader)}")
        unusable = list(unusable_indexes(reader))
        for name in unusable:
            problem = f"the index of {name} is cut, or was made for other values"
            yield Finding("note", file, problem, "nothing to do: it is built again when it is needed")
        if indexes and not damaged and not unusable:
            yield Finding("ok", file, "its index is whole", "")


def _print(finding: Finding) -> None:
    line = f"{finding.file}: {finding}" if finding.file else str(finding)
    out.print(Text.assemble((f"{finding.mark:<8}", STYLES[finding.mark]), ascii_safe(line)), soft_wrap=True)


def _plural(n: int, noun: str) -> str:
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"
