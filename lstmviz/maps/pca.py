"""Principal component analysis, exact: the directions in which states differ most (Hotelling 1933).

The axes are the eigenvectors of the covariance, in float64. The sign of each is chosen so that its entry of largest
magnitude is positive (the first of them if several are equal); so a map is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 8_192  # rows widened to float64 at once

Values = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Basis:
    """A basis of principal axes: ``mean`` (n_units,), ``axes`` (n_axes, n_units) of unit length, ``shares`` (n_axes,).

    ``shares`` is the share of the total variance along each axis, the largest first. All are float64.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    shares: NDArray[np.float64]

    def place(self, values: Values) -> NDArray[np.float32]:
        """Return the coordinates of rows (n, n_units) along the axes: (n, n_axes) float32."""
        placed = np.empty((len(values), len(self.axes)), np.float32)
        for first in range(0, len(values), BLOCK):
            block = slice(first, first + BLOCK)
            placed[block] = (values[block].astype(np.float64) - self.mean) @ self.axes.T
        return placed


def principal_axes(values: Values, n_axes: int) -> Basis:
    """Return the first ``n_axes`` principal axes of rows (n, n_units), or all if there are fewer."""
    n, n_units = values.shape
    mean = values.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((n_units, n_units))
    for first in range(0, n, BLOCK):
        centred = values[first : first + BLOCK].astype(np.float64) - mean
        covariance += centred.T @ centred
    covariance /= max(1, n - 1)
    variances, vectors = np.linalg.eigh(covariance)
    largest = slice(None, -min(n_axes, n_units) - 1, -1)  # eigh gives the smallest first
    axes = vectors.T[largest]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    total = np.maximum(variances, 0).sum()
    shares = np.maximum(variances[largest], 0) / total if total > 0 else np.zeros(len(axes))
    return Basis(mean, axes * signs[:, None], shares)
