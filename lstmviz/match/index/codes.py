"""Codes: one byte a recorded value, which decides most thresholds, and a second one, which decides almost all others.

The range of values is cut at boundaries; a value's code counts the boundaries at or below it. Every question of a
pattern is ``value >= x`` for some storable x (side low asks for the opposite), so the code alone decides it if x is a
boundary. There is a boundary at every threshold that is a multiple of 0.01 in the view, for either side. For any other
threshold the values of one code remain undecided. Their *fine* byte says where in the code's range they lie: it
distinguishes all 16-bit values from 0.0625 to 1, and otherwise about 250 parts of the range. Where a value has both
bytes of the threshold, and only there, the recorded value is read.
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
Places = NDArray[np.uint16]  # code * 256 + fine byte: in the order of the values

NAN_CODE = 0
LAST_CODE = 255
WORD = 8  # codes looked at together
MOST_WORDS = 0.25  # of all words; where more have an unsure code, all are looked at
SEARCH = 2**16 - 1  # in the look-up table: the leading bits do not determine the place
SMALLEST, LARGEST = 2.0**-15, 2.0**8  # sizes beyond which all values of one code have the same fine byte
HUNDREDTHS = range(-100, 101)  # thresholds of the grid, in the view
LEADING_BITS = {"float16": 16, "float32": 20, "float64": 20}  # of a value; a table of them fits into the cache
_BITS: dict[str, Any] = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}

Dtype = Literal["float16", "float32", "float64"]


@dataclass(frozen=True)
class Rule:
    """Which codes are on: those from ``least`` up (high) or below it (low); ``unsure`` is the code left undecided.

    Of the values with the unsure code those are on whose fine byte is ``least_fine`` or more (high), or less (low);
    ``unsure_fine`` is the fine byte that leaves them undecided still.
    """

    side: Side
    least: int
    unsure: int | None = None
    least_fine: int = 0
    unsure_fine: int | None = None

    def apply(self, codes: Codes) -> NDArray[np.bool_]:
        """Tell which codes are on; an unsure one counts as off. NaN is never on."""
        if self.side == "high":
            return _from(codes, self.least)
        return (codes - np.uint8(1)) < np.uint8(self.least - 1)  # NaN's 0 wraps to 255

    def decide(self, codes: Codes, fine: Codes) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Tell which values are on by both of their bytes, and the places of those still unsure, which count as off."""
        if self.unsure is None or self.unsure_fine is None:
            return self._by_both(codes, fine), np.zeros(0, np.intp)
        whole = len(codes) // WORD * WORD
        words = np.flatnonzero((codes[:whole] == self.unsure).view(np.uint64) != 0)
        if len(words) * WORD > whole * MOST_WORDS:
            return self._by_both(codes, fine), np.flatnonzero(self._are_unsure(codes, fine))
        on = self.apply(codes)
        some_codes, some_fine = (part[:whole].reshape(-1, WORD).take(words, axis=0) for part in (codes, fine))
        on[:whole].view(np.uint64)[words] = self._by_both(some_codes, some_fine).view(np.uint64)[:, 0]
        on[whole:] = self._by_both(codes[whole:], fine[whole:])
        word, place = np.nonzero(self._are_unsure(some_codes, some_fine))
        last = np.flatnonzero(self._are_unsure(codes[whole:], fine[whole:]))
        return on, np.concatenate([words[word] * WORD + place, whole + last])

    def _by_both(self, codes: Codes, fine: Codes) -> NDArray[np.bool_]:
        if self.unsure is None:
            return self.apply(codes)
        if self.side == "high":
            return codes > np.uint8(self.unsure) - self.apply_fine(fine).view(np.uint8)
        return codes - np.uint8(1) < np.uint8(self.unsure - 1) + self.apply_fine(fine).view(np.uint8)

    def _are_unsure(self, codes: Codes, fine: Codes) -> NDArray[np.bool_]:
        are_unsure: NDArray[np.bool_] = (codes == self.unsure) & (fine == self.unsure_fine)
        return are_unsure

    def apply_fine(self, fine: Codes) -> NDArray[np.bool_]:
        """Tell by their fine bytes which values with the unsure code are on; those still unsure count as off."""
        return _from(fine, self.least_fine) if self.side == "high" else fine < np.uint8(self.least_fine)


