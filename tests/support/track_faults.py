"""Adds a track again and again in processes that are killed at one of the calls that write.

Each run is forked from a process that has lstmviz imported already; ``faults.c`` is loaded into it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from support.faults import CONTROL, MODES

LIMIT = 60  # seconds, of one run
NAME = "found"


def change(path: Path, kind: str) -> None:
    """Add or change a track as a user does."""
    import lstmviz

    dump = lstmviz.open_dump(path)
    if kind == "regex":
        dump.add_track(NAME, regex=r"(?P<dog>dog barks)")
    elif kind == "tagger":
        dump.add_track(NAME, ready="part of speech")
    elif kind == "painted":
        from lstmviz.annotate.paint import paint

        paint(dump, "kept", dump.first.name, [(2, 5)], "subject")


class Zygote:
    """A process with lstmviz imported, from which runs are forked."""

    def __init__(self, library: Path) -> None:
        root = Path(__file__).parents[1]
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAULTS": ""}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, (root.parent, root)))
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout.readline().strip() == "ready"

    def run(self, path: Path, kind: str, mode: str, at: int = 0) -> tuple[int, int]:
        """Run once on a dump, striking at the at-th call: the exit code, and how many calls there were."""
        control = path.parent.parent / "control"
        control.write_bytes(CONTROL.pack(0, at, MODES.index(mode), os.fsencode(path.parent)))
        self._process.stdin.write(json.dumps([str(path), kind, str(control)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline()), CONTROL.unpack(control.read_bytes())[0]

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(LIMIT)


def zygote() -> None:
    """Fork a run for each line on standard input, and say how it ended."""
    import lstmviz.annotate.paint
    from lstmviz.annotate import speech

    assert lstmviz.annotate.paint
    speech._tagger()
    print("ready", flush=True)
    for line in sys.stdin:
        path, kind, control = json.loads(line)
        if not (pid := os.fork()):
            forked(Path(path), kind, control)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def forked(path: Path, kind: str, control: str) -> None:
    """Run once, and end this process."""
    code = 1
    try:
        signal.alarm(LIMIT)
        os.environ["FAULTS"] = control
        change(path, kind)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    zygote()
