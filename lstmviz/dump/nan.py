"""Count NaN values, which NumPy is slow at for float16."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 65_536  # values counted at a time, which fit a core's cache
_INFINITY = 0x7C00  # a float16's bits without the sign: larger ones are NaN


def count_nan(values: NDArray[Any]) -> int:
    """Return how many values of a float array are NaN."""
    if values.dtype != np.float16 or not values.dtype.isnative:
        return int(np.count_nonzero(np.isnan(values)))
    bits = np.ascontiguousarray(values).reshape(-1).view(np.uint16)
    blocks = (bits[start : start + _BLOCK] for start in range(0, len(bits), _BLOCK))
    return sum(int(np.count_nonzero((block & 0x7FFF) > _INFINITY)) for block in blocks)
