"""What the server answers to a selection, rows and summary, against the Python API; the same over shards."""

from __future__ import annotations

import json
import math
import threading

import numpy as np
import pytest

import lstmviz
from lstmviz.errors import LstmvizError
from lstmviz.match.engine import find
from lstmviz.match.pattern.file import Notes, PatternFile
from lstmviz.types import Window
from lstmviz.ui import queries as asking
from lstmviz.ui.rows import CELLS_BEFORE, match_rows
from lstmviz.ui.selection import parse
from lstmviz.ui.summary import match_summary

BASE = {"counted": True, "source": "rnn.l0.h", "start": 21, "stop": 24, "threshold": -0.5, "before": 0}
COLUMNS = ["start", "stop", "sequence", "n_shared", "n_union", "length"]


def ask(dump, how=match_rows, **more):
    answer = how(dump, parse({**BASE, "dump": dump.uuid, **more}))
    json.dumps(answer, allow_nan=False)
    assert "error" not in answer
    return answer


def pattern_over(dump):
    pattern = dump.select("rnn.l0.h", 21, 24, -0.5, 0, 0)
    assert pattern.n_units > 1
    return pattern


def rows_in(answer):
    return [[row[c] for c in COLUMNS] for row in answer["rows"]]


@pytest.mark.parametrize("order", ["best", "step", "length", "-length", "track:part", "-track:part"])
@pytest.mark.parametrize("shared", [None, 2])
def test_rows_come_in_the_order_asked_for_from_an_offset_on(parts, order, shared):
    for dump in parts:
        frame = dump.match(pattern_over(dump), 1_000, order=order, min_shared=shared or 1)[COLUMNS]
        first = ask(dump, order=order, shared=shared, rows=4)
        later = ask(dump, order=order, shared=shared, rows=5, offset=4)
        assert rows_in(first) + rows_in(later) == frame[:9].to_numpy().tolist()
        assert (later["offset"], later["n_listed"], later["shared_from"]) == (4, len(frame), shared or 1)
        assert ask(dump, order=order, shared=shared, offset=10_000)["rows"] == []
        assert (first["groups"], first["n_groups"], first["rows"][0]["group"]) == ([], 0, None)
        assert [list(c) for c in first["counts"]] == dump.count(pattern_over(dump)).totals.to_numpy().tolist()


@pytest.mark.parametrize("group", ["sequence", "length", "track:part"])
def test_rows_in_groups_say_which_and_groups_how_many(parts, group):
    for dump in parts:
        answer = ask(dump, group=group, rows=1_000)
        counted = dump.groups(pattern_over(dump), group)
        assert [(g["name"], g["n"]) for g in answer["groups"]] == list(counted.itertuples(index=False, name=None))
        assert [g["first"] for g in answer["groups"]] == (counted["n_matches"].cumsum() - counted["n_matches"]).tolist()
        assert answer["n_groups"] == len(counted)
        labels = dump.tracks["part"].labels
        for row in answer["rows"]:
            code = int(dump.tracks["part"][row["start"]])
            value = {"sequence": row["sequence"], "length": row["length"], "track:part": labels[code]}[group]
            assert answer["groups"][row["group"]]["name"] == str(value)
        later = ask(dump, group=group, rows=2, offset=3)
        assert [r["group"] for r in later["rows"]] == [r["group"] for r in answer["rows"][3:5]]


