"""Compute a map in a process of its own, which tells of its progress and can be ended at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np

from lstmviz.errors import ProjectionCancelled, ProjectionError
from lstmviz.maps.projection import NAMES, Method, Points
from lstmviz.system.cache import home
from lstmviz.system.process import command

KEPT = "maps"  # the kind of what is kept in the user's cache
PACKAGES = {"tsne": ("openTSNE", "openTSNE"), "umap": ("umap", "umap-learn")}  # what is imported, and its name
PAUSE = 0.1  # seconds between two looks at the child

Progress = Callable[[float, str], None]
"""Called with the share that is done, 0 to 1, and what is being done."""
Cancel = Callable[[], bool]
"""Asked a few times a second whether to stop."""


def missing(method: Method) -> str | None:
    """Return how to install what a method needs, in a line; None where it is there."""
    if method not in PACKAGES or find_spec(PACKAGES[method][0]) is not None:
        return None
    return f'{NAMES[method]} needs {PACKAGES[method][1]}: pip install "lstmviz[maps]"; PCA works without it'


def embed_apart(
    method: Method,
    reduced: Points,
    seed: int,
    parameters: Mapping[str, float],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Points:
    """Return the points of a map by t-SNE or UMAP, (n, 2) float32, computed by a child process.

    Raises ProjectionCancelled once ``cancel`` says so and the child is gone; ProjectionError where what the method
    needs is missing, or the child failed.
    """
    if (remedy := missing(method)) is not None:
        raise ProjectionError(remedy)
    folder = Path(tempfile.mkdtemp(prefix=".work-", dir=home(KEPT)))
    try:
        np.save(folder / "reduced.npy", reduced, allow_pickle=False)
        asked = json.dumps({"method": method, "seed": seed, "parameters": dict(parameters)})
        with (folder / "stderr").open("wb") as errors:
            code = _run(folder, asked, errors, progress, cancel)
        if code != 0:
            raise ProjectionError(f"{NAMES[method]} failed: {_why(folder / 'stderr', code)}")
        points: Points = np.load(folder / "points.npy", allow_pickle=False)
    except OSError as err:
        raise ProjectionError(f"{NAMES[method]} could not be computed ({err.strerror or err})") from err
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if points.shape != (len(reduced), 2) or not np.isfinite(points).all():
        raise ProjectionError(f"{NAMES[method]} left no finite point for some states; try another method")
    return points


def _run(folder: Path, asked: str, errors: IO[bytes], progress: Progress | None, cancel: Cancel | None) -> int:
    """Run the child to its end, or end it; returns its exit code."""
    child = subprocess.Popen(  # noqa: S603
        command("lstmviz.maps.worker", str(folder), asked),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C in the terminal reaches whoever waits here, and the child through them
    )
    told: list[tuple[float, str]] = []
    reading = threading.Thread(target=_read, args=(child.stdout, told), daemon=True)
    reading.start()
    heard: tuple[float, str] | None = None
    try:
        while True:
            if cancel is not None and cancel():
                raise ProjectionCancelled("the map was cancelled; ask for it again to begin anew")
            is_over = _is_over(child)
            if progress is not None and told and told[-1] != heard:
                progress(*(heard := told[-1]))
            if is_over:
                return child.returncode
    finally:
        _end(child)
        reading.join()


def _is_over(child: subprocess.Popen[str]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        child.wait(PAUSE)
        return True
    return False


def _end(child: subprocess.Popen[str]) -> None:
    """Kill the child and what it started, if it still runs, and wait until it is gone."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
        child.wait()
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()


def _read(lines: IO[str] | None, told: list[tuple[float, str]]) -> None:
    """Keep what the child tells; what is no line of progress is passed over."""
    if lines is None:
        return
    with lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):
                raw: dict[str, Any] = json.loads(line)
                told.append((float(raw["share"]), str(raw["words"])))


def _why(errors: Path, code: int) -> str:
    """Return the last line that the child wrote to stderr, or how it ended."""
    if code < 0:
        return f"its process was ended by signal {-code}; is there enough memory?"
    lines = errors.read_text("utf-8", "replace").strip().splitlines()
    return " ".join(lines[-1].split())[:200] if lines else f"its process ended with code {code}"
