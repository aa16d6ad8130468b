"""A recording belongs to the process that opened it: however a fork leaves the `with`, no acknowledged step is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import lstmviz
from lstmviz.dump import write_dump
from lstmviz.dump.journal.recover import recover
from lstmviz.dump.parts import is_recording, parts_of
from lstmviz.system.atomic import beside, replacing
from lstmviz.system.worker import Worker
from support.programs import programs

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

BEGIN = """
import atexit, gc, multiprocessing, os, signal, sys, time, torch, lstmviz
from torch import nn
torch.set_grad_enabled(False)
m, x, ids = nn.LSTM(4, 8, batch_first=True).eval(), torch.zeros(3, 4, 4), torch.zeros(3, 4, dtype=torch.int64)
def in_fork(do):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        do()
        os._exit(77)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
LOOP = """
with lstmviz.record(m, sys.argv[1]) as run:
    for i in range(10):
        if i == 5 and os.fork() == 0:
            LEAVE
        elif i == 5:
            print("child", os.waitstatus_to_exitcode(os.wait()[1]))
        with run.batch(tokens=ids):
            m(x)
print("acknowledged", run.n_steps, run.stopped)
"""
LEAVES = {
    "falls out": "break",
    "raises": "raise ValueError",
    "exits": "sys.exit(0)",
    "is ended by its handler": "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); os.kill(os.getpid(), 15)",
    "runs what is to run at exit": "atexit.register(run.__exit__, None, None, None); sys.exit(0)",
    "collects what it has inherited": "run._sink = None; del run; gc.collect(); os._exit(0)",
    "flushes": "run.flush(); break",
}


@pytest.fixture(scope="module")
def run_code() -> Iterator[Callable[[str, Path], subprocess.CompletedProcess[str]]]:
    """Run code that begins a recording at a path."""
    with programs() as made:
        yield lambda code, path: made.run(BEGIN + code, path)


def assert_whole(path: Path, n_steps: int = 120) -> None:
    dump = lstmviz.open_dump(path)
    assert (dump.n_steps, dump.provenance["complete"]) == (n_steps, True)
    assert not parts_of(path).exists()


@pytest.mark.parametrize("how", LEAVES)
def test_a_fork_that_leaves_the_recording_changes_nothing(tmp_path, run_code, how):
    done = run_code(LOOP.replace("LEAVE", LEAVES[how]), tmp_path / "r.h5")
    assert "acknowledged 120 None" in done.stdout, done.stderr
    assert_whole(tmp_path / "r.h5")


def test_a_fork_cannot_record_and_says_who_can(tmp_path, run_code):
    code = """
def record():
    try:
        with run.batch(tokens=ids):
            m(x)
    except lstmviz.RecordingError as err:
        print(err, flush=True)
with lstmviz.record(m, sys.argv[1]) as run:
    for i in range(3):
        with run.batch(tokens=ids):
            m(x)
            code = in_fork(lambda: run._running.__exit__(None, None, None)) if i == 1 else 77
        in_fork(record)
print(code, len(list(m._forward_hooks)))
"""
    done = run_code(code, tmp_path / "r.h5")
    assert done.stdout.count("belongs to the process that this one was forked from; run the model there") == 3
    assert done.stdout.endswith("77 0\n"), done.stderr
    assert_whole(tmp_path / "r.h5", 36)


def test_the_workers_of_a_loader_and_a_pool_leave_it_alone(tmp_path, run_code):
    code = """
class Data(torch.utils.data.Dataset):
    def __len__(self): return 6
    def __getitem__(self, i): return x[0]
with lstmviz.record(m, sys.argv[1]) as run, multiprocessing.get_context("fork").Pool(2) as pool:
    for batch in torch.utils.data.DataLoader(Data(), 3, num_workers=2, multiprocessing_context="fork"):
        with run.batch(tokens=ids):
            m(batch)
        pool.map(abs, range(4))
"""
    done = run_code(code, tmp_path / "r.h5")
    assert done.returncode == 0, done.stderr
    assert_whole(tmp_path / "r.h5", 24)


