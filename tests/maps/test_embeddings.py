"""t-SNE and UMAP: the same for the same seed, kept, cancelled with their process, one at a time, failing in a line."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import lstmviz
from lstmviz.errors import ProjectionCancelled, ProjectionError
from lstmviz.maps import compute, in_subprocess, jobs
from lstmviz.system import worker
from lstmviz.system.cache import cache_folder

SOURCE = "a.l0.h"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of its own for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def dump(tmp_path):
    """200 steps in four clusters far from each other; some states stand twice."""
    rng = np.random.default_rng(0)
    states = np.repeat(np.eye(4, 6), 50, axis=0) * 5 + rng.normal(size=(200, 6)) * 0.1
    states[7] = states[6]
    lstmviz.write_dump(tmp_path / "four.h5", states={SOURCE: states.astype("float32")})
    return lstmviz.open_dump(tmp_path / "four.h5")


@pytest.fixture
def children(monkeypatch):
    """Every process that is started to compute a map."""
    started, real = [], subprocess.Popen

    def popen(*args, **more):
        started.append(real(*args, **more))
        return started[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    return started


def four_clusters(points):
    """Whether each point's nearest others are of its own cluster."""
    near = np.argsort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 1:6]
    return (near // 50 == np.arange(200)[:, None] // 50).mean()


def test_tsne_is_kept_the_same_for_a_seed_and_made_anew_where_its_file_is_damaged(dump, children):
    heard = []
    one = dump.project(SOURCE, "tsne", progress=lambda share, words: heard.append(share))
    assert one.points.shape == (200, 2)
    assert four_clusters(one.points) > 0.99
    assert heard == sorted(heard)
    assert heard[-1] > 0.9
    assert (one.explained, one.is_exact, dict(one.parameters)["perplexity"]) == (None, False, 30)
    assert dump.project(SOURCE, "tsne").points.tobytes() == one.points.tobytes()
    assert lstmviz.open_dump(dump.path).project(SOURCE, "tsne").points.tobytes() == one.points.tobytes()
    assert len(children) == 1  # it was found again
    (file,) = cache_folder("maps").glob("*.npz")
    for damage in (b"", b"PK\x03\x04 no zip", file.read_bytes()[:-400]):
        file.write_bytes(damage)
        assert compute.find_map(dump, SOURCE, "tsne") is None
    again = dump.project(SOURCE, "tsne")
    assert len(children) == 2
    assert again.points.tobytes() == one.points.tobytes()
    # A step stands at its own point, and what was not sampled at that of the nearest sampled state.
    values = dump.states(SOURCE)[:]
    assert again.place(values[100:110]).tobytes() == again.points[100:110].tobytes()
    assert again.place(values[150:151] + 1e-4).tobytes() == again.points[150:151].tobytes()


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((199, 2), "float32"),
        np.zeros((200, 2), "float64"),
        np.full((200, 2), np.nan, "float32"),
        np.array([object()] * 200),
    ],
    ids=["fewer", "doubles", "nan", "pickled"],
)
def test_a_kept_file_of_another_shape_or_with_pickled_objects_is_no_map(dump, points):
    prepared = compute._prepare(dump, SOURCE, "tsne", 20_000, 0)
    np.savez(compute._key(prepared, "tsne", 0).path, points=points)
    assert compute.find_map(dump, SOURCE, "tsne") is None


def test_umap_keeps_two_clusters_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # to compile it takes 20 seconds, and twelve steps a third of one
    is_high = np.arange(12) % 2
    values = np.random.default_rng(0).normal(is_high[:, None] * 2 - 1, 0.05, (12, 6)).astype("float32")
    lstmviz.write_dump(tmp_path / "two.h5", states={SOURCE: values})
    dump = lstmviz.open_dump(tmp_path / "two.h5")
    mapped = dump.project(SOURCE, "umap")
    distances = ((mapped.points[:, None] - mapped.points[None]) ** 2).sum(-1) + np.diag(np.full(12, np.inf))
    assert (is_high[mapped.ids[distances.argmin(1)]] == is_high[mapped.ids]).all()
    assert compute.find_map(dump, SOURCE, "umap").points.tobytes() == mapped.points.tobytes()
    assert not list(cache_folder("maps").glob(".work-*"))


