"""A worker process: what it reports, how it is ended with all that it started, and the line that says why it failed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lstmviz.system.worker import NICE, STDERR_KEPT, Worker

WITHIN = 60  # seconds, on a machine that does much else


def script(code):
    return Worker([sys.executable, "-c", code])


def failure(code):
    with script(code) as worker:
        list(worker.reports())
    return worker.failure


def test_only_lines_that_are_objects_in_json_are_reports():
    lines = b'a library\n42\n[]\n\xff\n{"share": 0.5}\n' + b"[" * 10_000 + b'\n{"n": 2}\n'
    with script(f"import os; os.write(1, {lines!r})") as worker:
        assert list(worker.reports()) == [{"share": 0.5}, {"n": 2}]
    assert worker.failure is None


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("raise SystemExit(3)", "the process ended with code 3"),
        ("raise ValueError('two\\nlines')", "lines"),
        ("import os; os.kill(os.getpid(), 9)", "the process was ended by SIGKILL; is there enough memory?"),
        ("import os; os.kill(os.getpid(), 15)", "the process was ended by SIGTERM"),
        (f"import sys; sys.exit('a' * {4 * STDERR_KEPT})", "a" * 200),
        ("import os; os.write(2, b'\\xff no text'); os._exit(1)", "\N{REPLACEMENT CHARACTER} no text"),
    ],
)
def test_a_failure_is_one_line(code, line):
    assert failure(code) == line


def is_alive(pid):
    """Whether a process runs; one that ended and was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


def test_leaving_the_block_ends_the_process_and_what_it_started():
    code = (
        "import json, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(json.dumps({'pid': child.pid}), flush=True); time.sleep(600)"
    )
    with script(code) as worker:
        pid = next(worker.reports())["pid"]
        assert is_alive(pid)
    stop = time.monotonic() + WITHIN
    while is_alive(pid):
        assert time.monotonic() < stop
        time.sleep(0.02)
    assert worker.failure.startswith("the process was ended by SIGKILL")


def test_a_check_that_raises_ends_the_process():
    def check():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), script("import time; time.sleep(600)") as worker:
        list(worker.reports(check))
    assert worker._process.returncode == -signal.SIGKILL


def test_another_thread_may_have_it_end():
    with script("print('{\"n\": 1}', flush=True); import time; time.sleep(600)") as worker:
        for report in worker.reports():
            assert report == {"n": 1}
            worker.terminate()
    assert worker.failure == "the process was ended by SIGTERM"


GIVES_WAY = """
import os
from pathlib import Path
from lstmviz.system import worker
worker.AUTOGROUP = Path({file!r})
before = os.getpriority(os.PRIO_PROCESS, 0)
worker.give_way()
worker.report(step=os.getpriority(os.PRIO_PROCESS, 0) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ranks sessions among each other")
def test_a_worker_gives_way_with_its_session_and_no_other_process_with_that_of_its_user(tmp_path):
    file = tmp_path / "autogroup"
    code = GIVES_WAY.format(file=str(file))
    with script(code) as worker:  # has a session of its own
        assert list(worker.reports()) == [{"step": NICE}]
    assert file.read_text() == str(NICE)
    file.unlink()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"step": NICE}
    assert not file.exists()
    nowhere = GIVES_WAY.format(file=str(tmp_path / "no" / "autogroup"))  # a system without groups
    with script(nowhere) as worker:
        assert list(worker.reports()) == [{"step": NICE}]
