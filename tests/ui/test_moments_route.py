"""d/UUID/moments: the figures of a selection at each moment, those of the Python API, as lines."""

from __future__ import annotations

import json

import pytest

import lstmviz
from lstmviz.ui.serve import make_app
from support.learning import SOURCE, Learner, moments
from support.texts import sentences, train

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    folder = tmp_path_factory.mktemp("farm")
    (folder / "farm.txt").write_text(sentences(300))
    small = ("--layers", 1, "--units", 12, "--epochs", 3, "--steps", 1500, "--snapshots", 3, "--name", "farm")
    assert train(folder / "farm.txt", *small, "--out", folder).exit_code == 0
    return lstmviz.open_moments(folder / "farm-moments")


@pytest.fixture(scope="module")
def client(training):
    return make_app(list(training)).server.test_client()


def ask(client, training, **more):
    """The last line of the answer; those before it are the shares."""
    question = {"dump": training.dumps[-1].uuid, "source": "rnn.l0.c", "dumps": [d.uuid for d in training], **more}
    answer = client.post(f"/d/{training.dumps[-1].uuid}/moments", json=question, headers=LOCAL)
    assert answer.status_code == 200, answer.text
    *shares, last = map(json.loads, answer.text.splitlines())
    if "error" not in last:
        assert shares == [{"share": round((k + 1) / len(training), 3)} for k in range(len(training))]
    return last


def test_everything_at_once_is_what_python_gives(client, training):
    space = lstmviz.Filter.tokens((" ",))
    pattern = training.dumps[-1].detector(space, ["rnn.l0.c"], most=1).pattern
    held = {"source": "rnn.l0.c", "unit": pattern.units[0].unit}
    file = lstmviz.PatternFile(pattern).to_json()
    rows = ask(client, training, pattern=file, hypothesis={"labels": [" "]}, unit=held, effect=True)["rows"]
    frames = {
        "at_matches": training.pattern(pattern, space),
        "unit": training.unit(held["source"], held["unit"], space),
        "best": training.label(space, ["rnn.l0.c"]),
    }
    for k, row in enumerate(rows):
        assert row["loss"] == pytest.approx(training.loss()["loss"][k])
        assert row["cka"] == pytest.approx(training.similarity("rnn.l0.c")["cka"][k])
        for part, frame in frames.items():
            for name, value in row[part].items():
                told = frame[name][k]
                assert value == (pytest.approx(told) if isinstance(value, float) else None if told != told else told)
    effects = training.pattern(pattern, ablate=True)["kl"]
    assert [row["kl"] for row in rows] == [None if v != v else pytest.approx(v) for v in effects]


def test_what_is_not_asked_is_left_out(client, training):
    for row in ask(client, training)["rows"]:
        assert set(row) == {"loss", "is_held_out", "cka", "cka_chance"}


def test_what_does_not_fit_is_one_line(client, training):
    assert "no track" in ask(client, training, hypothesis={"track": "nothing", "labels": ["a"]})["error"]
    assert "has no unit 99" in ask(client, training, unit={"source": "rnn.l0.c", "unit": 99})["error"]
    assert "nosuch" in ask(client, training, source="nosuch")["error"]
    uuid = training.dumps[0].uuid
    for dumps, status in ((["0" * 32], 404), ([], 400), ([uuid] * 401, 400)):
        question = {"dump": uuid, "source": "rnn.l0.c", "dumps": dumps}
        assert client.post(f"/d/{uuid}/moments", json=question, headers=LOCAL).status_code == status


def test_no_model_is_said_where_an_effect_is_asked(tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path)
    for update in (0, 1):
        snapshots.take(update)
    training = lstmviz.open_moments(tmp_path)
    client = make_app(list(training)).server.test_client()
    pattern = training.dumps[0].detector(lstmviz.Filter("kind", ("verb",)), [SOURCE], most=1).pattern
    file = lstmviz.PatternFile(pattern).to_json()
    assert "no model" in ask(client, training, source=SOURCE, pattern=file, effect=True)["error"]
