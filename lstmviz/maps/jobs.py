"""Maps that a server computes while nobody waits: one at a time on a machine, watched and cancelled through files.

The files lie beside the kept maps and are named by the map's key, so that each of several worker processes of one
server can tell of a map that another one computes, and cancel it.
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
from lstmviz.system.cache import home

TURN = 0.2  # seconds between two looks whether it is this map's turn
BEAT = 1.0  # seconds between two signs of life
DEAD = 10.0  # seconds without one after which whoever computed a map is gone
MOST_WAITING = 8


@dataclass(frozen=True, slots=True)
class Job:
    """How far a map is: nobody asked for it ("none"), it waits its turn, runs, failed, or is there ("done").

    ``share`` is what is done of it, 0 to 1; ``words`` what is being done, or why it failed.
    """

    state: Literal["none", "waiting", "running", "failed", "done"]
    share: float = 0.0
    words: str = ""


def look(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> Job:
    """Return how far a map is. Raises what ``compute_map`` raises."""
    if find_map(dump, source, method, n_steps, seed) is not None:
        return Job("done", 1.0)
    return _read(_place(map_key(dump, source, method, n_steps, seed)))


def start(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> Job:
    """Have a map computed by a thread that waits its turn, unless it is there or on its way already.

    Raises ProjectionError where a package is missing or too many maps wait, and what ``compute_map`` raises.
    """
    job = look(dump, source, method, n_steps, seed)
    if job.state in ("done", "waiting", "running"):
        return job
    if (remedy := missing(method)) is not None:
        raise ProjectionError(remedy)
    if _n_waiting() >= MOST_WAITING:
        raise ProjectionError(f"{MOST_WAITING} maps are being computed or wait; cancel one, or ask again later")
    place = _place(map_key(dump, source, method, n_steps, seed))
    _cancel_file(place).unlink(missing_ok=True)
    job = Job("waiting", 0.0, "waiting for another map")
    _write(place, job)
    work = _Work(place, dump, source, method, n_steps, seed)
    threading.Thread(target=work.run, name=f"lstmviz-{NAMES[method]}", daemon=True).start()
    return job


def cancel(dump: DumpReader, source: str, method: Method, n_steps: int, seed: int = 0) -> None:
    """Have a map's computing stopped, whichever process does it, and forget that it failed."""
    place = _place(map_key(dump, source, method, n_steps, seed))
    if _read(place).state in ("waiting", "running"):
        _cancel_file(place).touch()
    else:
        place.unlink(missing_ok=True)


class _Work:
    """One map on its way: what its thread does, and the file by which it tells."""

    def __init__(self, place: Path, dump: DumpReader, source: str, method: Method, n_steps: int, seed: int) -> None:
        self._place, self._asked = place, (dump, source, method, n_steps, seed)
        self._job = Job("waiting", 0.0, "waiting for another map")
        self._told = time.monotonic()

    def run(self) -> None:
        """Wait for the turn, compute, and tell how it ended; a map that is done or cancelled leaves no trace here."""
        lock = FileLock(home(CACHE_FOLDER) / "turn.lock", thread_local=False)
        try:
            self._wait(lock)
            try:
                self._tell("running", 0.0, "starting")
                compute_map(
                    *self._asked, progress=lambda share, words: self._tell("running", share, words), cancel=self._stops
                )
            finally:
                lock.release()
            self._place.unlink(missing_ok=True)
        except ProjectionCancelled:
            self._place.unlink(missing_ok=True)
        except (LstmvizError, OSError, MemoryError) as err:
            self._tell("failed", 0.0, str(err) or type(err).__name__)
        finally:
            _cancel_file(self._place).unlink(missing_ok=True)

    def _wait(self, lock: FileLock) -> None:
        while True:
            with suppress(Timeout):
                lock.acquire(timeout=TURN)
                return
            if self._stops():
                raise ProjectionCancelled("cancelled while it waited")

    def _stops(self) -> bool:
        """Say whether somebody cancelled it; a sign of life is given on the way."""
        if time.monotonic() - self._told > BEAT:
            self._told = time.monotonic()
            _write(self._place, self._job)
        return _cancel_file(self._place).exists()

    def _tell(self, state: Literal["waiting", "running", "failed"], share: float, words: str) -> None:
        self._job, self._told = Job(state, share, words), time.monotonic()
        _write(self._place, self._job)


def _place(key: str) -> Path:
    return home(CACHE_FOLDER) / f"{key}.job"


def _cancel_file(place: Path) -> Path:
    return place.with_suffix(".cancel")


def _write(place: Path, job: Job) -> None:
    with suppress(OSError), replacing(place) as temporary:
        temporary.write_text(json.dumps(asdict(job)), "utf-8")


def _read(place: Path) -> Job:
    """Return what a job's file tells; "none" where there is none, or whoever wrote it is gone."""
    try:
        job = Job(**json.loads(place.read_text("utf-8")))
        age = time.time() - place.stat().st_mtime
    except (OSError, ValueError, TypeError):
        return Job("none")
    return Job("none") if job.state != "failed" and age > DEAD else job


def _n_waiting() -> int:
    return sum(_read(place).state in ("waiting", "running") for place in home(CACHE_FOLDER).glob("*.job"))
