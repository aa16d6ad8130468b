"""Fuzz the files that may come from elsewhere: ``make fuzz MINUTES=10``.

Each input is tried by a process (``batch.py``) that may die or hang in place of lstmviz. What makes it do so, or shows
a traceback, the contents of another file, an answer of more than 10 seconds of the processor or 1 GB, is kept in
``tests/fuzz/failed``, which every run of the tests tries again. Inputs come from numbers, so that a run can be
repeated: ``--first 0``.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.batch import LAST_SECONDS
from fuzz.targets import TARGETS
from lstmviz.dump.trial import TOO_LONG
from lstmviz.system.worker import signal_name
from support.paths import TESTS

FAILED = TESTS / "fuzz" / "failed"
BATCH = 1_000  # inputs of a process, whose start takes as long as a few dozen of them
HANGS = 900.0  # seconds without a line: a process that is at work ends by its own limit of the processor's time


@dataclass(frozen=True)
class Fault:
    """An input that failed: its target and number, the file that was changed and its bytes, and what happened."""

    target: str
    seed: int
    name: str
    data: bytes
    words: str

    def keep(self, folder: Path = FAILED) -> Path:
        """Write the input down, under a name that says what it takes the place of."""
        folder.mkdir(exist_ok=True)
        sign = hashlib.sha256(self.data).hexdigest()[:10]
        path = folder / f"{self.target}--{self.name.replace('/', '+')}--{sign}"
        path.write_bytes(self.data)
        return path


class Batch:
    """A process that tries the inputs ``first`` to ``stop`` of a target, or those ``given`` as files and names."""

    def __init__(self, target: str, first: int, stop: int, given: Sequence[tuple[Path, str]] = ()) -> None:
        self.n_tried, self.target = 0, target
        self._seeds, self._given = (first, stop), given

    def faults(self) -> Iterator[Fault]:
        """Yield each fault; after an input that ended the process another one goes on with the next."""
        first, stop = self._seeds
        while first < stop or self._given:
            with tempfile.TemporaryDirectory(prefix="lstmviz-fuzz-") as folder:
                last, begun, died, name = -1, first, None, ""
                for line in self._lines(first, stop, Path(folder)):
                    if "died" in line:
                        died = line["died"]
                        continue
                    if "next" in line:
                        begun = line["next"]
                    elif "fault" in line:
                        data = base64.b64decode(line["data"])
                        yield Fault(self.target, line["seed"], line["name"], data, line["fault"])
                    else:
                        last, self.n_tried, name = line["seed"], self.n_tried + 1, line["name"]
                if died is not None and not name:
                    raise RuntimeError(f"the fuzzing of {self.target} does not begin: {died}")
                if died is not None and begun == last:  # else HDF5 died of making the input
                    data = (Path(folder) / "work" / "input" / name).read_bytes()
                    yield Fault(self.target, last, name, data, died)
            if died is None or self._given:
                return
            first = begun + 1

    def _lines(self, first: int, stop: int, folder: Path) -> Iterator[dict]:
        given = [str(part) for pair in self._given for part in pair]
        said, nursery = folder / "said", Nursery.here()
        nursery.ask([self.target, str(first), str(stop), str(folder / "work"), *given], folder, said)
        try:
            while "ended" not in (line := nursery.line(HANGS)):
                yield line
            if (code := line["ended"]) != 0:
                why = f"it ended by {signal_name(code) or f'code {code}'}"
                why = f"it took more than {LAST_SECONDS:.0f} seconds of the processor" if code == TOO_LONG else why
                yield {"died": f"{said.read_text(errors='replace')[-600:]}\n{why}"}
        except queue.Empty:
            yield {"died": f"no answer in {HANGS:.0f} seconds"}
            Nursery.close()


class Nursery:
    """The process that batches are forked from: it has imported what they need."""

    _here: Nursery | None = None

    def __init__(self) -> None:
        places = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": places, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()

    @classmethod
    def here(cls) -> Nursery:
        """Return the one of this process."""
        cls._here = cls._here or cls()
        return cls._here

    @classmethod
    def close(cls) -> None:
        """End it, with what it has forked."""
        if cls._here is not None:
            os.killpg(cls._here._process.pid, signal.SIGKILL)
            cls._here._process.wait()
            cls._here._process.stdin.close()
            cls._here = None

    def ask(self, arguments: Sequence[str], folder: Path, errors: Path) -> None:
        """Fork a batch, which has a folder for its cache and temporary files."""
        environment = {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder)}
        self._process.stdin.write(json.dumps([arguments, environment, str(errors)]).encode() + b"\n")
        self._process.stdin.flush()

    def line(self, patience: float) -> dict:
        """Return its next line, or raise queue.Empty where none comes within so many seconds."""
        line = self._lines.get(timeout=patience)
        return json.loads(line) if line else {"ended": self._process.wait()}


def _read(stream, lines) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(b"")


def shares(n: int) -> dict[str, int]:
    """Return how many of so many inputs are of each target."""
    whole = sum(target.share for target in TARGETS.values())
    return {name: round(n * target.share / whole) for name, target in TARGETS.items()}


def batches(n: int, first: int = 0) -> list[Batch]:
    """Return the batches of so many inputs, of all targets."""
    made = []
    for name, each in shares(n).items():
        made += [Batch(name, first + i, first + min(i + BATCH, each)) for i in range(0, each, BATCH)]
    return made


def main() -> int:
    """Fuzz as long or as much as was asked; returns 1 where an input failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--inputs", type=int, default=0, help="stop after so many; 0: when the minutes are over")
    parser.add_argument("--first", type=int, default=random.SystemRandom().randrange(10**9), help="number to begin at")
    parser.add_argument("--keep", type=Path, default=FAILED, help="folder for what failed")
    asked = parser.parse_args()
    print(f"fuzzing from {asked.first} on", flush=True)
    end, counts, n_faults = time.monotonic() + 60 * asked.minutes, Counter(), 0
    waiting = batches(asked.inputs or 2_000, asked.first)
    random.Random(asked.first).shuffle(waiting)
    while waiting and time.monotonic() < end:
        batch = waiting.pop()
        for fault in batch.faults():
            n_faults += 1
            line = fault.words.strip().splitlines()[-1][:300]
            print(f"FAILED {fault.target} {fault.seed}: {line}; kept as {fault.keep(asked.keep)}", flush=True)
        counts[batch.target] += batch.n_tried
        if not waiting and not asked.inputs:
            asked.first += 10**6
            waiting = batches(2_000, asked.first)
    Nursery.close()
    print(f"{counts.total():,} inputs, {n_faults} failed: {dict(counts)}")
    return int(n_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
