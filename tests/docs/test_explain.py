"""docs/explain.md runs as it is written, command lines included."""

from __future__ import annotations

import re
import shlex

from typer.testing import CliRunner

from lstmviz import samples
from lstmviz.cli import app
from support.pages import blocks, page, run_python

PAGE = page("explain.md")


def test_the_blocks_run_and_print_what_they_promise(tmp_path):
    printed = run_python(blocks(PAGE), tmp_path)
    for words in ("singular", "share_low", "f1_always", "rnn.l0.h 23 low", "PatternUnit(", "control"):
        assert words in printed, words


def test_the_commands_run_on_the_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = samples.build("agreement", "1x50")
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for line in block.splitlines():
        words = [str(path) if word == "run.h5" else word for word in shlex.split(line, comments=True)]
        answer = CliRunner().invoke(app, words[1:])
        assert answer.exit_code == 0, answer.output
        assert answer.stdout
