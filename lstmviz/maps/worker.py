"""The process that computes a map by t-SNE or UMAP; both hold the interpreter for long, so only a kill stops them.

It gets a folder with ``reduced.npy`` and one line of JSON, reports its progress, and writes ``points.npy``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.maps.neighbours import nearest
from lstmviz.maps.projection import Points, first_two
from lstmviz.system.worker import end_with_parent, give_way, report

SMALL = 3_000  # points up to which the gradient is computed faster by a tree, on one thread
REPORT_EVERY = 10  # iterations of t-SNE
SEARCH = 0.1  # share of the whole time that the search for neighbours takes, about
TSNE_SPREAD = 1e-4  # standard deviation of the first axis where t-SNE starts (Kobak and Berens 2019)
UMAP_WIDTH = 10.0  # half the width of where UMAP starts, as in its own initializations
UMAP_NOISE = 1e-4  # standard deviation of where it starts in a direction in which the states do not differ


def main() -> int:
    """Compute one map; returns the exit code."""
    end_with_parent()
    give_way()
    folder, request = Path(sys.argv[1]), json.loads(sys.argv[2])
    reduced = np.load(folder / "reduced.npy", allow_pickle=False)
    methods: dict[str, Callable[..., NDArray[Any]]] = {"tsne": _tsne, "umap": _umap}
    points = methods[request["method"]](reduced, request["seed"], **request["parameters"])
    np.save(folder / "points.npy", np.ascontiguousarray(points, np.float32), allow_pickle=False)
    return 0


def _report(share: float, words: str) -> None:
    report(share=round(share, 4), words=words)


def _neighbours(reduced: Points, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the k nearest neighbours of each point, the point itself first, and their distances."""
    rows, distances = nearest(reduced, reduced, k, lambda share: _report(SEARCH * share, "looking for neighbours"))
    is_self = rows == np.arange(len(rows))[:, None]
    is_missing = ~is_self.any(axis=1)  # because k others lie at the same place
    is_self[is_missing, -1] = True
    order = np.argsort(~is_self, axis=1, kind="stable")
    rows, distances = np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)
    rows[:, 0], distances[:, 0] = np.arange(len(rows)), 0.0
    return rows, distances


def _tsne(reduced: Points, seed: int, perplexity: float, iterations: int) -> NDArray[Any]:
    """Compute t-SNE (van der Maaten and Hinton 2008).

    The gradient is interpolated (Linderman and others 2019) or, for few points, from a tree (van der Maaten 2014).
    """
    from openTSNE import TSNEEmbedding, affinity, nearest_neighbors

    n = len(reduced)
    perplexity = min(perplexity, (n - 1) / 3)
    rows, distances = _neighbours(reduced, min(n, int(3 * perplexity) + 1))
    _report(SEARCH, "weighing neighbours")
    known = nearest_neighbors.PrecomputedNeighbors(rows[:, 1:], distances[:, 1:].astype(np.float64))
    is_small = n < SMALL
    n_threads = 1 if is_small else os.cpu_count() or 1
    weights = affinity.PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=n_threads, random_state=seed)
    early = iterations // 3

    def reporter(n_before: int) -> Any:
        def report_iteration(iteration: int, error: float, embedding: Any) -> bool:
            _report(SEARCH + (1 - SEARCH) * (n_before + iteration) / iterations, "moving points")
            return False

        return report_iteration

    embedding: Any = TSNEEmbedding(
        _initial(reduced, TSNE_SPREAD),
        weights,
        n_jobs=n_threads,
        random_state=seed,
        negative_gradient_method="bh" if is_small else "fft",
    )
    phases = ((0, early, {"exaggeration": 12, "momentum": 0.5}), (early, iterations - early, {"momentum": 0.8}))
    for n_before, n_iterations, settings in phases:
        callbacks = {"callbacks": [reporter(n_before)], "callbacks_every_iters": REPORT_EVERY}
        embedding = embedding.optimize(n_iterations, **settings, **callbacks)
    return np.asarray(embedding)


def _initial(reduced: Points, spread: float) -> NDArray[np.float64]:
    """Return the first two columns, scaled so that the first has a given standard deviation."""
    points = first_two(reduced).astype(np.float64)
    deviation = points[:, 0].std()
    return points * (spread / deviation) if deviation > 0 else points


def _umap(reduced: Points, seed: int, neighbours: int, min_dist: float) -> NDArray[Any]:
    """UMAP (McInnes, Healy and Melville 2018), on one thread, so that the same seed gives the same map."""
    from umap import UMAP

    n = len(reduced)
    neighbours = min(neighbours, n - 1)
    rows, distances = _neighbours(reduced, neighbours)
    _report(SEARCH, "weighing neighbours")
    initial = first_two(reduced)
    initial = initial * (UMAP_WIDTH / max(float(np.abs(initial).max()), 1e-30))
    is_flat = np.ptp(initial, axis=0) == 0  # as of a source of one unit; UMAP divides by each column's width
    initial[:, is_flat] = np.random.default_rng(seed).normal(0, UMAP_NOISE, (n, int(is_flat.sum())))
    model = UMAP(
        n_neighbors=neighbours,
        min_dist=min_dist,
        random_state=seed,
        n_jobs=1,
        init=initial,
        precomputed_knn=(rows.astype(np.int32), distances),
        verbose=True,
        tqdm_kwds={"file": _Bar(), "mininterval": 0.2, "bar_format": "{n}/{total}", "disable": False},
    )
    with redirect_stdout(sys.stderr):  # stdout is for reports
        return np.asarray(model.fit_transform(reduced))


class _Bar:
    """The file that UMAP writes its progress bar to: each "3/200" becomes a report."""

    def write(self, text: str) -> None:
        done, _, total = text.strip("\r\n \x1b[A").partition("/")
        if done.isdecimal() and total.isdecimal() and int(total):
            _report(SEARCH + (1 - SEARCH) * int(done) / int(total), "moving points")

    def flush(self) -> None:
        """Do nothing: reports are written at once."""


if __name__ == "__main__":
    sys.exit(main())
