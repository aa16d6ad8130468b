"""Bins of a track's values, by which matches are counted and grouped.

Each label has a bin, and so has each number if the track has at most 64 different ones, all whole. Other numbers fall
into at most ten ranges, each of which holds about a tenth of the corpus.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.activity import Steps
from lstmviz.types import TrackKind

MAX_VALUES = 64  # different whole numbers, up to which each has a bin
N_RANGES = 10
ALL_DIGITS = 10**15  # whole numbers below it are written with all their digits
SAMPLE = 2**20  # values, spread evenly over the track, from which the ranges are made
BLOCK_STEPS = 2**20  # of a track, read at a time

_cache: WeakKeyDictionary[DumpReader, dict[tuple[str, str], tuple[Track, Bins]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of one track, in the order of its labels or numbers.

    Each has a name, and the numbers ``low`` to ``high`` that it holds (NaN for labels). Both ends are included, except
    the upper end of a range that is followed by another. ``n_steps`` counts the steps of the corpus in each bin.
    """

    kind: TrackKind
    names: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_steps: Steps

    def __len__(self) -> int:
        return len(self.names)

    def place(self, values: NDArray[Any]) -> Steps:
        """Return the bin of each of the track's stored values; ``len(bins)`` if there is no value."""
        if self.kind == "category":
            return np.where((values >= 0) & (values < len(self)), values, len(self)).astype(np.int64)
        numbers = values.astype(np.float64)
        places = np.searchsorted(self.low, numbers, side="right") - 1
        return np.where(np.isnan(numbers), len(self), np.maximum(places, 0)).astype(np.int64)


def bins_of(dump: DumpReader, axis: str, track: str) -> Bins:
    """Return the bins of a track, counted over the whole corpus once for an open dump, and anew once it has changed."""
    known, now = _cache.setdefault(dump, {}), dump.axis(axis).tracks[track]
    counted, bins = known.get((axis, track), (None, None))
    if bins is None or counted is not now:
        bins = _bins(now)
        known[axis, track] = now, bins
    return bins


def blocks(track: Track) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first step, stored values) of a track, in order."""
    for first in range(0, track.n_steps, BLOCK_STEPS):
        yield first, track[first : first + BLOCK_STEPS]


def values_at(track: Track, steps: Steps) -> NDArray[Any]:
    """Return a track's stored values at steps in rising order."""
    parts = [track[0:0]]
    for first in range(0, track.n_steps, BLOCK_STEPS):
        here = steps[slice(*np.searchsorted(steps, [first, first + BLOCK_STEPS]).tolist())]
        if len(here):
            begin, end = int(here[0]), int(here[-1]) + 1
            parts.append(track[begin:end][here - begin])
    return np.concatenate(parts)


def _bins(track: Track) -> Bins:
    if track.info.kind == "category":
        no_numbers = np.full(len(track.labels), np.nan)
        return _count_bins(track, track.labels, no_numbers, no_numbers)
    values = _whole_values(track)
    if values is not None:
        return _count_bins(track, tuple(f"{v:.0f}" for v in values.tolist()), values, values)
    edges = _range_edges(track)
    low, high = edges[:-1], edges[1:]
    return _count_bins(track, _range_names(edges.tolist()), low, high)


def _count_bins(track: Track, names: tuple[str, ...], low: NDArray[np.float64], high: NDArray[np.float64]) -> Bins:
    bins = Bins(track.info.kind, names, low, high, np.zeros(len(names), np.int64))
    for _, values in blocks(track):
        bins.n_steps[:] += np.bincount(bins.place(values), minlength=len(names) + 1)[: len(names)]
    return bins


def _whole_values(track: Track) -> NDArray[np.float64] | None:
    """Return the different numbers of a track in rising order; None if they are too many or not all whole."""
    different = np.zeros(0)
    for _, values in blocks(track):
        in_block = np.unique(values).astype(np.float64)
        different = np.union1d(different, in_block[~np.isnan(in_block)])
        if len(different) > MAX_VALUES or not (np.isfinite(different) & (different == np.trunc(different))).all():
            return None
    return different


def _range_names(edges: list[float]) -> tuple[str, ...]:
    """Return ranges as text, with four digits or as many as it takes to tell their ends apart."""
    texts = next(t for n in range(4, 18) if len(set(t := [_number(e, n) for e in edges])) == len(set(edges)))
    return tuple(f"{a} to {b}" for a, b in zip(texts, texts[1:], strict=False))


def _number(value: float, n_digits: int) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < ALL_DIGITS else f"{value:.{n_digits}g}"


def _range_edges(track: Track) -> NDArray[np.float64]:
    """Return the deciles of a track's values at which its ranges begin, and its greatest value; at least two edges."""
    every = math.ceil(track.n_steps / SAMPLE)
    parts, least, most = [], math.inf, -math.inf
    for first, values in blocks(track):
        numbers = values.astype(np.float64)
        parts.append(numbers[-first % every :: every])
        least, most = np.fmin(least, np.fmin.reduce(numbers)), np.fmax(most, np.fmax.reduce(numbers))
    sample = np.sort(np.concatenate(parts))
    sample = sample[~np.isnan(sample)]
    ranks = np.arange(1, N_RANGES) * (len(sample) - 1) // N_RANGES
    inner = np.unique(sample[ranks]) if len(sample) else sample
    return np.concatenate([[least], inner[(inner > least) & (inner < most)], [most]])
