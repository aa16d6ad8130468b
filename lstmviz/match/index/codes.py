"""Codes: one byte a recorded value, which decides most thresholds without reading the value.

The range of values is cut at boundaries; a value's code counts the boundaries at or below it. Every question of a
pattern is ``value >= x`` for some storable x (side low asks for the opposite), so the code alone decides it if x is a
boundary. There is a boundary at every threshold that is a multiple of 0.01 in the view, for either side. For any other
threshold the values of one code remain undecided, and the recorded values are read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.types import Side, View, view_cut

Codes = NDArray[np.uint8]

NAN_CODE = 0
UNSURE = 255  # in the look-up table: the leading bits do not determine the code
HUNDREDTHS = range(-100, 101)  # thresholds of the grid, in the view
LEADING_BITS = {"float16": 16, "float32": 20, "float64": 20}  # of a value; a table of them fits into the cache
_BITS: dict[str, Any] = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}

Dtype = Literal["float16", "float32", "float64"]


@dataclass(frozen=True)
class Rule:
    """Which codes are on: those from ``least`` up (high) or below it (low); ``unsure`` is the code left undecided."""

    side: Side
    least: int
    unsure: int | None

    def apply(self, codes: Codes) -> NDArray[np.bool_]:
        """Tell which codes are on; an unsure one counts as off. NaN is never on."""
        if self.side == "high":
            return codes >= np.uint8(self.least) if self.least <= UNSURE else np.zeros(codes.shape, np.bool_)
        return (codes - np.uint8(1)) < np.uint8(self.least - 1)  # NaN's 0 wraps to 255


class Coder:
    """Turns values of a stored type and view into codes, and thresholds into rules on codes."""

    def __init__(self, dtype: Dtype, view: View) -> None:
        self.dtype = np.dtype(dtype)
        self.boundaries = _boundaries(self.dtype, view)
        self._bits = _BITS[dtype]
        self._shift = self.dtype.itemsize * 8 - LEADING_BITS[dtype]
        self._table = self._make_table(LEADING_BITS[dtype])

    def encode(self, values: NDArray[Any]) -> Codes:
        """Return the codes of values of this type, in the same shape; NaN has code 0."""
        bits = np.ascontiguousarray(values).view(self._bits)
        codes: Codes = self._table[bits >> self._shift if self._shift else bits]
        if self._shift:
            unsure = np.nonzero(codes == UNSURE)
            codes[unsure] = self._search(values[unsure])
        return codes

    def rule(self, cut: float, side: Side) -> Rule:
        """Return the rule for ``value >= cut`` (high) or ``value <= cut`` (low), cut in float64."""
        x = at_or_above(cut, self.dtype) if side == "high" else above(cut, self.dtype)
        if math.isnan(x):  # no storable value lies above
            return Rule(side, UNSURE + 1 if side == "high" else UNSURE, None)
        n_below = int(np.searchsorted(self.boundaries, x, side="right"))
        if n_below and self.boundaries[n_below - 1] == x:
            return Rule(side, n_below + 1, None)
        return Rule(side, n_below + 2 if side == "high" else n_below + 1, n_below + 1)

    def _search(self, values: NDArray[Any]) -> Codes:
        with np.errstate(invalid="ignore"):  # a signalling NaN
            codes = np.searchsorted(self.boundaries, values.astype(np.float64), side="right") + 1
        return np.where(np.isnan(values), NAN_CODE, codes).astype(np.uint8)

    def _make_table(self, n_bits: int) -> Codes:
        leading = np.arange(2**n_bits, dtype=self._bits) << self._shift
        first = self._search(leading.view(self.dtype))
        last = self._search((leading | self._bits(2**self._shift - 1)).view(self.dtype))
        return np.where(first == last, first, UNSURE).astype(np.uint8)


@lru_cache(maxsize=8)
def coder_for(dtype: Dtype, view: View) -> Coder:
    """Return the coder of a stored type and a view; it is made once."""
    return Coder(dtype, view)


def at_or_above(cut: float, dtype: np.dtype[Any]) -> float:
    """Return the smallest storable value ``>= cut``."""
    with np.errstate(over="ignore"):
        near = dtype.type(cut)
    return float(near) if float(near) >= cut else _next_up(near)


def above(cut: float, dtype: np.dtype[Any]) -> float:
    """Return the smallest storable value ``> cut``; NaN where there is none."""
    x = at_or_above(cut, dtype)
    if x > cut:
        return x
    return math.nan if math.isinf(x) and x > 0 else _next_up(dtype.type(x))


def _next_up(value: np.floating[Any]) -> float:
    with np.errstate(over="ignore"):
        return float(np.nextafter(value, value.dtype.type(np.inf)))


def _boundaries(dtype: np.dtype[Any], view: View) -> NDArray[np.float64]:
    """Return the sorted boundaries: where the thresholds of the grid cut the storable values; at most 254.

    In 64 bits each threshold has a boundary for each side, which is too many for a byte. There only side high at
    positive thresholds and side low at negative ones have one, and both sides at multiples of a quarter.
    """
    boundaries = set()
    for i in HUNDREDTHS:
        cut, is_both = view_cut(view, i / 100), dtype.itemsize < 8 or i % 25 == 0
        if is_both or i > 0:
            boundaries.add(at_or_above(cut, dtype))
        if is_both or i < 0:
            boundaries.add(above(cut, dtype))
    return np.array(sorted(b for b in boundaries if not math.isnan(b)), np.float64)
