"""docs/recording.md runs as it is written, command lines included."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from support.commands import run
from support.pages import blocks, page
from support.paths import TESTS

PAGE = re.sub(
    r"```py\n.*?```", "", page("recording.md"), flags=re.S
)  # tests/recording/test_recurrent_of_today.py runs that one
RUN = """
import runpy, sys

sys.path.append(sys.argv[2])
from support import children

children.none()
runpy.run_path(sys.argv[1], run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("recording")
    script = place / "page.py"
    script.write_text(blocks(PAGE), "utf-8")
    # In a process of its own: a process that has loaded JAX, as a block does, may not fork any more.
    done = subprocess.run([sys.executable, "-c", RUN, script, TESTS], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return place


def test_every_block_runs_and_every_dump_it_names_is_there(folder):
    named = set(re.findall(r'"(\w+\.h5)"', PAGE))
    assert {p.name for p in folder.glob("*.h5")} == named
    assert not list(folder.glob("*.parts"))


def test_the_commands_run_on_the_dumps_of_the_page(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for line in block.splitlines():
        answer = run(*shlex.split(line, comments=True)[1:])
        says = re.search(r"# ends with (\d)", line)
        assert answer.exit_code == (int(says[1]) if says else 0), answer.output
        assert answer.output
