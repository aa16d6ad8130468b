"""Files that were changed at random, of every kind that may come from elsewhere: `make fuzz` tries more of them."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path

import pytest

from fuzz.batch import Reader
from fuzz.run import FAILED, Batch, Nursery, batches, shares
from lstmviz.dump import trial, trial_child
from lstmviz.errors import DumpError
from support.budget import is_long

N_INPUTS = 50_000 if is_long() else 2_000


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left():
    yield
    Nursery.close()


@pytest.mark.parametrize("target", shares(N_INPUTS))
def test_changed_files_give_an_answer_or_a_line(target):
    n_tried, said = 0, []
    for batch in batches(N_INPUTS):
        if batch.target == target:
            said += [f"{target} {fault.seed} ({fault.name}): {fault.words}" for fault in batch.faults()]
            n_tried += batch.n_tried
    assert not said, "\n".join(said)
    assert n_tried == shares(N_INPUTS)[target]


def failed() -> dict[str, list[tuple[Path, str]]]:
    """Return the inputs that failed once, by target: their files and what they take the place of."""
    found = defaultdict(list)
    for path in sorted(FAILED.iterdir()):
        target, name, _ = path.name.split("--")
        found[target].append((path, name.replace("+", "/")))
    return found


@pytest.mark.parametrize("target", failed())
def test_what_failed_once_does_not_fail_again(target):
    batch = Batch(target, 0, 0, failed()[target])
    assert [fault.words for fault in batch.faults()] == []
    assert batch.n_tried == len(failed()[target])


def _work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def _ended(work):
    """Return how a fork ends that may take 0.1 seconds of the processor."""
    if not (pid := os.fork()):
        trial_child.limit_time(0.1)
        work(0.4)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_an_input_is_given_up_by_the_time_of_the_processor_and_not_by_that_of_the_clock():
    assert _ended(_work) == trial.TOO_LONG
    assert _ended(time.sleep) == 0


def test_a_first_reading_is_ended_by_the_time_of_the_processor_and_not_by_that_of_the_clock(tmp_path, monkeypatch):
    slow = {"works": _work, "waits": time.sleep}
    monkeypatch.setattr(trial, "SECONDS", 0.1)
    monkeypatch.setattr(trial_child, "read_whole", lambda path: slow[Path(path).name](0.4) or 0)
    for name in slow:
        (tmp_path / name).touch()
    reader = Reader()
    reader.require(tmp_path / "waits", tmp_path / "waits")
    with pytest.raises(DumpError, match="keeps HDF5 busy"):
        reader.require(tmp_path / "works", tmp_path / "works")
    reader.end()
