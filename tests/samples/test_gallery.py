"""The samples as a page offers them: found, built one at a time in a process of their own, and what goes wrong."""

from __future__ import annotations

import json
import sys
import time

import pytest

import lstmviz
from lstmviz.errors import LstmvizError, UnknownName
from lstmviz.samples import catalog as samples
from lstmviz.samples import gallery as offering
from lstmviz.samples import worker
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from lstmviz.ui.place import Place
from lstmviz.ui.serve import make_app

LOCAL = {"Host": "127.0.0.1"}
WITHIN = 120  # s, on a machine that does much else


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, for child processes too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def found():
    made = Gallery()
    yield made
    made.stop()


def named(gallery, name):
    return next(offer for offer in gallery.entries if offer.name == name)


def until(gallery, name, *states):
    """Wait for one of some states; returns every status that was seen, the last one first."""
    seen = [gallery.status(named(gallery, name))]
    stop = time.monotonic() + WITHIN
    while seen[0].state not in states:
        assert time.monotonic() < stop, seen[0]
        time.sleep(0.02)
        now = gallery.status(named(gallery, name))
        if now != seen[0]:
            seen.insert(0, now)
    return seen


def child(monkeypatch, code):
    """Put a script in place of the process that builds; it sees the offer's sample and variants as arguments."""
    monkeypatch.setattr(offering, "_command", lambda o: [sys.executable, "-c", code, o.sample, *o.variants])


def test_every_model_is_offered_and_one_whose_training_was_kept_with_its_moments(found):
    assert found.entries[0].name == "parens-2x50"
    every = [variant for offer in found.entries for variant in [(offer.sample, v) for v in offer.variants]]
    assert sorted(every) == sorted((name, v) for name in samples.names() for v in samples.variants(name))
    learns = named(found, "parens-1x50, as it learns")
    assert [len(offer.variants) for offer in found.entries if offer is not learns] == [1] * (len(found.entries) - 1)
    updates = [v.update for v in samples.sample("parens").checkpoints(samples.sample("parens").variant("1x50"))]
    assert learns.members == (*(f"update {n}" for n in updates), "trained")
    assert updates == sorted(updates)
    assert learns.variants[-1] == "1x50"
    assert [offer.name for offer in found.entries if offer.command] == ["stdlib-1x128"]
    assert all(found.status(offer).state == "offered" for offer in found.entries)
    assert found.dumps() == []


def test_who_waits_for_many_lets_others_go_first_and_is_told_how_many_are_before(found, monkeypatch, tmp_path):
    go, log = tmp_path / "go", tmp_path / "log"
    child(
        monkeypatch,
        f"""if True:
        import pathlib, sys, time
        with open({str(log)!r}, "a") as log:
            print(*sys.argv[1:], file=log)
        while not pathlib.Path({str(go)!r}).exists():
            time.sleep(0.02)
        sys.exit(1)""",
    )
    first, *greedy = [offer.name for offer in found.entries[:4]]
    other = found.entries[4].name
    found.build(first, "a")
    until(found, first, "working")
    for name in greedy:
        found.build(name, "a")
    found.build(other, "b")
    order = [greedy[0], other, *greedy[1:]]
    words = [found.status(named(found, name)).words for name in order]
    assert words == ["waiting: 1 sample is before this one"] + [
        f"waiting: {n} samples are before this one" for n in (2, 3, 4)
    ]
    go.touch()
    until(found, order[-1], "failed")
    offers = [named(found, name) for name in (first, *order)]  # in which they are built, too
    assert log.read_text().splitlines() == [" ".join([offer.sample, *offer.variants]) for offer in offers]


def test_what_is_asked_for_is_built_in_a_process_of_its_own_and_found_the_next_time(found):
    found.build("recall-1x32")
    done, *before = until(found, "recall-1x32", "kept", "failed")
    assert done.state == "kept", done.words
    assert {one.state for one in before} <= {"waiting", "working"}
    assert [dump.path for dump in found.dumps()] == [samples.kept("recall")]
    assert done.dumps[0].n_steps == 18_598
    again = Gallery()
    assert [dump.uuid for dump in again.dumps()] == [done.dumps[0].uuid]
    again.build("recall-1x32")
    assert again.status(named(again, "recall-1x32")).state == "kept"


def test_two_presses_build_once_and_one_waits_for_the_other(found, monkeypatch, tmp_path):
    path = lstmviz.write_dump(tmp_path / "made.h5", states={"rnn.l0.h": [[0.5], [0.1]]})
    log, go = tmp_path / "log", tmp_path / "go"
    child(
        monkeypatch,
        f"""import json, pathlib, sys, time
with open({str(log)!r}, "a") as log: log.write(sys.argv[1] + chr(10))
print("a library's own line"); print(json.dumps({{"doing": "half", "share": 0.5}}), flush=True)
while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)
print(json.dumps({{"paths": [{str(path)!r}] * (len(sys.argv) - 2)}}))""",
    )
    for name in ("recall-1x32", "recall-1x32", "agreement-1x50", "recall-1x32"):
        found.build(name)
    until(found, "recall-1x32", "working")
    while found.status(named(found, "recall-1x32")).share is None:
        time.sleep(0.02)
    assert found.status(named(found, "recall-1x32")).words == "half"
    assert found.status(named(found, "agreement-1x50")).state == "waiting"
    go.touch()
    for name in ("agreement-1x50", "recall-1x32"):
        assert until(found, name, "kept", "failed")[0].state == "kept"
    assert log.read_text().split() == ["recall", "agreement"]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ('print(\'{"error": "the disk is full; make room"}\'); raise SystemExit(1)', "the disk is full; make room"),
        ("raise SystemExit(3)", "the process ended with code 3"),
        ('print(\'{"paths": ["/nowhere.h5"]}\')', "/nowhere.h5"),
        ("print(42); print([]); raise SystemExit(4)", "the process ended with code 4"),
        ("print('{\"paths\": 7}')", "TypeError"),
    ],
)
def test_a_build_that_fails_is_a_line_and_may_be_tried_again(found, monkeypatch, code, line):
    with monkeypatch.context() as patched:
        child(patched, code)
        found.build("recall-1x32")
        failed = until(found, "recall-1x32", "failed", "kept")[0]
    assert failed.state == "failed"
    assert line in failed.words
    assert "\n" not in failed.words
    found.build("recall-1x32")
    assert found.status(named(found, "recall-1x32")).state in ("waiting", "working")


