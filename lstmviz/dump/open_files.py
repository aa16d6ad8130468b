"""The files of dumps that this process holds open: few at a time, and only those read recently."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Protocol
from weakref import WeakKeyDictionary

if sys.platform != "win32":
    import resource

MOST_OPEN = 64
SHARE_OF_LIMIT = 4  # at most a fourth of the files that the system lets a process open
IDLE_SECONDS = 60.0
LOOK_AGAIN = 0.001  # seconds
RECENT_SECONDS = 1.0  # within which a read is not noted again, because it may take microseconds


class OpensFile(Protocol):
    """An object that holds a file open; reading from it after ``close`` opens the file again."""

    def close(self) -> None:
        """Close the file."""

    def is_changed(self) -> bool:
        """Tell whether somebody wrote to the file, or cut it, since it was opened."""


class Turn:
    """A lock that waiting threads poll, instead of being handed it in turn.

    A lock that is handed over belongs to a thread that does not run yet: it waits for the interpreter's lock first, and
    where many threads compute, that takes many times as long as a small read.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        while not self._lock.acquire(blocking=False):
            time.sleep(LOOK_AGAIN)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class OpenFiles:
    """Those that hold a file open, the one that was read last at the end. Hold ``lock`` while reading from a file."""

    def __init__(self) -> None:
        self.lock = Turn()
        self._last_read: WeakKeyDictionary[OpensFile, float] = WeakKeyDictionary()

    def touch(self, reader: OpensFile) -> None:
        """Note that a reader's file is read now, and close those of others that are idle or too many."""
        now = time.monotonic()
        with self.lock:
            if now - self._last_read.get(reader, -IDLE_SECONDS) < RECENT_SECONDS:
                return
            most = most_open()
            self._last_read.pop(reader, None)
            self._last_read[reader] = now
            for other, last in list(self._last_read.items()):
                if other is not reader and (len(self._last_read) > most or last < now - IDLE_SECONDS):
                    del self._last_read[other]
                    other.close()

    def close_changed(self) -> None:
        """Close the files that somebody wrote to: HDF5 opens no file anew that is open, and remembers parts of it."""
        with self.lock:
            for reader in list(self._last_read):
                if reader.is_changed():
                    del self._last_read[reader]
                    reader.close()

    def __len__(self) -> int:
        return len(self._last_read)

    def after_fork(self) -> None:
        """Start over in a forked process, whose readers open their files themselves."""
        self.__init__()  # type: ignore[misc]


def most_open() -> int:
    """Return how many files of dumps may be open at a time."""
    if sys.platform != "win32":
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if limit != resource.RLIM_INFINITY:
            return max(1, min(MOST_OPEN, limit // SHARE_OF_LIMIT))
    return MOST_OPEN


open_files = OpenFiles()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=open_files.after_fork)
