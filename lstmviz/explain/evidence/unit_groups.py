"""Units that go on and off together: clustered by correlation, in an order in which one sees blocks (SciPy)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOGETHER = 0.5  # of a group: the mean size of the correlation between its two halves
MOST_ORDERED = 256  # units up to which the leaves are put in the best order, which takes their number cubed
MOST_ROWS = 2**13  # steps that correlations of many units are computed from
MANY = 512  # units


def groups_of(values: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each unit's place in an order of likeness, and its group, from values (n_steps, n_units).

    Units are joined by average linkage of 1 - |r|; up to 256 units are put in the optimal order of leaves (Bar-Joseph
    et al. 2001). Groups count from 1 in that order; a unit that stands alone has group 0. A constant unit is like none.
    """
    n_units = values.shape[1]
    if n_units < 2:
        return np.zeros(n_units, np.int64), np.zeros(n_units, np.int64)
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    distance = squareform(1 - np.abs(_correlations(values)), checks=False)
    tree = linkage(distance, "average")
    if n_units <= MOST_ORDERED:
        tree = optimal_leaf_ordering(tree, distance)
    leaves = leaves_list(tree)
    place = np.empty(n_units, np.int64)
    place[leaves] = np.arange(n_units)
    cluster = fcluster(tree, 1 - TOGETHER, "distance")
    n_in = np.bincount(cluster)
    group, seen = np.zeros(n_units, np.int64), dict[int, int]()
    for unit in leaves.tolist():
        if n_in[cluster[unit]] > 1:
            group[unit] = seen.setdefault(int(cluster[unit]), len(seen) + 1)
    return place, group


def _correlations(values: NDArray[np.float32]) -> NDArray[np.float64]:
    if values.shape[1] > MANY and len(values) > MOST_ROWS:
        values = values[:: -(-len(values) // MOST_ROWS)]
    known = np.where(np.isfinite(values), values, 0).astype(np.float32)
    known -= known.mean(axis=0)
    size = np.sqrt((known * known).sum(axis=0))
    known /= np.where(size > 0, size, 1)
    r = (known.T @ known).astype(np.float64)
    np.fill_diagonal(r, 1.0)
    return np.clip(r, -1.0, 1.0)
