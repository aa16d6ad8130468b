"""A corpus asked of a dask scheduler: a real one, with worker processes, on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from distributed import LocalCluster

import lstmviz
from lstmviz.errors import ClusterError, DumpMissing, PatternError
from lstmviz.match.corpus import workers as cluster


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two worker processes."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as running:
        yield running.scheduler_address


def pattern_over(dump):
    return dump.select("rnn.l0.h", 21, 24, 0.1, 0, 0)


def test_worker_processes_give_the_rows_counts_and_hits_of_one_dump(parts, scheduler):
    one, many = parts
    far = lstmviz.open_dump(many.path, scheduler=scheduler)
    pattern = pattern_over(far)
    assert pattern == pattern_over(one)
    assert pattern.n_units
    for limit, offset in ((50, 0), (3, 0), (4, 5), (1, 1_000), (0, 0)):
        assert far.match(pattern, limit, offset).equals(one.match(pattern, limit, offset))
    assert far.count(pattern).totals.equals(one.count(pattern).totals)
    assert far.count(pattern).lengths.equals(one.count(pattern).lengths)
    assert far.search("la Li").equals(one.search("la Li"))
    assert len(far.search("la Li"))


def test_a_task_runs_in_the_processes_of_the_cluster(parts, scheduler):
    script = (
        "import os, sys\n"
        "from functools import partial\n"
        "from lstmviz.match.corpus.workers import map_shards\n"
        "print(os.getpid(), *map_shards(eval, ['__import__(\"os\").getpid()'] * 2, sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", script, scheduler], capture_output=True, text=True, check=True)
    own, *others = done.stdout.split()
    assert len(others) == 2
    assert own not in others


def test_a_worker_that_cannot_see_a_shard_is_named(parts, scheduler):
    far = lstmviz.open_dump(parts[1].path, scheduler=scheduler)
    pattern = pattern_over(far)
    (far.path / "part-1.h5").rename(far.path / "away.h5")
    with pytest.raises(DumpMissing) as caught:
        far.match(pattern)
    message = str(caught.value)
    assert message.startswith("the worker at tcp://127.0.0.1:")
    assert f"sees no file at {far.path.absolute()}/part-1.h5; workers open shards by path" in message
    assert "\n" not in message


def test_what_a_shard_raises_and_what_does_not_fit_come_as_they_are(parts, scheduler):
    far = lstmviz.open_dump(parts[1].path, scheduler=scheduler)
    with pytest.raises(PatternError, match="the search text is empty"):
        far.search("")
    with pytest.raises(PatternError, match="limit=-1"):
        far.match(pattern_over(far), limit=-1)


def test_a_worker_that_fails_is_told_in_a_line(scheduler):
    with pytest.raises(ClusterError) as caught:
        cluster.map_shards(int, ["no\nnumber"], scheduler)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"a worker of {scheduler} failed (ValueError: invalid literal")
    assert "same versions of lstmviz and dask" in message


@pytest.mark.parametrize(
    "address", ["host:8786", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://[::1", "tcp://h:x"]
)
def test_what_is_no_address_is_told_in_a_line(parts, address):
    far = lstmviz.open_dump(parts[1].path, scheduler=address)
    with pytest.raises(ClusterError, match=r"no dask scheduler answers at '.*'; give one such as tcp://host:8786"):
        far.match(pattern_over(far))


def test_an_address_where_nobody_listens_is_told_in_a_line(parts):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
    far = lstmviz.open_dump(parts[1].path, scheduler=f"tcp://127.0.0.1:{free}")
    with pytest.raises(ClusterError, match=f"no dask scheduler answers at 'tcp://127.0.0.1:{free}'"):
        far.count(pattern_over(far))


def test_a_scheduler_without_workers_is_told_in_a_line(parts, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_WITHIN", 0.3)
    with LocalCluster(n_workers=0, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1") as running:
        far = lstmviz.open_dump(parts[1].path, scheduler=running.scheduler_address)
        with pytest.raises(ClusterError, match="has no workers; start one with: dask worker tcp://127"):
            far.match(pattern_over(far))
