"""The folders in which lstmviz keeps what it can make again: in the user's cache, or a private temporary folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from lstmviz.errors import LstmvizError


def home(kind: str) -> Path:
    """Return the first folder for things of a kind ("samples", "lstmvis") that can be written; it is made if missing.

    Raises LstmvizError where there is none.
    """
    for folder in homes(kind):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    raise LstmvizError(f"no folder to keep {kind} in can be written; free some space or give a path")


def homes(kind: str) -> Iterator[Path]:
    """Give the folders to try, in order: the user's cache, one kept in the temporary folder, a fresh one there."""
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
    """Say whether nobody else can have put files into a folder of a temporary directory that all may write to."""
    info = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and (not hasattr(os, "getuid") or info.st_uid == os.getuid())
