"""Folders for files that lstmviz can make again: in the user's cache, or a private temporary folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from lstmviz.errors import LstmvizError
from lstmviz.system.own_files import own_folder


def cache_folder(kind: str) -> Path:
    """Return the folder for files of a kind ("samples", "lstmvis"), and make it if it is missing.

    Raises LstmvizError where no folder can be written.
    """
    for folder in candidates(kind):
        try:
            own_folder(folder)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    raise LstmvizError(f"no folder to keep {kind} in can be written; free some space or give a path")


def candidates(kind: str) -> Iterator[Path]:
    """Yield the folders to try: in the user's cache, then this user's in the temporary folder, then a new one there."""
    yield platformdirs.user_cache_path("lstmviz") / kind
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    shared = Path(tempfile.gettempdir()) / f"lstmviz-{kind}-{owner}"
    try:
        shared.mkdir(mode=0o700, exist_ok=True)
        if _is_ours(shared):
            yield shared
        yield Path(tempfile.mkdtemp(prefix="lstmviz-"))
    except OSError:
        return


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder, in a temporary directory that all may write to, can only have files of this user."""
    info = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and (not hasattr(os, "getuid") or info.st_uid == os.getuid())