@pytest.mark.long
def test_umap_keeps_clusters_together(dump):
    mapped = dump.project(SOURCE, "umap")
    assert four_clusters(mapped.points) > 0.99


@pytest.mark.long
def test_umap_of_one_unit_keeps_its_order(tmp_path):
    values = np.linspace(-2, 2, 60, dtype="float32")[:, None]
    lstmviz.write_dump(tmp_path / "one.h5", states={SOURCE: values})
    mapped = lstmviz.open_dump(tmp_path / "one.h5").project(SOURCE, "umap")
    assert np.isfinite(mapped.points).all()
    nearest = np.argsort(((mapped.points[:, None] - mapped.points[None]) ** 2).sum(-1), axis=1)[:, 1]
    assert np.median(np.abs(values[mapped.ids[nearest], 0] - values[mapped.ids, 0])) < 0.3


def test_cancel_ends_the_process_and_keeps_nothing(dump, children):
    heard = []
    with pytest.raises(ProjectionCancelled, match="the map was cancelled"):
        dump.project(SOURCE, "tsne", progress=lambda *told: heard.append(told), cancel=lambda: bool(heard))
    (child,) = children
    assert child.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
    assert list(cache_folder("maps").iterdir()) == []


def test_ctrl_c_ends_the_process_too(dump, children):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dump.project(SOURCE, "tsne", cancel=interrupt)
    assert children[0].returncode == -signal.SIGKILL


def test_the_process_ends_when_whoever_asked_is_gone(tmp_path):
    code = "import time; from lstmviz.system.worker import end_with_parent; end_with_parent(); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    child.stdin.close()
    assert child.wait(60) == 3


def test_a_process_that_is_killed_or_fails_is_told_in_a_line(dump, children, monkeypatch):
    with pytest.raises(ProjectionError, match="t-SNE failed: the process was ended by SIGKILL; is there enough memory"):
        dump.project(SOURCE, "tsne", progress=lambda *_: children[0].kill())
    monkeypatch.setitem(compute.PARAMETERS, "tsne", {"perplexity": "many"})
    with pytest.raises(ProjectionError, match="t-SNE failed: TypeError") as told:
        dump.project(SOURCE, "tsne")
    assert "\n" not in str(told.value)
    assert not list(cache_folder("maps").glob("*.npz"))


def test_without_the_packages_a_line_says_how_to_get_them_and_pca_works(dump, monkeypatch):
    monkeypatch.setattr(in_subprocess, "find_spec", lambda name: None)
    for method, package in (("tsne", "openTSNE"), ("umap", "umap-learn")):
        with pytest.raises(
            ProjectionError, match=rf'needs {package}: pip install "lstmviz\[maps\]"; PCA works without it'
        ):
            dump.project(SOURCE, method)
        with pytest.raises(ProjectionError, match=package):
            jobs.start(dump, SOURCE, method, 20_000)
    assert len(dump.project(SOURCE).ids) == 200


def test_too_few_states_have_no_map_by_neighbours(tmp_path):
    lstmviz.write_dump(tmp_path / "few.h5", states={SOURCE: np.eye(9, dtype="float32")})
    with pytest.raises(ProjectionError, match="has 9 sampled steps without NaN; a map by umap needs 10 or more"):
        lstmviz.open_dump(tmp_path / "few.h5").project(SOURCE, "umap")


# Jobs of a server


class Slow:
    """In the place of ``project``: goes on until it is let, one at a time as the real one."""

    def __init__(self):
        self.n_running = self.most = self.n_done = 0
        self.go = threading.Event()

    def __call__(self, dump, source, method, n_steps, seed, progress, cancel):
        self.n_running += 1
        self.most = max(self.most, self.n_running)
        try:
            while not self.go.wait(0.02):
                progress(0.5, "moving points")
                if cancel():
                    raise ProjectionCancelled("cancelled")
            self.n_done += 1
        finally:
            self.n_running -= 1


@pytest.fixture
def slow(monkeypatch):
    made = Slow()
    monkeypatch.setattr(jobs, "compute_map", made)
    yield made
    made.go.set()
    names = {f"lstmviz-{name}" for name in jobs.NAMES.values()}
    until(lambda: not any(thread.name in names for thread in threading.enumerate()))


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def state(dump, method, seed=0):
    return jobs.status(dump, SOURCE, method, 20_000, seed).state


