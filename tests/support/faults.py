"""Runs a small recording again and again in processes that are killed, run out of disk, or get Ctrl-C.

Each run is forked from a process that has torch imported already. ``faults.c``, loaded into it and into the child
that assembles the dump, counts every call that writes under the run's folder and strikes at one of them.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SHIM = Path(__file__).with_name("faults.c")
CONTROL = struct.Struct("<qqq1024s")  # struct control of the shim
MODES = ("count", "kill", "once", "always")
N_BATCHES, N_COLUMNS, N_STEPS = 20, 2, 5  # 200 steps in all
BATCH = N_COLUMNS * N_STEPS
INTERRUPTED = 130
LIMIT = 120  # seconds, of one run


def build(folder: Path) -> Path:
    """Compile the shim."""
    library = folder / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SHIM, "-ldl"]
    subprocess.run(command, check=True)
    return library


def record(path: Path, said: int, is_stream: bool) -> None:
    """Record 200 steps of a small model as a user does, and write down what was acknowledged after each batch.

    In a stream the columns go on from batch to batch, else each batch has sequences of its own.
    """
    import torch
    from torch import nn

    import lstmviz

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.LSTM(3, 4, batch_first=True).eval()
    words, state = nn.Embedding(7, 3), None
    with torch.no_grad(), lstmviz.record(model, path, list("abcdefg"), dtype="float32") as run:
        for i in range(N_BATCHES):
            ids = (torch.arange(BATCH).view(N_COLUMNS, N_STEPS) * 3 + i) % 7
            tracks = {"batch": ids * 0 + i, "part": [[f"label {(i + s) % 9}" for s in range(N_STEPS)]] * N_COLUMNS}
            with run.batch(tokens=ids, tracks=tracks, continues=is_stream and i > 0):
                state = model(words(ids), state if is_stream else None)[1]
            os.write(said, f"{i} {run.n_steps}\n".encode())
            if i % 7 == 6:
                run.flush()
    os.write(said, b"done\n")


@dataclass(frozen=True)
class Run:
    """What became of one run: its exit code (minus the signal's number), batches run and steps acknowledged, stderr."""

    code: int
    n_passes: int
    n_steps: int
    is_done: bool
    errors: list[str]
    n_calls: int
    seconds: float


class Zygote:
    """A process with torch imported, from which runs are forked."""

    def __init__(self, library: Path) -> None:
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAULTS": "", "PYTHONPATH": root}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._read() == "ready"

    def run(self, folder: Path, is_stream: bool, mode: str, at: int = 0, interrupt_after: float | None = None) -> Run:
        """Run once in ``folder``/disk, striking at the at-th call, or with Ctrl-C after some seconds."""
        disk = folder / "disk"
        disk.mkdir(parents=True)
        control = folder / "control"
        control.write_bytes(CONTROL.pack(0, at, MODES.index(mode), os.fsencode(disk)))
        self._process.stdin.write(json.dumps([str(folder), is_stream, interrupt_after]) + "\n")
        self._process.stdin.flush()
        code, seconds = json.loads(self._read())
        *acknowledged, last = (folder / "said").read_text().split("\n")[:-1] or [""]
        is_done = last == "done"
        acknowledged += [] if is_done or not last else [last]
        return Run(
            code,
            len(acknowledged),
            int(acknowledged[-1].split()[1]) if acknowledged else 0,
            is_done,
            (folder / "errors").read_text().splitlines(),
            CONTROL.unpack(control.read_bytes())[0],
            seconds,
        )

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(LIMIT)

    def _read(self) -> str:
        line = self._process.stdout.readline().strip()
        assert line, "the zygote ended"
        return line


def zygote() -> None:
    """Fork a run for each line on standard input, and say how it ended."""
    import torch

    import lstmviz.recording.recording

    assert lstmviz.recording.recording
    torch.set_num_threads(1)
    print("ready", flush=True)
    for line in sys.stdin:
        folder, is_stream, interrupt_after = json.loads(line)
        began = time.perf_counter()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        if not (pid := os.fork()):
            forked(Path(folder), is_stream)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        if interrupt_after is not None:
            time.sleep(interrupt_after)
            with suppress(ProcessLookupError):  # never: it is not waited for yet
                os.kill(pid, signal.SIGINT)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps([code, time.perf_counter() - began]), flush=True)


def forked(folder: Path, is_stream: bool) -> None:
    """Run once, and end this process."""
    code = 1
    try:
        signal.alarm(LIMIT)
        for name, handle in (("said", 3), ("errors", 2)):
            opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(opened, handle)
            if opened != handle:
                os.close(opened)
        os.environ["FAULTS"] = str(folder / "control")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        record(folder / "disk" / "run.h5", 3, is_stream)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    zygote()
