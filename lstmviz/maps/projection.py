"""A map: states of a source at sampled steps, or the embeddings of a vocabulary, as points in two dimensions."""

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
"""How a map is computed."""
METHODS: tuple[Method, ...] = get_args(Method)
NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
EMBEDDING = "embedding"  # asked for in place of a source's name
MAX_CORNERS = 500  # of a region

Points = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Projection:
    """A map: points in two dimensions, each a step or, for the source ``"embedding"``, a token.

    Attributes:
        source: Name of the source, or ``"embedding"``.
        method: ``"pca"``, ``"tsne"`` or ``"umap"``.
        ids: The steps, or the ids of the tokens, (n,).
        points: Their places, (n, 2).
        n_all: Number of steps or tokens of which these are a sample.
        n_nan: Number of sampled ones that were left out because a value is not finite.
        seed: Seed of the sample and of the method.
        parameters: Parameters of the method, by name.
        explained: Share of the variance along each axis for ``"pca"``; None for the others, whose axes mean nothing.
        basis: The principal axes that the states were reduced to.
        reduced: The reduced states, (n, n_axes), from which the points were made.

    Example:
        >>> mapped = dump.project("rnn.l1.c", n_steps=1000)
        >>> mapped.is_exact, mapped.n_all
        (True, 20000)
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
        """Whether each point is a step rather than a token of the vocabulary."""
        return self.source != EMBEDDING

    @property
    def is_exact(self) -> bool:
        """Whether ``place`` computes the place of any state, rather than taking that of the nearest sampled one."""
        return self.method == "pca"

    def place(self, values: ArrayLike) -> Points:
        """Place states on the map. PCA computes the place; the other methods take that of the nearest sampled state.

        Args:
            values: The states, (n, n_units), in the view of the source.

        Returns:
            The places, (n, 2); NaN where a value is not finite.

        Raises:
            PatternError: The states have another number of units.
        """
        states = np.asarray(values, np.float32)
        if states.ndim != 2 or states.shape[1] != len(self.basis.mean):
            raise PatternError(f"states of shape {states.shape} do not fit the map; give (n, {len(self.basis.mean)})")
        placed = np.full((len(states), 2), np.nan, np.float32)
        is_finite = np.isfinite(states).all(axis=1)
        reduced = self.basis.place(states[is_finite])
        if self.method == "pca":
            placed[is_finite] = first_two(reduced)
        elif len(self.ids):
            placed[is_finite] = self.points[nearest(reduced, self.reduced, 1)[0][:, 0]]
        return placed

    def at(self, ids: NDArray[np.int64]) -> Points:
        """Look up the places of steps or tokens.

        Args:
            ids: The steps, or the ids of the tokens.

        Returns:
            The places, (n, 2); NaN for those that are not on the map.
        """
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where((self.ids[places] == ids)[:, None], self.points[places], np.float32(np.nan))

    def inside(self, region: Sequence[Sequence[float]]) -> NDArray[np.int64]:
        """Find the points inside a polygon.

        Args:
            region: The corners, each as (x, y).

        Returns:
            The steps, or the ids of the tokens.

        Raises:
            PatternError: The polygon is invalid.
        """
        return self.ids[inside(self.points, region)]


def first_two(reduced: Points) -> Points:
    """Return the first two columns; zeros for a column that is missing."""
    return np.pad(reduced[:, :2], ((0, 0), (0, max(0, 2 - reduced.shape[1]))))


def inside(points: Points, region: Sequence[Sequence[float]]) -> Mask:
    """Tell which points (n, 2) lie inside a polygon: a ray from such a point crosses an odd number of its edges."""
    corners = check_corners(region)
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    is_in = np.zeros(len(points), np.bool_)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay == by:
            continue
        crosses = (ay > y) != (by > y)
        is_in ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return is_in


def check_corners(region: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return the corners of a polygon as plain numbers; PatternError where they are no numbers, too few or too many."""
    try:
        corners = [(float(x), float(y)) for x, y in region]
    except (TypeError, ValueError) as err:
        raise PatternError("the region is not a list of corners; give three or more, each as (x, y)") from err
    if not 3 <= len(corners) <= MAX_CORNERS:
        raise PatternError(f"the region has {len(corners)} corners; give 3 to {MAX_CORNERS}")
    if not np.isfinite(corners).all():
        raise PatternError("a corner of the region is not a finite number; give each as (x, y)")
    return corners
