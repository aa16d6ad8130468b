"""Which activations are on: recorded values compared with a threshold, exactly as float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.types import Side, Source


def is_on(values: NDArray[Any], source: Source, threshold: float, side: Side = "high") -> NDArray[np.bool_]:
    """Tell where recorded values (any shape) are on: ``>= threshold`` (high) or ``<= threshold`` (low) in the view.

    The answer is that of comparing float64(value) with the source's float64 cut; NaN is never on. For values stored
    in 16 or 32 bits the cut is first rounded to a float32 that gives the same answer, which is faster.
    """
    return compare(values, source.cut(threshold), side)


def compare(values: NDArray[Any], cut: float, side: Side) -> NDArray[np.bool_]:
    """Compare values with a float64 cut exactly, whatever their float type."""
    if values.dtype == np.float64:
        bound: Any = np.float64(cut)
    else:
        values = values.astype(np.float32, copy=False)
        bound = _float32_beyond(cut, side)
    on: NDArray[np.bool_] = values >= bound if side == "high" else values <= bound
    return on


def _float32_beyond(cut: float, side: Side) -> np.float32:
    """Return the smallest float32 >= cut (high), or the largest <= cut (low)."""
    with np.errstate(over="ignore"):
        bound = np.float32(cut)
    if side == "high" and float(bound) < cut:
        return np.float32(np.nextafter(bound, np.float32(np.inf)))
    if side == "low" and float(bound) > cut:
        return np.float32(np.nextafter(bound, np.float32(-np.inf)))
    return bound
