"""Processes that try many inputs each, so that what would end or block lstmviz ends or blocks such a process alone.

They write a line of JSON before each input and one for each fault. HDF5's first reading of a file, for which lstmviz
starts a process, is done by forks here: the same reading under the same limits, without a new interpreter each time.
What is slow is told by the processor's time alone: on a busy machine everything takes long.
"""

from __future__ import annotations

import base64
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import struct
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fuzz import targets
from fuzz.mutators import SECRET
from fuzz.targets import TARGETS, Target
from lstmviz.dump import trial, trial_child
from lstmviz.dump.trial_child import limit_time
from lstmviz.errors import LstmvizError
from support import children

MARK = "CANARY-7f3a9c"  # in every file that no answer may have anything of
MOST_SECONDS, MOST_BYTES = 10.0, 2**30
LAST_SECONDS = 2 * MOST_SECONDS  # of the processor, after which an input is given up
FILES = 20  # that one fork reads
CODE = struct.Struct("i")  # an exit code in a pipe


def main() -> None:
    """Fork a batch for each line on standard input, and say how it ended."""
    for line in sys.stdin:
        arguments, environment, errors = json.loads(line)
        if not (pid := os.fork()):
            os.environ.update(environment)
            os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
            _try_all(*arguments)
        _say(ended=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _try_all(name: str, first: str, stop: str, folder: str, *given: str) -> None:
    """Try the inputs of a target from one seed to another, or pairs of a file and the name that it takes."""
    children.none()
    trial._read_in_child = Reader().require
    tries = Tries(TARGETS[name], Path(folder))
    faulthandler.register(signal.SIGPROF, chain=True)  # says where it was, before it ends the process
    if given:  # files to take the place of others
        targets.uses_at_a_time = 4
        for i, (file, changed) in enumerate(zip(given[::2], given[1::2], strict=True)):
            limit_time(LAST_SECONDS)
            tries.one(i, {changed: Path(file).read_bytes()})
    for seed in range(int(first), int(stop)):
        _say(next=seed)
        limit_time(LAST_SECONDS)
        tries.one(seed, tries.changed(seed))
    os._exit(0)  # threads that still read would meet an interpreter that ends


class Tries:
    """The inputs of one target, made from its seed files."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        seeds = folder / "seeds"
        seeds.mkdir(parents=True)
        self._changed = [str(path.relative_to(seeds)) for path in target.write(seeds)]
        files = [p for p in sorted(seeds.rglob("*")) if p.is_file()]
        self._files = {str(p.relative_to(seeds)): p.read_bytes() for p in files}
        # By its time an index knows its dump.
        self._times = {str(p.relative_to(seeds)): p.stat().st_mtime_ns for p in files}
        shutil.rmtree(seeds)
        _write_secrets(folder / SECRET)
        with suppress(LstmvizError):
            target.use(self._written({}))  # what an input needs is loaded before the first one is timed

    def changed(self, seed: int) -> dict[str, bytes]:
        """Return the file that is changed and its bytes."""
        rng = random.Random(f"{self._target.name} {seed}")
        name = rng.choice(self._changed)
        return {name: self._target.mutate(self._files[name], rng)}

    def one(self, seed: int, changed: dict[str, bytes]) -> None:
        """Use an input; a fault is said in a line."""
        name = next(iter(changed))
        folder = self._written(changed)
        _say(seed=seed, name=name)
        if (fault := self._fault(folder)) is not None:
            _say(seed=seed, name=name, fault=fault, data=base64.b64encode(changed[name]).decode())

    def _written(self, changed: dict[str, bytes]) -> Path:
        folder = self._folder / "input"
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in (self._files | changed).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            os.utime(folder / name, ns=(self._times[name], self._times[name]))
        return folder

    def _fault(self, folder: Path) -> str | None:
        before, since = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, _processor_seconds()
        try:
            seen = self._target.use(folder)
        except LstmvizError as err:
            seen = str(err)
        except Exception:
            return traceback.format_exc()
        seconds, rss = _processor_seconds() - since, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if MARK in seen:
            return "an answer has the contents of another file"
        if seconds > MOST_SECONDS:
            return f"an answer took {seconds:.1f} seconds"
        if (rss - before) * 1024 > MOST_BYTES:
            return f"an answer took {(rss - before) // 1024} MB"
        return None


def _processor_seconds() -> float:
    """Return what this process and its children took: a busy machine does not make an answer slow."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _write_secrets(folder: Path) -> None:
    import h5py
    import numpy as np

    folder.mkdir()
    (folder / "secret.txt").write_text(f"{MARK}\n" * 400)
    with h5py.File(folder / "secret.h5", "w") as file:
        file["states"] = np.frombuffer((MARK * 100).encode() * 2, "u1")[: 120 * 6].reshape(120, 6)


class Reader:
    """Reads files first as the child of lstmviz does, many in one fork of a process that has no threads.

    To fork a process whose other threads import modules may block for ever.
    """

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._ask)
            with os.fdopen(asked) as lines:
                _answer_all(lines, answer)
            os._exit(0)
        os.close(asked)
        os.close(answer)

    def end(self) -> None:
        """Let the fork end."""
        os.close(self._ask)
        os.waitpid(self._pid, 0)
        os.close(self._answers)

    def require(self, path: Path, called: Path) -> None:
        """Have a file read, and say what became of it as lstmviz does."""
        limit = trial.SECONDS + path.stat().st_size * trial.SECONDS_PER_BYTE
        os.write(self._ask, (json.dumps([str(path), limit]) + "\n").encode())
        (code,) = CODE.unpack(os.read(self._answers, CODE.size))
        if code == trial.TOO_LONG:
            raise trial.DumpError(f"{called} keeps HDF5 busy: {trial.REFUSED}")
        trial.check_end(code, called)


def _answer_all(lines: Iterable[str], answer: int) -> None:
    """Write an exit code for each file: from a fork that reads on until one ends it, or takes too long."""
    fork = None
    for line in lines:
        path, limit = json.loads(line)
        fork = fork or Fork()
        code = fork.code_of(path, limit)
        if code != 0 or fork.n_read == FILES:
            fork.end()
            fork = None
        os.write(answer, CODE.pack(code))


class Fork:
    """A fork that reads files under the limits of the child of lstmviz."""

    def __init__(self) -> None:
        self.n_read = 0
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._ask)
            os.environ[trial.IN_CHILD] = "1"
            trial_child.limit_memory()
            with os.fdopen(asked) as lines:
                for line in lines:
                    path, limit = json.loads(line)
                    limit_time(limit)
                    os.write(answer, CODE.pack(trial_child.read_whole(path)))
            os._exit(0)
        os.close(asked)
        os.close(answer)

    def code_of(self, path: str, limit: float) -> int:
        """Return the exit code that a child would have that reads a file within so many seconds of the processor."""
        self.n_read += 1
        os.write(self._ask, (json.dumps([path, limit]) + "\n").encode())
        if told := os.read(self._answers, CODE.size):
            code: int = CODE.unpack(told)[0]
            return code
        status = os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        return status.si_status if status.si_code == os.CLD_EXITED else -status.si_status

    def end(self) -> None:
        """End it, whatever it does."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._ask)
        os.close(self._answers)


def _say(**fields: object) -> None:
    os.write(1, (json.dumps(fields) + "\n").encode())


if __name__ == "__main__":
    main()
