"""Tracks by the page's routes: who may change them, what each makes, and that every reader sees it."""

from __future__ import annotations

import time

import numpy as np
import pytest

import lstmviz
from lstmviz.ui.extras import Extras
from lstmviz.ui.place import Place
from lstmviz.ui.serve import make_app, server_from_environment

WORDS = ["the", "dog", "barks", "and", "the", "old", "dog", "sleeps"]


@pytest.fixture
def path(tmp_path):
    vocab = sorted(set(WORDS))
    values = np.random.default_rng(0).uniform(-1, 1, (16, 4)).astype("float32")
    return lstmviz.write_dump(
        tmp_path / "run.h5",
        states={"rnn.l0.h": values},
        tokens=[vocab.index(word) for word in WORDS * 2],
        vocab=vocab,
        lengths=[8, 8],
        tracks={"depth": range(16)},
    )


@pytest.fixture
def dump(path):
    return lstmviz.open_dump(path)


@pytest.fixture
def client(dump):
    return make_app([dump]).server.test_client()


def labels(dump, name):
    track = dump.tracks[name]
    return [track.labels[code] if code >= 0 else None for code in track[:].tolist()]


def posted(client, dump, act, **body):
    return client.post(f"/d/{dump.uuid}/tracks/{act}", json=body)


def test_each_way_to_save_one(client, dump):
    selection = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 2, "stop": 3, "threshold": 0.05, "before": 0}
    marked = {**selection, "marked": [[1, 3]]}
    for body in (
        {"name": "ready", "of": "ready", "text": "place in sequence"},
        {"name": "regex", "of": "regex", "text": "(?P<dog>dog)"},
        {"name": "hits", "of": "search", "text": "old dog", "label": "pet"},
        {"name": "matches", "of": "matches", "selection": selection},
        {"name": "marked", "of": "marked", "selection": marked},
    ):
        answer = posted(client, dump, "add", **body)
        assert "error" not in answer.json, answer.json
    assert answer.json["undo"] == "added 'marked'"
    assert [track["name"] for track in answer.json["added"]] == ["ready", "regex", "hits", "matches", "marked"]
    assert [i for i, label in enumerate(labels(dump, "hits")) if label == "pet"] == [5, 6, 13, 14]
    assert labels(dump, "marked")[:4] == ["other", "yes", "yes", "other"]
    pattern = dump.select("rnn.l0.h", 2, 3, 0.05, 0)
    steps = {
        s
        for row in dump.match(pattern, 1000).query("n_shared == @pattern.n_units").itertuples()
        for s in range(row.start, row.stop)
    }
    assert {i for i, label in enumerate(labels(dump, "matches")) if label == "yes"} == steps
    assert labels(lstmviz.open_dump(dump.path), "regex")[1] == "dog"


def test_paint_rename_remove_and_undo(client, dump):
    posted(client, dump, "paint", name="who", axis=0, spans=[[0, 2]], label="subject")
    posted(client, dump, "paint", name="who", axis=0, spans=[[1, 2], [4, 5]], label="object")
    assert labels(dump, "who")[:5] == ["subject", "object", None, None, "object"]
    revision = posted(client, dump, "rename", name="who", to="role").json["revision"]
    assert posted(client, dump, "undo", revision=revision).json["added"][0]["name"] == "who"
    late = posted(client, dump, "undo", revision=revision)
    assert "the tracks were changed since" in late.json["error"]
    assert posted(client, dump, "remove", name="who").json["added"] == []
    assert "who" not in lstmviz.open_dump(dump.path).tracks


