"""How the values of a track are put in bins, to count what matches carry and to group them by it.

Labels have a bin each, and so has each number of a track with at most 64 different ones, all whole. Other numbers are
put in at most ten ranges that hold about a tenth of the corpus each.
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

MAX_VALUES = 64  # different whole numbers that have a bin each
N_RANGES = 10
WHOLE = 10**15  # below which a whole number is written with all its digits
SAMPLE = 2**20  # values, spread evenly over the track, that the ranges are made from
BLOCK_STEPS = 2**20  # of a track read at a time

_made: WeakKeyDictionary[DumpReader, dict[tuple[str, str], Bins]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of one track, in the order of its labels or numbers.

    ``names`` is what to call each; ``low`` and ``high`` are the numbers that it holds, both included but for the upper
    end of a range that another one follows (NaN for labels). ``n_steps`` counts the steps of the corpus in each.
    """

    kind: TrackKind
    names: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_steps: Steps

    def __len__(self) -> int:
        return len(self.names)

    def place(self, values: NDArray[Any]) -> Steps:
        """Return the bin of each of the track's stored values; ``len(bins)`` where there is no value."""
        if self.kind == "category":
            return np.where((values >= 0) & (values < len(self)), values, len(self)).astype(np.int64)
        wide = values.astype(np.float64)
        places = np.searchsorted(self.low, wide, side="right") - 1
        return np.where(np.isnan(wide), len(self), np.maximum(places, 0)).astype(np.int64)


def bins_of(dump: DumpReader, axis: str, track: str) -> Bins:
    """Return the bins of a track, counted over the whole corpus: made once for an open dump, in blocks."""
    kept = _made.setdefault(dump, {})
    if (axis, track) not in kept:
        kept[axis, track] = _bins(dump.axis(axis).tracks[track])
    return kept[axis, track]


def blocks(track: Track) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first step, stored values) of a track, in order."""
    for first in range(0, track.n_steps, BLOCK_STEPS):
        yield first, track[first : first + BLOCK_STEPS]


def values_at(track: Track, steps: Steps) -> NDArray[Any]:
    """Return a track's stored values at some steps, given in rising order."""
    parts = [track[0:0]]
    for first in range(0, track.n_steps, BLOCK_STEPS):
        some = steps[slice(*np.searchsorted(steps, [first, first + BLOCK_STEPS]).tolist())]
        if len(some):
            begin, end = int(some[0]), int(some[-1]) + 1
            parts.append(track[begin:end][some - begin])
    return np.concatenate(parts)


def _bins(track: Track) -> Bins:
    if track.info.kind == "category":
        nothing = np.full(len(track.labels), np.nan)
        return _counted(track, track.labels, nothing, nothing)
    values = _whole_values(track)
    if values is not None:
        return _counted(track, tuple(f"{v:.0f}" for v in values.tolist()), values, values)
    edges = _edges(track)
    low, high = edges[:-1], edges[1:]
    return _counted(track, _range_names(edges.tolist()), low, high)


def _counted(track: Track, names: tuple[str, ...], low: NDArray[np.float64], high: NDArray[np.float64]) -> Bins:
    bins = Bins(track.info.kind, names, low, high, np.zeros(len(names), np.int64))
    for _, values in blocks(track):
        bins.n_steps[:] += np.bincount(bins.place(values), minlength=len(names) + 1)[: len(names)]
    return bins


def _whole_values(track: Track) -> NDArray[np.float64] | None:
    """Return the different numbers of a track, rising; None where they are too many or not all whole."""
    found = np.zeros(0)
    for _, values in blocks(track):
        seen = np.unique(values).astype(np.float64)
        found = np.union1d(found, seen[~np.isnan(seen)])
        if len(found) > MAX_VALUES or not (np.isfinite(found) & (found == np.trunc(found))).all():
            return None
    return found


def _range_names(edges: list[float]) -> tuple[str, ...]:
    """Write ranges with four digits, or as many as it takes to tell their ends apart; whole numbers whole."""
    texts = next(t for n in range(4, 18) if len(set(t := [_number(e, n) for e in edges])) == len(set(edges)))
    return tuple(f"{a} to {b}" for a, b in zip(texts, texts[1:], strict=False))


def _number(value: float, n_digits: int) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < WHOLE else f"{value:.{n_digits}g}"


def _edges(track: Track) -> NDArray[np.float64]:
    """Return where the ranges of a track's values begin, at its tenths, and its greatest value; at least two edges."""
    every = math.ceil(track.n_steps / SAMPLE)
    parts, least, most = [], math.inf, -math.inf
    for first, values in blocks(track):
        wide = values.astype(np.float64)
        parts.append(wide[-first % every :: every])
        least, most = np.fmin(least, np.fmin.reduce(wide)), np.fmax(most, np.fmax.reduce(wide))
    sample = np.sort(np.concatenate(parts))
    sample = sample[~np.isnan(sample)]
    ranks = np.arange(1, N_RANGES) * (len(sample) - 1) // N_RANGES
    inner = np.unique(sample[ranks]) if len(sample) else sample
    return np.concatenate([[least], inner[(inner > least) & (inner < most)], [most]])