def test_a_stop_ends_what_is_under_way(found, monkeypatch):
    child(monkeypatch, 'import time; print(\'{"doing": "so", "share": null}\', flush=True); time.sleep(600)')
    found.build("recall-1x32")
    found.build("agreement-1x50")
    until(found, "recall-1x32", "working")
    while found.status(named(found, "recall-1x32")).words != "so":
        time.sleep(0.02)
    found.stop()
    assert until(found, "recall-1x32", "failed")
    found.build("sentiment-forward-1x50")
    assert found.status(named(found, "sentiment-forward-1x50")).state == "offered"


def test_an_unknown_name_is_refused_with_those_there_are(found):
    with pytest.raises(UnknownName, match=r"^no sample 'lorem' is offered; there is parens-2x50, "):
        found.build("lorem")


# The process that builds


def lines(capfd):
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_the_job_tells_how_far_it_is_over_all_it_builds(monkeypatch, capfd):
    monkeypatch.setattr(worker, "PAUSE", 0.0)

    def build(name, variant, progress):
        progress(500, 1000)
        return f"/{name}-{variant}.h5"

    monkeypatch.setattr(samples, "build", build)
    assert worker.main(["parens", "1x50-update-000", "1x50"]) == 0
    *told, last = lines(capfd)
    assert last == {"paths": ["/parens-1x50-update-000.h5", "/parens-1x50.h5"]}
    assert [one["share"] for one in told] == [0.0, 0.25, 0.5, 0.75]
    assert [one["doing"] for one in told][-1] == "2 of 2, recording: 500 of 1,000 steps"


def test_the_job_trains_what_has_no_weights_first(monkeypatch, capfd):
    done = []
    monkeypatch.setattr(samples, "weights_of", lambda said, variant: None)
    monkeypatch.setattr(samples, "train", lambda name, variant, **more: done.append((name, variant, more["dropout"])))
    monkeypatch.setattr(samples, "build", lambda *_, **__: "/stdlib-1x128.h5")
    assert worker.main(["stdlib", "1x128"]) == 0
    assert done == [("stdlib", "1x128", 0)]
    assert [one.get("doing") for one in lines(capfd)] == ["starting to train", "starting to record", None]


def test_the_job_tells_what_went_wrong_in_a_line(monkeypatch, capfd):
    def build(*_, **__):
        raise LstmvizError("no folder to keep samples in can be written")

    monkeypatch.setattr(samples, "build", build)
    assert worker.main(["recall", "1x32"]) == 1
    assert lines(capfd)[-1] == {"error": "no folder to keep samples in can be written"}
    assert worker.main(["lorem", "1x32"]) == 1
    assert lines(capfd)[-1]["error"].startswith("no sample 'lorem'")


# What the server answers


@pytest.fixture
def client(found):
    return make_app([], extras=Extras(gallery=found)).server.test_client()


def test_the_server_tells_what_is_offered_and_builds_by_a_post_of_json_alone(client, found, monkeypatch):
    asked = []
    monkeypatch.setattr(found, "build", lambda name, by: asked.append(name))
    told = client.get("/samples/about.json", headers=LOCAL)
    assert told.headers["Cache-Control"] == "no-store"
    assert [one["name"] for one in told.json["offers"]] == [offer.name for offer in found.entries]
    assert told.json["dumps"] == []
    for question in ({"data": {"name": "recall-1x32"}}, {"data": b'{"name": "recall-1x32"}'}):
        assert client.post("/samples/build", headers=LOCAL, **question).status_code == 415
    for body in ({}, {"name": 3}, ["recall-1x32"]):
        answer = client.post("/samples/build", json=body, headers=LOCAL)
        assert answer.status_code == 400
        assert "\n" not in answer.json["error"]
    assert client.post("/samples/build", json={"name": "x"}, headers={"Host": "evil.example"}).status_code == 403
    assert asked == []
    assert client.post("/samples/build", json={"name": "recall-1x32"}, headers=LOCAL).status_code == 200
    assert asked == ["recall-1x32"]


def test_an_unknown_sample_is_a_line_and_a_visitor_without_the_token_builds_nothing(client, found):
    answer = client.post("/samples/build", json={"name": "lorem"}, headers=LOCAL)
    assert (answer.status_code, answer.json["error"][:19]) == (404, "no sample 'lorem' i")
    room = make_app([], place=Place(token="secret"), extras=Extras(gallery=found)).server.test_client()
    assert room.post("/samples/build", json={"name": "recall-1x32"}, headers=LOCAL).status_code == 403
    assert found.status(named(found, "recall-1x32")).state == "offered"
