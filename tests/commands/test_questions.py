"""select, match, unit, thresholds and search on the command line: exactly what the API gives, clean on stdout."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import lstmviz
from lstmviz.match import PatternFile, with_unit, without
from lstmviz.types import Filter
from support.commands import run

WINDOW = ["--source", "rnn.l0.h", "--start", 8, "--stop", 9, "--threshold", 0.1, "--off-before", 0]


@pytest.fixture
def path(tmp_path):
    values = np.random.default_rng(3).uniform(-1, 1, (60, 5)).astype("float16")
    values[5, 4] = np.nan
    return lstmviz.write_dump(
        tmp_path / "run.h5",
        states={"rnn.l0.h": values},
        tokens=np.arange(60) % 4,
        vocab=["la", "[red]li", "\x1b[31m", "é"],
        lengths=[20, 40],
        tracks={"depth": np.arange(60) % 7, "part": ["a=b", "c:d"] * 30, "part=x": np.arange(60) / 7},
    )


@pytest.fixture
def dump(path):
    return lstmviz.open_dump(path)


def printed(*arguments, stdin=None):
    """What a command prints that goes well."""
    answer = run(*arguments, stdin=stdin)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def csv(text):
    return pd.read_csv(io.StringIO(text))


def selected(dump):
    return dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0)


def test_a_pattern_goes_from_select_to_match_by_file_and_by_pipe(path, dump, tmp_path):
    text = printed("select", path, *WINDOW, "--format", "json", "--name", "mine")
    file = PatternFile.from_json(text)
    assert file.pattern == selected(dump)
    assert (file.notes.name, file.notes.dump) == ("mine", dump.uuid)
    (tmp_path / "p.json").write_text(text)
    expected = dump.match(file.pattern).to_dict("records")
    assert json.loads(printed("match", path, "--pattern", tmp_path / "p.json", "--format", "json")) == expected
    assert json.loads(printed("match", path, "--pattern", "-", "--format", "json", stdin=text)) == expected
    assert json.loads(printed("match", path, *WINDOW, "--format", "json")) == expected


def test_units_are_left_out_and_added(path, dump):
    pattern = selected(dump)
    leave = pattern.units[0].unit
    pin = next(u for u in range(5) if u not in [x.unit for x in pattern.units])
    text = printed("select", path, *WINDOW, "--without", leave, "--with", pin, "--format", "json")
    expected = with_unit(without(pattern, "rnn.l0.h", leave), "rnn.l0.h", pin)
    assert PatternFile.from_json(text).pattern == expected
    rows = csv(printed("select", path, *WINDOW, "--without", leave, "--with", pin, "--format", "csv"))
    assert rows["unit"].tolist() == [u.unit for u in expected.units]
    assert list(rows) == ["source", "unit", "side", "threshold"]


def test_select_as_a_table_says_when_there_is_no_unit(path):
    assert "no unit; try another threshold" in printed("select", path, *WINDOW[:-4], "--threshold", 3)


def test_the_low_side(path, dump):
    text = printed("select", path, *WINDOW, "--side", "low", "--format", "json")
    assert PatternFile.from_json(text).pattern == dump.select("rnn.l0.h", 8, 9, 0.1, 0, 0, side="low")


@pytest.mark.parametrize(
    ("only", "filters"),
    [
        (["part=a=b"], [Filter("part", ("a=b",))]),
        (["part=a=b", "part=c:d"], [Filter("part", ("a=b", "c:d"))]),
        (["depth=2:5"], [Filter("depth", low=2.0, high=5.0)]),
        (["depth=2:"], [Filter("depth", low=2.0)]),
        (["depth=:5", "part=c:d"], [Filter("part", ("c:d",)), Filter("depth", high=5.0)]),
        (["depth=3"], [Filter("depth", low=3.0, high=3.0)]),
        (["part=x=-1.5:2"], [Filter("part=x", low=-1.5, high=2.0)]),
    ],
)
def test_bounds_and_filters(path, dump, only, filters):
    more = ["--min-length", 1, "--max-length", 2, *(x for text in only for x in ("--only", text))]
    expected = replace(selected(dump), min_length=1, max_length=2, filters=tuple(filters))
    assert PatternFile.from_json(printed("select", path, *WINDOW, *more, "--format", "json")).pattern == expected
    plain = printed("select", path, *WINDOW, "--format", "json")
    found = printed("match", path, "--pattern", "-", *more, "--format", "json", stdin=plain)
    assert json.loads(found) == dump.match(expected).to_dict("records")


def test_tokens_and_an_expression_narrow_it_too(path, dump):
    more = ["--only", "depth=2:5", "--token", "la", "--token", "[red]li", "--regex", "l.|é"]
    filters = Filter("depth", low=2.0, high=5.0), Filter.tokens(("la", "[red]li")), Filter.regex("l.|é")
    expected = replace(selected(dump), filters=filters)
    assert PatternFile.from_json(printed("select", path, *WINDOW, *more, "--format", "json")).pattern == expected
    found = printed("match", path, *WINDOW, *more, "--format", "json")
    assert json.loads(found) == dump.match(expected).to_dict("records")


def test_match_of_a_pattern_as_a_table_lists_its_units(path, dump):
    text = printed("match", path, "--pattern", "-", stdin=PatternFile(selected(dump)).to_json())
    assert f"units of the pattern: {', '.join(str(u.unit) for u in selected(dump).units)}" in text
    both = with_unit(selected(dump), "rnn.l0.h", 4, "low")
    assert "4 (low)" in printed("match", path, "--pattern", "-", stdin=PatternFile(both).to_json())


def test_thresholds_are_those_of_the_api(path, dump):
    frame = dump.thresholds("rnn.l0.h", 8, 9, 0, 0)
    pd.testing.assert_frame_equal(
        csv(printed("thresholds", path, *WINDOW[:6], "--off-before", 0, "--format", "csv")), frame
    )
    as_json = json.loads(printed("thresholds", path, *WINDOW[:6], "--off-before", 0, "--format", "json"))
    assert as_json == frame.to_dict("records")


def test_thresholds_say_why_a_unit_is_not_selected(path, dump):
    for unit in range(5):
        why = dump.why_not("rnn.l0.h", unit, 8, 9, 0.1, 0, 0)
        assert printed("thresholds", path, *WINDOW, "--unit", unit) == f"{why}\n"
        row = json.loads(printed("thresholds", path, *WINDOW, "--unit", unit, "--format", "json"))
        assert (row["kind"], row["up_to"], row["reason"]) == (why.kind, why.up_to, why.reason)
        assert csv(printed("thresholds", path, *WINDOW, "--unit", unit, "--format", "csv"))["reason"].tolist() == [
            why.reason
        ]


def test_a_unit_card_in_each_format(path, dump):
    card = dump.unit("rnn.l0.h", 4, 0.2, "low", 3, 2)
    ask = ["unit", path, "--source", "rnn.l0.h", "--unit", 4, "--threshold", 0.2, "--side", "low", "--contexts", 3]
    ask += ["--around", 2]
    whole = json.loads(printed(*ask, "--format", "json"))
    assert (whole["threshold"], whole["n_nan"], whole["on_rate"]) == (-0.2, 1, card.on_rate)
    assert whole["quantiles"] == card.quantiles.to_dict("records")
    assert [c["step"] for c in whole["contexts"]] == [c.step for c in card.contexts]
    assert all(v is None or math.isfinite(v) for c in whole["contexts"] for v in c["values"])
    assert [t["name"] for t in whole["tracks"]] == ["depth", "part", "part=x"]
    assert csv(printed(*ask, "--format", "csv"))["step"].tolist() == [c.step for c in card.contexts]
    for part, frame in (("histogram", card.histogram), ("on-rates", card.on_rates), ("run-lengths", card.run_lengths)):
        pd.testing.assert_frame_equal(csv(printed(*ask, "--part", part, "--format", "csv")), frame)
        assert json.loads(printed(*ask, "--part", part, "--format", "json")) == frame.to_dict("records")
    tracks = csv(printed(*ask, "--part", "tracks", "--format", "csv"))
    assert tracks["track"].tolist() == ["depth"] * 7 + ["part"] * 2
    assert tracks["value"].tolist() == [*"0123456", "a=b", "c:d"]
    tokens = csv(printed(*ask, "--part", "tokens", "--format", "csv"))
    assert tokens["value"].astype(str).tolist() == card.tokens["value"].tolist()
    assert whole["tokens"] == card.tokens.to_dict("records")
    table = printed(*ask)
    assert "1 NaN" in table
    assert f"{card.on_rate:.1%}" in table
    assert "\x1b[31m" not in table


def test_a_unit_of_nan_alone_has_null_in_json(tmp_path):
    path = lstmviz.write_dump(tmp_path / "n.h5", states={"h": np.full((3, 1), np.nan)})
    whole = json.loads(printed("unit", path, "--source", "h", "--unit", 0, "--format", "json"))
    assert whole["on_rate"] is None
    assert whole["quantiles"][0] == {"quantile": 0.0, "value": None}
    part = json.loads(printed("unit", path, "--source", "h", "--unit", 0, "--part", "quantiles", "--format", "json"))
    assert part[0] == {"quantile": 0.0, "value": None}
    assert "runs none" in printed("unit", path, "--source", "h", "--unit", 0)
    assert csv(printed("unit", path, "--source", "h", "--unit", 0, "--part", "tracks", "--format", "csv")).empty


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["la", "--limit", 99], ("la", False, "characters")),
        (["l.", "--regex", "--over", "tokens", "--limit", 99], ("l.", True, "tokens")),
        (["é la", "--over", "words", "--limit", 99, "--axis", "text"], ("é la", False, "words")),
    ],
)
def test_search_is_that_of_the_api_with_the_text(path, dump, arguments, query):
    found = csv(printed("search", path, *arguments, "--format", "csv"))
    expected = dump.search(*query)
    assert len(expected)
    pd.testing.assert_frame_equal(found[["start", "stop", "sequence"]], expected)
    rows = json.loads(printed("search", path, *arguments, "--format", "json"))
    assert [r["text"] for r in rows] == [dump.first.text(a, b) for a, b, _ in expected.itertuples(index=False)]


def test_search_says_on_stderr_how_many_more_there_are(path, dump):
    answer = run("search", path, "la", "--limit", "2", "--offset", "1", "--format", "csv")
    assert csv(answer.stdout)["start"].tolist() == dump.search("la")["start"].tolist()[1:3]
    assert answer.stderr == "2 of 15 hits; --limit and --offset show others\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["match", "PATH"], "give a window (--source, --start and --stop) or --pattern FILE"),
        (["match", "PATH", "--pattern", "p.json", "--start", "3"], "leave out --start"),
        (["match", "PATH", "--pattern", "none.json"], "no pattern can be read from none.json"),
        (["match", "PATH", "--pattern", "PATH"], "UTF-8"),
        (["match", "PATH", "--pattern", "-"], "this is not a pattern file"),
        (["select", "PATH", *WINDOW, "--side", "up"], "side 'up'"),
        (["select", "PATH", *WINDOW, "--with", "9"], "no unit 9"),
        (["select", "PATH", *WINDOW, "--without", "99"], "unit 99 of rnn.l0.h is not in the pattern"),
        (["select", "PATH", *WINDOW, "--only", "tone=x"], "names no track; write TRACK=LABEL or TRACK=LOW:HIGH"),
        (["select", "PATH", *WINDOW, "--regex", "("], "regular expression"),
        (["select", "PATH", *WINDOW, "--only", "depth=x"], "not a range of track 'depth'"),
        (["select", "PATH", *WINDOW, "--only", "depth=:"], "needs either labels or a range"),
        (["select", "PATH", *WINDOW, "--only", "depth=5:2"], "5.0 to 2.0"),
        (["select", "PATH", *WINDOW, "--only", "part=noun"], "no label 'noun'"),
        (["select", "PATH", *WINDOW, "--min-length", "0"], "lengths 0"),
        (["unit", "PATH", "--source", "rnn.l0.h", "--unit", "5"], "no unit 5; its units are 0 to 4"),
        (["thresholds", "PATH", "--source", "x", "--start", "0", "--stop", "1"], "no source 'x'"),
        (["search", "PATH", "(", "--regex"], "not a regular expression"),
        (["search", "PATH", "x", "--axis", "y"], "no axis 'y'"),
    ],
)
def test_an_error_is_one_line_on_stderr(path, tmp_path, arguments, words):
    done = run(*(path if a == "PATH" else a for a in arguments))
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lstmviz: ")
    assert words in line
