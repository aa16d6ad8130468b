"""Exact nearest neighbours by blocks of matrix products; maps of some ten thousand points need no index."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BLOCK = 2_000  # points compared with all others at once: a table of 160 MB at 20,000 points

Points = NDArray[np.float32]
Indices = NDArray[np.int64]


def nearest(
    points: Points, among: Points, k: int, progress: Callable[[float], None] | None = None
) -> tuple[Indices, NDArray[np.float32]]:
    """Return for each point the k nearest of ``among``, nearest first: their rows and Euclidean distances.

    Both have shape (n_points, k). Of two at the same distance the first row counts as nearer. ``progress`` is called
    with the share that is done.
    """
    k = min(k, len(among))
    rows, distances = np.empty((len(points), k), np.int64), np.empty((len(points), k), np.float32)
    sizes = np.einsum("ij,ij->i", among, among)
    for first in range(0, len(points), BLOCK):
        block = points[first : first + BLOCK]
        table = block @ among.T
        table *= -2
        table += sizes  # squared distances, up to a constant for each point
        best = np.argpartition(table, k - 1, axis=1)[:, :k]
        exact = np.linalg.norm(among[best] - block[:, None], axis=2)  # the product is inexact for short distances
        order = np.lexsort((best, exact))
        here = slice(first, first + len(block))
        rows[here] = np.take_along_axis(best, order, axis=1)
        distances[here] = np.take_along_axis(exact, order, axis=1)
        if progress is not None:
            progress(min(1.0, (first + BLOCK) / len(points)))
    return rows, distances
