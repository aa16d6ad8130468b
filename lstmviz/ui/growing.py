"""A recording in progress as the page shows it: what is acknowledged so far as a dump, made anew as it grows."""

from __future__ import annotations

import shutil
import threading
import time
import weakref
from pathlib import Path

from lstmviz.dump.corpus.glance import Glance, glance
from lstmviz.dump.journal.in_subprocess import assemble_so_far_in_subprocess
from lstmviz.dump.parts import BLOCKS, PARTS, parts_of
from lstmviz.errors import LstmvizError
from lstmviz.system.forks import let_go_in_forks
from lstmviz.system.work_folder import WorkFolder

PAUSE = 2.0  # seconds between two dumps, at least
PATIENCE = 5  # times as long as the last one took, so that it takes a sixth of one core at most
KEPT = 3  # dumps, the newest ones: pages that are open go on to the newest within seconds


def is_growing(path: Path) -> bool:
    """Tell whether a dump is not there yet but its recording has begun."""
    return not path.exists() and (parts_of(path) / BLOCKS).is_file()


def growing_in(folder: Path) -> list[Path]:
    """Return the dumps of a folder whose recordings are in progress."""
    targets = (p.with_name(p.name.removesuffix(PARTS)) for p in sorted(folder.glob(f"*{PARTS}")))
    return [path for path in targets if is_growing(path)]


class GrowingDump:
    """The recording to ``path`` as a dump of what is acknowledged so far, in the user's cache.

    ``kept`` are the newest ones, in order: what a page was told of a moment ago can still be opened. ``problem`` says
    why there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: tuple[Glance, ...] = ()
        self.problem = "no batch of it is complete yet"
        self._folder: Path | None = None
        self._n_made = self._n_bytes = 0
        self._due = 0.0
        self._lock = threading.Lock()

    @property
    def now(self) -> Glance | None:
        """The newest one; None before the first."""
        return self.kept[-1] if self.kept else None

    @property
    def is_over(self) -> bool:
        """Whether the recording has been closed, so that its own dump takes over; or was given up."""
        return not is_growing(self.path)

    def look(self) -> None:
        """Make the next dump in a thread, where there are new batches and the last one is old enough."""
        if self._is_due() and self._lock.acquire(blocking=False):
            threading.Thread(target=self._make_and_release, name="lstmviz-growing", daemon=True).start()

    def make(self) -> None:
        """Make a dump of all that is acknowledged now; ``problem`` says why it could not be made."""
        began = time.monotonic()
        parts_dir = parts_of(self.path)
        try:
            n_bytes = (parts_dir / BLOCKS).stat().st_size
            folder = self._own_folder() / str(self._n_made)
            folder.mkdir()
            target = folder / self.path.name
            assemble_so_far_in_subprocess(parts_dir, target)
            self.kept, self._n_bytes = (*self.kept, glance(target))[-KEPT:], n_bytes
        except (LstmvizError, OSError) as err:  # it may have been closed meanwhile, or nothing of it is complete
            self.problem = str(err)
        self._n_made += 1
        self._remove_old()
        self._due = time.monotonic() + max(PAUSE, PATIENCE * (time.monotonic() - began))

    def _own_folder(self) -> Path:
        """Return the folder that is removed when this process ends; a fork makes its own."""
        if self._folder is None:
            work = WorkFolder("growing")
            self._folder = work.path
            self._removal = weakref.finalize(self, work.close)
            let_go_in_forks(self, GrowingDump._let_go)
        return self._folder

    def _let_go(self) -> None:
        self._removal.detach()
        self._folder, self._lock = None, threading.Lock()

    def _remove_old(self) -> None:
        kept = {each.path.parent for each in self.kept}
        try:
            folders = [] if self._folder is None else [*self._folder.iterdir()]
        except OSError:  # somebody has cleared the cache: the next dump has a new folder
            self._folder, folders = None, []
        for folder in folders:
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _is_due(self) -> bool:
        try:
            n_bytes = (parts_of(self.path) / BLOCKS).stat().st_size
        except OSError:
            return False
        return n_bytes > self._n_bytes and time.monotonic() >= self._due

    def _make_and_release(self) -> None:
        try:
            self.make()
        finally:
            self._lock.release()
