"""The page and the command line over a corpus of shards: the same answers as over one dump that holds them all."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lstmviz
from lstmviz.ui.rows import match_rows
from lstmviz.ui.selection import parse
from lstmviz.ui.serve import make_app
from support.commands import run


@pytest.fixture
def client(parts):
    return make_app(parts).server.test_client()


@pytest.mark.parametrize("route", ["states/0/15/45", "search/0?q=la&after=25&limit=5", "search/0?q=zz", "cut/0?t=0.3"])
def test_every_route_answers_as_for_one_dump(client, parts, route):
    one, many = (client.get(f"/d/{dump.uuid}/{route}") for dump in parts)
    assert many.status_code == one.status_code == 200
    assert many.data == one.data


def test_steps_are_those_of_one_dump_with_labels_on_one_list(client, parts):
    one, many = (client.get(f"/d/{dump.uuid}/steps/0/15/45").get_json() for dump in parts)
    labels = [
        [dump.tracks["part"].labels[i] for i in answer["tracks"].pop("part")]
        for dump, answer in zip(parts, (one, many), strict=True)
    ]
    assert one == many
    assert labels[0] == labels[1]


def test_about_tells_of_the_whole_corpus(client, parts):
    one, many = (client.get(f"/d/{dump.uuid}/about.json").get_json() for dump in parts)
    assert many["name"] == "shards"
    assert many["tracks"][0]["labels"] == ["a", "b", "c"]
    for key in ("axes", "sources", "tanh_cuts"):
        assert many[key] == one[key]


def test_a_brush_lists_the_same_rows(parts):
    answers = []
    for dump in parts:
        raw = {"dump": dump.uuid, "source": "rnn.l0.h", "at": 0, "span": 20, "start": 21, "stop": 24, "threshold": 0.1}
        raw |= {"before": 0, "after": 0, "rows": 8, "counted": True}
        answer = match_rows(dump, parse(raw))
        for row in [*answer["rows"], answer["brushed"]]:
            labels = dump.tracks["part"].labels
            row["tracks"]["part"] = [None if i is None else labels[i] for i in row["tracks"]["part"]]
        answers.append(
            {k: v for k, v in answer.items() if k not in ("ms", "pattern")}
        )  # the time, and the file that names the dump
    assert answers[0]["rows"]
    assert answers[0] == answers[1]


def test_the_command_makes_a_corpus_that_the_others_take(parts):
    one, many = parts
    (many.path / "corpus.json").unlink()
    made = run("corpus", many.path)
    assert made.exit_code == 0
    assert f"shards: 3 shards, 60 steps, uuid {many.uuid}" in made.output
    again = run("corpus", many.path)
    assert again.exit_code == 1
    assert "already there" in again.output
    assert run("corpus", many.path, many.path / "part-2.h5", many.path / "part-0.h5", "--overwrite").exit_code == 0
    assert lstmviz.open_dump(many.path).n_steps == 40
    assert run("corpus", many.path, "--overwrite").exit_code == 0
    asked = ["--source", "rnn.l0.h", "--start", 21, "--stop", 24, "--threshold", 0.1, "--format", "json"]
    assert json.loads(run("match", many.path, *asked).stdout) == json.loads(run("match", one.path, *asked).stdout)
    assert "60" in run("inspect", many.path).output


def test_the_index_of_a_corpus_lies_beside_its_shards(parts):
    _, many = parts
    made = run("index", many.path)
    assert made.exit_code == 0, made.output
    assert made.output.startswith("720 bytes at ")
    assert made.output.endswith("ready\n")
    assert sorted(p.name for p in many.path.glob("*.index")) == [f"part-{i}.h5.index" for i in range(3)]
    assert len(many.match(many.select("rnn.l0.h", 21, 24, 0.1, 0, 0)))
    np.testing.assert_array_equal(many.states("rnn.l0.h")[:], parts[0].states("rnn.l0.h")[:])