def test_jobs_run_one_at_a_time_and_each_can_be_cancelled(dump, slow):
    assert state(dump, "tsne") == "none"
    assert jobs.start(dump, SOURCE, "tsne", 20_000).state == "waiting"
    until(lambda: state(dump, "tsne") == "running")
    until(lambda: jobs.status(dump, SOURCE, "tsne", 20_000).share == 0.5)
    jobs.start(dump, SOURCE, "umap", 20_000)
    assert jobs.start(dump, SOURCE, "umap", 20_000).state == "waiting"  # once more: it is on its way
    time.sleep(0.5)
    assert state(dump, "umap") == "waiting"
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "none")
    until(lambda: state(dump, "umap") == "running")
    slow.go.set()
    until(lambda: slow.n_done == 1)
    until(lambda: state(dump, "umap") == "none")  # the one in its place keeps nothing
    assert slow.most == 1
    assert [file.name for file in cache_folder("maps").iterdir() if file.suffix != ".lock"] == []


def test_one_that_waits_is_cancelled_before_its_turn(dump, slow):
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "running")
    jobs.start(dump, SOURCE, "umap", 20_000)
    jobs.cancel(dump, SOURCE, "umap", 20_000)
    until(lambda: state(dump, "umap") == "none")
    slow.go.set()
    until(lambda: slow.n_done == 1)


def test_another_process_of_the_server_sees_and_cancels_a_map(dump, slow):
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "running")
    code = (
        "import lstmviz; from lstmviz.maps import jobs;"
        f"d = lstmviz.open_dump({str(dump.path)!r}); print(jobs.status(d, {SOURCE!r}, 'tsne', 20_000).state);"
        f"jobs.cancel(d, {SOURCE!r}, 'tsne', 20_000)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "running"
    until(lambda: state(dump, "tsne") == "none")
    assert slow.n_done == 0


def test_a_job_whose_server_died_is_forgotten(dump, slow):
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "running")
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "none")
    place = jobs._job_file(compute.map_key(dump, SOURCE, "tsne"))
    jobs._write(place, jobs._Entry("running", 0.4, "moving points"))
    assert state(dump, "tsne") == "running"
    os.utime(place, (time.time() - 60,) * 2)
    assert state(dump, "tsne") == "none"
    place.write_text("no json")
    assert state(dump, "tsne") == "none"


def test_a_failure_is_told_until_it_is_asked_for_again(dump, monkeypatch):
    def fails(*args, **more):
        raise ProjectionError("t-SNE failed: no memory")

    monkeypatch.setattr(jobs, "compute_map", fails)
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "failed")
    assert jobs.status(dump, SOURCE, "tsne", 20_000).words == "t-SNE failed: no memory"
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    assert state(dump, "tsne") == "none"


def test_too_many_maps_are_refused(dump, slow, monkeypatch):
    monkeypatch.setattr(jobs, "MAX_JOBS", 1)
    jobs.start(dump, SOURCE, "tsne", 20_000)
    with pytest.raises(ProjectionError, match="1 maps are being computed or wait; cancel one, or ask again later"):
        jobs.start(dump, SOURCE, "umap", 20_000)


def test_a_job_of_the_future_is_one_from_before_the_clock_was_set_back(dump):
    place = jobs._job_file(compute.map_key(dump, SOURCE, "umap"))
    jobs._write(place, jobs._Entry("running", 0.1, "moving points"))
    assert state(dump, "umap") == "running"
    os.utime(place, (time.time() + 86_400,) * 2)
    assert state(dump, "umap") == "none"
    jobs.cancel(dump, SOURCE, "umap", 20_000)
    assert not place.exists()


@pytest.mark.parametrize(
    "lie",
    [
        {"state": "lost"},
        {"state": ["running"]},
        {"state": "running", "share": float("nan")},
        {"state": "running", "number": 10**4000},  # the next one's would have more digits than Python reads
        {"state": "running", "number": "first"},
        {"state": "failed", "words": "a" * 100_000},
        {"state": "running", "share": {}, "by": []},
    ],
)
def test_a_job_that_is_none_is_not_told(dump, lie):
    jobs._job_file(compute.map_key(dump, SOURCE, "umap")).write_text(json.dumps(lie))
    assert state(dump, "umap") == "none"


