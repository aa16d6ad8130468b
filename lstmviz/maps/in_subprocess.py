"""Compute a map in a process of its own, which reports its progress and can be ended at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from importlib.util import find_spec

import numpy as np

from lstmviz.errors import ProjectionCancelled, ProjectionError
from lstmviz.maps.cache import CACHE_FOLDER
from lstmviz.maps.projection import NAMES, Method, Points
from lstmviz.system.work_folder import WorkFolder
from lstmviz.system.worker import Worker, command
from lstmviz.types import ShareProgress

PACKAGES = {"tsne": ("openTSNE", "openTSNE"), "umap": ("umap", "umap-learn")}  # module to import, package to install

IsCancelled = Callable[[], bool]
"""Called a few times a second; returns whether to stop."""


def missing(method: Method) -> str | None:
    """Return in a line how to install the package that a method needs; None if it is installed."""
    if method not in PACKAGES or find_spec(PACKAGES[method][0]) is not None:
        return None
    return f'{NAMES[method]} needs {PACKAGES[method][1]}: pip install "lstmviz[maps]"; PCA works without it'


def embed_in_subprocess(
    method: Method,
    reduced: Points,
    seed: int,
    parameters: Mapping[str, float],
    progress: ShareProgress | None = None,
    cancel: IsCancelled | None = None,
) -> Points:
    """Return the points of a map by t-SNE or UMAP, (n, 2) float32, computed in a process of its own.

    Raises ProjectionCancelled when ``cancel`` returns True, after the process has ended; ProjectionError if the
    method's package is missing or the process failed.
    """
    if (remedy := missing(method)) is not None:
        raise ProjectionError(remedy)
    request = json.dumps({"method": method, "seed": seed, "parameters": dict(parameters)})

    def check() -> None:
        if cancel is not None and cancel():
            raise ProjectionCancelled("the map was cancelled; ask for it again to start over")

    try:
        with closing(WorkFolder(CACHE_FOLDER)) as work:
            np.save(work.path / "reduced.npy", reduced, allow_pickle=False)
            with Worker(command("lstmviz.maps.worker", str(work.path), request)) as worker:
                for report in worker.reports(check):
                    if progress is not None and "share" in report:
                        progress(report["share"], report["words"])
            if worker.failure is not None:
                raise ProjectionError(f"{NAMES[method]} failed: {worker.failure}")
            points: Points = np.load(work.path / "points.npy", allow_pickle=False)
    except OSError as err:
        raise ProjectionError(f"{NAMES[method]} could not be computed ({err.strerror or err})") from err
    except (ValueError, EOFError) as err:
        raise ProjectionError(f"{NAMES[method]} left no points; ask for the map again") from err
    if points.shape != (len(reduced), 2) or not np.isfinite(points).all():
        raise ProjectionError(f"{NAMES[method]} gave no finite point for some states; try another method")
    return points
