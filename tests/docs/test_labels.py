"""docs/labels.md runs as it is written, command lines included."""

from __future__ import annotations

import re
import shlex

import lstmviz
from lstmviz.annotate.ready import READY
from support.commands import run
from support.pages import blocks, page, run_python

PAGE = page("labels.md")


def test_the_blocks_and_the_commands_run(tmp_path, monkeypatch):
    printed = run_python(blocks(PAGE), tmp_path)
    assert "removed 'even'" in printed
    assert "2 of 3 words (66.7%) stand on 6 steps" in printed
    monkeypatch.chdir(tmp_path)
    (commands,) = re.findall(r"```console\n(.*?)```", PAGE, re.S)
    for line in commands.splitlines():
        answer = run(*shlex.split(line)[1:])
        assert answer.exit_code == 0, (line, answer.output)
    tracks = lstmviz.open_dump("parens.h5").tracks
    assert {"bracket", "even", "closings", "four deep", "depth again", "kind", "entity", "zero", "place"} <= set(tracks)


def test_every_ready_made_track_stands_in_the_table():
    rows = re.findall(r"^\| ([a-z ]+)(?:: [A-Z]+)? \| ", PAGE.partition("| name |")[2].partition("\n\n")[0], re.M)
    assert sorted(rows) == sorted(READY)
