"""Files and folders written whole or not at all: under a temporary name first, then renamed into place."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lstmviz.system.own_files import is_link


@contextmanager
def replacing(target: Path, temporary: Path | None = None, *, sync: bool = False) -> Iterator[Path]:
    """Yield a path to write a file or folder at; when the block ends without an error, it is renamed to ``target``.

    If the block raises, or a fork of this process leaves it, ``target`` stays as it was. A link at ``target`` is
    replaced, not followed. The path is ``temporary``, or one in the same folder by default, which nobody can know
    before. With ``sync`` a file that has been renamed also survives a power cut. Raises OSError.
    """
    pid = os.getpid()
    with beside(target, temporary) as path:
        yield path
        if pid != os.getpid():
            return
        if sync:
            _sync_file(path)
        path.replace(target)
    if sync:
        sync_folder(target.parent)


@contextmanager
def beside(target: Path, temporary: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``target``, and remove whatever is there when the block ends.

    A fork of this process that leaves the block removes nothing.
    """
    pid = os.getpid()
    path = temporary or target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield path
    finally:
        if pid == os.getpid():
            with suppress(OSError):
                remove(path)


def new_folder(path: Path) -> None:
    """Make a folder anew; whatever had the name before is removed, and not what a link leads to. Raises OSError."""
    remove(path)
    path.mkdir(parents=True)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, if there is one. Raises OSError."""
    if path.is_dir() and not is_link(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder survive a power cut, where the operating system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
