"""A folder in the user's cache that one process works in; where that was killed, a later one removes it."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from filelock import Timeout

from lstmviz.system.atomic import remove
from lstmviz.system.cache import cache_folder
from lstmviz.system.own_files import forget, is_link, lock_file

PREFIX = ".work-"


class WorkFolder:
    """A new folder among the files of a kind, until it is closed; those of processes that are gone are removed first.

    A lock beside it, which the system releases when this process ends however it does, tells others to leave it alone.
    A fork of this process does not remove it. Raises OSError.
    """

    def __init__(self, kind: str) -> None:
        home = cache_folder(kind)
        _remove_left(home)
        self.path = home / f"{PREFIX}{secrets.token_hex(8)}"
        self._pid = os.getpid()
        self._lock = lock_file(_lock_of(self.path), thread_local=False)
        self._lock.acquire()
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove the folder with all that is in it, as far as that can be."""
        if self._pid == os.getpid():
            shutil.rmtree(self.path, ignore_errors=True)
            self._lock.release()
            forget(_lock_of(self.path))


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove_left(home: Path) -> None:
    for folder in home.glob(f"{PREFIX}*"):
        if is_link(folder) or not folder.is_dir():
            continue
        with suppress(OSError, Timeout):
            with lock_file(_lock_of(folder)).acquire(blocking=False):
                remove(folder)
            forget(_lock_of(folder))
