"""What comes while a server runs: moments of a training as one card, and a recording as it grows."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz.dump.parts import BLOCKS, is_recording, parts_of
from lstmviz.errors import DumpMissing
from lstmviz.ui import growing
from lstmviz.ui.arrivals import opened
from lstmviz.ui.extras import Extras
from lstmviz.ui.serve import make_app, server_from_environment
from support.learning import SOURCE, WORDS, Learner, encode, moments, texts

LOCAL = {"Host": "127.0.0.1:8050"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nothing waits for the next look."""
    monkeypatch.setattr("lstmviz.ui.arrivals.LOOK_EVERY", 0)
    monkeypatch.setattr(growing, "PAUSE", 0)
    monkeypatch.setattr(growing, "PATIENCE", 0)


def served(client):
    return client.get("/samples/about.json", headers=LOCAL).json


def until(client, condition):
    for _ in range(400):
        answer = served(client)
        if condition(answer):
            return answer
        time.sleep(0.05)
    raise AssertionError(answer)


def test_a_folder_of_moments_is_one_card_and_takes_the_next_ones(tmp_path):
    model = Learner()
    snapshots = moments(model, tmp_path / "run")
    snapshots.take(0)
    snapshots.take(1500, loss=0.5)
    lstmviz.record_corpus(model, texts(3), encode=encode, vocab=WORDS, path=tmp_path / "run" / "other.h5")
    dumps, arrivals = opened([tmp_path / "run"])
    client = make_app(dumps, extras=Extras(arrivals=arrivals)).server.test_client()
    answer = served(client)
    (card,) = answer["offers"]
    assert (card["name"], card["model"], card["members"]) == ("run", "Learner", ["update 0", "update 1,500"])
    assert (card["state"], card["is_sample"]) == ("kept", False)
    assert "one model at 2 moments of its training" in card["about"]
    by_uuid = {dump["uuid"]: dump["name"] for dump in answer["dumps"]}
    assert [by_uuid[uuid] for uuid in card["dumps"]] == ["update-00000000", "update-00001500"]
    assert sorted(by_uuid.values()) == ["other", "update-00000000", "update-00001500"]
    assert answer["watches"] is True
    model.learn(3)
    taken = lstmviz.open_dump(snapshots.take(700))
    (card,) = served(client)["offers"]
    assert card["members"] == ["update 0", "update 700", "update 1,500"]
    assert client.get(f"/d/{taken.uuid}/about.json", headers=LOCAL).json["name"] == "update-00000700"
    replaced = lstmviz.open_dump(snapshots.take(700))
    (card,) = served(client)["offers"]
    assert card["dumps"][1] == replaced.uuid
    (tmp_path / "run" / "broken.h5").write_bytes(b"no dump")
    assert len(served(client)["dumps"]) == 4


def test_moments_in_two_folders_are_two_trainings(tmp_path):
    for name in ("one", "two"):
        moments(Learner(), tmp_path / name).take(0)
    dumps, arrivals = opened([tmp_path / "one", tmp_path / "two"])
    offers = served(make_app(dumps, extras=Extras(arrivals=arrivals)).server.test_client())["offers"]
    assert [offer["name"] for offer in offers] == ["one", "two"]


def batch(run, model, row):
    ids = torch.tensor([encode(row)])
    with run.batch(tokens=ids), torch.no_grad():
        model(ids)


def test_a_recording_in_progress_is_shown_so_far_and_then_goes_on_as_its_dump(tmp_path):
    model, path, rows = Learner(), tmp_path / "run.h5", texts(6)
    with lstmviz.record(model, path, WORDS, dtype="float32") as run:
        with pytest.raises(DumpMissing, match=r"is being recorded, but .*; try again in a moment"):
            opened([path])
        batch(run, model, rows[0])
        dumps, arrivals = opened([path])
        client = make_app(dumps, extras=Extras(arrivals=arrivals)).server.test_client()
        (first,) = served(client)["dumps"]
        assert (first["name"], first["n_steps"], first["is_growing"]) == ("run", 12, True)
        about = client.get(f"/d/{first['uuid']}/about.json", headers=LOCAL).json
        assert (about["is_complete"], about["axes"][0]["n_steps"]) == (False, 12)
        for row in rows[1:4]:
            batch(run, model, row)
        grown = until(client, lambda answer: answer["dumps"][0]["n_steps"] == 48)["dumps"][0]
        assert (grown["recording"], grown["is_growing"]) == (first["recording"], True)
        assert grown["uuid"] != first["uuid"]
        so_far = np.frombuffer(client.get(f"/d/{grown['uuid']}/states/1/0/48", headers=LOCAL).data, np.float32).reshape(
            48, 16
        )
        assert is_recording(parts_of(path))
        for row in rows[4:]:
            batch(run, model, row)
    (closed,) = until(client, lambda answer: not answer["dumps"][0]["is_growing"])["dumps"]
    assert (closed["n_steps"], closed["recording"]) == (72, first["recording"])
    dump = lstmviz.open_dump(path)
    assert closed["uuid"] == dump.uuid
    assert dump.provenance["complete"] is True
    np.testing.assert_array_equal(dump.states(SOURCE)[:48], so_far)