def test_a_fork_that_outlives_the_recorder_keeps_no_recording_alive(tmp_path, run_code):
    code = """
with lstmviz.record(m, sys.argv[1]) as run:
    with run.batch(tokens=ids):
        m(x)
    pid = os.fork()
    if pid == 0:
        os.close(1), os.close(2)
        time.sleep(60)
    print(pid, flush=True)
    os.kill(os.getpid(), 9)
"""
    path = tmp_path / "r.h5"
    child = int(run_code(code, path).stdout)
    try:
        assert not is_recording(parts_of(path))
        assert recover(path).state == "cut short"
    finally:
        os.kill(child, signal.SIGKILL)
    assert lstmviz.open_dump(path).n_steps == 12


@pytest.mark.parametrize("manager", [replacing, beside])
def test_a_fork_leaves_a_file_that_is_written_to_whoever_writes_it(tmp_path, manager):
    target, opened = tmp_path / "a", manager(tmp_path / "a")
    temporary = opened.__enter__()
    temporary.write_text("all")
    if (pid := os.fork()) == 0:
        opened.__exit__(None, None, None)
        os._exit(0)
    os.waitpid(pid, 0)
    assert temporary.read_text() == "all"
    assert not target.exists()
    opened.__exit__(None, None, None)
    assert target.exists() == (manager is replacing)


def test_a_fork_leaves_a_worker_at_work():
    with Worker([sys.executable, "-c", "input(); print('{}')"]) as worker:
        if (pid := os.fork()) == 0:
            worker.__exit__()
            os._exit(0)
        os.waitpid(pid, 0)
        worker._process.stdin.write(b"\n")
        worker._process.stdin.flush()
        assert list(worker.reports()) == [{}]
        assert worker.failure is None


@pytest.mark.parametrize("n_ahead", [0, write_dump.LOOK_AHEAD_BYTES])
@pytest.mark.parametrize("how", ["ends", "raises"])
def test_a_fork_of_a_generator_of_blocks_leaves_the_dump_to_whoever_writes_it(tmp_path, monkeypatch, how, n_ahead):
    monkeypatch.setattr(write_dump, "LOOK_AHEAD_BYTES", n_ahead)
    go_on, say = os.pipe()
    me, forks = os.getpid(), []

    def blocks():
        for i in range(4):
            if i == 2:
                forks.append(os.fork())
                if not forks[0]:
                    os.read(go_on, 1)  # once the dump is whole
                    if how == "raises":
                        raise ValueError
                    return
            yield lstmviz.DumpBlock(states={"rnn.l0.h": np.full((500, 8), i, "f4")}, lengths=[500])

    try:
        lstmviz.write_dump(tmp_path / "a.h5", blocks=blocks())
    finally:
        if os.getpid() != me:
            os._exit(0)
    before = (tmp_path / "a.h5").read_bytes()
    os.write(say, b"!")
    os.waitpid(forks[0], 0)
    assert (tmp_path / "a.h5").read_bytes() == before
    assert lstmviz.open_dump(tmp_path / "a.h5").states("rnn.l0.h")[:][::500, 0].tolist() == [0, 1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


MOMENTS = """
net = nn.Sequential(nn.Embedding(2, 3), nn.LSTM(3, 4, batch_first=True))
def forward(model, ids, lengths):
    if moments.updates and parent == os.getpid():
        (pid := os.fork()) and print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        if pid == 0 and len(moments.updates) < 2:
            sys.exit(0)
    return model(ids)
more = {"encode": list, "vocab": ["a", "b"], "forward": forward, "weights": True}
parent = os.getpid()
moments = lstmviz.Snapshots(net, sys.argv[1], texts=["abba", "ba"], **more)
for update in (0, 100, 200):
    moments.take(update)
print("taken", moments.updates)
"""


def test_a_fork_made_while_a_moment_is_taken_leaves_it_alone(tmp_path, run_code):
    done = run_code(MOMENTS, tmp_path)
    assert done.stdout.endswith("taken (0, 100, 200)\n"), done.stderr
    assert "child 0\nchild 1\n" in done.stdout
    assert done.stderr.splitlines()[-1].endswith("forked from, which goes on with it; end this one")
    left = sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock")
    assert left == [f"update-{n:08}{end}" for n in (0, 100, 200) for end in (".h5", ".weights")]
    assert lstmviz.open_dump(tmp_path / "update-00000200.h5").n_steps == 6
