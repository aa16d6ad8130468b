"""Many small windows of an axis, read in few steps: each read waits for its turn at HDF5, on a busy server for long."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import StepIndex, StoredRows, Tokens
from lstmviz.dump.reader import Axis

NEAR = 2**14  # steps between two windows that are read together: reading them takes less than reading once more
MOST = 2**18  # steps that are read together


@dataclass(frozen=True)
class _Stretches:
    """Stretches of steps in rising order, each of which has some windows."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def of(self, start: int, stop: int) -> int | None:
        """Return which stretch a window lies in; None for none."""
        i = int(np.searchsorted(self.starts, start, side="right")) - 1
        return i if i >= 0 and stop <= self.stops[i] else None


@dataclass(frozen=True)
class _Ahead:
    """A stored array of which whole stretches are read, once each; what lies in none is read as it is asked for."""

    stored: StoredRows
    stretches: _Stretches
    _read: dict[int, NDArray[Any]] = field(default_factory=dict)

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the steps as ``StoredArray.read``."""
        i = self.stretches.of(steps.start, steps.stop) if isinstance(steps, slice) else None
        if i is None or not isinstance(steps, slice):
            return self.stored.read(steps)
        first = int(self.stretches.starts[i])
        if i not in self._read:
            self._read[i] = self.stored.read(slice(first, int(self.stretches.stops[i])))
        return self._read[i][steps.start - first : steps.stop - first]

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.stored.name


def read_ahead(axis: Axis, windows: Sequence[tuple[int, int]]) -> Axis:
    """Return an axis whose tokens and tracks at some windows [start, stop) are read together where they lie near.

    What is read is kept as long as the axis that is returned.
    """
    stretches = _stretches(windows)
    tracks = {name: replace(track, stored=_Ahead(track.stored, stretches)) for name, track in axis.tracks.items()}
    return replace(axis, tokens=None if axis.tokens is None else _ahead(axis.tokens, stretches), tracks=tracks)


def _ahead(tokens: Tokens, stretches: _Stretches) -> Tokens:
    _ = tokens.spelling  # made once, for both
    ahead = copy.copy(tokens)
    object.__setattr__(ahead, "ids", replace(tokens.ids, stored=_Ahead(tokens.ids.stored, stretches)))
    if tokens.written is not None and tokens.as_written is not tokens:
        written = replace(tokens.written, stored=_Ahead(tokens.written.stored, stretches))
        object.__setattr__(ahead, "written", written)
        object.__setattr__(ahead, "_as_written", _ahead(tokens.as_written, stretches))
    return ahead


def _stretches(windows: Sequence[tuple[int, int]]) -> _Stretches:
    """Return the stretches that windows make up, those that lie near each other in one."""
    stretches: list[list[int]] = []
    for start, stop in sorted(windows):
        if stretches and start <= stretches[-1][1] + NEAR and stop <= stretches[-1][0] + MOST:
            stretches[-1][1] = max(stretches[-1][1], stop)
        else:
            stretches.append([start, stop])
    starts, stops = np.array(stretches, np.int64).reshape(-1, 2).T
    return _Stretches(starts, stops)