def test_of_a_job_that_says_more_than_it_may_a_line_is_told(dump):
    place = jobs._job_file(compute.map_key(dump, SOURCE, "umap"))
    place.write_text(json.dumps({"state": "running", "share": 1e300, "words": "a" * 60_000}))
    told = jobs.status(dump, SOURCE, "umap", 20_000)
    assert (told.share, len(told.words)) == (1.0, jobs.MOST_WORDS)


def full_disk():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_map_whose_file_cannot_be_written_is_not_begun(dump, monkeypatch):
    """Nobody would be told of it: each time that it is asked for, one more would be computed."""
    begun = []
    monkeypatch.setattr(jobs, "compute_map", lambda *args, **more: begun.append(args))
    place = jobs._job_file(compute.map_key(dump, SOURCE, "tsne"))
    place.mkdir()
    for _ in range(2):
        with pytest.raises(ProjectionError, match="the map cannot be computed here "):
            jobs.start(dump, SOURCE, "tsne", 20_000)
    place.rmdir()
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", lambda *_: full_disk())
        with pytest.raises(ProjectionError, match=r"the map cannot be computed here .No space left"):
            jobs.start(dump, SOURCE, "tsne", 20_000)
    assert begun == []
    assert [file.name for file in place.parent.iterdir()] == []


def test_a_map_that_cannot_be_stopped_says_so(dump, slow):
    place = jobs._job_file(compute.map_key(dump, SOURCE, "tsne"))
    jobs._cancel_file(place).mkdir()
    jobs.start(dump, SOURCE, "tsne", 20_000)
    with pytest.raises(ProjectionError, match="the map cannot be stopped ") as told:
        jobs.cancel(dump, SOURCE, "tsne", 20_000)
    assert str(place.parent) not in str(told.value)


def test_whatever_ends_a_map_is_told_in_a_line(dump, monkeypatch, caplog):
    def fails(*args, **more):
        raise KeyError("points")

    monkeypatch.setattr(jobs, "compute_map", fails)
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "failed")
    told = jobs.status(dump, SOURCE, "tsne", 20_000).words
    assert told == "it could not be computed (KeyError); the server's log says more"
    assert "a map could not be computed" in caplog.text


def test_folders_under_the_names_of_a_jobs_files_are_left_alone(dump, slow):
    place = jobs._job_file(compute.map_key(dump, SOURCE, "tsne"))
    jobs._cancel_file(place).mkdir()
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "running")
    jobs._cancel_file(place).rmdir()
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "none")
    place.mkdir()
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    place.rmdir()
    lock = place.with_name("turn.lock")
    lock.unlink()
    lock.mkdir()
    jobs.start(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "tsne") == "failed")
    assert jobs.status(dump, SOURCE, "tsne", 20_000).words.endswith("(it is a folder; remove it)")


def test_a_visitor_has_one_map_computed_at_a_time_and_is_told_how_many_are_before_it(dump, slow):
    jobs.start(dump, SOURCE, "tsne", 20_000, by="ana")
    until(lambda: state(dump, "tsne") == "running")
    jobs.start(dump, SOURCE, "tsne", 20_000, by="ana")  # the same one
    with pytest.raises(ProjectionError, match="another map that you asked for is not done; wait for it, or stop it"):
        jobs.start(dump, SOURCE, "umap", 20_000, by="ana")
    for seed, by in enumerate(("ben", "cleo"), 1):
        told = jobs.start(dump, SOURCE, "umap", 20_000, seed=seed, by=by)
        assert told.words == f"waiting: {seed} map{'s are' if seed > 1 else ' is'} before this one"
    jobs.cancel(dump, SOURCE, "tsne", 20_000)
    until(lambda: state(dump, "umap", 1) == "running")  # in the order in which they were asked for
    assert jobs.status(dump, SOURCE, "umap", 20_000, 2).words == "waiting: 1 map is before this one"
    jobs.start(dump, SOURCE, "tsne", 20_000, by="ana")
    for method, seed in (("umap", 1), ("umap", 2), ("tsne", 0)):
        jobs.cancel(dump, SOURCE, method, 20_000, seed)
    until(lambda: all(state(dump, m, s) == "none" for m, s in (("umap", 1), ("umap", 2), ("tsne", 0))))
