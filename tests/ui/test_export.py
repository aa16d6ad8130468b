"""Matches as files: every row of the Python API, in the order asked for, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import lstmviz
from lstmviz.ui import serve
from lstmviz.ui.place import Place
from lstmviz.ui.routes import export

LOCAL = {"Host": "127.0.0.1:8050"}
HOSTILE = ["=1+1", "+a", "-a", "@x", "\ttab", "\rcr", 'say "hi", you', "two\nlines", "'quoted", "plain", "", "é€漢"]


@pytest.fixture
def hostile(tmp_path):
    """A dump whose tokens, labels and name try to be more than text; every token is a match of its own."""
    n = len(HOSTILE)
    on = np.tile([[0.9], [0.1]], (n, 1))
    path = lstmviz.write_dump(
        tmp_path / 'é "x".h5',
        states={"rnn.l0.h": on},
        tokens=np.repeat(np.arange(n), 2),
        vocab=HOSTILE,
        tracks={"=kind": np.repeat(HOSTILE, 2), "loss": np.repeat(np.r_[-1.5, np.nan, np.arange(n - 2)], 2)},
    )
    return lstmviz.open_dump(path)


def post(dump, name, body, **more):
    client = serve.make_app([dump]).server.test_client()
    return client.post(f"/d/{dump.uuid}/export/{name}", json=body, headers=LOCAL, **more)


def selection(dump, **more):
    return {"dump": dump.uuid, "source": "rnn.l0.h", "start": 0, "stop": 1, "threshold": 0.5, "before": 0, **more}


def table(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8"), newline="")))


def test_csv_holds_every_match_and_no_formula(hostile):
    answer = post(hostile, "matches.csv", selection(hostile, rows=1, order="step"))
    rows = table(answer)
    frame = hostile.match(hostile.select("rnn.l0.h", 0, 1, 0.5, 0, 0), 1_000, order="step")
    for column in ("start", "stop", "sequence", "n_shared", "n_union", "length"):
        assert [int(r[column]) for r in rows] == frame[column].tolist()
    assert len(rows) == len(HOSTILE)
    for column in ("text", "track:=kind"):
        shown = [f"'{t}" if t[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and t else t for t in HOSTILE]
        assert [r[column] for r in rows] == shown
    assert rows[0]["track:loss"] == "-1.5"  # a number stays one
    assert rows[1]["track:loss"] == ""
    assert answer.mimetype == "text/csv"
    sent = answer.headers["Content-Disposition"]
    assert sent == "attachment; filename=\"_ _x_-matches.csv\"; filename*=UTF-8''%C3%A9%20%22x%22-matches.csv"
    assert answer.headers["Cache-Control"] == "no-store"


def test_json_holds_every_match_and_the_pattern(hostile):
    body = selection(hostile, hidden=[[0, 1]], marked=[[2, 3]], order="-length")
    answer = post(hostile, "matches.json", body)
    whole = json.loads(answer.data)
    pattern = hostile.select("rnn.l0.h", 0, 1, 0.5, 0, 0)
    frame = hostile.match(pattern, 1_000, order="-length")
    assert [m["text"] for m in whole["matches"]] == frame["text"].tolist() == HOSTILE
    assert [m["track:=kind"] for m in whole["matches"]] == HOSTILE
    assert [m["track:loss"] for m in whole["matches"]][:2] == [-1.5, None]
    assert [(m["is_hidden"], m["is_marked"]) for m in whole["matches"]][:3] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    file = json.dumps({k: whole[k] for k in ("format", "version", "pattern", "notes")})
    assert lstmviz.PatternFile.from_json(file).pattern == pattern
    assert (whole["n_matches"], whole["dump"], whole["order"]) == (
        len(frame),
        {"uuid": hostile.uuid, "name": 'é "x"'},
        "-length",
    )


@pytest.mark.parametrize("more", [{}, {"order": "-track:part"}, {"group": "sequence"}, {"shared": 2}])
def test_files_come_in_the_order_asked_for_a_few_rows_at_a_time_also_of_shards(parts, monkeypatch, more):
    monkeypatch.setattr("lstmviz.ui.routes.export.ROWS_AT_ONCE", 3)
    for dump in parts:
        body = {**selection(dump), "start": 21, "stop": 24, "threshold": -0.5, **more}
        rows = table(post(dump, "matches.csv", body))
        pattern = dump.select("rnn.l0.h", 21, 24, -0.5, 0, 0)
        listed = lstmviz.match.listing(
            dump, pattern, more.get("order", "best"), more.get("group", ""), more.get("shared", 1)
        )
        frame = listed.page(10_000)
        assert len(frame) > 3
        assert [int(r["start"]) for r in rows] == frame["start"].tolist()
        assert [int(r["n_union"]) for r in rows] == frame["n_union"].tolist()
        assert [r["text"] for r in rows] == frame["text"].tolist()
        labels = dump.tracks["part"].labels
        assert [r["track:part"] for r in rows] == [labels[int(dump.tracks["part"][s])] for s in frame["start"].tolist()]
        found = json.loads(post(dump, "matches.json", body).data)["matches"]
        assert [m["start"] for m in found] == frame["start"].tolist()


@pytest.mark.parametrize("filters", [[], [{"track": "depth", "low": 3, "high": 4}]])
def test_a_region_of_the_map_is_exported_in_the_place_of_the_matches(parens, monkeypatch, filters):
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 700)
    source = "rnn.l1.c"
    mapped = parens.project(source)
    low, high = mapped.points.min(axis=0).tolist(), mapped.points.max(axis=0).tolist()
    corners = [[0, low[1]], [high[0], low[1]], [high[0], high[1]], [0, high[1]]]
    asked = selection(parens, source=source, lasso=corners, filters=filters)
    region = parens.region(mapped, corners, [lstmviz.Filter(**one) for one in filters])
    assert 1_500 < len(region.steps) < parens.n_steps
    answer = post(parens, "matches.csv", asked)
    rows = table(answer)
    assert 'filename="parens-region.csv"' in answer.headers["Content-Disposition"]
    assert [int(row["step"]) for row in rows] == region.steps.tolist()
    assert [row["text"] for row in rows] == [parens.tokens[step] for step in region.steps.tolist()]
    assert [float(row["track:depth"]) for row in rows] == parens.tracks["depth"][:][region.steps].tolist()
    sequences = parens.sequences
    at = [sequences["start"][int(row["sequence"])] for row in rows]
    assert all(start <= step for start, step in zip(at, region.steps, strict=True))
    told = json.loads(post(parens, "matches.json", asked).data)
    assert told["region"] == {"map": source, "method": "pca", "corners": corners}
    assert (told["n_steps"], told["n_points"]) == (len(rows), region.n_points)
    assert told["filters"] == filters
    assert [row["step"] for row in told["steps"]] == region.steps.tolist()
    right = parens.tracks["right"]  # which nothing is at a sequence's end
    said = [right.labels[code] if code >= 0 else None for code in right[:][region.steps].tolist()]
    assert [row["track:right"] for row in rows] == [label or "" for label in said]
    assert [row["track:right"] for row in told["steps"]] == said
    assert None in said


def test_a_match_where_a_label_is_missing_has_none(parens):
    end = int(parens.sequences["stop"][2])  # seven units come on at this sequence's last step
    asked = selection(parens, source="rnn.l1.c", start=end - 1, stop=end, threshold=0.3, before=1, order="step")
    rows = json.loads(post(parens, "matches.json", asked).data)["matches"]
    assert [row["track:right"] for row in rows if row["start"] == end - 1] == [None]
    assert {row["track:right"] for row in rows} == {None, "right", "wrong"}


def test_a_region_of_no_step_and_of_tokens_that_are_formulas(hostile):
    far = [[90, 90], [91, 90], [91, 91]]
    assert table(post(hostile, "matches.csv", selection(hostile, lasso=far))) == []
    assert json.loads(post(hostile, "matches.json", selection(hostile, lasso=far)).data)["steps"] == []
    around = [[-9, -9], [9, -9], [9, 9], [-9, 9]]
    texts = {row["text"] for row in table(post(hostile, "matches.csv", selection(hostile, lasso=around)))}
    assert {"'=1+1", "'@x", "two\nlines", ""} <= texts


def test_no_match_is_an_empty_file(parts):
    body = selection(parts[0], threshold=5)
    assert table(post(parts[0], "matches.csv", body)) == []
    assert json.loads(post(parts[0], "matches.json", body).data)["matches"] == []


@pytest.mark.parametrize(
    ("name", "sent", "status", "words"),
    [
        ("matches.xlsx", {"json": {}}, 404, "use matches.csv or matches.json"),
        ("matches.csv", {"data": "{}"}, 415, "Content-Type: application/json"),
        ("matches.csv", {"data": {"dump": "x"}}, 415, "Content-Type: application/json"),
        ("matches.csv", {"data": "{", "content_type": "application/json"}, 400, ""),
        ("matches.csv", {"data": "[]", "content_type": "application/json"}, 400, "what was posted is a list"),
        ("matches.csv", {"json": {}}, 400, "'dump'"),
        (
            "matches.csv",
            {"json": {"dump": "x", "source": "rnn.l9.h", "start": 0, "stop": 1}},
            404,
            "no source 'rnn.l9.h'",
        ),
        ("matches.csv", {"json": {"dump": "x", "source": "rnn.l0.h", "order": "worst"}}, 400, "order 'worst'"),
        ("matches.csv", {"data": " " * (16 * 2**20 + 1), "content_type": "application/json"}, 413, ""),
    ],
)
def test_a_bad_request_gets_one_line_of_json(parts, name, sent, status, words):
    client = serve.make_app([parts[0]]).server.test_client()
    answer = client.post(f"/d/{parts[0].uuid}/export/{name}", headers=LOCAL, **sent)
    assert answer.status_code == status
    assert words in answer.json["error"]
    assert answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_a_file_is_posted_for(parts):
    client = serve.make_app([parts[0]]).server.test_client()
    answer = client.get(f"/d/{parts[0].uuid}/export/matches.csv", headers=LOCAL)
    assert (answer.status_code, "nothing answers to GET" in answer.json["error"]) == (404, True)


def test_files_are_for_those_who_may_see_the_page(parts):
    server = serve.make_app([parts[0]], place=Place(hosts=("room.example",), token="s3cret")).server
    where = f"/d/{parts[0].uuid}/export/matches.csv"
    for host in ("room.example", "evil.example", "127.0.0.1"):
        refused = server.test_client().post(where, json=selection(parts[0]), headers={"Host": host})
        assert refused.status_code == 403
    client = server.test_client()
    client.get("/?token=s3cret", headers={"Host": "room.example"})
    assert client.post(where, json=selection(parts[0]), headers={"Host": "room.example"}).status_code == 200
