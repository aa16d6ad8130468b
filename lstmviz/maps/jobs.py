"""Maps that a server computes in the background: one at a time on a machine, watched and cancelled through files.

The files lie beside the kept maps and are named by the map's key. So each of several worker processes of a server can
report on a map that another one computes, and cancel it. Maps take turns as they were asked for.
"""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from filelock import BaseFileLock, Timeout

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import MALFORMED, LstmvizError, ProjectionCancelled, ProjectionError
from lstmviz.maps.cache import CACHE_FOLDER
from lstmviz.maps.compute import compute_map, find_map, map_key
from lstmviz.maps.in_subprocess import missing
from lstmviz.maps.projection import NAMES, Method
from lstmviz.system.atomic import replacing
from lstmviz.system.cache import cache_folder
from lstmviz.system.own_files import forget, lock_file, new_file, read_text

TURN = 0.2  # seconds between two attempts to take the turn
BEAT = 1.0  # seconds between two heartbeats
DEAD = 10.0  # seconds without a heartbeat after which the process that computed a map is gone
MAX_JOBS = 8  # that run or wait
MOST_BYTES = 2**16  # of a job's file
MOST_WORDS = 500  # characters of what a job's file says, that are shown

log = logging.getLogger("lstmviz")

State = Literal["none", "waiting", "running", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """The state of a map: not asked for ("none"), waiting its turn, running, failed, or done.

    ``share`` is the share that is done, 0 to 1; ``words`` say what is being done, or why it failed.
    """

    state: Literal["none", "waiting", "running", "failed", "done"]
    share: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A job as its file holds it: also its number in the queue, and who asked for it; "" for nobody in particular."""

    state: State
    share: float = 0.0
    words: str = ""
    number: int = 0
    by: str = ""

    def __post_init__(self) -> None:
        if self.state not in get_args(State) or not math.isfinite(self.share) or not 0 <= self.number < 2**53:
            raise ValueError(f"no job is {self.state!r}, {self.share} of it done")

    @property
    def is_alive(self) -> bool:
        return self.state in ("waiting", "running")


def status(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> Job:
    """Return the state of a map. Raises what ``compute_map`` raises."""
    if find_map(dump, source, method, n_steps, seed) is not None:
        return Job("done", 1.0)
    return _job_of(_job_file(map_key(dump, source, method, n_steps, seed)))


def start(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0, by: str = "") -> Job:
    """Compute a map in a thread that waits its turn, unless it is done, running or waiting already.

    ``by`` tells who asks; whoever has a map computed waits for it before the next. Raises ProjectionError for a second
    map, where a package is missing, too many maps wait or the cache takes no file, and what ``compute_map`` raises.
    """
    job = status(dump, source, method, n_steps, seed)
    if job.state in ("done", "waiting", "running"):
        return job
    if (remedy := missing(method)) is not None:
        raise ProjectionError(remedy)
    others = _alive()
    if by and any(entry.by == by for entry in others.values()):
        raise ProjectionError("another map that you asked for is not done; wait for it, or stop it, before the next")
    if len(others) >= MAX_JOBS:
        raise ProjectionError(f"{MAX_JOBS} maps are being computed or wait; cancel one, or ask again later")
    path = _job_file(map_key(dump, source, method, n_steps, seed))
    forget(_cancel_file(path))
    entry = _Entry("waiting", number=1 + max((other.number for other in others.values()), default=0), by=by)
    try:
        _write(path, entry)
    except OSError as err:
        raise ProjectionError(_cannot(err)) from err
    work = _Work(path, entry, dump, source, method, n_steps, seed)
    job = _job_of(path)
    threading.Thread(target=work.run, name=f"lstmviz-{NAMES[method]}", daemon=True).start()
    return job


def cancel(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> None:
    """Stop computing a map, whichever process does it; forget a failure. Raises ProjectionError where it cannot."""
    path = _job_file(map_key(dump, source, method, n_steps, seed))
    if _read(path, _now(path.parent)).is_alive:
        try:
            new_file(_cancel_file(path)).close()
        except OSError as err:
            raise ProjectionError(f"the map cannot be stopped ({err.strerror or type(err).__name__})") from err
    else:
        forget(path)


class _Work:
    """A map that a thread computes, and the file in which it reports."""

    def __init__(
        self, path: Path, entry: _Entry, dump: DumpReader, source: str, method: Method, n_steps: int, seed: int
    ) -> None:
        self._path, self._arguments = path, (dump, source, method, n_steps, seed)
        self._entry = entry
        self._last_write = time.monotonic()

    def run(self) -> None:
        """Wait for the turn, compute the map, and report a failure; otherwise the job's file is removed."""
        try:
            lock = lock_file(cache_folder(CACHE_FOLDER) / "turn.lock", thread_local=False)
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
            forget(self._path)
        except ProjectionCancelled:
            forget(self._path)
        except OSError as err:
            self._report("failed", 0.0, _cannot(err))
        except (LstmvizError, MemoryError) as err:
            self._report("failed", 0.0, str(err) or type(err).__name__)
        except Exception as err:
            log.exception("a map could not be computed")
            self._report("failed", 0.0, f"it could not be computed ({type(err).__name__}); the server's log says more")
        finally:
            forget(_cancel_file(self._path))

    def _take_turn(self, lock: BaseFileLock) -> None:
        while True:
            if not _before(self._path, _alive()):
                with suppress(Timeout):
                    lock.acquire(timeout=TURN)
                    return
            else:
                time.sleep(TURN)
            if self._is_cancelled():
                raise ProjectionCancelled("cancelled while it waited")

    def _is_cancelled(self) -> bool:
        """Return whether somebody cancelled the map; write a heartbeat if one is due."""
        if time.monotonic() - self._last_write > BEAT:
            self._last_write = time.monotonic()
            self._write()
        return _cancel_file(self._path).is_file()

    def _report(self, state: Literal["waiting", "running", "failed"], share: float, words: str) -> None:
        self._entry = replace(self._entry, state=state, share=share, words=words)
        self._last_write = time.monotonic()
        self._write()

    def _write(self) -> None:
        with suppress(OSError):
            _write(self._path, self._entry)


def _job_file(key: str) -> Path:
    return cache_folder(CACHE_FOLDER) / f"{key}.job"


def _cancel_file(path: Path) -> Path:
    return path.with_suffix(".cancel")


def _write(path: Path, entry: _Entry) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(entry)), "utf-8")


