"""What the page asks of evidence: whiskers, rankings and detectors are those of the API, and work has a limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lstmviz
from lstmviz.types import Filter, Window
from lstmviz.ui import evidence
from lstmviz.ui.queries import pattern_of
from lstmviz.ui.selection import TrackQuestion, checked, parse

LOCAL = {"Host": "127.0.0.1:8050"}
SOURCE = "rnn.l1.c"
BRUSH = {"source": SOURCE, "start": 249, "stop": 255}
DEPTH_4 = {"track": "depth", "low": 4, "high": 4}
HYPOTHESIS = {"hypothesis": DEPTH_4, "source": SOURCE}


def ask(client, dump, route, **body):
    return client.post(f"/d/{dump.uuid}/{route}", json={"dump": dump.uuid, **body}, headers=LOCAL)


def plain(frame, columns):
    rows = frame[list(columns)].to_dict("records")
    return [{k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in r.items()} for r in rows]


@pytest.mark.parametrize("track", ["depth", "loss", "top1"])
def test_the_evidence_for_a_track_is_that_of_the_api(client, dump, track):
    answer = ask(client, dump, "enrichment", **BRUSH, track=track)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    frame = dump.enrichment(dump.select(SOURCE, 249, 255), track)
    assert answer.json["rows"] == plain(frame, evidence.EVIDENCE)
    assert answer.json["n_sequences"] == frame["n_sequences"].max()
    assert answer.json["n_unknown"] == frame["n_unknown"].max()


@pytest.mark.parametrize("place", ["token here", "token before", "token after"])
def test_the_evidence_for_tokens_is_that_of_the_api_for_those_that_the_summary_lists(client, dump, place, monkeypatch):
    monkeypatch.setattr(evidence, "N_TOKENS", 3)
    answer = ask(client, dump, "enrichment", **BRUSH, track=place).json
    frame = dump.enrichment(dump.select(SOURCE, 249, 255), place)
    assert answer["rows"] == plain(frame.head(3), evidence.EVIDENCE)
    assert answer["n_values"] == len(frame) == 7


def test_tokens_that_would_take_long_are_told_in_a_line(client, dump, tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_SHIFTED", 0)  # is about few sequences alone
    monkeypatch.setattr(evidence, "MOST_TOKEN_STEPS", dump.first.n_steps)
    assert "rows" in ask(client, dump, "enrichment", **BRUSH, track="token here").json
    monkeypatch.setattr(evidence, "MOST_TOKEN_STEPS", dump.first.n_steps - 1)
    told = ask(client, dump, "enrichment", **BRUSH, track="token here").json["left_out"]
    assert told.startswith("No interval here: the tokens of 20,000 steps would take too long. In Python: dump.enrich")
    states = {"rnn.l0.h": np.tile([0, 1], 30)[:, None].astype("float32")}
    few = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "few.h5", states=states, tokens=np.tile([3, 5, 7], 20)))
    question = {"dump": few.uuid, "source": "rnn.l0.h", "start": 1, "stop": 2, "track": "token here"}
    assert "3 tokens over 60 steps" in evidence.match_evidence(few, checked(TrackQuestion, question))["left_out"]


def test_hidden_rows_are_left_out_as_the_summary_leaves_them_out(client, dump):
    pattern = dump.select(SOURCE, 249, 255)
    first = dump.match(pattern, limit=1).iloc[0]
    span = [int(first["start"]), int(first["stop"])]
    answer = ask(client, dump, "enrichment", **BRUSH, track="depth", hidden=[span])
    frame = dump.enrichment(pattern, "depth", hidden=[Window(*span)])
    assert answer.json["rows"] == plain(frame, evidence.EVIDENCE)
    assert answer.json["rows"] != ask(client, dump, "enrichment", **BRUSH, track="depth").json["rows"]


def test_of_many_values_the_most_frequent_at_the_matches_are_told(client, dump, monkeypatch):
    whole = ask(client, dump, "enrichment", **BRUSH, track="depth").json
    monkeypatch.setattr(evidence, "MAX_VALUES", 2)
    answer = ask(client, dump, "enrichment", **BRUSH, track="depth").json
    assert answer["n_values"] == whole["n_values"] == 5
    rates = dump.enrichment(dump.select(SOURCE, 249, 255), "depth").set_index("value")["base_rate"].drop("4")
    assert answer["rows"] == [row for row in whole["rows"] if row["value"] in ("4", rates.idxmax())]


def test_values_that_would_take_long_are_told_in_a_line(client, dump, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_CELLS", 5 * dump.first.n_steps - 1)
    answer = ask(client, dump, "enrichment", **BRUSH, track="depth").json
    assert answer.keys() == {"track", "left_out"}
    assert "5 values over 20,000 steps" in answer["left_out"]
    monkeypatch.setattr(evidence, "MOST_CELLS", 5 * dump.first.n_steps)
    assert "rows" in ask(client, dump, "enrichment", **BRUSH, track="depth").json


def test_a_ranking_is_that_of_the_api(client, dump):
    answer = ask(client, dump, "rank", **HYPOTHESIS).json
    frame = dump.rank_units(Filter("depth", low=4, high=4))
    assert answer["rows"] == plain(frame.head(evidence.N_UNITS), evidence.RANKED)
    assert (answer["n_units"], answer["is_part"]) == (200, False)
    assert answer["f1_always"] == frame["f1_always"].iloc[0]


def test_where_all_sources_are_too_many_the_plotted_one_is_ranked_and_where_that_is_too_none(client, dump, monkeypatch):
    one = dump.first.n_steps * dump.source(SOURCE).n_units
    monkeypatch.setattr(evidence, "MOST_STATES", one)
    answer = ask(client, dump, "rank", **HYPOTHESIS).json
    assert (answer["sources"], answer["is_part"], answer["n_units"]) == ([SOURCE], True, 50)
    monkeypatch.setattr(evidence, "MOST_STATES", one - 1)
    for route in ("rank", "detector"):
        answer = ask(client, dump, route, **HYPOTHESIS)
        assert answer.status_code == 200
        assert "lstmviz rank" in answer.json["error"]


def test_a_detector_comes_as_a_pattern_that_the_page_can_open(client, dump):
    answer = ask(client, dump, "detector", **HYPOTHESIS).json
    found = dump.detector(Filter("depth", low=4, high=4))
    file = pattern_of(dump, parse({"dump": dump.uuid, "source": SOURCE, "pattern": answer["pattern"]}))
    assert file.pattern == found.pattern
    assert file.notes.name == "depth 4"
    assert (answer["n_units"], answer["f1"]) == (found.pattern.n_units, found.f1)
    assert lstmviz.PatternFile.from_json(answer["pattern"]) == file


@pytest.mark.parametrize(
    ("route", "body", "words"),
    [
        ("enrichment", {**BRUSH, "track": "no"}, "no track 'no'"),
        ("rank", {"hypothesis": {"track": "no", "low": 1}, "source": SOURCE}, "no track 'no'"),
        ("rank", {"hypothesis": {"track": "depth", "low": 0}, "source": SOURCE}, "every one is a yes"),
        ("detector", {"hypothesis": {"track": "depth", "low": 77}, "source": SOURCE}, "none is a yes"),
    ],
)
def test_what_does_not_fit_the_dump_is_the_line_of_the_answer(client, dump, route, body, words):
    answer = ask(client, dump, route, **body)
    assert answer.status_code == 200
    assert words in answer.json["error"]


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("enrichment", BRUSH),
        ("rank", {"source": SOURCE}),
        ("rank", {"hypothesis": 3, "source": SOURCE}),
        ("detector", {}),
    ],
)
def test_what_is_no_question_is_refused_in_a_line(client, dump, route, body):
    answer = ask(client, dump, route, **body)
    assert answer.status_code == 400
    assert "\n" not in answer.json["error"]


def partner_of(client, dump, source, unit, query):
    return client.get(f"/d/{dump.uuid}/partner/{source}/{unit}", query_string=query, headers=LOCAL)


def test_the_partner_of_a_unit_is_that_of_the_api(client, dump, monkeypatch):
    beside = {"beside": dump.uuid, "source": "rnn.l0.c"}
    units = dump.align_units(SOURCE, dump, "rnn.l0.c").units
    index = list(dump.sources).index(SOURCE)
    for unit in (0, 45):
        given = partner_of(client, dump, index, unit, beside).json
        assert given == {
            name: pytest.approx(units[name].iloc[unit]) for name in ("partner", "r", "r_chance", "is_mutual")
        }
    monkeypatch.setattr(evidence, "MOST_ALIGNED", 1000)
    assert partner_of(client, dump, index, 0, beside).json["left_out"].endswith("ask lstmviz align.")


@pytest.mark.parametrize(
    ("source", "unit", "query", "words"),
    [
        (0, 50, {}, "no unit 50"),
        (99, 0, {}, "no source number 99"),
        (0, 0, {"source": "nope"}, "no source 'nope'"),
        (0, 0, {"beside": "<b>"}, "no recording '<b>'"),
    ],
)
def test_a_partner_that_cannot_be_found_is_told_in_a_line(client, dump, source, unit, query, words):
    answer = partner_of(client, dump, source, unit, {"beside": dump.uuid, "source": SOURCE} | query)
    assert answer.status_code in (400, 404)
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("route", ["rank", "detector"])
def test_work_for_an_asker_who_has_gone_ends(client, dump, route):
    looks = []

    def has_gone():
        looks.append(1)
        return len(looks) > 1

    body, environ = {"dump": dump.uuid, **HYPOTHESIS}, {"waitress.client_disconnected": has_gone}
    answer = client.post(f"/d/{dump.uuid}/{route}", json=body, headers=LOCAL, environ_overrides=environ)
    assert (len(looks), answer.json["error"]) == (2, "the question was cancelled; ask again to start over")
