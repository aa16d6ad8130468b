"""Open an HDF5 file, and say why one cannot be opened: locked, no locks, too many open, or damaged."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Literal

import h5py

from lstmviz.dump.open_files import open_files
from lstmviz.dump.trial import require
from lstmviz.errors import DumpError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
FIRST_OFFSET = 512  # where HDF5 looks for its signature after byte 0, and then at each power of two from there
LFS_POINTER = b"version https://git-lfs"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
_LOCKED = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)
_REFUSED = (errno.EACCES, errno.EPERM)
_TOO_MANY = (errno.EMFILE, errno.ENFILE)
_LOCK_WORDS = ("unable to lock", "file locking", "already open")


def hdf5_file(path: Path, mode: Literal["r", "r+", "w", "a"] = "r") -> h5py.File:
    """Open an HDF5 file; without a lock on a file system that has none. Raises the OSError of ``h5py.File``."""
    try:
        return h5py.File(path, mode)
    except OSError as err:
        if err.errno not in _NO_LOCKS:
            raise
    return h5py.File(path, mode, locking=False)


def open_for_reading(path: Path, called: Path, remedy: str) -> h5py.File:
    """Open an HDF5 file for reading, named ``called`` in messages; DumpError says why it cannot be opened.

    ``remedy`` is what to do if it is damaged.
    """
    open_files.close_changed()
    require(path, called)
    try:
        return hdf5_file(path)
    except OSError as err:
        raise DumpError(opening_fault(err, called, remedy)) from err


def is_hdf5(path: Path, called: Path) -> bool:
    """Tell whether a file is HDF5, by its signature; DumpError where it cannot be read."""
    try:
        size, offset = path.stat().st_size, 0
        if not path.is_file():  # to open a pipe waits for whoever writes to it
            raise DumpError(f"{called} is a pipe or a device, not a file; give the path of one .h5 file")
        with path.open("rb") as file:
            while offset < size:
                file.seek(offset)
                if file.read(len(SIGNATURE)) == SIGNATURE:
                    return True
                offset = 2 * offset or FIRST_OFFSET
    except OSError as err:
        raise DumpError(opening_fault(err, called, "copy it again")) from err
    return False


def other_format(path: Path, called: Path, remedy: str) -> str:
    """Say what a file that is not HDF5 is, and what to do."""
    with path.open("rb") as file:
        start = file.read(len(LFS_POINTER))
    if start == LFS_POINTER:
        return f"{called} is a Git LFS pointer, not the file itself; fetch the file with: git lfs pull"
    return f"{called} is not an HDF5 file{': it is empty' * (not start)}; {remedy}"


def opening_fault(err: OSError, called: Path, remedy: str) -> str:
    """Say in one line why a file could not be opened, and what to do; ``remedy`` is for a damaged one."""
    reason = " ".join((err.strerror or str(err)).split())[:200]
    is_lock = any(words in str(err) for words in _LOCK_WORDS)
    if err.errno in _TOO_MANY:
        return f"{called} cannot be opened: this process has too many files open; raise the limit with ulimit -n 4096"
    if is_lock and (err.errno in (*_LOCKED, None) or "already open" in str(err)):
        return (
            f"{called} is locked: another program writes to it, or holds it open; close it there, or read it anyway "
            "with HDF5_USE_FILE_LOCKING=FALSE in the environment"
        )
    if is_lock:
        return f"{called} cannot be locked ({reason}); set HDF5_USE_FILE_LOCKING=FALSE in the environment"
    if err.errno in _REFUSED:
        return f"{called} may not be read by this user; change its permissions"
    if err.errno in (errno.EIO, errno.ESTALE, errno.ENOMEM, errno.ETIMEDOUT):
        return f"{called} cannot be read now ({reason}); the file may be fine: try again"
    return f"{called} is truncated or damaged ({reason}); {remedy}"
