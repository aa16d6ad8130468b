"""Recognise tokens by the rows that a module read, where torch does not show how the rows came about.

A layer that acts on each step by itself gives equal tokens equal rows, and other tokens others. Where the ids of one
lookup and the rows of a module's input are paired like that in one order and in no other, each row's token is known.
Layers that mix steps do not pair them, and nothing is then known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Ints = NDArray[np.int64]
Marks = NDArray[np.complexfloating]

_FEWEST_REPEATS = 6  # of ids: each is a chance for a wrong order to show itself
_FEWEST_IDS = 3
_FIRST_LOOK = 2000  # steps, by which most wrong orders are ruled out
_MOST_CLOSE = 100  # ids whose marks may lie close together in one of their two parts
_SAME = 1e-5  # of the spread of all marks: rounding moves the marks of equal rows by less, and others lie further apart


def marks_of(rows: Tensor) -> Marks:
    """Return a complex number for each row (..., n), as (...,).

    Equal rows have the same one up to rounding, others another.
    """
    wide = rows.detach().to(torch.float64 if rows.dtype == torch.float64 else torch.float32)
    n = rows.shape[-1]
    with torch.autocast(wide.device.type, enabled=False):  # this way round in half of the time of rows by weights
        both = (_weights(n).to(wide) @ wide.reshape(rows.shape[:-1].numel(), n).T).cpu().numpy()
    marks = np.empty(both.shape[1], np.result_type(both.dtype, np.complex64))
    marks.real, marks.imag = both
    return marks.reshape(rows.shape[:-1])


@lru_cache(maxsize=16)
def _weights(n: int) -> Tensor:
    with torch.device("cpu"):
        return torch.randn(2, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def paired_places(ids: Ints, marks: Marks) -> Ints | None:
    """Return the place among ``ids`` (batch, steps) of which each row of ``marks`` (steps, batch) was made.

    None unless there is exactly one order in which equal ids have equal marks and other ids others.
    """
    flat, few = ids.reshape(-1), 1 + _FIRST_LOOK // marks.shape[1]
    tolerance = mark_tolerance(marks)
    fitting: list[Ints] = []
    steps = np.arange(len(marks))
    for grid, order in _orders(ids.shape, marks.shape):
        if _marks_by_id(flat[grid[order(steps[:few])]].reshape(-1), marks[:few].reshape(-1), tolerance) is None:
            continue
        places = grid[order(steps)]
        if are_paired(flat[places], marks, tolerance):
            fitting.append(places)
    is_one = len(fitting) > 0 and all(np.array_equal(fitting[0], other) for other in fitting[1:])
    return fitting[0] if is_one else None


def _orders(shape: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[tuple[Ints, Callable[[Ints], Ints]]]:
    """Yield the orders to try: places (steps, batch), and a function from a module's steps to steps of those places.

    They are the orders in which models read, and near misses of them.
    """
    places, n = np.arange(shape[0] * shape[1]).reshape(shape), wanted[0]
    for grid in (places, places.T):
        if grid.T.shape != wanted:
            continue
        for one in (grid.T, grid.T[:, ::-1])[: wanted[1]]:  # one sequence has one order
            yield one, lambda steps: steps
            yield one, lambda steps: n - 1 - steps
            yield one, lambda steps: (steps - 1) % n
            yield one, lambda steps: (steps + 1) % n


def are_paired(ids: Ints, marks: Marks, tolerance: float | None = None) -> bool:
    """Tell whether equal ids have equal marks and other ids others, with enough of both to tell.

    ``tolerance`` is how far marks of equal rows may be apart, where it is known of these and others.
    """
    flat, numbers = marks.reshape(-1), ids.reshape(-1)
    tolerance = mark_tolerance(flat) if tolerance is None else tolerance
    if not flat.size or not math.isfinite(tolerance):
        return False
    few = slice(0, _FIRST_LOOK)
    if flat.size > _FIRST_LOOK and _marks_by_id(numbers[few], flat[few], tolerance) is None:
        return False
    by_id = _marks_by_id(numbers, flat, tolerance)
    if by_id is None or len(by_id) < _FEWEST_IDS or flat.size - len(by_id) < _FEWEST_REPEATS:
        return False
    return _are_distinct(by_id[np.argsort(by_id.real)], tolerance)


def mark_tolerance(marks: Marks) -> float:
    """Return how far marks of equal rows may be apart; not finite where a mark is not."""
    if not marks.size:
        return math.nan
    parts = np.ascontiguousarray(marks.real), np.ascontiguousarray(marks.imag)
    return _SAME * float(np.max([*map(np.ptp, parts), 1e-30]))


def _marks_by_id(ids: Ints, marks: Marks, tolerance: float) -> Marks | None:
    """Return a mark of each id; None where one id has two."""
    if int(ids.min()) < 0 or int(ids.max()) > 8 * len(ids) + 1000:
        ids = np.unique(ids, return_inverse=True)[1].reshape(-1)
    at = np.full(int(ids.max()) + 1, -1)
    at[ids] = np.arange(len(ids))
    by_id = marks[at]
    off = (marks - by_id[ids]).view(marks.real.dtype)
    is_one_each = max(off.max(), -off.min()) <= tolerance
    return by_id[at >= 0] if is_one_each else None


def _are_distinct(by_real: Marks, tolerance: float) -> bool:
    """Tell whether no two marks, sorted by their real parts, are near each other."""
    for k in range(1, min(len(by_real), _MOST_CLOSE)):
        between = by_real[k:] - by_real[:-k]
        close = between.real <= tolerance
        if not close.any():
            return True
        if (np.abs(between.imag[close]) <= tolerance).any():
            return False
    return len(by_real) <= _MOST_CLOSE
