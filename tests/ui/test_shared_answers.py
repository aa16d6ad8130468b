"""Equal questions to a class's server are answered once, only for who may ask, and never as they were before."""

from __future__ import annotations

import threading
from unittest.mock import Mock

import numpy as np
import pytest

import lstmviz
from lstmviz.classroom import Room
from lstmviz.ui import shared_answers
from lstmviz.ui.extras import Extras
from lstmviz.ui.place import Place
from lstmviz.ui.routes import matches
from lstmviz.ui.serve import make_app

HOST = {"Host": "127.0.0.1"}


@pytest.fixture
def dump(tmp_path):
    states = np.random.default_rng(1).uniform(-1, 1, (60, 6)).repeat(5, axis=0).astype("float32")
    path = tmp_path / "a.h5"
    lstmviz.write_dump(path, states={"rnn.l0.h": states}, tokens=np.arange(300) % 2, vocab=["a", "b"], lengths=[300])
    return lstmviz.open_dump(path)


@pytest.fixture
def server(dump):
    return make_app([dump], place=Place(token="s3cret"), room=Room(), extras=Extras(allow_labels=True)).server


@pytest.fixture
def teacher(server):
    client = server.test_client()
    client.get("/?token=s3cret", headers=HOST)
    return client


@pytest.fixture
def answered(monkeypatch):
    """How often rows were made."""
    made = []
    rows = matches.match_rows
    monkeypatch.setattr(matches, "match_rows", lambda *given: made.append(given) or rows(*given))
    return made


def ask(client, dump, start=20, **more):
    body = {"dump": dump.uuid, "source": "rnn.l0.h", "start": start, "stop": start + 2, "threshold": 0.1, "before": 0}
    return client.post(f"/d/{dump.uuid}/matches", json={**body, **more}, headers=HOST)


def test_an_equal_question_gets_the_same_answer_and_another_one_its_own(teacher, dump, answered):
    first, again, other = ask(teacher, dump), ask(teacher, dump), ask(teacher, dump, 30)
    assert (first.data, first.headers["Cache-Control"]) == (again.data, again.headers["Cache-Control"])
    assert first.json["rows"]
    assert other.json["brushed"]["start"] == 30
    assert len(answered) == 2


def test_sixty_who_ask_at_once_have_it_made_once(server, dump, answered):
    clients = [server.test_client() for _ in range(60)]
    for client in clients:
        client.get("/?token=s3cret", headers=HOST)
    got = []
    threads = [threading.Thread(target=lambda c=client: got.append(ask(c, dump).data)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(got), len(set(got)), len(answered)) == (60, 1, 1)


def test_who_may_not_ask_gets_nothing_that_is_kept(server, teacher, dump):
    assert ask(teacher, dump).status_code == 200
    assert ask(server.test_client(), dump).status_code == 403
    body = {"dump": dump.uuid, "source": "rnn.l0.h", "start": 20, "stop": 22, "threshold": 0.1, "before": 0}
    for more in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = teacher.post(f"/d/{dump.uuid}/matches", json=body, headers={**HOST, **more})
        assert answer.status_code == 403


def test_other_tracks_make_another_answer(teacher, dump, answered):
    before = ask(teacher, dump)
    named = {"name": "mine", "of": "search", "text": "a", "dump": dump.uuid, "source": "rnn.l0.h"}
    added = teacher.post(f"/d/{dump.uuid}/tracks/add", json=named, headers=HOST)
    assert added.status_code == 200, added.text
    after = ask(teacher, dump)
    assert len(answered) == 2
    assert "mine" in after.json["rows"][0]["tracks"].keys() - before.json["rows"][0]["tracks"].keys()


def test_what_failed_is_asked_anew(teacher, dump, answered):
    assert "error" in ask(teacher, dump, start=299).json
    assert "error" in ask(teacher, dump, start=299).json
    assert ask(teacher, dump, threshold="x").status_code == 400
    assert len(answered) == 2


def test_a_question_whose_making_fails_keeps_nobody_waiting(teacher, dump, monkeypatch):
    monkeypatch.setattr(matches, "match_rows", lambda *_: 1 / 0)
    for _ in range(2):
        assert ask(teacher, dump).status_code == 500
    monkeypatch.undo()
    assert ask(teacher, dump).json["rows"]


def test_what_was_asked_longest_ago_gives_way(teacher, dump, answered, monkeypatch):
    size = len(ask(teacher, dump, 20).data)
    monkeypatch.setattr(shared_answers, "MOST_KEPT", 3 * size)
    for start in (30, 40, 50, 60):
        ask(teacher, dump, start)
    n = len(answered)
    ask(teacher, dump, 60)
    assert len(answered) == n
    ask(teacher, dump, 20)
    assert len(answered) == n + 1


def shared(app, monkeypatch):
    """The layer over an app of one's own, in which questions are told apart by their paths."""
    answers = shared_answers.SharedAnswers(app, Mock(), Mock())
    monkeypatch.setattr(answers, "_key", lambda environ: ("GET", environ["PATH_INFO"], "", b""))
    return answers


def test_nothing_is_left_of_a_question_that_ended_in_an_error(monkeypatch):
    answers = shared(lambda *_: 1 / 0, monkeypatch)
    with pytest.raises(ZeroDivisionError):
        answers({"PATH_INFO": "/a"}, Mock())
    assert not answers._answers


def test_what_gives_way_before_it_is_counted_is_not_counted_off(monkeypatch):
    monkeypatch.setattr(shared_answers, "MOST_KEPT", 1_000)
    answers = shared(lambda environ, start: start("200 OK", []) or [b"x"], monkeypatch)
    keep = answers._keep

    def after_another(*given):
        monkeypatch.setattr(answers, "_keep", keep)
        answers({"PATH_INFO": "/b"}, Mock())
        keep(*given)

    monkeypatch.setattr(answers, "_keep", after_another)
    answers({"PATH_INFO": "/a"}, Mock())
    assert (len(answers._answers), answers._n_bytes) == (0, 0)