class Coder:
    """Turns values of a stored type and view into codes, and thresholds into rules on codes."""

    def __init__(self, dtype: Dtype, view: View) -> None:
        self.dtype = np.dtype(dtype)
        self.boundaries = _boundaries(self.dtype, view)
        self._bits = _BITS[dtype]
        self._shift = self.dtype.itemsize * 8 - LEADING_BITS[dtype]
        self._first_bits = self._leading(np.concatenate([[-np.inf], self.boundaries]).astype(self.dtype))
        self._table = self._make_table(LEADING_BITS[dtype])

    def encode(self, values: NDArray[Any]) -> Codes:
        """Return the codes of values of this type, in the same shape; NaN has code 0."""
        return (self.places(values) >> 8).astype(np.uint8)

    def places(self, values: NDArray[Any]) -> Places:
        """Return the places of values of this type, in the same shape; NaN has place 0."""
        places: Places = self._table[self._leading(values)]
        if self._shift:
            unsure = np.nonzero(places == SEARCH)
            places[unsure] = self._search_places(values[unsure])
        return places

    @lru_cache(maxsize=64)  # noqa: B019  there are few coders, and each is kept anyway
    def rule(self, cut: float, side: Side) -> Rule:
        """Return the rule for ``value >= cut`` (high) or ``value <= cut`` (low), cut in float64."""
        x = at_or_above(cut, self.dtype) if side == "high" else above(cut, self.dtype)
        if math.isnan(x):  # no storable value lies above
            return Rule(side, LAST_CODE + 1 if side == "high" else LAST_CODE)
        n_below = int(np.searchsorted(self.boundaries, x, side="right"))
        if n_below and self.boundaries[n_below - 1] == x:
            return Rule(side, n_below + 1)
        least = n_below + 2 if side == "high" else n_below + 1
        before, at = self.places(np.array([_next(self.dtype.type(x), -np.inf), x], self.dtype)).tolist()
        fine = at % 256
        if before != at:
            return Rule(side, least, n_below + 1, fine)
        return Rule(side, least, n_below + 1, fine + 1 if side == "high" else fine, fine)

    def _leading(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the leading bits of values."""
        bits: NDArray[Any] = np.ascontiguousarray(values).view(self._bits)
        return bits >> self._bits(self._shift) if self._shift else bits

    def _search(self, values: NDArray[Any]) -> Codes:
        with np.errstate(invalid="ignore"):  # a signalling NaN
            codes = np.searchsorted(self.boundaries, values.astype(np.float64), side="right") + 1
        return np.where(np.isnan(values), NAN_CODE, codes).astype(np.uint8)

    def _search_places(self, values: NDArray[Any]) -> Places:
        """Return the places of values whose leading bits are those of a boundary: first or last of their code."""
        codes = self._search(values)
        begins_here = self._first_bits[np.maximum(codes, 1) - 1] == self._leading(values)
        fine = np.where(begins_here | (codes == NAN_CODE), 0, 255)
        return (codes.astype(np.uint16) * np.uint16(256) + fine).astype(np.uint16)

    def _make_table(self, n_bits: int) -> Places:
        """Return the place of each pattern of leading bits; SEARCH where these do not determine it."""
        leading = np.arange(2**n_bits, dtype=self._bits) << self._shift
        first = self._search(leading.view(self.dtype))
        last = self._search((leading | self._bits(2**self._shift - 1)).view(self.dtype))
        least, n_fine = (1, 254) if self._shift else (0, 256)  # 0 and 255 are those of ``_search_places``
        size = (leading >> self._shift).astype(np.int64) & (2 ** (n_bits - 1) - 1)  # in the order of absolute values
        size = np.clip(size, *self._leading(np.array([SMALLEST, LARGEST], self.dtype)).tolist())
        with np.errstate(invalid="ignore"):  # a signalling NaN
            size[leading.view(self.dtype) < 0] *= -1  # -0.0 is 0.0
        low, high = np.full(256, size.max()), np.full(256, size.min())  # of each code
        np.minimum.at(low, first, size)
        np.maximum.at(high, first, size)
        fine = least + (size - low[first]) * n_fine // (high - low + 1)[first]
        places = first.astype(np.int64) * 256 + fine
        return np.where(first == NAN_CODE, 0, np.where(first == last, places, SEARCH)).astype(np.uint16)


def _from(codes: Codes, least: int) -> NDArray[np.bool_]:
    """Tell which bytes are ``least`` or more, which may be more than any byte."""
    return codes >= np.uint8(least) if least <= 255 else np.zeros(codes.shape, np.bool_)


@lru_cache(maxsize=8)
def coder_for(dtype: Dtype, view: View) -> Coder:
    """Return the coder of a stored type and a view; it is made once."""
    return Coder(dtype, view)


def at_or_above(cut: float, dtype: np.dtype[Any]) -> float:
    """Return the smallest storable value ``>= cut``."""
    with np.errstate(over="ignore"):
        near = dtype.type(cut)
    return float(near) if float(near) >= cut else _next(near, np.inf)


def above(cut: float, dtype: np.dtype[Any]) -> float:
    """Return the smallest storable value ``> cut``; NaN where there is none."""
    x = at_or_above(cut, dtype)
    if x > cut:
        return x
    return math.nan if math.isinf(x) and x > 0 else _next(dtype.type(x), np.inf)


def _next(value: np.floating[Any], towards: float) -> float:
    """Return the next storable value."""
    with np.errstate(over="ignore"):
        return float(np.nextafter(value, value.dtype.type(towards)))


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
