"""``lstmviz track``: each way to add one, what it says, and errors in a line."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lstmviz
from support.commands import run


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["the", "dog", "barks", "at", "the", "old", "dog"]
    vocab = sorted(set(words))
    states = {"rnn.l0.h": np.zeros((7, 1), "float16")}
    ids = [vocab.index(word) for word in words]
    return lstmviz.write_dump(
        "run.h5", states=states, tokens=ids, vocab=vocab, lengths=[3, 4], tracks={"depth": range(7)}
    )


def labels(path, name):
    track = lstmviz.open_dump(path).tracks[name]
    return [track.labels[code] if code >= 0 else None for code in track[:].tolist()]


def test_each_way_to_add_one(path, tmp_path):
    done = run("track", "add", path, "pets", "--regex", "(?P<pet>dog)")
    assert done.stdout == "pets: 2 labels (other, pet), one a step, beside run.h5\n"
    assert labels(path, "pets")[1] == "pet"
    (tmp_path / "tags.csv").write_text("word,tag\ndog,N\nbarks,V\ncat,N\n")
    done = run("track", "add", path, "tags", "--csv", "tags.csv")
    assert done.stdout.startswith("2 of 3 words (66.7%) stand on 2 steps")
    assert "line 4: cat" in done.stderr
    (tmp_path / "mine.py").write_text("def topic(tokens):\n    return 'short' if len(tokens) < 4 else 'long'\n")
    run("track", "add", path, "topic", "--python", "mine:topic")
    assert labels(path, "topic") == ["short"] * 3 + ["long"] * 4
    run("track", "add", path, "place", "--ready", "place in sequence")
    (tmp_path / "a.bio").write_text("dog B-PET\n")
    run("track", "add", path, "pet", "--bio", "a.bio", "--rest", "")
    assert labels(path, "pet")[:3] == [None, "B-PET", None]
    listed = json.loads(run("track", "list", path, "--format", "json").stdout)
    assert [row["track"] for row in listed] == ["depth", "pets", "tags", "topic", "place", "pet"]
    assert [row["added"] for row in listed] == [
        "",
        "regex (?P<pet>dog)",
        "file tags.csv",
        "of each sequence by topic",
        "ready: place in sequence",
        "file a.bio",
    ]


def test_rename_remove_and_undo(path):
    run("track", "add", path, "a", "--ready", "number")
    assert run("track", "rename", path, "a", "b").stdout == "a is b now\n"
    assert run("track", "remove", path, "b").exit_code == 0
    assert run("track", "undo", path).stdout == "undone: removed 'b'\n"
    assert "b" in lstmviz.open_dump(path).tracks
    assert "distance since: TOKEN" in run("track", "ready").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "x"], "nothing is given; give one of --csv"),
        (["add", "x", "--regex", "a", "--ready", "number"], "--regex and --ready is given"),
        (["add", "x", "--python", "nope"], "'nope' does not name a function"),
        (["add", "x", "--python", "nope:f"], "nope:f cannot be imported (ModuleNotFoundError"),
        (["add", "x", "--csv", "none.csv"], "none.csv cannot be read as CSV"),
        (["add", "depth", "--ready", "number"], "was recorded with a track 'depth'"),
        (["remove", "depth"], "track 'depth' was recorded, not added"),
        (["rename", "x", "y"], "no added track 'x' in run.h5; added: none"),
        (["undo"], "no change of the tracks"),
    ],
)
def test_what_cannot_be_done_is_one_line(path, arguments, words):
    done = run("track", arguments[0], path, *arguments[1:])
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr
