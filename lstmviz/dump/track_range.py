"""How far a whole track of numbers reaches, read once a track."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lstmviz.dump.lazy_arrays import Track

CACHED = 1_024  # tracks


@dataclass(frozen=True, slots=True)
class TrackRange:
    """The least and the greatest finite value of a track (0 and 0 without any), and whether all are whole numbers."""

    low: float
    high: float
    is_integer: bool


def track_range(track: Track) -> TrackRange:
    """Return the range of a track's stored values: numbers, or the indices of labels."""
    return _range(_ByIdentity(track))


class _ByIdentity:
    """A track as a cache key, equal only to itself: a track that was changed is another object."""

    def __init__(self, track: Track) -> None:
        self.track = track

    def __hash__(self) -> int:
        return id(self.track)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.track is self.track


@lru_cache(maxsize=CACHED)
def _range(key: _ByIdentity) -> TrackRange:
    low, high, is_integer = math.inf, -math.inf, True
    for values in key.track.blocks():
        numbers = values[np.isfinite(values)]
        if numbers.size:
            low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
            is_integer &= bool((numbers == np.round(numbers)).all())
    return TrackRange(low, high, is_integer) if low <= high else TrackRange(0.0, 0.0, is_integer)
