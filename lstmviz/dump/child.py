"""Assemble a recording in a process of its own, which HDF5 may bring down where a disk is full."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lstmviz.errors import RecordingError, StorageError

if TYPE_CHECKING:
    from lstmviz.dump.copying import Assembled


def assemble_apart(
    parts_dir: Path,
    path: Path,
    *,
    overwrite: bool = False,
    expected_steps: int | None = None,
    is_complete: bool = False,
) -> Assembled:
    """Do what ``assemble`` does in a child process; RecordingError says in one line why it failed."""
    # The child imports from where this process does, in the same order; -m would put the working folder first.
    root = str(Path(__file__).resolve().parents[2])
    places = [*(p for p in sys.path if isinstance(p, str)), root]
    code = f"import sys; sys.path[:] = {places!r}; from lstmviz.dump.assemble import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *["--overwrite"] * overwrite, *["--complete"] * is_complete]
    if expected_steps is not None:
        command += ["--steps", str(expected_steps)]
    try:
        # A session of its own, so that Ctrl-C in the terminal does not reach it.
        child = subprocess.run(  # noqa: S603
            [*command, "--", str(parts_dir), str(path)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )
    except OSError as err:
        raise StorageError(f"no process could be started to assemble it: {err.strerror or err}") from err
    if child.returncode == 0:
        return _result(child.stdout)
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        raise StorageError(f"the assembling process was ended by {name}; is the disk full?")
    lines = child.stderr.strip().splitlines()
    raise RecordingError(lines[-1] if lines else f"the assembling process ended with code {child.returncode}")


def _result(text: str) -> Assembled:
    from lstmviz.dump.copying import Assembled  # loads h5py

    return Assembled(**json.loads(text.splitlines()[-1]))
