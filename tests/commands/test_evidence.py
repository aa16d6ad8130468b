"""The commands of the evidence give what the API gives, as a table, csv and json; what cannot be asked is one line."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import lstmviz
from lstmviz.cli import app
from lstmviz.commands.base import finite, out
from lstmviz.match.pattern.file import PatternFile
from lstmviz.types import Filter

runner = CliRunner()
WINDOW = ["--source", "rnn.l0.h", "--start", "8", "--stop", "9", "--threshold", "0.1", "--off-before", "0"]


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal as wide as the widest table, whatever the tests are run in."""
    monkeypatch.setattr(out, "_width", 250)


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(3)
    values = rng.uniform(-1, 1, (60, 5)).astype("float32").repeat(2, axis=0)
    part = np.where(values[:, 2] > 0.1, "noun", "verb")
    return lstmviz.write_dump(
        tmp_path / "run.h5",
        states={"rnn.l0.h": values, "rnn.l0.c": values[::-1].copy()},
        tokens=np.arange(120) % 4,
        vocab=["la", "[red]li", "\x1b[31m", "é"],
        lengths=[4] * 30,
        tracks={"part": part, "depth": np.arange(120) % 7},
    )


@pytest.fixture
def dump(path):
    return lstmviz.open_dump(path)


def printed(*arguments, stdin=None):
    answer = runner.invoke(app, [str(a) for a in arguments], input=stdin)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def check(frame, *arguments, stdin=None):
    """A command's csv and json are the frame, and its table has its rows."""
    read = pd.read_csv(io.StringIO(printed(*arguments, "--format", "csv", stdin=stdin)))
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
    rows = json.loads(printed(*arguments, "--format", "json", stdin=stdin))
    assert rows == finite(frame)


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(out, "_width", 80)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("arguments", "columns", "line"),
    [
        (
            ["enrichment", *WINDOW, "--track", "part"],
            ["value", "share", "base_rate", "lift", "recall", "q"],
            "p by draws, q adjusted over all rows; --format csv has all columns",
        ),
        (
            ["rank", "--only", "part=noun"],
            ["source", "unit", "threshold", "f1", "auc", "q"],
            "F1 of always saying yes 0.",
        ),
        (
            ["rank", "--only", "part=noun", "--given-token"],
            ["source", "unit", "threshold", "f1", "auc", "auc_given_token", "q"],
            "p by draws",
        ),
        (["rank", "--track", "depth"], ["source", "unit", "r", "p", "q", "by"], "rnn.l0.c"),
    ],
)
def test_a_table_fits_into_80_characters(path, arguments, columns, line):
    table = printed(arguments[0], path, *arguments[1:])
    assert [name.strip() for name in table.splitlines()[1].strip("┃").split("┃")] == columns
    assert max(map(len, table.splitlines())) <= 80
    assert line in table


@pytest.mark.usefixtures("narrow")
def test_a_table_of_enrichment_has_intervals_and_what_to_keep_in_mind(path, dump):
    pattern = dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0)
    frame = dump.enrichment(pattern, "token here").set_index("value")
    table = printed("enrichment", path, *WINDOW, "--track", "token here")
    for note in frame["note"].unique():
        assert note in table
    row = frame.loc["la"]
    ends = "" if np.isnan(row["share_low"]) else f" ({row['share_low']:.3g} to {row['share_high']:.3g})"
    assert f"{row['share']:.3g}{ends}" in table
    answer = runner.invoke(app, ["enrichment", str(path), *WINDOW, "--track", "token here", "--limit", "1"])
    assert "1 of 4 rows; --limit shows more" in answer.stderr


def test_enrichment_of_a_window_and_of_a_pattern_file(path, dump):
    pattern = dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0)
    frame = dump.enrichment(pattern, "part").replace({"note": {"": np.nan}})
    read = pd.read_csv(io.StringIO(printed("enrichment", path, *WINDOW, "--track", "part", "--format", "csv")))
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
    text = PatternFile(pattern).to_json()
    rows = json.loads(printed("enrichment", path, "--pattern", "-", "--track", "part", "--format", "json", stdin=text))
    assert [row["value"] for row in rows] == frame["value"].tolist()
    only = json.loads(
        printed("enrichment", path, *WINDOW, "--only", "part=noun", "--min-shared", 1, "--format", "json")
    )
    expected = dump.enrichment(pattern, Filter("part", ("noun",)), 1)
    assert only[0]["share"] == expected["share"][0]
    assert only[0]["p"] == expected["p"][0]


