"""The command line: help on every command, exact answers in each format, errors in one line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading

import h5py
import numpy as np
import pandas as pd
import pytest
from typer.main import get_command

import lstmviz
from lstmviz.cli import app
from lstmviz.commands import match
from lstmviz.match.index import store
from support.commands import run

COMMANDS = sorted(get_command(app).commands)


@pytest.fixture
def path(tmp_path):
    values = np.random.default_rng(3).uniform(-1, 1, (60, 5)).astype("float16")
    values[5, 4] = np.nan
    tokens = ["la", "[red]li", "\x1b[31m", "é"]
    return lstmviz.write_dump(
        tmp_path / "run.h5",
        states={"rnn.l0.h": values},
        tokens=np.arange(60) % 4,
        vocab=tokens,
        lengths=[20, 40],
        tracks={"depth": np.arange(60), "part": ["a[b]"] * 60},
        provenance={"model": "Tagger"},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(command):
    answer = run(command, "--help")
    assert answer.exit_code == 0
    asked = get_command(app).commands[command]
    for each in (asked, *getattr(asked, "commands", {}).values()):
        assert all(p.help for p in each.params), (command, each.name)
        assert each.help


def test_the_commands_are_those_that_the_readme_tells_of():
    given = "ablate align classroom corpus count demo detect doctor enrichment export-lstmvis import-lstmvis "
    given += "index influence inspect lesson match probe projector rank recover samples search select serve thresholds "
    given += "track train unit"
    assert given.split() == COMMANDS
    assert run("--version").stdout.strip() == lstmviz.__version__


def test_inspect_says_what_a_dump_holds(path):
    answer = run("inspect", path)
    assert answer.exit_code == 0
    for words in (
        "run.h5",
        "Tagger",
        "rnn.l0.h",
        "float16",
        "depth",
        "a[b]",
        "60",
        "1 (neither on nor off)",
        "nothing is wrong",
        "[red]li",
    ):
        assert words in answer.output, words
    assert "\x1b[31m" not in answer.output
    assert "\\x1b[31m" in answer.output


MATCH = ["--source", "rnn.l0.h", "--start", 8, "--stop", 9, "--threshold", 0.1, "--off-before", 0]


def expected(path, **more):
    dump = lstmviz.open_dump(path)
    return dump.match(dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0), **more)


def test_match_as_csv_and_json_is_what_the_api_gives(path):
    as_csv = pd.read_csv(io.StringIO(run("match", path, *MATCH, "--format", "csv").stdout))
    pd.testing.assert_frame_equal(as_csv, expected(path), check_dtype=False)
    as_json = json.loads(run("match", path, *MATCH, "--format", "json", "--limit", 3, "--offset", 2).stdout)
    assert as_json == expected(path, limit=3, offset=2).to_dict("records")


def test_match_as_a_table_lists_units_and_totals(path):
    answer = run("match", path, *MATCH, "--limit", 2)
    dump = lstmviz.open_dump(path)
    pattern = dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0)
    assert ", ".join(str(u.unit) for u in pattern.units) in answer.output
    for n_shared, n_matches in dump.count(pattern).totals.itertuples(index=False):
        assert f"{n_matches} with {n_shared}" in answer.output
    none = run("match", path, *MATCH[:-4], "--threshold", 3)
    assert none.exit_code == 0
    assert "none; try another threshold" in none.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["match", "PATH", "--source", "x", "--start", "1", "--stop", "2"], "no source 'x' in run.h5; it has rnn.l0.h"),
        (["match", "PATH", "--source", "rnn.l0.h", "--start", "2", "--stop", "2"], "is empty"),
        (["match", "PATH", "--source", "rnn.l0.h", "--start", "19", "--stop", "21"], "border at step 20"),
        (["inspect", "none.h5"], "no file at none.h5"),
        (["serve", __file__], "not an HDF5 file"),
    ],
)
def test_an_error_is_one_line_on_stderr(path, arguments, words):
    done = run(*(path if a == "PATH" else a for a in arguments))
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lstmviz: ")
    assert words in line


def test_the_program_says_it_in_one_line_on_stderr_too(tmp_path):
    command = [sys.executable, "-m", "lstmviz.cli", "inspect", str(tmp_path / "none.h5")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("lstmviz: ")


def test_nan_values_are_told_beside_the_matches(path):
    answer = run("match", path, *MATCH, "--format", "csv")
    assert answer.stderr.strip() == "note: rnn.l0.h holds 1 NaN values, which are neither on nor off"
    assert "note" not in answer.stdout


def test_a_large_source_is_matched_before_its_index_is_finished(path, monkeypatch):
    expected = run("match", path, *MATCH, "--format", "json", "--limit", 3).stdout
    monkeypatch.setattr("lstmviz.match.index.store.SMALL", 0)
    written, build = threading.Event(), store._build
    monkeypatch.setattr(store, "_build", lambda *given: written.wait(20) and build(*given))
    finish = match.finish_index
    monkeypatch.setattr(match, "finish_index", lambda *given: written.set() or finish(*given))
    for _ in range(2):  # without an index, and with one
        answer = run("match", path, *MATCH, "--format", "json", "--limit", 3)
        assert (answer.exit_code, answer.stdout) == (0, expected)
        assert list(path.with_name("run.h5.index").glob("*.units"))
        assert [name for name, _ in store.open_indexes(lstmviz.open_dump(path))] == ["rnn.l0.h"]


def test_inspect_reads_every_value_and_says_what_is_damaged(path):
    with h5py.File(path) as file:
        place = file["sources/rnn.l0.h"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 2] ^= 1
    path.write_bytes(data)
    answer = run("inspect", path)
    assert answer.exit_code == 1
    (line,) = answer.stderr.splitlines()
    assert "rnn.l0.h" in line
    assert "damaged" in line


def test_count_writes_the_totals_by_shared_units_and_length(path):
    dump = lstmviz.open_dump(path)
    expected = dump.count(dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0)).lengths
    answer = run("count", path, *MATCH, "--format", "json")
    assert json.loads(answer.stdout) == expected.to_dict("records")


def test_a_pattern_and_any_word_of_a_window_are_refused_together(path, tmp_path):
    dump = lstmviz.open_dump(path)
    file = lstmviz.PatternFile(dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0))
    file.write(tmp_path / "p.json")
    alone = run("match", path, "--pattern", tmp_path / "p.json", "--format", "json")
    assert json.loads(alone.stdout) == dump.match(file).to_dict("records")
    assert dump.match(file.to_json()).equals(dump.match(file.pattern))
    both = run("match", path, "--pattern", tmp_path / "p.json", "--threshold", 0.9)
    assert both.exit_code == 1
    assert "leave out --threshold" in both.stderr


def test_infinite_values_are_null_in_json(tmp_path):
    states = np.zeros((10, 1), "float32")
    states[2] = np.inf
    path = lstmviz.write_dump(tmp_path / "inf.h5", states={"s": states})
    for part in ("quantiles", "contexts", "tracks"):
        answer = run("unit", path, "--source", "s", "--unit", 0, "--part", part, "--format", "json")
        assert answer.exit_code == 0, answer.output
        json.loads(answer.stdout)


CAUGHT = """
import sys
from lstmviz import cli

def app():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        sys.exit(7)

cli.app = app
cli.main()
"""


def test_a_ctrl_c_that_was_dealt_with_leaves_the_exit_code(tmp_path):
    (tmp_path / "caught.py").write_text(CAUGHT)
    assert subprocess.run([sys.executable, "-m", "caught"], cwd=tmp_path, check=False).returncode == 7
