"""What comes while a server runs: new dumps in the folders that it serves, and recordings that are in progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lstmviz.dump.corpus.glance import Glance, dump_stamp, glance
from lstmviz.dump.corpus.manifest import dumps_in
from lstmviz.errors import DumpMissing, LstmvizError
from lstmviz.opening import Say, glances, is_one
from lstmviz.system.own_files import FileStamp
from lstmviz.types import CountProgress
from lstmviz.ui.growing import GrowingDump, growing_in, is_growing

LOOK_EVERY = 0.5  # seconds between two looks at the folders, however many pages ask


class Arrivals:
    """The dumps that come after the server has started, looked for whenever a page asks.

    ``is_watching`` tells whether there is anything to wait for, so that pages ask. What is ``listed`` already, in the
    folders too, does not come.
    """

    def __init__(
        self, folders: Iterable[Path] = (), growing: Iterable[GrowingDump] = (), listed: Iterable[Glance] = ()
    ) -> None:
        self._folders = tuple(folders)
        self._growing = {dump.path: dump for dump in growing}
        self._closed: list[GrowingDump] = []  # whose dumps are shown until the pages that are open go on
        self._seen: dict[Path, tuple[FileStamp | None, Glance | None]] = {
            each.path: (each.stamp, None) for each in listed
        }
        self._lock, self._looked = threading.Lock(), -LOOK_EVERY

    @property
    def is_watching(self) -> bool:
        """Whether dumps may come."""
        return bool(self._folders or self._growing)

    def glances(self) -> list[Glance]:
        """Return what a list shows of each dump that came, a recording in progress as it is so far."""
        if self._lock.acquire(blocking=False):  # somebody else who looks may have to read a file for long
            try:
                if time.monotonic() - self._looked >= LOOK_EVERY:
                    self._look_in_folders()
                    self._looked = time.monotonic()
            finally:
                self._lock.release()
        arrived = [seen for _, seen in tuple(self._seen.values()) if seen is not None]
        return [*arrived, *(dump.now for dump in tuple(self._growing.values()) if dump.now is not None)]

    def growing(self) -> Mapping[str, Path]:
        """Return the uuids of the dumps that are of a recording in progress, and where its own dump will lie."""
        return {dump.now.uuid: path for path, dump in self._growing.items() if dump.now is not None}

    def kept(self) -> list[Glance]:
        """Return the dumps of recordings in progress that can be opened although newer ones are listed."""
        return [each for dump in (*self._growing.values(), *self._closed) for each in dump.kept]

    def _look_in_folders(self) -> None:
        for folder in self._folders:
            for path in dumps_in(folder) if folder.is_dir() else ():
                self._look_at(path)
            for path in growing_in(folder):
                self._growing.setdefault(path, GrowingDump(path))
        for path, dump in list(self._growing.items()):
            if not dump.is_over:
                dump.look()
            elif path.exists():
                self._look_at(path)
                self._closed.append(self._growing.pop(path))

    def _look_at(self, path: Path) -> None:
        """Look at a file unless it is as it was; one that cannot be read is left out until it changes."""
        stamp = dump_stamp(path)
        if path in self._seen and self._seen[path][0] == stamp:
            return
        try:
            self._seen[path] = stamp, glance(path)
        except (LstmvizError, OSError):
            self._seen[path] = stamp, None


def opened(
    paths: Iterable[Path],
    say: Say | None = None,
    progress: CountProgress | None = None,
    on_stray: Callable[[str], Any] | None = None,
) -> tuple[list[Glance], Arrivals]:
    """Look at the dumps that some paths stand for (``glances``), and return what may come besides.

    Raises DumpMissing where there is neither a dump nor a batch of a recording in progress.
    """
    seen: list[Glance] = []
    folders: list[Path] = []
    growing: list[GrowingDump] = []
    for path in paths:
        is_folder = not is_one(path)
        begun = growing_in(path) if is_folder else [path] if is_growing(path) else []
        growing += [GrowingDump(one) for one in begun]
        if is_folder:
            folders.append(path)
        if not begun or (is_folder and dumps_in(path)):
            seen += glances(path, say, progress, on_stray)
    for dump in growing:
        dump.make()
        if dump.now is None and not seen:
            raise DumpMissing(f"{dump.path} is being recorded, but {dump.problem}; try again in a moment")
    return seen, Arrivals(folders, growing, seen)
