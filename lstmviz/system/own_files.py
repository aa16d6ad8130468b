"""Files that lstmviz keeps beside a dump or in the user's cache: made anew, and never written or read through a link.

A folder from elsewhere (an archive, a shared disk) may hold a link, a pipe or a device under any name that is used.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import FileIO
from pathlib import Path

import filelock

MOST_TEXT = 2**26  # bytes of a description or a report; none takes a megabyte
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


FileStamp = tuple[int, int, int, int]


def file_stamp(path: Path, *, follow_symlinks: bool = False) -> FileStamp | None:
    """Return a stamp that changes when the file at a path is written to or replaced; None where there is none."""
    try:
        status = path.stat(follow_symlinks=follow_symlinks)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns  # the last one cannot be set back


def own_folder(path: Path, like: Path | None = None) -> Path:
    """Return a folder, and make it if it is missing. Raises OSError where it is a link or a stranger's.

    It must belong to this user, to the superuser, or to whoever owns the file ``like``.
    """
    with suppress(FileExistsError):
        path.mkdir(parents=True)
    check_own_folder(path, like)
    return path


def check_own_folder(path: Path, like: Path | None = None) -> None:
    """Raise OSError unless a folder is there, is not a link, and belongs to whom ``own_folder`` trusts."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or is_link(path):
        raise OSError(errno.ENOTDIR, "it is a link or no folder; remove it", str(path))
    if hasattr(os, "getuid"):
        trusted = {os.getuid(), 0} | ({like.stat().st_uid} if like is not None else set())
        if status.st_uid not in trusted:
            raise OSError(errno.EPERM, "it belongs to another user", str(path))


def is_link(path: Path) -> bool:
    """Tell whether a path is a symbolic link, or on Windows a junction, which ``is_symlink`` does not tell."""
    return path.is_symlink() or bool(getattr(os.path, "isjunction", lambda _: False)(path))


def new_file(path: Path) -> FileIO:
    """Make a file anew, to be written and read; whatever had the name before is removed, not written to.

    Raises OSError.
    """
    path.unlink(missing_ok=True)
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666), "rb+")


def forget(path: Path) -> None:
    """Remove a file that is no longer needed, if there is one that can be removed: a folder under its name stays."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def open_own(path: Path) -> FileIO:
    """Open a file for reading. Raises OSError where it is a link, or anything but a file."""
    if is_link(path):  # where the system has no O_NOFOLLOW
        raise OSError(errno.ELOOP, "it is a link", str(path))
    handle = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return FileIO(handle, "rb")


def read_text(path: Path, most: int = MOST_TEXT) -> str:
    """Return the text of a small file. Raises OSError as ``open_own``, and where it is too large; ValueError."""
    with open_own(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, "it is too large", str(path))
        return file.readall().decode("utf-8")


def lock_file(path: Path, *, thread_local: bool = True) -> filelock.BaseFileLock:
    """Return the lock that a file stands for; what is no file is removed first. Raises OSError, also for a folder."""
    if path.is_dir() and not is_link(path):
        raise OSError(errno.EISDIR, "it is a folder; remove it", str(path))
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
    return filelock.FileLock(path, thread_local=thread_local)
