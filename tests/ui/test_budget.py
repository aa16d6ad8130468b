"""A question has a budget of processor time and ends with a line; long ones give way, and are not many at once."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import lstmviz
from lstmviz.classroom import Room
from lstmviz.match.index import store
from lstmviz.system.asked import for_everybody, look
from lstmviz.system.patient import patiently
from lstmviz.ui import budget, table
from lstmviz.ui.place import Place
from lstmviz.ui.serve import make_app

CALM = 9  # where a calm question begins


@pytest.fixture
def dump(tmp_path):
    states = np.random.default_rng(0).uniform(-1, 1, (600, 4)).astype("f2")
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": states}, tokens=[0] * 600, vocab=["a"])
    return lstmviz.open_dump(path)


def asked(dump, **more):
    return {"dump": dump.uuid, "source": "rnn.l0.h", "start": 1, "stop": 2, "at": 0, "span": 60, **more}


def busy(monkeypatch, seconds, end=None):
    """Have the matches of any question take that much of the processor, or until ``end``."""

    def works(*_):
        since = time.thread_time()
        while time.thread_time() - since < seconds and not (end and end.is_set()):
            sum(range(2_000))
            look()
        return {"rows": []}

    monkeypatch.setattr("lstmviz.ui.routes.matches.match_rows", works)


def test_a_question_ends_with_a_line_once_its_budget_is_spent(dump, monkeypatch):
    busy(monkeypatch, 60)
    monkeypatch.setattr(budget, "SECONDS", 0.3)
    client = make_app([dump]).server.test_client()
    since = time.thread_time()
    answer = client.post(f"/d/{dump.uuid}/matches", json=asked(dump))
    assert time.thread_time() - since < 5
    assert answer.json["error"].startswith("this took more than 0 seconds of the processor")
    assert "\n" not in answer.json["error"]


@pytest.fixture
def next_long(monkeypatch):
    """Wait until one more question has become a long one."""
    became, original = threading.Semaphore(0), budget.Desk.becomes_long
    monkeypatch.setattr(budget.Desk, "becomes_long", lambda *given: (original(*given), became.release()))
    return lambda: became.acquire(timeout=60)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("matches", {}),
        ("summary", {}),
        ("rank", {"hypothesis": {"track": "part", "labels": ["x"]}}),
        ("export/matches.csv", {}),
        ("thresholds/0?start=1&stop=2", None),
        ("unit/0/0?start=1&stop=2", None),
        ("search/0?q=a", None),
        ("sequences/0", None),
        ("survey/0.json", None),
    ],
)
def test_whatever_reads_a_corpus_looks_whether_to_go_on(tmp_path, monkeypatch, path, more):
    states = np.random.default_rng(0).uniform(-1, 1, (600, 4)).astype("f2")
    tracks = {"part": ["x", "y"] * 300}
    written = lstmviz.write_dump(
        tmp_path / "a.h5", states={"rnn.l0.h": states}, tokens=[0] * 600, vocab=["a"], lengths=[60] * 10, tracks=tracks
    )
    dump = lstmviz.open_dump(written)
    looks = []
    monkeypatch.setattr(budget._Question, "look", lambda self: looks.append(1))
    monkeypatch.setattr(store, "SMALL", 0)
    client = make_app([dump]).server.test_client()
    at = f"/d/{dump.uuid}/{path}"
    answer = client.get(at) if more is None else client.post(at, json=asked(dump, **more))
    assert answer.status_code == 200, answer.data[:200]
    assert answer.data
    assert looks or path.startswith("survey")  # which a thread makes, for all who ask


def test_a_larger_dump_has_a_larger_budget(dump, monkeypatch):
    budgets = []
    monkeypatch.setattr(budget._Question, "end", lambda self: budgets.append(self.seconds))
    client = make_app([dump]).server.test_client()
    client.get("/health")
    client.get(f"/d/{dump.uuid}/about.json")
    assert budgets == [20.0, 20.0 + 2_400e-7]


def test_long_questions_are_not_many_and_the_others_are_answered_meanwhile(dump, monkeypatch, next_long):
    end = threading.Event()
    busy(monkeypatch, 30, end)
    monkeypatch.setattr(budget, "LONG", 0.02)
    monkeypatch.setattr(budget, "MOST_LONG", 3)
    monkeypatch.setattr(budget, "MOST_LONG_OF_ONE", 2)
    server = make_app([dump]).server
    answers = []

    def ask(address):
        where = f"/d/{dump.uuid}/matches"
        answers.append(server.test_client().post(where, json=asked(dump), environ_base={"REMOTE_ADDR": address}))

    threads = [threading.Thread(target=ask, args=(address,)) for address in ("1.1.1.1", "1.1.1.1", "1.1.1.2")]
    for thread in threads:
        thread.start()
        assert next_long()
    ask("1.1.1.1")
    ask("1.1.1.3")
    refused = [answer.json["error"] for answer in answers]
    assert refused == [
        f"{n} that take long are being answered; ask again in a few seconds" for n in ("2 of yours", "3")
    ]
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["Retry-After"] == "5"
    assert server.test_client().get("/health").status_code == 200
    end.set()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers[2:]] == [200] * 3
    ask("1.1.1.1")  # all places are free again
    assert answers[-1].status_code == 200


def test_few_are_worked_on_at_once_and_who_only_waits_keeps_nobody_from_it(dump, monkeypatch):
    monkeypatch.setattr(budget, "MOST_WAIT", 60.0)
    n_working, most, go = 0, 0, threading.Semaphore(0)
    counting = threading.Lock()

    def works(*_):
        nonlocal n_working, most
        with counting:
            n_working += 1
            most = max(most, n_working)
        go.acquire(timeout=60)
        with counting:
            n_working -= 1
        return {"rows": []}

    monkeypatch.setattr("lstmviz.ui.routes.matches.match_rows", works)
    begun, begin = threading.Semaphore(0), budget.Desk.begin
    monkeypatch.setattr(budget.Desk, "begin", lambda *given: begun.release() or begin(*given))
    server, answers = make_app([dump]).server, []

    def ask():
        answers.append(server.test_client().post(f"/d/{dump.uuid}/matches", json=asked(dump)).status_code)

    threads = [threading.Thread(target=ask) for _ in range(budget.AT_ONCE + 2)]
    for thread in threads:
        thread.start()
        assert begun.acquire(timeout=60)
    while n_working < budget.AT_ONCE:
        time.sleep(0.01)
    # A tile of states waits for no place, and others no longer than they may.
    assert server.test_client().get(f"/d/{dump.uuid}/states/0/0/16").status_code == 200
    monkeypatch.setattr(budget, "MOST_WAIT", 0.01)
    assert server.test_client().get(f"/d/{dump.uuid}/about.json").status_code == 200
    assert (n_working, most, answers) == (budget.AT_ONCE, budget.AT_ONCE, [])
    go.release(len(threads))
    for thread in threads:
        thread.join()
    assert answers == [200] * len(threads)
    assert most == budget.AT_ONCE


@pytest.fixture
def patient(monkeypatch):
    """Have the matches of any question but a calm one take long, from the beginning, until the event that is given."""
    end = threading.Event()

    def works(_, selection, *__):
        if selection.start != CALM:
            patiently(lambda: end.wait(60))
        return {"rows": []}

    monkeypatch.setattr("lstmviz.ui.routes.matches.match_rows", works)
    monkeypatch.setattr(budget, "MOST_WAIT", 60.0)
    yield end
    end.set()


@pytest.mark.parametrize("is_class", [False, True])
def test_a_regular_expression_that_takes_long_keeps_no_place_of_short_questions(dump, patient, next_long, is_class):
    more = {"place": Place(token="secret"), "room": Room()} if is_class else {}
    server, answers = make_app([dump], **more).server, []

    def ask(number, start=1):
        client = server.test_client()
        where = f"/d/{dump.uuid}/matches?token=secret{number}" if is_class else f"/d/{dump.uuid}/matches"
        client.get("/?token=secret")
        address = {"REMOTE_ADDR": f"1.1.1.{number // 3}"}
        answers.append(client.post(where, json=asked(dump, start=start, stop=50 + number), environ_base=address))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(budget.MOST_EARLY)]
    for thread in threads:
        thread.start()
        assert next_long()
    ask(30, CALM)
    ask(40)
    assert [answer.status_code for answer in answers] == [200, 503]
    assert answers[-1].json["error"].startswith("6 that take long are being answered")
    patient.set()
    for thread in threads:
        thread.join()
    ask(50)
    assert [answer.status_code for answer in answers[2:]] == [200] * (budget.MOST_EARLY + 1)


def test_what_a_patient_thread_takes_counts_for_the_question(dump, monkeypatch):
    def works(*_):
        patiently(lambda: sum(range(3_000_000)))
        return {"rows": []}

    monkeypatch.setattr("lstmviz.ui.routes.matches.match_rows", works)
    monkeypatch.setattr(budget, "SECONDS", 1e-3)
    monkeypatch.setattr(budget, "SECONDS_PER_VALUE", 0.0)
    answer = make_app([dump]).server.test_client().post(f"/d/{dump.uuid}/matches", json=asked(dump))
    assert "of the processor" in answer.json["error"]


def test_what_others_need_too_is_finished(dump, monkeypatch):
    monkeypatch.setattr(store, "SMALL", 0)
    seen = []
    build = store._build

    def tells(*arguments):
        seen.append(budget._present.get() is not None)
        look()  # the budget is spent, but this goes on
        return build(*arguments)

    monkeypatch.setattr(store, "_build", tells)
    monkeypatch.setattr(budget, "SECONDS", -1.0)
    monkeypatch.setattr(budget, "SECONDS_PER_VALUE", 0.0)
    client = make_app([dump]).server.test_client()
    assert "of the processor" in client.post(f"/d/{dump.uuid}/matches", json=asked(dump)).json["error"]
    with for_everybody():
        store.build_index(dump, "rnn.l0.h")
    assert seen


def test_a_browser_gets_a_name_that_scripts_cannot_read(dump):
    client = make_app([dump]).server.test_client()
    given = client.get("/").headers["Set-Cookie"]
    assert given.startswith("lstmviz-visitor=")
    assert {"HttpOnly", "SameSite=Strict"} <= set(given.split("; "))
    assert "Set-Cookie" not in client.get("/").headers  # it has one


def test_a_file_that_takes_long_to_open_keeps_nobody_else_waiting(tmp_path, dump, monkeypatch):
    other = lstmviz.write_dump(tmp_path / "b.h5", states={"rnn.l0.h": np.zeros((4, 2), "f2")})
    from lstmviz.dump.corpus.glance import glance

    seen, go = glance(other), threading.Event()
    original = table.open_reader
    monkeypatch.setattr(table, "open_reader", lambda path: go.wait(20) and original(path))
    server = make_app([dump, seen]).server
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(server.test_client().get(f"/d/{seen.uuid}/about.json").status_code)
    )
    slow.start()
    time.sleep(0.2)
    assert server.test_client().get(f"/d/{dump.uuid}/about.json").status_code == 200
    assert server.test_client().get("/samples/about.json").status_code == 200
    assert not answers
    go.set()
    slow.join()
    assert answers == [200]
