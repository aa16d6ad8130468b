"""``PATH.parts/``, the folder of a recording in progress: its files, its lock, and how to complete the recording."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path

from lstmviz.system.forks import let_go_in_forks
from lstmviz.system.own_files import open_own

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PARTS = ".parts"  # follows the name of the dump
HEADER = "header.json"
BLOCKS = "blocks.bin"
LOCKED_BYTE = 2**43  # on Windows a lock is of some bytes, which nobody else may read then; no recording has this one


def parts_of(path: str | os.PathLike[str]) -> Path:
    """Return the folder in which a recording to ``path`` keeps its blocks."""
    target = Path(path)
    return target.with_name(target.name + PARTS)


def recover_command(path: Path, *, overwrite: bool = False) -> str:
    """Return the command that completes the recording to a path."""
    return shlex.join(["lstmviz", "recover", str(path), *["--overwrite"] * overwrite])


def still_running(parts_dir: Path) -> str:
    """Return the first half of an error message about a recording that has not ended."""
    return f"a recording still writes to {parts_dir}"


def is_recording(parts_dir: Path) -> bool:
    """Tell whether a writer that is not closed uses the folder, in this process or another."""
    try:
        with open_own(parts_dir / BLOCKS) as file:
            return not lock(file)
    except OSError:
        return False


def lock(file: FileIO) -> bool:
    """Lock the file of blocks until it is closed or the process ends; False where it is locked already.

    A fork of this process does not keep it locked, nor can it write to it.
    """
    let_go_in_forks(file, FileIO.close)
    return _try_lock(file)


def release(file: FileIO) -> None:
    """Unlock and close the file of blocks; closing alone is not enough where a process has it open too."""
    if file.closed:
        return
    with suppress(OSError):
        _unlock(file)
    file.close()


if sys.platform == "win32":

    def _try_lock(file: FileIO) -> bool:
        try:
            _at_locked_byte(file, msvcrt.LK_NBLCK)
        except OSError:
            return False
        return True

    def _unlock(file: FileIO) -> None:
        _at_locked_byte(file, msvcrt.LK_UNLCK)

    def _at_locked_byte(file: FileIO, how: int) -> None:
        place = file.tell()
        file.seek(LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), how, 1)
        finally:
            file.seek(place)

else:

    def _try_lock(file: FileIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def _unlock(file: FileIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
