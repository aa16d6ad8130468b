"""docs/labels.md runs as it is written, command lines included."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import lstmviz
from lstmviz.annotate.ready import READY
from support.commands import run
from support.paths import ROOT

PAGE = (ROOT / "docs" / "labels.md").read_text("utf-8")


def test_the_blocks_and_the_commands_run(tmp_path, monkeypatch):
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "removed 'even'" in done.stdout
    assert "2 of 3 words (66.7%) stand on 6 steps" in done.stdout
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