def test_many_groups_are_told_in_part_but_those_of_the_rows_always(parts, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.rows.MAX_GROUPS", 1)
    answer = ask(parts[0], group="sequence", rows=1, offset=10**6)
    assert ([g["index"] for g in answer["groups"]], answer["n_groups"] > 1) == ([0], True)
    n_listed = answer["n_listed"]
    last = ask(parts[0], group="sequence", rows=1, offset=n_listed - 1)
    assert [g["index"] for g in last["groups"]] == [0, last["n_groups"] - 1]


def test_rows_hidden_and_marked_by_hand_say_so_also_those_of_an_opened_pattern(parts):
    for dump in parts:
        spans = [[r["start"], r["stop"]] for r in ask(dump)["rows"]]
        expected = [(i == 0, i == 1) for i in range(len(spans))]
        answer = ask(dump, hidden=[spans[0]], marked=[spans[1], [0, 1]])
        assert [(r["is_hidden"], r["is_marked"]) for r in answer["rows"]] == expected
        assert [[r["start"], r["stop"]] for r in answer["rows"]] == spans
        opened = ask(dump, start=None, stop=None, pattern=answer["pattern"])
        assert [(r["is_hidden"], r["is_marked"]) for r in opened["rows"]] == expected
        file = PatternFile.from_json(answer["pattern"])
        other = PatternFile(file.pattern, Notes(dump="another", hidden=file.notes.hidden))
        elsewhere = ask(dump, start=None, stop=None, pattern=other.to_json())
        assert not any(r["is_hidden"] for r in elsewhere["rows"])


def test_rows_carry_the_activation_that_colours_them(parts):
    for dump in parts:
        for row in ask(dump, colour="unit:rnn.l0.h:3")["rows"]:
            begin, end = dump.first.starts[row["sequence"]], dump.first.stops[row["sequence"]]
            for i, value in enumerate(row["values"]):
                step = row["start"] - CELLS_BEFORE + i
                assert value == (float(dump.states("rnn.l0.h")[step, 3]) if begin <= step < end else None)
        assert ask(dump)["rows"][0]["values"] is None


def lengths_of(dump):
    return dump.count(pattern_over(dump)).lengths.to_numpy().tolist()


def test_the_summary_is_what_the_api_says(parts):
    for dump in parts:
        pattern, answer = pattern_over(dump), ask(dump, match_summary)
        assert answer["complete"]
        assert answer["lengths"] == lengths_of(dump)
        n_full = int(dump.match(pattern, 1_000, min_shared=pattern.n_units).shape[0])
        assert (answer["n_units"], answer["n_full"], answer["n_hidden"]) == (pattern.n_units, n_full, 0)
        check_barcode(answer, dump.barcode(pattern), dump)
        check_carry(answer, dump.carry(pattern), dump)


def check_barcode(answer, frame, dump):
    bars = answer["barcode"]
    assert (bars["n_matches"], bars["n_steps_in"]) == (frame["n_matches"].tolist(), frame["n_steps"].tolist())
    assert (bars["width"], bars["n_steps"]) == (int(frame["stop"][0] - frame["start"][0]), dump.n_steps)


def check_carry(answer, frame, dump):
    assert [t["name"] for t in answer["carry"]["tracks"]] == list(dump.tracks)
    for track in answer["carry"]["tracks"]:
        mine = frame[frame["track"] == track["name"]]
        assert (track["kind"], track["n_values"]) == (dump.tracks[track["name"]].info.kind, len(mine))
        assert track["n_steps"] == mine["n_steps"].sum()
        expected = mine.drop(columns="track").replace({np.nan: None}).to_dict("records")
        assert [{**v} for v in track["values"]] == expected


def test_the_summary_leaves_hidden_matches_out_of_all_but_the_counts(parts):
    for dump in parts:
        pattern = pattern_over(dump)
        best = dump.match(pattern, 1)
        hidden = [Window(int(best["start"][0]), int(best["stop"][0]))]
        answer = ask(dump, match_summary, hidden=[[w.start, w.stop] for w in hidden])
        assert (answer["n_hidden"], answer["carry"]["n_matches"]) == (1, answer["n_full"] - 1)
        assert answer["lengths"] == lengths_of(dump)
        check_barcode(answer, dump.barcode(pattern, hidden=hidden), dump)
        check_carry(answer, dump.carry(pattern, hidden=hidden), dump)


def test_the_summary_of_nothing_is_empty(parts):
    for dump in parts:
        for more in ({"start": None, "stop": None}, {"threshold": 5}):
            answer = ask(dump, match_summary, **more)
            assert (answer["n_full"], answer["lengths"], answer["carry"]["n_matches"]) == (0, [], 0)
            assert all(value["share"] is None for track in answer["carry"]["tracks"] for value in track["values"])


def test_of_many_labels_those_most_carried_are_told(parts, monkeypatch):
    monkeypatch.setattr("lstmviz.ui.summary.MAX_VALUES", 1)
    dump = parts[0]
    (track,) = ask(dump, match_summary)["carry"]["tracks"]
    frame = dump.carry(pattern_over(dump))
    assert (track["n_values"], len(track["values"])) == (3, 1)
    assert track["values"][0]["n_steps"] == frame["n_steps"].max()
    assert track["n_steps"] == frame["n_steps"].sum()


def test_rows_come_before_all_is_counted_and_the_summary_has_the_counts(parts):
    totals = parts[0].count(pattern_over(parts[0])).totals.to_numpy().tolist()
    assert len(totals) > 1
    for dump in parts:
        pattern = pattern_over(dump)
        asking._search.cache_clear()
        asking._listing.cache_clear()
        first = ask(dump, rows=1, counted=False)
        assert rows_in(first) == dump.match(pattern, 1)[COLUMNS].to_numpy().tolist()
        assert (first["complete"], first["counts_follow"], first["n_listed"]) == (False, True, None)
        assert [list(c) for c in first["counts"]] == totals[: len(first["counts"])] != totals
        assert first["n_full"] == totals[0][1]
        answer = ask(dump, match_summary)
        assert ([list(c) for c in answer["counts"]], answer["complete"]) == (totals, True)
        later = ask(dump, rows=1, counted=False)
        assert (later["complete"], later["counts_follow"]) == (True, False)
        assert [list(c) for c in later["counts"]] == totals
        assert later["n_listed"] == sum(n for _, n in totals)


def test_what_takes_long_to_count_is_not_counted_even_if_that_is_asked_for(parts, long):
    for dump in parts:
        answer = ask(dump, rows=1)
        assert (answer["complete"], answer["counts_follow"]) == (False, False)
        assert not ask(dump, match_summary)["complete"]


@pytest.fixture
def long(monkeypatch):
    """Take every pattern for one whose matches take too long to be found at once; 5 are enough."""
    monkeypatch.setattr(find, "COUNT_ALL", 0)
    monkeypatch.setattr(asking, "ENOUGH", 5)
    asking._search.cache_clear()
    asking._listing.cache_clear()
    yield
    asking._search.cache_clear()
    asking._listing.cache_clear()


def test_where_all_take_long_orders_are_of_those_that_share_most_and_say_so(parts, long):
    for dump in parts:
        pattern = pattern_over(dump)
        totals = dump.count(pattern).totals
        enough = int(totals["n_shared"][(totals["n_matches"].cumsum() >= 5).idxmax()])
        assert enough > 1
        expected = dump.match(pattern, 1_000, order="length", min_shared=enough)[COLUMNS].to_numpy().tolist()
        for offset in (0, 3):  # also once more has been looked for
            answer = ask(dump, order="length", rows=1_000, offset=offset)
            assert rows_in(answer) == expected[offset:]
            assert (answer["shared_from"], answer["n_listed"]) == (enough, len(expected))
            ask(dump, rows=1_000)
        everything = ask(dump, order="length", shared=1, rows=1_000)
        assert rows_in(everything) == dump.match(pattern, 1_000, order="length")[COLUMNS].to_numpy().tolist()


def test_where_all_take_long_the_best_come_first_and_the_summary_is_of_full_matches(parts, long):
    for dump in parts:
        pattern = pattern_over(dump)
        rows = ask(dump, rows=1)
        assert not rows["complete"]
        assert rows["n_listed"] is None
        answer = ask(dump, match_summary)
        assert not answer["complete"]
        assert not ask(dump, rows=1)["complete"]  # the summary has not looked further, either
        assert rows_in(rows) == dump.match(pattern, 1)[COLUMNS].to_numpy().tolist()
        assert answer["lengths"] == [row for row in lengths_of(dump) if row[0] == pattern.n_units]
        check_carry(answer, dump.carry(pattern), dump)


def test_rows_and_summaries_may_be_asked_at_once(parts, long):
    dump, answers = parts[0], []
    expected = rows_in(ask(dump, rows=40, group="track:part", shared=1))

    def work(how):
        answers.append(ask(dump, how, rows=40, group="track:part", shared=1))

    threads = [threading.Thread(target=work, args=(how,)) for how in (match_rows, match_summary) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [rows_in(a) for a in answers if "rows" in a] == [expected] * 4
    assert len(answers) == 8


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"order": "worst"}, "order 'worst' is not known"),
        ({"order": "track:tone"}, "no track 'tone'"),
        ({"group": "best"}, "group 'best' is not known"),
        ({"shared": 0}, "'shared'"),
        ({"offset": -1}, "'offset'"),
        ({"colour": "unit:rnn.l0.h:4"}, "units 0 to 3"),
        ({"colour": "unit:rnn.l0.h"}, "no source ''"),
        ({"colour": "unit:rnn.l9.h:0"}, "no source 'rnn.l9.h'"),
        ({"hidden": [[3, 3]]}, "empty"),
        ({"pattern": "{}"}, "pattern"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(parts, more, words):
    for dump in parts:
        with pytest.raises(LstmvizError) as caught:
            ask(dump, **more)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_numbers_that_json_cannot_carry_are_null(tmp_path):
    values = np.tile([0.1, 0.9, 0.9], 20)[:, None]
    tracks = {"loss": np.where(np.arange(60) % 3 == 1, math.inf, 0.25), "none": np.full(60, math.nan)}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "x.h5", states={"rnn.l0.h": values}, tracks=tracks))
    answer = ask(dump, match_summary, start=1, stop=3, threshold=0.5)
    loss, none = answer["carry"]["tracks"]
    assert [v["high"] for v in loss["values"]][-1] is None
    assert (none["values"], none["n_steps"]) == ([], 0)
    assert ask(dump, start=1, stop=3, threshold=0.5, group="track:none")["groups"][0]["name"] == "no value"
