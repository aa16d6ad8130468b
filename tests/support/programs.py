"""Programs in processes of their own that are forked from one which has torch: each begins at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

LIMIT = 120  # seconds, of one program


class Programs:
    """The process that programs are forked from."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, code, *arguments, **environment):
        """Run Python code to its end, as ``python -c`` does."""
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ("out", "errors")]
            asked = [code, [str(a) for a in arguments], environment, [str(path) for path in streams]]
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            ending = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(code, ending, *(path.read_text("utf-8") for path in streams))

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(LIMIT)


@contextmanager
def programs():
    """The process for as long as the context lasts."""
    made = Programs()
    try:
        yield made
    finally:
        made.close()


def _fork_each():
    """Fork a program for each line on standard input, and say how it ended; return the code of one, in its process."""
    for line in sys.stdin:
        code, arguments, environment, streams = json.loads(line)
        if not (pid := os.fork()):
            _become(arguments, environment, streams)
            return code
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    return ""


def _become(arguments, environment, streams):
    signal.alarm(LIMIT)
    sys.argv = ["-c", *arguments]
    os.environ.update(environment)
    for handle, path in enumerate(["/dev/null", *streams]):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, handle)
        os.close(opened)


if __name__ == "__main__":
    import torch

    import lstmviz.recording.recording

    assert lstmviz.recording.recording
    assert torch.get_num_threads()
    del sys.path[0]  # the folder of this file
    exec(_fork_each(), {"__name__": "__main__"})
