"""Maps that a server computes in the background: one at a time on a machine, watched and cancelled through files.

The files lie beside the kept maps and are named by the map's key. So each of several worker processes of a server can
report on a map that another one computes, and cancel it.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError, ProjectionCancelled, ProjectionError
from lstmviz.maps.cache import CACHE_FOLDER
from lstmviz.maps.compute import compute_map, find_map, map_key
from lstmviz.maps.in_subprocess import missing
from lstmviz.maps.projection import NAMES, Method
from lstmviz.system.atomic import replacing
from lstmviz.system.cache import cache_folder

TURN = 0.2  # seconds between two attempts to take the turn
BEAT = 1.0  # seconds between two heartbeats
DEAD = 10.0  # seconds without a heartbeat after which the process that computed a map is gone
MAX_JOBS = 8  # that run or wait


@dataclass(frozen=True, slots=True)
class Job:
    """The state of a map: not asked for ("none"), waiting its turn, running, failed, or done.

    ``share`` is the share that is done, 0 to 1; ``words`` say what is being done, or why it failed.
    """

    state: Literal["none", "waiting", "running", "failed", "done"]
    share: float = 0.0
    words: str = ""


def status(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> Job:
    """Return the state of a map. Raises what ``compute_map`` raises."""
    if find_map(dump, source, method, n_steps, seed) is not None:
        return Job("done", 1.0)
    return _read(_job_file(map_key(dump, source, method, n_steps, seed)))


def start(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> Job:
    """Compute a map in a thread that waits its turn, unless it is done, running or waiting already.

    Raises ProjectionError where a package is missing or too many maps wait, and what ``compute_map`` raises.
    """
    job = status(dump, source, method, n_steps, seed)
    if job.state in ("done", "waiting", "running"):
        return job
    if (remedy := missing(method)) is not None:
        raise ProjectionError(remedy)
    if _n_jobs() >= MAX_JOBS:
        raise ProjectionError(f"{MAX_JOBS} maps are being computed or wait; cancel one, or ask again later")
    path = _job_file(map_key(dump, source, method, n_steps, seed))
    _cancel_file(path).unlink(missing_ok=True)
    job = Job("waiting", 0.0, "waiting for another map")
    _write(path, job)
    work = _Work(path, dump, source, method, n_steps, seed)
    threading.Thread(target=work.run, name=f"lstmviz-{NAMES[method]}", daemon=True).start()
    return job


def cancel(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> None:
    """Stop computing a map, whichever process does it; forget a failure."""
    path = _job_file(map_key(dump, source, method, n_steps, seed))
    if _read(path).state in ("waiting", "running"):
        _cancel_file(path).touch()
    else:
        path.unlink(missing_ok=True)


class _Work:
    """A map that a thread computes, and the file in which it reports."""

    def __init__(self, path: Path, dump: DumpReader, source: str, method: Method, n_steps: int, seed: int) -> None:
        self._path, self._arguments = path, (dump, source, method, n_steps, seed)
        self._job = Job("waiting", 0.0, "waiting for another map")
        self._last_write = time.monotonic()

    def run(self) -> None:
        """Wait for the turn, compute the map, and report a failure; otherwise the job's file is removed."""
        lock = FileLock(cache_folder(CACHE_FOLDER) / "turn.lock", thread_local=False)
        try:
            self._take_turn(lock)
            try:
                self._report("running", 0.0, "starting")
                compute_map(
                    *self._arguments,
                    progress=lambda share, words: self._report("running", share, words),
                    cancel=self._is_cancelled,
                )
            finally:
                lock.release()
            self._path.unlink(missing_ok=True)
        except ProjectionCancelled:
            self._path.unlink(missing_ok=True)
        except (LstmvizError, OSError, MemoryError) as err:
            self._report("failed", 0.0, str(err) or type(err).__name__)
        finally:
            _cancel_file(self._path).unlink(missing_ok=True)

    def _take_turn(self, lock: FileLock) -> None:
        while True:
            with suppress(Timeout):
                lock.acquire(timeout=TURN)
                return
            if self._is_cancelled():
                raise ProjectionCancelled("cancelled while it waited")

    def _is_cancelled(self) -> bool:
        """Return whether somebody cancelled the map; write a heartbeat if one is due."""
        if time.monotonic() - self._last_write > BEAT:
            self._last_write = time.monotonic()
            _write(self._path, self._job)
        return _cancel_file(self._path).exists()

    def _report(self, state: Literal["waiting", "running", "failed"], share: float, words: str) -> None:
        self._job, self._last_write = Job(state, share, words), time.monotonic()
        _write(self._path, self._job)


def _job_file(key: str) -> Path:
    return cache_folder(CACHE_FOLDER) / f"{key}.job"


def _cancel_file(path: Path) -> Path:
    return path.with_suffix(".cancel")


def _write(path: Path, job: Job) -> None:
    with suppress(OSError), replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(job)), "utf-8")


def _read(path: Path) -> Job:
    """Return the job in a file; "none" if there is no file, or if the process that wrote it is gone."""
    try:
        job = Job(**json.loads(path.read_text("utf-8")))
        age = time.time() - path.stat().st_mtime
    except (OSError, ValueError, TypeError):
        return Job("none")
    return Job("none") if job.state != "failed" and age > DEAD else job


def _n_jobs() -> int:
    return sum(_read(path).state in ("waiting", "running") for path in cache_folder(CACHE_FOLDER).glob("*.job"))