@pytest.mark.parametrize(
    ("options", "hypothesis"),
    [
        (["--only", "part=noun"], Filter("part", ("noun",))),
        (["--only", "depth=2:4"], Filter("depth", low=2.0, high=4.0)),
        (["--token", "la", "--token", "é"], Filter.tokens(("la", "é"))),
        (["--regex", "l."], Filter.regex("l.")),
        (["--track", "depth"], "depth"),
    ],
)
def test_rank_is_that_of_the_api(path, dump, options, hypothesis):
    check(dump.rank_units(hypothesis), "rank", path, *options)
    one = dump.rank_units(hypothesis, ["rnn.l0.c"]).head(2)
    check(one, "rank", path, *options, "--source", "rnn.l0.c", "--limit", 2)


def test_rank_within_the_tokens(path, dump):
    frame = dump.rank_units(Filter("part", ("noun",)), given_token=True)
    assert frame["auc_given_token"].notna().all()
    check(frame, "rank", path, "--only", "part=noun", "--given-token")


def test_detect_writes_the_pattern_that_match_takes(path, dump, tmp_path):
    found = dump.detector(Filter("part", ("noun",)), n_swaps=3, seed=2)
    arguments = ["detect", path, "--only", "part=noun", "--n-swaps", 3, "--seed", 2]
    table = printed(*arguments, "--output", tmp_path / "noun.json", "--name", "nouns")
    file = PatternFile.read(tmp_path / "noun.json")
    assert (file.pattern, file.notes.name, file.notes.dump) == (found.pattern, "nouns", dump.uuid)
    assert file.notes.chosen_by == "part"
    told = printed("enrichment", path, "--pattern", tmp_path / "noun.json", "--track", "part")
    assert "the units were chosen by these labels" in told
    assert f"always saying yes {found.f1_always:.3f}; on 3 swapped tracks at most {max(found.chance):.3f}" in table
    assert PatternFile.from_json(printed(*arguments, "--format", "json")).pattern == found.pattern
    read = pd.read_csv(io.StringIO(printed(*arguments, "--format", "csv")))
    pd.testing.assert_frame_equal(read, found.steps, check_dtype=False)
    matched = json.loads(printed("match", path, "--pattern", tmp_path / "noun.json", "--format", "json"))
    assert matched == dump.match(found.pattern).to_dict("records")


def test_probe_is_that_of_the_api(path, dump):
    found = dump.probe("part", most=3, seed=1)
    arguments = ["probe", path, "--track", "part", "--most", 3, "--seed", 1]
    told = json.loads(printed(*arguments, "--format", "json"))
    assert (told["token"], told["majority"]) == (found.token, found.majority)
    assert [row["unit"] for row in told["steps"]] == found.steps["unit"].tolist()
    read = pd.read_csv(io.StringIO(printed(*arguments, "--format", "csv")))
    pd.testing.assert_frame_equal(read, found.steps, check_dtype=False)
    assert f"always the most frequent value {found.majority:.3f}" in printed(*arguments)
    one = json.loads(printed("probe", path, "--only", "part=noun", "--source", "rnn.l0.h", "--format", "json"))
    assert {row["source"] for row in one["steps"]} == {"rnn.l0.h"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rank"], "give one of --track NAME"),
        (["rank", "--track", "depth", "--only", "part=noun"], "give one of --track NAME"),
        (["rank", "--only", "part=noun", "--only", "depth=2"], "give one of --track NAME"),
        (["rank", "--track", "part"], "or --only part=noun"),
        (["rank", "--track", "tone"], "no track 'tone'"),
        (["rank", "--only", "tone=x"], "names no track"),
        (["rank", "--only", "part=noun", "--source", "rnn.l9.c"], "no source 'rnn.l9.c'"),
        (["rank", "--regex", "("], "regular expression"),
        (["detect"], "give one of --only TRACK=VALUE"),
        (["detect", "--only", "depth=9"], "none is a yes"),
        (["detect", "--only", "part=noun", "--most", "99"], "use 1 to 16 units"),
        (["probe", "--track", "part", "--most", "99"], "use 1 to 64 units"),
        (["enrichment", "--track", "part"], "give a window"),
        (["enrichment", *WINDOW], 'give one of --track NAME (such as "token here"), --only'),
    ],
)
def test_what_cannot_be_asked_is_one_line_on_stderr(path, arguments, words):
    answer = runner.invoke(app, [arguments[0], str(path), *arguments[1:]])
    assert answer.exit_code == 1
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not answer.stdout


def test_a_pattern_that_cannot_be_written_is_one_line(path, tmp_path):
    answer = runner.invoke(
        app, ["detect", str(path), "--only", "part=noun", "--output", str(tmp_path / "no" / "a.json")]
    )
    assert answer.exit_code == 1
    assert "cannot be written" in answer.stderr
