"""Any terminal: no command ends in a traceback, whatever standard output is."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import lstmviz
from lstmviz.cli import main
from lstmviz.system.progress import progress

COMMANDS = [
    ["inspect"],
    ["doctor"],
    ["search", "мыла"],
    ["search", "мыла", "--format", "csv"],
    ["search", "мыла", "--format", "json"],
    ["unit", "--source", "rnn.l0.h", "--unit", "0"],
    ["match", "--source", "rnn.l0.h", "--start", "0", "--stop", "1"],
]


def in_part(commands, *short):
    """Commands to try, each in a process of its own: some of them in every run."""
    names = [(" ".join(command), command) for command in commands]
    return [pytest.param(c, id=name, marks=[pytest.mark.long] * (name not in short)) for name, c in names]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("terminal") / "раму.h5"
    states = np.tile(np.array([[0.9], [0.1], [-0.5]], "float32"), (40, 2))
    return lstmviz.write_dump(
        place,
        states={"rnn.l0.h": states},
        tokens=[0, 1, 2] * 40,
        vocab=["мама", "мыла", "раму"],
        tracks={"ряд": ["é"] * 120},
    )


def start(path, command, **options):
    line = [sys.executable, "-m", "lstmviz.cli", command[0], str(path), *command[1:]]
    return subprocess.Popen(line, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize("command", in_part(COMMANDS, "inspect", "search мыла --format json"))
@pytest.mark.parametrize("encoding", ["cp1252", pytest.param("ascii", marks=pytest.mark.long)])
def test_what_the_encoding_lacks_is_written_as_an_escape(path, command, encoding):
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    out, errors = (process := start(path, command, env=env, stdout=subprocess.PIPE)).communicate()
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors
    if "json" in command:
        assert json.loads(out)[0]["text"] == "мыла"
    else:
        assert b"\\u043" in out


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_escapes_what_the_encoding_lacks(path, command, encoding, monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    monkeypatch.setattr(sys, "argv", ["lstmviz", command[0], str(path), *command[1:]])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (None, 0)
    sys.stdout.flush()
    if "json" in command:
        assert json.loads(written.getvalue())[0]["text"] == "мыла"
    else:
        assert b"\\u043" in written.getvalue()


@pytest.mark.parametrize("command", in_part(COMMANDS[:5], "inspect", "search мыла --format json"))
def test_a_reader_that_ends_first_is_no_fault(path, command):
    with start(path, command, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 141
    assert errors == b""


def test_a_closed_output_is_no_fault(path):
    process = start(path, ["inspect"], preexec_fn=lambda: os.close(1))
    assert process.communicate()[1] == b""
    assert process.returncode == 0


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[4]], ids=" ".join)
def test_a_full_disk_is_said_in_one_line(path, command):
    with Path("/dev/full").open("wb") as full:
        errors = (process := start(path, command, stdout=full)).communicate()[1]
    assert process.returncode == 1
    assert errors.decode().count("\n") == 1
    assert "No space left" in errors.decode()


@pytest.mark.parametrize("command", in_part([["--help"], ["match", "--help"], ["--version"]], "--help"))
def test_a_help_on_a_full_disk_is_no_fault(command):
    line = [sys.executable, "-m", "lstmviz.cli", *command]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr == "lstmviz: the output cannot be written (No space left on device)\n"


def test_progress_is_a_line_now_and_then_where_it_is_redirected(monkeypatch):
    monkeypatch.setattr("lstmviz.system.progress.LINE_SECONDS", 0.02)
    said = io.StringIO()
    with progress(console=Console(file=said)) as bar:
        first, second = bar.add_task("recording [b]", total=40), bar.add_task("opening", total=None)
        bar.update(first, completed=10)
        while said.getvalue().count("\n") < 4:
            time.sleep(0.005)
        bar.update(first, completed=40)
    lines = said.getvalue().splitlines()
    assert lines[:2] == ["recording [b] 10 of 40 (25 %), 0 s", "opening, 0 s"]
    assert second is not None