def test_a_file_that_was_renamed_is_shown_by_its_new_name(client, dump, path):
    first = client.get(f"/d/{dump.uuid}/about.json")
    other = make_app([lstmviz.open_dump(path.rename(path.with_name("renamed.h5")))]).server.test_client()
    again = other.get(f"/d/{dump.uuid}/about.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.json["name"], again.status_code, again.json["name"]) == ("run", 200, "renamed")


def test_a_second_server_shows_it_and_nothing_stale_is_kept(client, dump, path):
    other = make_app([lstmviz.open_dump(path)]).server.test_client()
    base = f"/d/{dump.uuid}"
    first = other.get(f"{base}/about.json")
    assert first.headers["Cache-Control"] == "no-cache"
    assert "immutable" in other.get(f"{base}/steps/0/0/16").headers["Cache-Control"]
    assert "immutable" in other.get(f"{base}/unit/0/0").headers["Cache-Control"]
    told = posted(client, dump, "paint", name="who", axis=0, spans=[[0, 2]], label="x").json
    assert other.get(f"{base}/about.json", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    about = other.get(f"{base}/about.json")
    assert about.json["tracks_revision"] == told["revision"]
    assert [track["name"] for track in about.json["tracks"]] == ["depth", "who"]
    again = other.get(f"{base}/about.json", headers={"If-None-Match": about.headers["ETag"]})
    assert again.status_code == 304
    assert other.get(f"{base}/steps/0/0/16").headers["Cache-Control"] == "no-store"
    steps = other.get(f"{base}/steps/0/0/16?tracks={told['revision']}")
    assert "immutable" in steps.headers["Cache-Control"]
    assert steps.json["tracks"]["who"][:3] == [0, 0, -1]
    card = other.get(f"{base}/unit/0/0?tracks={told['revision']}")
    assert [track["name"] for track in card.json["tracks"]] == ["depth", "who"]
    selection = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 2, "stop": 3, "threshold": 0.05, "before": 0}
    listed = other.post(f"{base}/matches", json=selection)
    assert listed.headers["Lstmviz-Tracks"] == f"{dump.uuid} {told['revision']}"
    filtered = {**selection, "filters": [{"track": "who", "labels": ["x"]}]}
    n_before = other.post(f"{base}/matches", json=filtered).json["n_listed"]
    posted(client, dump, "paint", name="who", axis=0, spans=[[0, 16]], label="x")
    assert other.post(f"{base}/matches", json=filtered).json["n_listed"] > n_before
    order = {**selection, "group": "track:who"}
    assert [g["name"] for g in other.post(f"{base}/matches", json=order).json["groups"]] == ["x"]
    posted(client, dump, "paint", name="who", axis=0, spans=[[0, 16]], label="y")
    assert [g["name"] for g in other.post(f"{base}/matches", json=order).json["groups"]] == ["y"]


def test_only_where_it_is_allowed(path, dump):
    public = [
        make_app([dump], place=Place(hosts=("lab.example",))),
        make_app([dump], place=Place(token="t")),
        make_app([dump], extras=Extras(allow_labels=False)),
    ]
    environ = {"LSTMVIZ_DUMPS": str(path)}
    servers = [*(app.server for app in public), server_from_environment(environ)]
    for server in servers:
        client = server.test_client()
        client.get("/?token=t")
        told = client.get(f"/d/{dump.uuid}/tracks").json
        assert not told["may"]
        assert "--allow-labels" in told["why"]
        for act, body in (
            ("add", {"name": "x", "of": "ready", "text": "number"}),
            ("paint", {"name": "x", "axis": 0, "spans": [[0, 1]], "label": "y"}),
            ("rename", {"name": "x", "to": "y"}),
            ("remove", {"name": "x"}),
            ("undo", {"revision": ""}),
        ):
            answer = posted(client, dump, act, **body)
            assert answer.status_code == 403, act
            assert "lets no visitor change tracks" in answer.json["error"]
    assert list(dump.tracks) == ["depth"]
    assert not path.with_name("run.h5.tracks").exists()
    for allowed in (
        make_app([dump], place=Place(token="t"), extras=Extras(allow_labels=True)).server,
        server_from_environment({**environ, "LSTMVIZ_ALLOW_LABELS": "1"}),
    ):
        client = allowed.test_client()
        client.get("/?token=t")
        assert posted(client, dump, "add", name="x", of="ready", text="number", overwrite=True).status_code == 200


def test_a_form_of_another_site_changes_nothing(client, dump):
    answer = client.post(f"/d/{dump.uuid}/tracks/add", data={"name": "x", "of": "ready", "text": "number"})
    assert answer.status_code == 415
    assert client.get(f"/d/{dump.uuid}/tracks/add").status_code == 404
    assert list(dump.tracks) == ["depth"]


@pytest.mark.parametrize(
    ("act", "body", "words"),
    [
        ("add", {"name": "x", "of": "nope"}, "'nope'"),
        ("add", {"name": "", "of": "ready"}, "name"),
        ("add", {"name": "depth", "of": "ready", "text": "number"}, "was recorded with a track 'depth'"),
        ("add", {"name": "x", "of": "ready", "text": "nope"}, "no ready-made track"),
        ("add", {"name": "x", "of": "search", "text": "zebra"}, "there is nothing to save"),
        ("add", {"name": "x", "of": "matches"}, "needs the selection"),
        ("add", {"name": "x", "of": "regex", "text": "("}, "is not a regular expression"),
        ("add", {"name": "x", "of": "ready", "text": "number", "axis": 3}, "no axis number 3"),
        ("paint", {"name": "x", "axis": 0, "spans": [[3, 99]], "label": "y"}, "outside the 16 steps"),
        ("paint", {"name": "x", "axis": 0, "spans": [], "label": "y"}, "spans"),
        ("paint", {"name": "depth", "axis": 0, "spans": [[0, 1]], "label": "y"}, "was recorded"),
        ("remove", {"name": "depth"}, "was recorded, not added"),
        ("undo", {"revision": "x"}, "changed since"),
    ],
)
def test_what_does_not_do_is_one_line(client, dump, act, body, words):
    answer = posted(client, dump, act, **body)
    assert answer.status_code == 200
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert list(dump.tracks) == ["depth"]


def test_exports_and_the_map_have_it(client, dump):
    told = posted(client, dump, "paint", name="who", axis=0, spans=[[0, 16]], label="=x").json
    selection = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 2, "stop": 3, "threshold": 0.05, "before": 0}
    exported = client.post(f"/d/{dump.uuid}/export/matches.csv", json=selection).get_data(as_text=True).splitlines()
    assert exported[0].split(",")[-1] == "track:who"
    assert exported[1].split(",")[-1].strip('"') == "'=x"  # no formula for a spreadsheet
    client.post(f"/d/{dump.uuid}/map/0/pca/start", json={})
    colour = client.get(f"/d/{dump.uuid}/map/0/pca/colour.bin?by=who&tracks={told['revision']}")
    for _ in range(100):
        if colour.status_code == 200:
            break
        time.sleep(0.1)
        colour = client.get(f"/d/{dump.uuid}/map/0/pca/colour.bin?by=who&tracks={told['revision']}")
    assert np.frombuffer(colour.data, "<f4").tolist() == [0.0] * 16
    stale = client.get(f"/d/{dump.uuid}/map/0/pca/colour.bin?by=who")
    assert stale.headers["Cache-Control"] == "no-store"


def test_a_corpus_takes_them_too(tmp_path, path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    states = {"rnn.l0.h": np.ones((4, 2), "float32")}
    for name in ("a.h5", "b.h5"):
        lstmviz.write_dump(folder / name, states=states, tokens=[0, 1, 0, 1], vocab=["la", "li"])
    corpus = lstmviz.open_dump(lstmviz.write_corpus(folder))
    client = make_app([corpus]).server.test_client()
    posted(client, corpus, "add", name="li", of="search", text="li")
    posted(client, corpus, "paint", name="mine", axis=0, spans=[[3, 6]], label="x")
    assert labels(corpus, "li") == ["other", "yes"] * 4
    assert labels(corpus, "mine")[2:7] == [None, "x", "x", "x", None]
