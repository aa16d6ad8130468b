"""Read many small windows of an axis in few reads: each waits for its turn at HDF5, which is long on a busy server."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import StepIndex, StoredRows, Tokens, Track
from lstmviz.dump.reader import Axis
from lstmviz.errors import DumpError

NEAR = 2**14  # steps between two windows that are read together: reading them takes less than reading once more
MOST = 2**18  # steps that are read together


@dataclass(frozen=True)
class _Stretches:
    """Stretches of steps in rising order, each of which has some windows."""

    starts: list[int]
    stops: list[int]

    def of(self, start: int, stop: int) -> int | None:
        """Return which stretch a window lies in; None for none."""
        i = bisect_right(self.starts, start) - 1
        return i if i >= 0 and stop <= self.stops[i] else None


@dataclass(frozen=True)
class _RowsAhead:
    """A stored array of which whole stretches are read, once each; what lies in none is read as it is asked for."""

    stored: StoredRows
    stretches: _Stretches
    _read: dict[int, NDArray[Any]] = field(default_factory=dict)

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the steps as ``StoredArray.read``."""
        i = self.stretches.of(steps.start, steps.stop) if isinstance(steps, slice) else None
        if i is None or not isinstance(steps, slice):
            return self.stored.read(steps)
        first = self.stretches.starts[i]
        if i not in self._read:
            self._read[i] = self.stored.read(slice(first, self.stretches.stops[i]))
        return self._read[i][steps.start - first : steps.stop - first]

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.stored.name


@dataclass(frozen=True)
class _JoinedRows:
    """The rows of some windows of a stored array, one window after the other."""

    stored: StoredRows
    windows: Sequence[tuple[int, int]]

    def read(self, steps: StepIndex | None = None) -> NDArray[Any]:
        """Read the steps as ``StoredArray.read``."""
        rows = np.concatenate([self.stored.read(slice(start, stop)) for start, stop in self.windows])
        return rows if steps is None else np.asarray(rows[steps])

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.stored.name


def read_ahead(axis: Axis, windows: Sequence[tuple[int, int]]) -> Axis:
    """Return an axis whose tokens and tracks at some windows [start, stop) are read together where they lie near.

    What is read is kept as long as the axis that is returned.
    """
    stretches = _stretches(windows)
    return _with_rows(axis, lambda stored: _RowsAhead(stored, stretches))


def joined_windows(axis: Axis, windows: Sequence[tuple[int, int]]) -> Axis:
    """Return an axis whose tokens and tracks are those of one or more windows [start, stop), one after the other.

    They are read together where they lie near. Its sequences are those of the whole axis.
    """
    stretches, n_steps = _stretches(windows), sum(stop - start for start, stop in windows)
    return _with_rows(axis, lambda stored: _JoinedRows(_RowsAhead(stored, stretches), windows), n_steps)


def texts_of(axis: Axis, windows: Sequence[tuple[int, int]]) -> list[str]:
    """Return the text of each of some windows [start, stop), as ``Axis.text``, read together where they lie near."""
    tokens = joined_windows(axis, windows).tokens if windows else None
    if tokens is None:
        return [""] * len(windows)
    try:
        return tokens.texts([*accumulate((stop - start for start, stop in windows), initial=0)])
    except DumpError:  # it names a step of the windows, and a user wants to know which one of the axis it is
        return list(starmap(axis.text, windows))


def _with_rows(axis: Axis, wrap: Callable[[StoredRows], StoredRows], n_steps: int | None = None) -> Axis:
    """Return an axis of ``n_steps`` steps (None: unchanged) whose tokens and tracks are read through ``wrap``."""
    n_steps = axis.n_steps if n_steps is None else n_steps

    def track_with_rows(track: Track) -> Track:
        return replace(track, n_steps=n_steps, stored=wrap(track.stored))

    def tokens_with_rows(tokens: Tokens) -> Tokens:
        _ = tokens.spelling  # made once, for both
        copied = copy.copy(tokens)
        fields: dict[str, Any] = {
            "n_steps": n_steps,
            "ids": replace(tokens.ids, n_steps=n_steps, stored=wrap(tokens.ids.stored)),
        }
        if tokens.written is not None and tokens.as_written is not tokens:
            fields |= {"written": track_with_rows(tokens.written), "_as_written": tokens_with_rows(tokens.as_written)}
        for name, value in fields.items():
            object.__setattr__(copied, name, value)
        return copied

    tokens = None if axis.tokens is None else tokens_with_rows(axis.tokens)
    tracks = {name: track_with_rows(track) for name, track in axis.tracks.items()}
    return replace(axis, n_steps=n_steps, tokens=tokens, tracks=tracks)


def _stretches(windows: Sequence[tuple[int, int]]) -> _Stretches:
    """Return the stretches that windows make up, those that lie near each other in one."""
    stretches: list[list[int]] = []
    for start, stop in sorted(windows):
        if stretches and start <= stretches[-1][1] + NEAR and stop <= stretches[-1][0] + MOST:
            stretches[-1][1] = max(stretches[-1][1], stop)
        else:
            stretches.append([start, stop])
    return _Stretches([start for start, _ in stretches], [stop for _, stop in stretches])
