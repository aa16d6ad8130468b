"""docs/python.md runs as it is written, command lines included, and tells of every field of a pattern file."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from lstmviz import samples
from support.commands import run
from support.pages import blocks, page, run_python

PAGE = page("python.md")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    printed = run_python(blocks(PAGE), folder)
    return folder, printed


def test_the_blocks_run_and_print_what_they_promise(ran):
    _, printed = ran
    for words in ("n_units=50", "no threshold selects it", "n_shared", "on in ", "depth 0."):
        assert words in printed, words


def test_the_table_lists_every_field_of_the_file(ran):
    raw = json.loads((ran[0] / "depth.json").read_text("utf-8"))
    for part in ("pattern", "notes"):
        for field in raw[part]:
            assert f"`{part}.{field}`" in PAGE or f"`{field}`" in PAGE, field
    assert f'`"{raw["format"]}"`, {raw["version"]}' in PAGE


def test_the_commands_run_on_the_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = samples.build("parens")
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        to_file = words[-1] if ">" in words else None
        arguments = [str(path) if w == "run.h5" else w for w in (words[:-2] if to_file else words)]
        answer = run(*arguments[1:])
        assert answer.exit_code == 0, answer.output
        assert answer.stdout
        if to_file:
            Path(to_file).write_text(answer.stdout, "utf-8")
