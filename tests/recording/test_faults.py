"""A recording is killed at a write, out of disk at a write, or gets Ctrl-C at any moment: nothing is lost.

The long form does so at every write.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from lstmviz.dump.journal.assemble import assemble
from lstmviz.dump.journal.recover import RecoveryReport, recover
from lstmviz.dump.parts import is_recording, parts_of
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import DumpMissing
from support import faults
from support.budget import is_long, some_of
from support.faults import BATCH, INTERRUPTED, N_BATCHES, Run, Zygote

N_ALL = N_BATCHES * BATCH
N_INTERRUPTS = 200 if is_long() else 12


class Workers:
    """Two processes to fork runs from, side by side."""

    def __init__(self, folder: Path) -> None:
        library = faults.build(folder)
        self._idle: SimpleQueue[Zygote] = SimpleQueue()
        self._all = [Zygote(library) for _ in range(2)]
        for worker in self._all:
            self._idle.put(worker)

    def run(self, *given) -> Run:
        worker = self._idle.get()
        try:
            return worker.run(*given)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        for worker in self._all:
            worker.close()


@pytest.fixture(scope="module")
def workers(tmp_path_factory) -> Iterator[Workers]:
    made = Workers(tmp_path_factory.mktemp("shim"))
    yield made
    made.close()


@dataclass(frozen=True)
class Whole:
    """A run without faults, all that its dump holds, and of each row after how many of the steps it was there."""

    run: Run
    held: dict[str, np.ndarray]
    age: np.ndarray


@pytest.fixture(scope="module")
def whole(workers, tmp_path_factory) -> list[Whole]:
    """What is recorded where nothing goes wrong: in batches of sequences, and in a stream of two columns."""
    found = []
    for is_stream in (False, True):
        folder = tmp_path_factory.mktemp("whole")
        run = workers.run(folder, is_stream, "count")
        assert (run.code, run.n_passes, run.n_steps, run.is_done, len(run.errors)) == (0, N_BATCHES, N_ALL, True, 1)
        assert run.n_calls > N_BATCHES + 20
        held = contents(folder / "disk" / "run.h5")
        assert held["rnn"].shape == (N_ALL, 8)
        assert held["sequence"].max() + 1 == (2 if is_stream else 2 * N_BATCHES)
        found.append(Whole(run, held, held["batch"] * BATCH))
    return found


def contents(path: Path) -> dict[str, np.ndarray]:
    """Everything that a dump holds, step by step."""
    dump = DumpReader(path)
    sequence = np.repeat(np.arange(len(dump.sequences)), dump.sequences["stop"] - dump.sequences["start"])
    labels = np.array(dump.tracks["part"].labels)
    held = {
        "tokens": np.array(dump.tokens[:]),
        "sequence": sequence,
        "rnn": np.concatenate([dump.states(name)[:] for name in dump.sources], axis=1),
        "batch": dump.tracks["batch"][:],
        "part": labels[dump.tracks["part"][:]],
    }
    dump.close()
    return held


def brought_back(path: Path) -> tuple[RecoveryReport | None, int, bool]:
    """Recover a recording, twice: what is said, how many steps there are, and if the dump says that it is complete."""
    deadline = time.monotonic() + 30  # a child that assembles, and whose parent was interrupted, may not be through
    while is_recording(parts_of(path)) and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        first = recover(path, assemble=assemble)
    except DumpMissing:
        assert not parts_of(path).exists()
        return None, 0, False
    assert not parts_of(path).exists()
    if first.state == "empty":
        assert not path.exists()
        return first, 0, False
    again = recover(path, assemble=assemble)
    assert (again.state, "nothing to recover" in again.line) == (first.state, True)
    dump = DumpReader(path)
    n_steps, is_complete = dump.n_steps, dump.provenance["complete"]
    dump.close()
    assert (first.state == "complete") is is_complete
    return first, n_steps, is_complete


def check_values(path: Path, n_steps: int, whole: Whole) -> None:
    """Assert that the dump is exactly what was recorded first of the whole one."""
    if n_steps:
        for name, values in contents(path).items():
            assert np.array_equal(values, whole.held[name][whole.age < n_steps]), name


def problem(folder: Path, run: Run, whole: Whole, mode: str) -> str | None:
    """Say what was lost or went wrong in a run, or nothing."""
    path = folder / "disk" / "run.h5"
    lines = [line for line in run.errors if not line.startswith("recording 2 sources")]
    if any("Traceback" in line for line in run.errors) or len(lines) > 1 + (mode == "always"):
        return f"said {run.errors}"
    if mode in ("once", "always") and (run.code, run.n_passes, run.is_done) != (0, N_BATCHES, True):
        return f"the program was brought down: {run}"
    if mode == "interrupt" and run.code not in (0, INTERRUPTED):
        return f"ended with {run.code}: {run.errors}"
    found, n_steps, is_complete = brought_back(path)
    most = run.n_steps + (0 if mode in ("once", "always") else BATCH)  # a batch may be kept that was not said to be
    if not run.n_steps <= n_steps <= most:
        return f"{run.n_steps} steps were acknowledged and {n_steps} are there: {found}, {run.errors}"
    if is_complete and n_steps < N_ALL:
        return f"{n_steps} steps are called complete"
    if mode in ("once", "always") and not lines and not is_complete:
        return f"nothing was said, and {n_steps} steps are kept"
    check_values(path, n_steps, whole)
    return None


@pytest.mark.parametrize("mode", ["kill", "once", "always"])
def test_no_write_that_kills_or_fails_loses_an_acknowledged_step(tmp_path, workers, whole, mode):
    def struck(at: int) -> str | None:
        folder = tmp_path / str(at)
        is_stream = at % 2 == 1
        run = workers.run(folder, is_stream, mode, at)
        if run.n_calls < at <= whole[is_stream].run.n_calls:
            return f"call {at} was not reached"
        found = problem(folder, run, whole[is_stream], mode)
        return found and f"call {at}: {found}"

    n_calls = max(w.run.n_calls for w in whole)
    with ThreadPoolExecutor(2) as pool:
        problems = list(pool.map(struck, some_of(range(1, n_calls + 1))))
    assert [p for p in problems if p] == []


def test_ctrl_c_at_any_time_loses_no_acknowledged_step(tmp_path, workers, whole):
    rng = random.Random(4)
    moments = [rng.random() for _ in range(N_INTERRUPTS)]

    def interrupted(number: int) -> tuple[int, str | None]:
        folder = tmp_path / str(number)
        is_stream = number % 4 < 2
        # Half of them early on, where the steps are recorded, half anywhere until the dump is in its place.
        latest = whole[is_stream].run.seconds * (0.2 if number % 2 else 1.1)
        run = workers.run(folder, is_stream, "count", 0, moments[number] * latest)
        found = problem(folder, run, whole[is_stream], "interrupt")
        return run.code, found and f"run {number}: {found}"

    with ThreadPoolExecutor(2) as pool:
        codes, problems = zip(*pool.map(interrupted, range(N_INTERRUPTS)), strict=True)
    assert [p for p in problems if p] == []
    assert codes.count(INTERRUPTED) > N_INTERRUPTS // 2
