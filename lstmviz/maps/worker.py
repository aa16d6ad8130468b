"""The process that computes a map by t-SNE or UMAP: both keep the interpreter to themselves, so only a kill stops them.

It is given a folder with ``reduced.npy`` and one line of JSON, reports its progress, and leaves ``points.npy``.
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
from lstmviz.maps.projection import Points
from lstmviz.system.worker import end_with_parent, report

SMALL = 3_000  # points up to which the gradient is had sooner from a tree, on one thread
EVERY = 10  # iterations of t-SNE between two lines
SEARCH = 0.1  # of the whole time that the search for neighbours takes, about
SPREAD = 1e-4  # standard deviation of the first axis where t-SNE begins (Kobak and Berens 2019)
WIDTH = 10.0  # half the width of where UMAP begins, as its own ways to begin have it


def main() -> int:
    """Compute one map; returns the exit code."""
    end_with_parent()
    folder, asked = Path(sys.argv[1]), json.loads(sys.argv[2])
    reduced = np.load(folder / "reduced.npy", allow_pickle=False)
    ways: dict[str, Callable[..., NDArray[Any]]] = {"tsne": _tsne, "umap": _umap}
    embed = ways[asked["method"]]
    points = embed(reduced, asked["seed"], **asked["parameters"])
    np.save(folder / "points.npy", np.ascontiguousarray(points, np.float32), allow_pickle=False)
    return 0


def _tell(share: float, words: str) -> None:
    report(share=round(share, 4), words=words)


def _neighbours(reduced: Points, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the k nearest of each point, itself first."""
    found, distances = nearest(reduced, reduced, k, lambda share: _tell(SEARCH * share, "looking for neighbours"))
    is_self = found == np.arange(len(found))[:, None]
    lost = ~is_self.any(axis=1)  # behind its own doubles
    is_self[lost, -1] = True
    order = np.argsort(~is_self, axis=1, kind="stable")
    found, distances = np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1)
    found[:, 0], distances[:, 0] = np.arange(len(found)), 0.0
    return found, distances


def _tsne(reduced: Points, seed: int, perplexity: float, iterations: int) -> NDArray[Any]:
    """Compute t-SNE (van der Maaten and Hinton 2008).

    The gradient is interpolated (Linderman and others 2019) or, for few points, from a tree (van der Maaten 2014).
    """
    from openTSNE import TSNEEmbedding, affinity, nearest_neighbors

    n = len(reduced)
    perplexity = min(perplexity, (n - 1) / 3)
    found, distances = _neighbours(reduced, min(n, int(3 * perplexity) + 1))
    _tell(SEARCH, "weighing neighbours")
    known = nearest_neighbors.PrecomputedNeighbors(found[:, 1:], distances[:, 1:].astype(np.float64))
    is_small = n < SMALL
    jobs = 1 if is_small else os.cpu_count() or 1
    weights = affinity.PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=jobs, random_state=seed)
    early = iterations // 3

    def heard(done_before: int) -> Any:
        def hear(iteration: int, error: float, embedding: Any) -> bool:
            _tell(SEARCH + (1 - SEARCH) * (done_before + iteration) / iterations, "moving points")
            return False

        return hear

    embedding: Any = TSNEEmbedding(
        _begin(reduced, SPREAD),
        weights,
        n_jobs=jobs,
        random_state=seed,
        negative_gradient_method="bh" if is_small else "fft",
    )
    rounds = ((0, early, {"exaggeration": 12, "momentum": 0.5}), (early, iterations - early, {"momentum": 0.8}))
    for before, n_iter, how in rounds:
        told = {"callbacks": [heard(before)], "callbacks_every_iters": EVERY}
        embedding = embedding.optimize(n_iter, **how, **told)
    return np.asarray(embedding)


def _begin(reduced: Points, spread: float) -> NDArray[np.float64]:
    """Return the first two columns, the first with a given standard deviation."""
    begin = reduced[:, :2].astype(np.float64)
    begin = np.pad(begin, ((0, 0), (0, 2 - begin.shape[1])))
    wide = begin[:, 0].std()
    return begin * (spread / wide) if wide > 0 else begin


def _umap(reduced: Points, seed: int, neighbours: int, min_dist: float) -> NDArray[Any]:
    """UMAP (McInnes, Healy and Melville 2018), on one thread: so it is the same for the same seed."""
    from umap import UMAP

    n = len(reduced)
    neighbours = min(neighbours, n - 1)
    found, distances = _neighbours(reduced, neighbours)
    _tell(SEARCH, "weighing neighbours")
    begin = reduced[:, :2] * (WIDTH / max(float(np.abs(reduced[:, :2]).max()), 1e-30))
    model = UMAP(
        n_neighbors=neighbours,
        min_dist=min_dist,
        random_state=seed,
        n_jobs=1,
        init=np.pad(begin, ((0, 0), (0, 2 - begin.shape[1]))),
        precomputed_knn=(found.astype(np.int32), distances),
        verbose=True,
        tqdm_kwds={"file": _Bar(), "mininterval": 0.2, "bar_format": "{n}/{total}", "disable": False},
    )
    with redirect_stdout(sys.stderr):  # what it prints is no line of progress
        return np.asarray(model.fit_transform(reduced))


class _Bar:
    """What a bar is written to: each "3/200" of it becomes a line of progress."""

    def write(self, text: str) -> None:
        done, _, total = text.strip("\r\n \x1b[A").partition("/")
        if done.isdecimal() and total.isdecimal() and int(total):
            _tell(SEARCH + (1 - SEARCH) * int(done) / int(total), "moving points")

    def flush(self) -> None:
        """Nothing waits."""


if __name__ == "__main__":
    sys.exit(main())
