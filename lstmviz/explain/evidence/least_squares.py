"""Greedy least squares: units added one by one, each the one that leaves the least unexplained, from products alone."""

from __future__ import annotations

import numpy as np

from lstmviz.explain.evidence.swaps import Floats

LEFT_OVER = 1e-9  # of a unit's variance: where the units before it explain all but this, it adds nothing


class Products:
    """The products of units and one-hot labels over some steps, added up block by block."""

    def __init__(self, n_units: int, n_labels: int) -> None:
        self.n = 0
        self.x, self.y = np.zeros(n_units), np.zeros(n_labels)
        self.xx, self.xy = np.zeros((n_units, n_units)), np.zeros((n_units, n_labels))

    def add(self, values: Floats, labels: Floats) -> None:
        """Add the values of units (n_steps, n_units) and one-hot labels (n_steps, n_labels)."""
        self.n += len(values)
        self.x += values.sum(axis=0)
        self.y += labels.sum(axis=0)
        self.xx += values.T @ values
        self.xy += values.T @ labels

    def centred(self) -> tuple[Floats, Floats]:
        """Return the products of units with units, and of units with labels, all less their means."""
        n = max(1, self.n)
        return self.xx - np.outer(self.x, self.x) / n, self.xy - np.outer(self.x, self.y) / n


def greedy_path(products: Products, most: int) -> list[int]:
    """Return up to ``most`` units in the order in which they explain most of what is left of the labels."""
    xx, xy = products.centred()
    least = LEFT_OVER * np.diag(xx)
    path: list[int] = []
    while len(path) < most:
        unexplained = np.diag(xx)
        can = unexplained > np.maximum(least, 0.0)
        can[path] = False
        if not can.any():
            break
        gain = np.divide((xy**2).sum(axis=1), unexplained, out=np.full(len(unexplained), -1.0), where=can)
        unit = int(gain.argmax())
        path.append(unit)
        share = xx[:, unit] / xx[unit, unit]
        xy = xy - np.outer(share, xy[unit])
        xx = xx - np.outer(share, xx[unit])
    return path


def weights(products: Products, units: list[int]) -> tuple[Floats, Floats]:
    """Return the least-squares weights of some units, (n_units, n_labels), and the constant of each label."""
    xx, xy = products.centred()
    weight: Floats = np.linalg.lstsq(xx[np.ix_(units, units)], xy[units], rcond=None)[0].astype(np.float64)
    n = max(1, products.n)
    return weight, products.y / n - products.x[units] / n @ weight
