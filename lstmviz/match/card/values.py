"""The spread of one unit's values: histogram, exact quantiles, and the share of steps on at each threshold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.match.index.unit_values import UnitValues

N_BINS = 50
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
DIGIT_BITS = 16  # of a value, counted in one pass


def spread(values: UnitValues) -> pd.DataFrame:
    """Return the histogram of the values in the view: low, high, n_steps; a value at an inner edge counts above it.

    The bins cover -1 to 1, or all finite values if some lie beyond; infinite raw values are in no bin.
    """
    low, high = -1.0, 1.0
    if values.info.view == "raw":
        for block, _ in values.counted():
            finite = block[np.isfinite(block)].astype(np.float64)
            low, high = min(low, float(finite.min(initial=low))), max(high, float(finite.max(initial=high)))
    half = np.linspace(low / 2, high / 2, N_BINS + 1)  # halved, because the full width may overflow
    edges = half * 2
    counts = np.zeros(N_BINS, np.int64)
    for block, n_times in values.counted():
        recorded = block.astype(np.float64)
        in_view = np.tanh(recorded) if values.info.view == "tanh" else recorded
        is_in = (in_view >= low) & (in_view <= high)
        bins = np.searchsorted(edges, in_view[is_in], side="right") - 1
        counts += _count(np.minimum(bins, N_BINS - 1), None if n_times is None else n_times[is_in], N_BINS)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_steps": counts})


def on_rates(values: UnitValues, n_values: int) -> pd.DataFrame:
    """Return the share of steps on at each threshold -1.00 to 1.00: threshold, high (>= it), low (<= it)."""
    grid = np.arange(-100, 101) / 100
    cuts = np.array([values.info.cut(t) for t in grid.tolist()])
    n_reached = np.zeros((2, len(grid) + 1), np.int64)  # values by the number of cuts <= value, and < value
    for block, n_times in values.counted():
        recorded = block.astype(np.float64)
        for row, side in zip(n_reached, ("right", "left"), strict=True):
            row += _count(np.searchsorted(cuts, recorded, side=side), n_times, len(row))  # type: ignore[call-overload]
    high = np.cumsum(n_reached[0][::-1])[::-1][1:]
    low = np.cumsum(n_reached[1])[:-1]
    with np.errstate(invalid="ignore"):
        return pd.DataFrame({"threshold": grid, "high": high / n_values, "low": low / n_values})


def quantiles(values: UnitValues, n_values: int) -> pd.DataFrame:
    """Return quantiles of the values in the view, each of them a recorded value: quantile, value (NaN if none)."""
    if not n_values:
        return pd.DataFrame({"quantile": QUANTILES, "value": np.nan})
    recorded = _values_at_ranks(values, [max(0, math.ceil(q * n_values) - 1) for q in QUANTILES])
    in_view = [float(np.tanh(v)) for v in recorded] if values.info.view == "tanh" else recorded
    return pd.DataFrame({"quantile": QUANTILES, "value": in_view})


def _values_at_ranks(values: UnitValues, ranks: list[int]) -> list[float]:
    """Return the values at some ranks of the sorted values, exactly and without sorting, by a radix selection.

    The bits of a float, read as an integer with those of negative numbers inverted, sort as the floats do. Each pass
    counts the next 16 bits among the values that share the bits known so far.
    """
    n_bits = 8 * np.dtype(values.info.dtype).itemsize
    prefixes, rest = [0] * len(ranks), list(ranks)
    for shift in range(n_bits - DIGIT_BITS, -1, -DIGIT_BITS):
        counts = {prefix: np.zeros(2**DIGIT_BITS, np.int64) for prefix in prefixes}
        for block, n_times in values.counted():
            keys = _keys(block)
            for prefix, count in counts.items():
                has_prefix = (
                    np.ones(len(keys), np.bool_)
                    if shift + DIGIT_BITS == n_bits
                    else keys >> (shift + DIGIT_BITS) == prefix
                )
                digits = (keys[has_prefix] >> shift) & (2**DIGIT_BITS - 1)
                count += _count(digits.astype(np.int64), None if n_times is None else n_times[has_prefix], len(count))
        for i, prefix in enumerate(prefixes):
            upto = np.cumsum(counts[prefix])
            digit = int(np.searchsorted(upto, rest[i], side="right"))
            rest[i] -= int(upto[digit - 1]) if digit else 0
            prefixes[i] = (prefix << DIGIT_BITS) | digit
    return [_value(key, n_bits, values.info.dtype) for key in prefixes]


def _count(places: NDArray[np.int64], n_times: NDArray[np.int64] | None, n_places: int) -> NDArray[np.int64]:
    """Count how often each place occurs, each once or ``n_times``."""
    if n_times is None:
        return np.bincount(places, minlength=n_places)
    counts = np.zeros(n_places, np.int64)
    np.add.at(counts, places, n_times)  # bincount would add up weights as floats
    return counts


def _keys(block: NDArray[np.floating]) -> NDArray[np.uint64]:
    n_bits = 8 * block.dtype.itemsize
    bits = np.ascontiguousarray(block).view(f"u{block.dtype.itemsize}").astype(np.uint64)
    top = np.uint64(1 << (n_bits - 1))
    return np.where(bits & top, ~bits & np.uint64(2**n_bits - 1), bits | top)


def _value(key: int, n_bits: int, dtype: str) -> float:
    top = 1 << (n_bits - 1)
    bits = key ^ top if key & top else ~key & (2**n_bits - 1)
    return float(np.array([bits], np.uint64).astype(f"u{n_bits // 8}").view(dtype)[0])
