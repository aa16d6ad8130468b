"""Trials by condition: where the states are on average at each time since a sequence began, and how far they spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError, ProjectionError, UnknownName
from lstmviz.maps.pca import principal_axes
from lstmviz.maps.projection import Projection
from lstmviz.match.order.bins import bins_of

ALL = "all"  # the condition where none is asked for
MOST_VALUES = 2**26  # steps x units that are read; of more, every k-th sequence
MOST_COMPONENTS = 10


def trajectories(dump: DumpReader, source: str, by: str | None = None, n_components: int = 2) -> pd.DataFrame:
    """Return the mean path of the states through each condition; ``Dump.trajectories`` has the columns.

    Raises UnknownName where there is no such source or track, PatternError for a number out of range, ProjectionError
    where no step has only finite states.
    """
    n_components = check_whole("n_components", n_components)
    most = min(dump.source(source).n_units, MOST_COMPONENTS)
    if not 1 <= n_components <= most:
        raise PatternError(f"n_components={n_components} is out of range; use 1 to {most}")
    trials = _trials(dump, source, by)
    basis = principal_axes(trials.values, n_components)
    paths = _paths(trials, basis.place(trials.values))
    paths.attrs = {"source": source, "by": by, "explained": [float(share) for share in basis.shares]}
    return paths


def trajectories_on(dump: DumpReader, mapped: Projection, by: str | None = None) -> pd.DataFrame:
    """Return the same with the places that a map by PCA has for the states.

    Raises UnknownName where there is no such track, ProjectionError for a map of another kind.
    """
    if not (mapped.is_of_steps and mapped.is_exact):
        raise ProjectionError("paths by condition are drawn on a map of states by PCA; choose that one")
    trials = _trials(dump, mapped.source, by)
    paths = _paths(trials, mapped.place(trials.values))
    paths.attrs = {"source": mapped.source, "by": by, "explained": list(mapped.explained or ())}
    return paths


@dataclass(frozen=True, eq=False)
class _Trials:
    """Steps with a condition and only finite states: ``values`` (n, n_units) in the view, ``time`` and ``which``."""

    values: NDArray[np.float32]
    time: NDArray[np.int64]
    which: NDArray[np.int64]
    names: tuple[str, ...]


def _trials(dump: DumpReader, source: str, by: str | None) -> _Trials:
    """Read the states of all sequences, or where they are too many of every k-th one."""
    info, axis = dump.source(source), dump.axis_of(source)
    condition, names = _conditions(dump, axis, by)
    every = max(1, -(-info.n_steps * info.n_units // MOST_VALUES))
    trials = np.arange(0, len(axis.starts), every)
    steps = np.concatenate([np.arange(axis.starts[t], axis.stops[t]) for t in trials.tolist()])
    values = _values(dump, source, axis, trials)
    time = steps - np.repeat(axis.starts[trials], (axis.stops - axis.starts)[trials])
    which = np.repeat(condition[trials], (axis.stops - axis.starts)[trials])
    is_known = np.isfinite(values).all(axis=1) & (which >= 0)
    if not is_known.any():
        raise ProjectionError(f"no step of {source} has a condition and only finite states, so there is no path")
    return _Trials(values[is_known], time[is_known], which[is_known], names)


def _paths(trials: _Trials, places: NDArray[np.float32]) -> pd.DataFrame:
    """Return mean and spread of the places (n, n_components) for each condition and time."""
    n_components = places.shape[1]
    frame = pd.DataFrame(places, columns=[f"pc{k + 1}" for k in range(n_components)])
    frame = frame.astype(float).assign(condition=trials.which, time=trials.time)
    grouped = frame.groupby(["condition", "time"])
    means, spread = grouped.mean(), grouped.std().fillna(0.0)
    spread.columns = [f"sd{k + 1}" for k in range(n_components)]
    paths = pd.concat([grouped.size().rename("n"), means, spread], axis=1).reset_index()
    paths["condition"] = [trials.names[k] for k in paths["condition"]]
    return paths


def _conditions(dump: DumpReader, axis: Axis, by: str | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return for each sequence the index of its condition, -1 where its first step has none, and their names."""
    if by is None:
        return np.zeros(len(axis.starts), np.int64), (ALL,)
    if by not in axis.tracks:
        there = ", ".join(axis.tracks) or "none"
        raise UnknownName(f"no track {by!r} lies beside the source; there is {there}")
    bins, track = bins_of(dump, axis.name, by), axis.tracks[by]
    place = np.concatenate([bins.place(track[start : start + 1]) for start in axis.starts.tolist()])
    return np.where(place < len(bins), place, -1), bins.names


def _values(dump: DumpReader, source: str, axis: Axis, trials: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the states of some sequences in the view, one after the other."""
    states, info = dump.states(source), dump.source(source)
    parts = [states[int(axis.starts[t]) : int(axis.stops[t])].astype(np.float32) for t in trials.tolist()]
    values = np.concatenate(parts)
    return np.tanh(values) if info.view == "tanh" else values
