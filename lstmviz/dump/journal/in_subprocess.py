"""Assemble a recording in a child process, which HDF5 may crash where the disk is full."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from lstmviz.dump.journal.format import AssemblyReport
from lstmviz.dump.journal.writer import remove_unfinished
from lstmviz.dump.parts import BLOCKS
from lstmviz.dump.trial import know
from lstmviz.errors import RecordingError, StorageError
from lstmviz.system.worker import command, last_line, signal_name


def assemble_in_subprocess(
    parts_dir: Path,
    path: Path,
    *,
    overwrite: bool = False,
    expected_steps: int | None = None,
    is_complete: bool = False,
) -> AssemblyReport:
    """Do what ``assemble`` does, in a child process; RecordingError says in one line why it failed.

    StorageError, a RecordingError, where the disk has too little room, or the child was killed.
    """
    _check_room(parts_dir, parts_dir)
    options = [*["--overwrite"] * overwrite, *["--complete"] * is_complete]
    if expected_steps is not None:
        options += ["--steps", str(expected_steps)]
    try:
        return _run(parts_dir, path, *options)
    except StorageError:
        with suppress(OSError):
            remove_unfinished(parts_dir)
        raise


def assemble_so_far_in_subprocess(parts_dir: Path, path: Path) -> AssemblyReport:
    """Do what ``assemble_so_far`` does, in a child process; RecordingError says in one line why it failed."""
    _check_room(parts_dir, path.parent)
    return _run(parts_dir, path, "--so-far")


def _run(parts_dir: Path, path: Path, *options: str) -> AssemblyReport:
    """Run the child process; StorageError where it cannot be started or was killed."""
    try:
        # In a new session, so that Ctrl-C in the terminal does not reach it.
        child = subprocess.run(  # noqa: S603
            command("lstmviz.dump.journal.assemble", *options, "--", str(parts_dir), str(path)),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )
    except OSError as err:
        raise StorageError(f"no process could be started to assemble it: {err.strerror or err}") from err
    if child.returncode == 0:
        know(path)  # the child has read it whole
        return _result(child.stdout)
    if (name := signal_name(child.returncode)) is not None:
        raise StorageError(f"the assembling process was ended by {name}; is the disk full?")
    raise RecordingError(last_line(child.stderr) or f"the assembling process ended with code {child.returncode}")


def _check_room(parts_dir: Path, target: Path) -> None:
    """Raise StorageError where a folder has less room than the blocks take, for the dump takes about as much."""
    try:
        needed, free = (parts_dir / BLOCKS).stat().st_size, shutil.disk_usage(target).free
    except OSError:  # the child says what is wrong
        return
    if needed > free:
        raise StorageError(f"it takes about {needed:,} bytes, and the disk has {free:,} free; make room first")


def _result(text: str) -> AssemblyReport:
    return AssemblyReport(**json.loads(text.splitlines()[-1]))