def test_what_a_page_was_told_of_a_moment_ago_opens_although_there_is_a_newer_one(tmp_path):
    model, path, rows = Learner(), tmp_path / "run.h5", texts(4)
    with lstmviz.record(model, path, WORDS) as run:
        batch(run, model, rows[0])
        dumps, arrivals = opened([path])
        client = make_app(dumps, extras=Extras(arrivals=arrivals)).server.test_client()
        told = []
        for n, row in enumerate(rows[1:], start=2):
            batch(run, model, row)
            told += until(client, lambda answer, n=n: answer["dumps"][0]["n_steps"] == 12 * n)["dumps"]
        for card in told:
            about = client.get(f"/d/{card['uuid']}/about.json", headers=LOCAL).json
            assert about["axes"][0]["n_steps"] == card["n_steps"]


def test_a_recording_that_begins_in_a_served_folder_is_shown_too(tmp_path):
    model = Learner()
    lstmviz.record_corpus(model, texts(3), encode=encode, vocab=WORDS, path=tmp_path / "before.h5")
    client = server_from_environment({"LSTMVIZ_DUMPS": str(tmp_path)}).test_client()
    assert [dump["name"] for dump in served(client)["dumps"]] == ["before"]
    with lstmviz.record(model, tmp_path / "new.h5", WORDS) as run:
        batch(run, model, texts(1)[0])
        answer = until(client, lambda answer: len(answer["dumps"]) == 2)
        assert [(dump["name"], dump["is_growing"]) for dump in answer["dumps"]] == [("before", False), ("new", True)]
    until(client, lambda answer: [dump["is_growing"] for dump in answer["dumps"]] == [False, False])


def test_dumps_so_far_are_kept_in_the_cache_and_few_of_them(tmp_path):
    path, model = tmp_path / "run.h5", Learner()
    with lstmviz.record(model, path, WORDS) as run:
        batch(run, model, texts(1)[0])
        dump = growing.GrowingDump(path)
        for row in texts(5):
            batch(run, model, row)
            dump.make()
        folder = dump.now.path.parents[1]
        assert sorted(each.name for each in folder.iterdir()) == ["2", "3", "4"]
        assert not list(tmp_path.glob("*.h5"))
        assert not dump.is_over
        shutil.rmtree(folder)  # somebody clears the cache
        dump.make()
        dump.make()
        assert dump.now.path.exists()
        folder = dump.now.path.parents[1]
    assert dump.is_over
    del dump
    assert not folder.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_worker_that_ends_leaves_what_the_others_show_of_a_recording_in_progress(tmp_path):
    model, path = Learner(), tmp_path / "run.h5"
    with lstmviz.record(model, path, WORDS) as run:
        batch(run, model, texts(1)[0])
        shown = [growing.GrowingDump(path)]
        shown[0].make()
        if (worker := os.fork()) == 0:
            shown.clear()  # which is the end of it, as the end of the worker would be
            os._exit(0)
        os.waitpid(worker, 0)
        assert lstmviz.open_dump(shown[0].now.path).n_steps == 12


@pytest.mark.parametrize("put", [lambda path, kept: os.mkfifo(path), lambda path, kept: path.symlink_to(kept)])
def test_blocks_that_are_a_pipe_or_a_link_are_not_read(tmp_path, put):
    model, path = Learner(), tmp_path / "run.h5"
    with lstmviz.record(model, path, WORDS) as run:
        batch(run, model, texts(1)[0])
        shutil.copytree(parts_of(path), tmp_path / "theirs.h5.parts")
    blocks = tmp_path / "theirs.h5.parts" / BLOCKS
    blocks.rename(tmp_path / "kept")
    put(blocks, tmp_path / "kept")
    shown = growing.GrowingDump(tmp_path / "theirs.h5")
    shown.make()
    assert shown.now is None
    assert "blocks.bin" in shown.problem
    assert "\n" not in shown.problem
