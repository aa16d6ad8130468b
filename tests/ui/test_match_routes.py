"""Rows and summary by address: as the functions answer, guarded as every route is, and one at a time for each page."""

from __future__ import annotations

import json
import logging
import threading
import time

import numpy as np
import pytest

import lstmviz
from lstmviz.ui import queries, serve
from lstmviz.ui.limits import most_body
from lstmviz.ui.place import Place
from lstmviz.ui.routes import matches
from lstmviz.ui.routes.turns import MAX_NAME, PAGE
from lstmviz.ui.rows import match_rows
from lstmviz.ui.selection import parse
from lstmviz.ui.summary import match_summary

LOCAL = {"Host": "127.0.0.1:8050"}
ROUTES = {"matches": match_rows, "summary": match_summary}
BODY = {"source": "rnn.l0.h", "start": 10, "stop": 11, "threshold": 0.2, "before": 0, "rows": 5}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    states = {"rnn.l0.h": np.random.default_rng(3).uniform(-1, 1, (60, 4)).astype("float16")}
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("matches") / "d.h5",
        states=states,
        tokens=np.arange(60) % 3,
        vocab=["la", "<b>", "li"],
        lengths=[20, 40],
        tracks={"depth": np.arange(60) % 5},
    )
    return lstmviz.open_dump(path)


@pytest.fixture(scope="module")
def server(dump):
    return serve.make_app([dump]).server


def ask(server, dump, route, headers=None, **more):
    body = {"dump": dump.uuid, **BODY, **more}
    return server.test_client().post(f"/d/{dump.uuid}/{route}", json=body, headers={**LOCAL, **(headers or {})})


@pytest.mark.parametrize("route", ROUTES)
def test_a_selection_is_answered_as_the_function_answers_and_kept_by_nobody(server, dump, route):
    answer = ask(server, dump, route)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    expected = json.loads(json.dumps(ROUTES[route](dump, parse({"dump": dump.uuid, **BODY}))))
    clocks = {"ms": 0, "counting_ms": 0}
    assert answer.json | clocks == expected | clocks


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_wrong_with_a_question_is_the_line_of_its_answer(server, dump, route):
    answer = ask(server, dump, route, start=15, stop=25)
    assert answer.status_code == 200  # no failed request for a browser to report
    assert answer.json.keys() == {"error"}
    assert "border" in answer.json["error"]
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_search_for_an_asker_who_has_gone_ends(server, dump, route):
    queries._search.cache_clear()
    body = {"dump": dump.uuid, **BODY, "threshold": -0.9}
    gone = {"waitress.client_disconnected": lambda: True}
    answer = server.test_client().post(f"/d/{dump.uuid}/{route}", json=body, headers=LOCAL, environ_overrides=gone)
    assert answer.json == {"error": "the question was cancelled; ask again to start over"}
    assert ask(server, dump, route, threshold=-0.9).json["n_full"]


@pytest.mark.parametrize("route", ROUTES)
def test_any_other_error_reaches_the_log_but_not_the_page(server, dump, route, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("secret path")

    monkeypatch.setattr(matches, ROUTES[route].__name__, broken)
    with caplog.at_level(logging.ERROR, "lstmviz"):
        answer = ask(server, dump, route)
    assert answer.status_code == 500
    assert "RuntimeError" in answer.json["error"]
    assert "secret" not in answer.json["error"]
    assert "secret path" in caplog.text


@pytest.mark.parametrize("route", ROUTES)
def test_the_routes_keep_to_the_guards_of_every_other(server, dump, route):
    client, where, body = server.test_client(), f"/d/{dump.uuid}/{route}", json.dumps({"dump": dump.uuid, **BODY})
    as_json = {"data": body, "content_type": "application/json"}
    assert client.post(where, data=body, headers=LOCAL, content_type="text/plain").status_code == 415
    assert client.post(where, **as_json, headers={"Host": "evil.example"}).status_code == 403
    large = json.dumps({"dump": dump.uuid, **BODY, "more": "x" * most_body(where)})
    assert client.post(where, data=large, headers=LOCAL, content_type="application/json").status_code == 413
    missing = client.post(f"/d/nobody/{route}", **as_json, headers=LOCAL)
    assert missing.status_code == 404
    assert "no recording 'nobody'" in missing.json["error"]
    assert client.get(where, headers=LOCAL).status_code == 404
    guarded = serve.make_app([dump], place=Place(hosts=("room.example",), token="t" * 20)).server.test_client()
    assert guarded.post(where, **as_json, headers={"Host": "room.example"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "words"),
    [(["dump"], "is a list, not a JSON object"), ({"start": "x"}, "'start'"), ({"rows": 10**9}, "'rows'")],
)
def test_what_is_no_selection_is_refused_in_one_line(server, dump, body, words):
    body = body if isinstance(body, list) else {"dump": dump.uuid, **BODY, **body}
    answer = server.test_client().post(f"/d/{dump.uuid}/matches", json=body, headers=LOCAL)
    assert answer.status_code == 400
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


class SlowAnswers:
    """Answers held back until they may go; ``asked`` tells the thresholds that came to be answered."""

    def __init__(self, server, dump):
        self.server, self.dump, self.asked, self.statuses = server, dump, [], {}
        self.begun, self.may_go = threading.Semaphore(0), threading.Event()
        self.threads = []

    def __call__(self, dump, asked):
        self.asked.append(asked.threshold)
        self.begun.release()
        assert self.may_go.wait(30)
        return {}

    def put(self, page, threshold):
        def work():
            answer = ask(self.server, self.dump, "matches", {PAGE: page} if page else {}, threshold=threshold)
            self.statuses[threshold] = answer.status_code

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def end(self):
        self.may_go.set()
        for thread in self.threads:
            thread.join(30)


@pytest.fixture
def slow(dump, monkeypatch):
    answers = SlowAnswers(serve.make_app([dump]).server, dump)
    monkeypatch.setattr(matches, "match_rows", answers)
    yield answers
    answers.end()


def test_of_a_page_s_waiting_questions_only_the_newest_is_answered(slow):
    slow.put("one", 1)
    assert slow.begun.acquire(timeout=30)
    slow.put("one", 2)
    slow.put("one", 3)  # one of the two gives way to the other, whichever came first
    while not set(slow.statuses) & {2, 3}:
        time.sleep(0.01)
    (given_way,) = slow.statuses
    assert slow.statuses == {given_way: 409}
    slow.end()
    assert (slow.asked, slow.statuses) == ([1, 5 - given_way], {1: 200, given_way: 409, 5 - given_way: 200})


def test_a_question_that_comes_behind_a_newer_one_gives_way_to_it(slow):
    slow.put("one.1", 1)
    assert slow.begun.acquire(timeout=30)
    slow.put("one.3", 3)
    time.sleep(0.3)  # 3 waits for its turn
    slow.put("one.2", 2)
    while 2 not in slow.statuses:
        time.sleep(0.01)
    slow.end()
    assert (slow.asked, slow.statuses) == ([1, 3], {1: 200, 2: 409, 3: 200})


def test_pages_do_not_wait_for_each_other_nor_does_a_request_that_names_none(slow):
    for threshold, page in enumerate(("one", "two", None, None, "x" * MAX_NAME), 1):
        slow.put(page, threshold)
        assert slow.begun.acquire(timeout=30)
    slow.put("x" * MAX_NAME + "y", 6)  # a longer name is cut: the same page
    assert not slow.begun.acquire(timeout=0.2)
    slow.end()
    assert set(slow.statuses.values()) == {200}
    assert sorted(slow.asked) == [1, 2, 3, 4, 5, 6]
