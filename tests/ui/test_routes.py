"""The routes beside a window: unit cards, thresholds, why not, sequences; each against the Python API."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

import lstmviz
from lstmviz.match.index import store
from lstmviz.ui import serve

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    rng = np.random.default_rng(2)
    lengths = [30, 25, 35]
    states = {
        "rnn.l0.h": rng.uniform(-1, 1, (30, 4)).astype("float16").repeat(3, axis=0),
        "rnn.l0.c": np.where(rng.uniform(size=(90, 3)) < 0.05, np.nan, rng.normal(0, 2, (90, 3))),
    }
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("routes") / "words.h5",
        states=states,
        views={"rnn.l0.c": "tanh"},
        tokens=np.arange(90) % 3,
        vocab=["la", "<b>", "li"],
        lengths=lengths,
        tracks={
            "depth": np.arange(90) % 5,
            "mood": np.repeat(["Sad", "glad", "Sad"], lengths),
            "score": np.repeat([0.5, math.nan, 2.5], lengths),
            "loss": rng.uniform(0, 1, 90),
        },
    )
    return lstmviz.open_dump(path)


def get(client, dump, path):
    return client.get(f"/d/{dump.uuid}/{path}", headers=LOCAL)


def columns(frame):
    return {name: [None if v != v else v for v in frame[name].tolist()] for name in frame}


@pytest.mark.parametrize(
    ("index", "unit", "query", "threshold", "side"),
    [(0, 3, "", 0.3, "high"), (1, 0, "?t=0.55&side=low", 0.55, "low"), (0, 1, "?t=2&side=high", 2, "high")],
)
def test_a_unit_card_is_that_of_the_api_and_may_be_kept(client, dump, index, unit, query, threshold, side):
    answer = get(client, dump, f"unit/{index}/{unit}{query}")
    card = dump.unit(list(dump.sources)[index], unit, threshold, side, n_contexts=5)
    given = answer.json
    assert "immutable" in answer.headers["Cache-Control"]
    for field in ("source", "unit", "side", "threshold", "n_steps", "n_nan", "on_rate"):
        assert given[field] == getattr(card, field)
    for frame in ("histogram", "quantiles", "on_rates", "run_lengths"):
        assert given[frame] == columns(getattr(card, frame))
    places = {place: rows.drop(columns="track") for place, rows in card.tokens.groupby("track", sort=False)}
    assert given["tokens"] == [{"name": place, **columns(rows)} for place, rows in places.items()]
    runs = np.repeat(card.run_lengths["length"], card.run_lengths["n_runs"])
    assert given["n_runs"] == len(runs)
    assert given["median_run"] == (int(np.sort(runs)[(len(runs) - 1) // 2]) if len(runs) else None)
    assert len(given["contexts"]) == len(card.contexts) > 0
    for shown, context in zip(given["contexts"], card.contexts, strict=True):
        assert shown["tokens"] == list(context.tokens) == dump.tokens[context.start : context.stop]
        assert shown["values"] == [None if math.isnan(v) else v for v in context.values]
        assert [shown[k] for k in ("step", "start", "stop", "sequence", "value")] == [
            getattr(context, k) for k in ("step", "start", "stop", "sequence", "value")
        ]
    for shown, track in zip(given["tracks"], card.tracks, strict=True):
        assert (shown["name"], shown["kind"], shown["n_steps"]) == (track.name, track.kind, track.n_steps)
        assert shown["table"] == (None if track.table is None else columns(track.table))
        assert shown["r"] == track.r


def test_fewer_and_shorter_contexts_may_be_asked_for(client, dump):
    given = get(client, dump, "unit/0/3?contexts=2&around=4").json
    assert len(given["contexts"]) == 2
    assert all(len(c["tokens"]) <= 9 for c in given["contexts"])


@pytest.mark.parametrize("side", ["high", "low"])
def test_thresholds_are_those_of_the_api(client, dump, side):
    for index, name in enumerate(dump.sources):
        given = get(client, dump, f"thresholds/{index}?start=31&stop=33&before=0&after=1&side={side}").json
        assert given == columns(dump.thresholds(name, 31, 33, 0, 1, side))


def test_why_not_says_what_the_api_says(client, dump):
    for index, (name, source) in enumerate(dump.sources.items()):
        for unit in range(source.n_units):
            for side in ("high", "low"):
                given = get(client, dump, f"whynot/{index}/{unit}?start=31&stop=33&t=0.2&before=2&side={side}").json
                why = dump.why_not(name, unit, 31, 33, 0.2, 2, 0, side)
                assert given["words"] == str(why)
                assert (given["source"], given["unit"], given["is_selected"]) == (name, unit, why.is_selected)
                for field in ("kind", "step", "threshold", "is_possible", "above", "up_to", "reason"):
                    assert given[field] == getattr(why, field)
                assert given["value"] == (None if why.value is None or math.isnan(why.value) else why.value)


def test_sequences_are_listed_with_what_never_changes_inside_them(client, dump):
    given = get(client, dump, "sequences/0").json
    assert (given["total"], given["n_sequences"], given["from"], given["at"]) == (3, 3, 0, None)
    assert given["tracks"] == ["mood", "score"]
    assert [(s["index"], s["start"], s["stop"]) for s in given["sequences"]] == [(0, 0, 30), (1, 30, 55), (2, 55, 90)]
    assert [s["labels"] for s in given["sequences"]] == [
        {"mood": "Sad", "score": 0.5},
        {"mood": "glad", "score": None},
        {"mood": "Sad", "score": 2.5},
    ]
    assert given["sequences"][1]["tokens"] == dump.tokens[30:54]


def indices(answer):
    return [s["index"] for s in answer.json["sequences"]]


def test_sequences_are_found_by_label_number_and_text_and_paged(client, dump):
    assert indices(get(client, dump, "sequences/0?q=sad")) == [0, 2]
    assert indices(get(client, dump, "sequences/0?q=1")) == [1]
    assert indices(get(client, dump, "sequences/0?q=la%20<b>")) == [0, 1, 2]
    assert indices(get(client, dump, "sequences/0?q=nothing")) == []
    page = get(client, dump, "sequences/0?from=1&limit=1&step=56")
    assert (indices(page), page.json["at"], page.json["total"]) == ([1], 2, 3)
    assert get(client, dump, "sequences/0?q=sad&step=56").json["at"] == 1
    assert get(client, dump, "sequences/0?q=glad&step=56").json["at"] is None


def test_sequences_of_shards_are_those_of_one_dump(parts):
    given = []
    for dump in parts:
        client = serve.make_app([dump]).server.test_client()
        given.append([get(client, dump, f"sequences/0{q}").json for q in ("", "?q=Li", "?q=b", "?step=35&from=2")])
    assert given[0] == given[1]


def test_a_source_that_is_looked_at_is_indexed_before_it_is_brushed(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "SMALL", 0)
    states = {name: np.random.default_rng(1).uniform(-1, 1, (90, 4)) for name in ("rnn.l0.h", "rnn.l0.c")}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "seen.h5", states=states))
    client = serve.make_app([dump]).server.test_client()
    client.get(f"/d/{dump.uuid}/about.json", headers=LOCAL)
    assert not store.index_folder(dump).exists()
    for _ in range(2):
        assert client.get(f"/d/{dump.uuid}/states/1/0/10", headers=LOCAL).status_code == 200
    for thread in [t for t in threading.enumerate() if t.name == "lstmviz-index"]:
        thread.join(20)
    assert [name for name, _ in store.open_indexes(dump)] == [list(dump.sources)[1]]


@pytest.mark.parametrize("block", [1, 7, 40])
def test_what_never_changes_is_seen_at_any_block_size(dump, monkeypatch, block):
    monkeypatch.setattr("lstmviz.match.order.bins.BLOCK_STEPS", block)
    again = lstmviz.open_dump(dump.path)
    client = serve.make_app([again]).server.test_client()
    given = get(client, again, "sequences/0").json
    assert given["tracks"] == ["mood", "score"]
    assert [s["labels"]["score"] for s in given["sequences"]] == [0.5, None, 2.5]


def test_a_dump_without_tokens_or_tracks_is_answered_too(tmp_path):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "n.h5", states={"rnn.l0.h": np.eye(4)}, lengths=[2, 2]))
    client = serve.make_app([dump]).server.test_client()
    assert get(client, dump, "sequences/0?q=x").json["sequences"] == []
    assert [s["tokens"] for s in get(client, dump, "sequences/0").json["sequences"]] == [None, None]
    assert get(client, dump, "unit/0/1").json["contexts"][0]["tokens"] is None


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("unit/9/0", 404, "no source number 9"),
        ("unit/0/4", 400, "units are 0 to 3"),
        ("unit/0/99999999999999999999", 400, "units are 0 to 3"),
        ("unit/0/0?t=nan", 400, "t='nan' is not a finite number"),
        ("unit/0/0?t=high", 400, "t='high' is not a finite number"),
        ("unit/0/0?side=both", 400, "side 'both' is not known"),
        ("unit/0/0?contexts=-1", 400, "contexts='-1' is not a whole number"),
        ("unit/0/0?contexts=100000", 400, "contexts"),
        ("unit/0/x", 404, "nothing answers to GET 'unit/0/x'"),
        ("thresholds/0", 400, "start is missing"),
        ("thresholds/0?start=1.5&stop=3", 400, "start='1.5' is not a whole number"),
        ("thresholds/0?start=3&stop=3", 400, "empty"),
        ("thresholds/0?start=29&stop=31", 400, "border at step 30"),
        ("thresholds/0?start=0&stop=1&before=99999999", 400, "before='99999999'"),
        ("whynot/0/4?start=1&stop=2", 400, "units are 0 to 3"),
        ("whynot/0/0?start=1&stop=999", 400, "ends after the last step"),
        ("sequences/1", 404, "no axis number 1"),
        ("sequences/0?from=-1", 400, "from='-1'"),
        ("sequences/0?limit=²", 400, "not a whole number"),
        ("nothing", 404, "nothing answers to GET"),
    ],
)
def test_a_bad_request_gets_one_line_of_json(client, dump, path, status, words):
    answer = get(client, dump, path)
    assert answer.status_code == status
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("around", [0, 3, 100])
def test_hits_are_listed_with_the_text_around_them_inside_their_sequences(client, dump, around):
    hits = dump.search("la <b>")
    assert len(hits) > 20
    answer = get(client, dump, f"search/0?q=la <b>&from=5&limit=12&around={around}").get_json()
    assert (answer["total"], answer["first"]) == (len(hits), 5)
    assert answer["hits"] == hits[["start", "stop"]].to_numpy().tolist()[5:17]
    for (start, stop), text in zip(answer["hits"], answer["texts"], strict=True):
        begin, end = next((a, b) for a, b in dump.sequences.to_numpy().tolist() if a <= start < b)
        assert text["first"] == max(begin, start - around)
        assert text["tokens"] == dump.tokens[text["first"] : min(end, stop + around)]
    assert get(client, dump, "search/0?q=la&from=1000").get_json()["hits"] == []
    assert get(client, dump, "search/0?q=la&from=0&around=101").status_code == 400
