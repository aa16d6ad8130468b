"""A map: states of a source at sampled steps, or the embeddings of a vocabulary, each as a point in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.errors import PatternError
from lstmviz.maps.neighbours import nearest
from lstmviz.maps.pca import Basis

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[Method, ...] = get_args(Method)
NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
EMBEDDING = "embedding"  # what stands in the place of a source's name
MOST_CORNERS = 500  # of a region

Points = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Projection:
    """Points in two dimensions: ``points`` (n, 2) float32, one for each of ``ids`` (n,).

    An id is a step, or for ``source`` "embedding" the id of a token. ``n_all`` is how many steps (tokens) there are of
    which these are a sample, and ``n_nan`` of the sampled ones were left out. ``parameters`` are those of the method,
    by name. ``explained`` is the share of the variance along each axis for "pca", None for others, whose axes mean
    nothing. ``basis`` and ``reduced`` (n, n_axes) are what the points were made from.
    """

    source: str
    method: Method
    ids: NDArray[np.int64]
    points: Points
    n_all: int
    n_nan: int
    seed: int
    parameters: tuple[tuple[str, float], ...]
    explained: tuple[float, float] | None
    basis: Basis
    reduced: Points

    @property
    def is_of_steps(self) -> bool:
        """Whether each point is a step, and not a token of the vocabulary."""
        return self.source != EMBEDDING

    @property
    def is_exact(self) -> bool:
        """Whether ``place`` computes a point for states that were not sampled, and does not look for the nearest."""
        return self.method == "pca"

    def place(self, values: ArrayLike) -> Points:
        """Return where some states (n, n_units), in the source's view, lie on the map: (n, 2) float32.

        PCA places any state. On the other maps a state lies where the nearest of the sampled states lies. NaN where a
        value is not finite.
        """
        given = np.asarray(values, np.float32)
        if given.ndim != 2 or given.shape[1] != len(self.basis.mean):
            raise PatternError(f"states of shape {given.shape} do not fit the map; give (n, {len(self.basis.mean)})")
        placed = np.full((len(given), 2), np.nan, np.float32)
        is_whole = np.isfinite(given).all(axis=1)
        reduced = self.basis.place(given[is_whole])
        if self.method == "pca":
            placed[is_whole] = flat(reduced)
        elif len(self.ids):
            placed[is_whole] = self.points[nearest(reduced, self.reduced, 1)[0][:, 0]]
        return placed

    def at(self, ids: NDArray[np.int64]) -> Points:
        """Return the points of some steps or tokens that are on the map, (n, 2) float32; NaN for those that are not."""
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where((self.ids[places] == ids)[:, None], self.points[places], np.float32(np.nan))

    def inside(self, region: Sequence[Sequence[float]]) -> NDArray[np.int64]:
        """Return the ids of the points inside a polygon, given by its corners (x, y); PatternError where it is none."""
        return self.ids[inside(self.points, region)]


def flat(reduced: Points) -> Points:
    """Return the first two columns of some rows; a column of zeros where there is only one."""
    return np.pad(reduced[:, :2], ((0, 0), (0, max(0, 2 - reduced.shape[1]))))


def inside(points: Points, region: Sequence[Sequence[float]]) -> Mask:
    """Tell which points (n, 2) lie inside a polygon: a ray from them crosses its edges an odd number of times."""
    corners = checked_region(region)
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    is_in = np.zeros(len(points), np.bool_)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay == by:
            continue
        crosses = (ay > y) != (by > y)
        is_in ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return is_in


def checked_region(region: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return the corners of a polygon as plain numbers; PatternError where they are none, too few or too many."""
    try:
        corners = [(float(x), float(y)) for x, y in region]
    except (TypeError, ValueError) as err:
        raise PatternError("the region is no list of corners; give three or more, each as (x, y)") from err
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise PatternError(f"the region has {len(corners)} corners; give 3 to {MOST_CORNERS}")
    if not np.isfinite(corners).all():
        raise PatternError("a corner of the region is not a finite number; give each as (x, y)")
    return corners
