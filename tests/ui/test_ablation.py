"""The server's side of an ablation: lines say how far it is, then what the API gives; it ends when nobody reads."""

from __future__ import annotations

import json
import threading

import pytest

from lstmviz.ui.routes import ablation
from lstmviz.ui.selection import parse

LOCAL = {"Host": "127.0.0.1:8050"}
BRUSH = {"source": "rnn.l1.c", "start": 249, "stop": 255, "threshold": 0.3, "before": 1, "after": 0}


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Three other sets, as every set is a run of the model over the corpus."""
    monkeypatch.setattr(ablation, "N_OTHERS", 3)
    ablation._answers.clear()


def post(client, dump, **more):
    return client.post(f"/d/{dump.uuid}/ablation", json={"dump": dump.uuid} | BRUSH | more, headers=LOCAL)


def lines(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_last_line_is_what_the_api_gives(client, parens, monkeypatch):
    monkeypatch.setattr(ablation, "BEAT", 0.01)
    answer = post(client, parens, to="zero")
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    assert answer.headers["Cache-Control"] == "no-store"
    *before, last = lines(answer)
    shares = [line["share"] for line in before]
    assert shares
    assert shares == sorted(shares)
    assert (shares[0], shares[-1] <= 1) == (0, True)
    effect = parens.ablate(parens.select("rnn.l1.c", 249, 255), to="zero", n_others=3)
    assert last["p"] == effect.p
    assert last["to"] == "zero"
    assert [place["kl"] for place in last["places"]] == effect.places["kl"].tolist()
    assert [place["n_steps"] for place in last["places"]] == effect.places["n_steps"].tolist()
    assert [token["token"] for token in last["tokens"]] == effect.tokens["token"].tolist()
    assert last["others"] == {"units": effect.others["units"].tolist(), "kl": effect.others["kl_here"].tolist()}


def test_a_hidden_match_is_left_out(client, parens):
    first = parens.match(parens.select("rnn.l1.c", 249, 255), 1)
    span = [int(first["start"].iloc[0]), int(first["stop"].iloc[0])]
    whole, less = (lines(post(client, parens, hidden=hidden))[-1] for hidden in ([], [span]))
    assert whole["places"][0]["n_steps"] - less["places"][0]["n_steps"] == span[1] - span[0]


def test_the_work_ends_once_nobody_reads_it(parens, monkeypatch):
    monkeypatch.setattr(ablation, "N_OTHERS", 200)
    place = threading.Semaphore(0)
    work = ablation._Work(ablation._Ablation(parens, parens.select("rnn.l1.c", 249, 255), (), "mean"), place)
    reading = work.lines()
    assert "share" in next(reading)
    work.end()
    work.end()
    assert (place.acquire(blocking=False), place.acquire(blocking=False)) == (True, False)
    thread = next(t for t in threading.enumerate() if t.name == "lstmviz-ablation")
    thread.join(30)
    assert not thread.is_alive()
    assert "cancelled" in json.loads(list(reading)[-1])["error"]


def test_what_cannot_be_ablated_is_said_in_the_last_line(client, parens):
    assert "no unit" in lines(post(client, parens, threshold=0.999))[-1]["error"]


def test_an_unknown_way_is_refused_before_the_model_runs(client, parens):
    answer = post(client, parens, to="half")
    assert answer.status_code == 400
    assert answer.json["error"] == "the question's 'to' is 'half': Input should be 'mean', 'zero' or 'other'"


def test_more_visitors_than_the_server_has_room_for_are_told_so(client, parens):
    kept = [post(client, parens, threshold=0.31 + k / 100) for k in range(2)]  # not read to their ends
    assert "try again in a moment" in post(client, parens, threshold=0.4).json["error"]
    for answer in kept:
        answer.close()
    assert "p" in lines(post(client, parens))[-1]


def test_the_selections_pattern_is_ablated(parens):
    selection = parse({"dump": parens.uuid} | BRUSH)
    assert ablation.pattern_of(parens, selection).pattern == parens.select("rnn.l1.c", 249, 255)
