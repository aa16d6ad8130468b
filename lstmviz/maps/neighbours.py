"""Nearest neighbours, exact, by blocks of one matrix product each: a map of some ten thousand points needs no index."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BLOCK = 2_000  # points compared with all others at once: a table of 160 MB at 20,000 points

Points = NDArray[np.float32]
Indices = NDArray[np.int64]


def nearest(
    points: Points, among: Points, k: int, told: Callable[[float], None] | None = None
) -> tuple[Indices, NDArray[np.float32]]:
    """Return for each point the k nearest of others, nearest first: their rows in ``among`` and Euclidean distances.

    Shapes (n_points, k), both. Where two are as near, the first row counts as nearer. ``told`` hears the share that is
    done.
    """
    k = min(k, len(among))
    found, distances = np.empty((len(points), k), np.int64), np.empty((len(points), k), np.float32)
    sizes = np.einsum("ij,ij->i", among, among)
    for first in range(0, len(points), BLOCK):
        some = points[first : first + BLOCK]
        table = some @ among.T
        table *= -2
        table += sizes  # squared distances, less what is the same for all others of a point
        best = np.argpartition(table, k - 1, axis=1)[:, :k]
        exact = np.linalg.norm(among[best] - some[:, None], axis=2)  # the product loses the digits of small ones
        order = np.lexsort((best, exact))
        here = slice(first, first + len(some))
        found[here] = np.take_along_axis(best, order, axis=1)
        distances[here] = np.take_along_axis(exact, order, axis=1)
        if told is not None:
            told(min(1.0, (first + BLOCK) / len(points)))
    return found, distances
