"""Brute-force twins of what is done with the matches once they are found: orders, groups, bins, carry, barcode."""

from __future__ import annotations

import math


def is_missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def order(rows, values, how, length):
    """Rows (start, stop, sequence, n_shared, n_union) in an order; ``values`` is a track's, comparable or missing."""
    in_order = sorted(rows, key=lambda r: (-r[3], r[0], r[1]))  # sorts below are stable
    if how == "best":
        return sorted(rows, key=lambda r: (-r[3], r[4], abs(r[1] - r[0] - length), r[0], r[1]))
    if how == "step":
        return sorted(rows, key=lambda r: (r[0], r[1]))
    if how.endswith("length"):
        return sorted(in_order, key=lambda r: r[1] - r[0], reverse=how[0] == "-")
    with_value = [r for r in in_order if not is_missing(values[r[0]])]
    without = [r for r in in_order if is_missing(values[r[0]])]
    return sorted(with_value, key=lambda r: values[r[0]], reverse=how[0] == "-") + without


def edges(values):
    """None where each different number has a bin of its own, else where the ranges begin and the greatest value."""
    known = sorted(v for v in values if not math.isnan(v))
    different = sorted(set(known))
    if len(different) <= 64 and all(math.isfinite(v) and v == int(v) for v in different):
        return None
    inner = {known[(i * (len(known) - 1)) // 10] for i in range(1, 10)}
    return [known[0], *sorted(v for v in inner if known[0] < v < known[-1]), known[-1]]


def bins(values):
    """(low, high) of each bin of a track of numbers, rising."""
    found = edges(values)
    if found is None:
        return [(v, v) for v in sorted({v for v in values if not math.isnan(v)})]
    return list(zip(found, found[1:], strict=False))


def is_in(value, some, index):
    """Whether a value lies in bin ``index``: the upper end belongs to it only where no bin follows."""
    low, high = some[index]
    return value == low or low < value < high or (value == high and index == len(some) - 1)


def place(value, some):
    return next((i for i in range(len(some)) if is_in(value, some, i)), len(some))


def steps_of(rows):
    return {t for r in rows for t in range(r[0], r[1])}


def barcode(rows, n_steps, n_bins):
    width = -(-n_steps // n_bins)
    inside = steps_of(rows)
    return [
        (
            a,
            min(a + width, n_steps),
            sum(a <= r[0] < a + width for r in rows),
            sum(t in inside for t in range(a, min(a + width, n_steps))),
        )
        for a in range(0, n_steps, width)
    ]