def _cannot(err: OSError) -> str:
    """Say why a map cannot be computed, without the path of this machine in the error's own text."""
    return f"the map cannot be computed here ({err.strerror or type(err).__name__})"


def _job_of(path: Path) -> Job:
    """Return the job of a file, for one that waits with the number of those before it in words."""
    entry = _read(path, _now(path.parent))
    if entry.state != "waiting":
        return Job(entry.state, entry.share, entry.words)
    n_before = len(_before(path, _alive()))
    return Job("waiting", 0.0, f"waiting: {n_before} map{'s are' if n_before != 1 else ' is'} before this one")


def _read(path: Path, now: float) -> _Entry:
    """Return what a file holds; "none" if there is no file, or if the process that wrote it is gone."""
    try:
        entry = _Entry(**json.loads(read_text(path, MOST_BYTES)))
        age = now - path.lstat().st_mtime
        share, words = min(max(float(entry.share), 0.0), 1.0), str(entry.words)[:MOST_WORDS]
        entry = replace(entry, number=int(entry.number), share=share, words=words)
    except (OSError, *MALFORMED):
        return _Entry("none")
    return _Entry("none") if entry.state != "failed" and abs(age) > DEAD else entry


def _now(folder: Path) -> float:
    """Return the time by the clock that stamps the files of a folder, which may be another machine's.

    A job that runs has written just now by that clock; one from its future was written before the clock was set back.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime


def _alive() -> dict[Path, _Entry]:
    """Return the jobs that run or wait, by their files."""
    folder = cache_folder(CACHE_FOLDER)
    paths = list(folder.glob("*.job"))
    now = _now(folder) if paths else 0.0
    entries = {path: _read(path, now) for path in paths}
    return {path: entry for path, entry in entries.items() if entry.is_alive}


def _before(path: Path, alive: dict[Path, _Entry]) -> list[Path]:
    """Return the jobs that have their turn before that of a file."""
    mine = alive.get(path)
    if mine is None:
        return []
    return [p for p, other in alive.items() if (other.number, p.name) < (mine.number, path.name)]
