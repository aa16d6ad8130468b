"""Worker processes, for work that this process must survive or be able to end; both sides of the pipe.

A worker writes lines of JSON to its stdout: its progress, then perhaps its result. Anything else that a library prints
is ignored.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

CHECK_EVERY = 0.1  # seconds between two checks whether to go on
STDERR_KEPT = 8_192  # bytes of the end of its stderr, for the line that says why it failed
STDERR_WAIT = 1.0  # seconds; a process that the worker started may hold its stderr open after it
NICE = 10  # of 19, the kindest
AUTOGROUP = Path("/proc/self/autogroup")  # the priority of a session, where Linux groups processes by it
LINE = 200  # characters, at most, of the line that says why a worker failed
FIRST_FAULT = 0x80000000
FAULTS = {0xC0000005: "access violation", 0xC0000094: "division by zero", 0xC00000FD: "stack overflow"}


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``main`` of a module of lstmviz in its own process.

    It imports from where this process does, in the same order; -m would put the working folder first.
    """
    places = [*(p for p in sys.path if isinstance(p, str)), str(Path(__file__).resolve().parents[2])]
    code = f"import sys; sys.path[:] = {places!r}; from {module} import main; sys.exit(main())"
    return [sys.executable, "-c", code, *arguments]


class Worker:
    """A process at work, and what it reports; leaving the ``with`` block ends it, with all that it started.

    Ctrl-C in the terminal does not reach it, only whoever waits for it here. Its stdin closes when this process ends,
    however it does. Raises OSError where it cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
        )
        self._pid = os.getpid()
        self._reports: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._stderr = b""
        self._stdout_reader = threading.Thread(target=self._read_stdout, args=(self._process.stdout,), daemon=True)
        self._stderr_reader = threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True)
        self._stdout_reader.start()
        self._stderr_reader.start()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        """End it at once if it still runs, and wait until it is gone; a fork of this process leaves it at work."""
        if self._pid != os.getpid():
            return
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                if sys.platform != "win32":
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._join()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def reports(self, check: Callable[[], None] | None = None) -> Iterator[dict[str, Any]]:
        """Yield each report until the process has ended; ``check`` is called some times a second, and may raise."""
        while True:
            if check is not None:
                check()
            with suppress(Empty):
                report = self._reports.get(timeout=CHECK_EVERY)
                if report is None:
                    break
                yield report
        self._join()

    def terminate(self) -> None:
        """Have the process end; whoever reads its reports sees it end."""
        self._process.terminate()

    @property
    def failure(self) -> str | None:
        """Why the process failed, in one line: the signal that ended it, its last line on stderr, or its exit code.

        None where it did not fail, or has not ended.
        """
        code = self._process.returncode
        if not code:
            return None
        if (name := signal_name(code)) is not None:
            return f"the process was ended by {name}" + ("; is there enough memory?" if name == "SIGKILL" else "")
        return last_line(self._stderr.decode("utf-8", "replace"))[:LINE] or f"the process ended with code {code}"

    def _join(self) -> None:
        self._process.wait()
        self._stdout_reader.join()
        self._stderr_reader.join(STDERR_WAIT)

    def _read_stdout(self, lines: IO[bytes]) -> None:
        try:
            with lines:
                for line in lines:
                    with suppress(ValueError, RecursionError):  # also for bytes that are not UTF-8
                        report = json.loads(line)
                        if isinstance(report, dict):
                            self._reports.put(report)
        finally:
            self._reports.put(None)

    def _read_stderr(self, stream: IO[bytes]) -> None:
        with stream:
            while part := stream.read1(STDERR_KEPT):  # type: ignore[attr-defined]
                self._stderr = (self._stderr + part)[-STDERR_KEPT:]


def signal_name(code: int) -> str | None:
    """Return the name of the signal that ended a process, by its exit code in Python; None where none did.

    On Windows the exit code is the number of the fault, from 0x80000000 on.
    """
    if code >= FIRST_FAULT:
        return FAULTS.get(code, f"fault {code:#010x}")
    if code >= 0:
        return None
    return next((s.name for s in signal.Signals if s == -code), f"signal {-code}")


def last_line(stderr: str) -> str:
    """Return the last line of what a process wrote to stderr, which says why it failed; "" where it wrote nothing."""
    lines = stderr.strip().splitlines()
    return " ".join(lines[-1].split()) if lines else ""


# The worker's side


def report(**fields: Any) -> None:
    """Write one report, to the file descriptor itself: a worker may redirect what libraries print to ``sys.stdout``."""
    os.write(1, (json.dumps(fields) + "\n").encode())


def end_with_parent() -> None:
    """Have this process end, with exit code 3, when its stdin closes: the process that started it is gone then."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def give_way() -> None:
    """Let other processes of the machine go before this one, such as a server that answers meanwhile.

    Linux may rank processes within their session only, and sessions among each other: then that of a worker, which has
    one of its own, gives way as a whole.
    """
    if hasattr(os, "nice"):
        os.nice(NICE)
    if sys.platform == "linux" and os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICE))


def _end_with_stdin() -> None:
    while os.read(0, 1):  # not through sys.stdin, whose lock would be held when the interpreter ends
        pass
    os._exit(3)
