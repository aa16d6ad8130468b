"""Open a dump and read it lazily: what it holds is checked at once, values are read when they are asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.arrays import IdArray, States, StoredArray, Tokens, Track
from lstmviz.dump.safe import open_safely
from lstmviz.dump.schema import FORMAT, FORMAT_VERSION, STATE_DTYPES, unpack_strings
from lstmviz.errors import DumpError, NewerFormat, UnknownName, WindowError
from lstmviz.types import Source, TrackInfo, TrackKind, View, Window

NAN_BLOCK_STEPS = 65_536


@dataclass(frozen=True)
class Axis:
    """One time axis of a dump: its tokens (None where it has only numbers), sequences, sources and tracks."""

    name: str
    index: int
    n_steps: int
    join: str
    tokens: Tokens | None
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    sources: Mapping[str, Source]
    tracks: Mapping[str, Track]

    @cached_property
    def sequences(self) -> pd.DataFrame:
        """One row a sequence: start and stop, half-open, in steps of this axis."""
        return pd.DataFrame({"start": self.starts, "stop": self.stops})

    def sequence_of(self, step: int) -> int:
        """Return the index of the sequence that a step lies in."""
        return int(np.searchsorted(self.stops, step, side="right"))

    def text(self, start: int, stop: int) -> str:
        """Return the text of steps [start, stop); empty where the axis has no tokens."""
        return "" if self.tokens is None else self.tokens.text(start, stop)

    def window(self, start: int, stop: int) -> Window:
        """Check steps [start, stop): not empty, on the axis, inside one sequence. Raises WindowError."""
        window = Window(start, stop)
        start, stop = window.start, window.stop
        if stop > self.n_steps:
            raise WindowError(
                f"the window [{start}, {stop}) ends after the last step; axis {self.name!r} has {self.n_steps}"
            )
        end = int(self.stops[self.sequence_of(start)])
        if stop > end:
            raise WindowError(
                f"the window [{start}, {stop}) crosses the sequence border at step {end}; end or start it there"
            )
        return window


class DumpReader:
    """A dump on disk, read lazily; names without an axis speak of its first one.

    Raises DumpMissing, DumpError or NewerFormat when the file cannot be read as a dump.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        file = open_safely(self.path)
        self._file, self._pid = file, os.getpid()
        self._datasets: dict[str, h5py.Dataset] = {}
        try:
            _check_format(file, self.path)
            self.uuid = _text(file, "uuid", self.path)
            self.provenance: dict[str, Any] = _provenance(file, self.path)
            self.axes: Mapping[str, Axis] = self._read_axes(file)
        except (KeyError, AttributeError, TypeError, ValueError, OSError) as err:
            file.close()
            if isinstance(err, DumpError):
                raise
            raise DumpError(f"{self.path} lacks part of what a dump holds ({err}); see docs/format.md") from err

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path.name}: {self.n_steps} steps, {', '.join(self.sources)}>"

    @property
    def name(self) -> str:
        """The file's name without its ending, as shown in the page."""
        return self.path.stem

    @property
    def first(self) -> Axis:
        """The first time axis."""
        return next(iter(self.axes.values()))

    @property
    def n_steps(self) -> int:
        """Steps of the first axis."""
        return self.first.n_steps

    @property
    def tokens(self) -> Tokens | None:
        """Tokens of the first axis, or None where it carries numbers only."""
        return self.first.tokens

    @property
    def sequences(self) -> pd.DataFrame:
        """Sequences of the first axis: start, stop."""
        return self.first.sequences

    @property
    def tracks(self) -> Mapping[str, Track]:
        """Tracks of the first axis by name."""
        return self.first.tracks

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every source of every axis by name, in the order recorded."""
        return {name: source for axis in self.axes.values() for name, source in axis.sources.items()}

    def axis(self, name: str) -> Axis:
        """Return a time axis by name; UnknownName lists those there are."""
        if name not in self.axes:
            raise UnknownName(f"no axis {name!r} in {self.path.name}; it has {', '.join(self.axes)}")
        return self.axes[name]

    def source(self, name: str) -> Source:
        """Return what a source declares; UnknownName lists those there are."""
        if name not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            remedy = '. Record it with states=("h", "c")' if name.endswith((".h", ".c")) else ""
            raise UnknownName(f"no source {name!r} in {self.path.name}; it has {known}{remedy}")
        return self.sources[name]

    def states(self, source: str) -> States:
        """Return the lazy states of a source, shape (n_steps, n_units); UnknownName lists those there are."""
        return States(self.source(source), self._stored(f"sources/{source}"))

    def axis_of(self, source: str) -> Axis:
        """Return the time axis that a source lies on."""
        return self.axes[self.source(source).axis]

    def n_nan(self, source: str) -> int:
        """Return how many values of a source are NaN, counting them where the dump does not say."""
        info = self.source(source)
        if info.n_nan is not None:
            return info.n_nan
        states = self.states(source)
        steps = range(0, info.n_steps, NAN_BLOCK_STEPS)
        return sum(int(np.isnan(states[a : a + NAN_BLOCK_STEPS]).sum()) for a in steps)

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        if self._file:
            self._file.close()

    def _dataset(self, path: str) -> h5py.Dataset:
        """Return a data set of the open file, kept: opening one costs more than a small read."""
        file = self._open()
        if path not in self._datasets:
            self._datasets[path] = file[path]
        return self._datasets[path]

    def _open(self) -> h5py.File:
        if not self._file or self._pid != os.getpid():
            file = open_safely(self.path)
            if _text(file, "uuid", self.path) != self.uuid:
                file.close()
                raise DumpError(f"{self.path} was written anew since it was opened; open it again")
            self._file, self._pid, self._datasets = file, os.getpid(), {}
        return self._file

    def _stored(self, path: str) -> StoredArray:
        return StoredArray(path, self._dataset)

    def _read_axes(self, file: h5py.File) -> dict[str, Axis]:
        axes = {}
        for index, (name, group) in enumerate(_ordered(file["axes"])):
            axis = self._read_axis(file, index, name, group)
            axes[name] = axis
        if not axes:
            raise DumpError(f"{self.path} has no time axis; see docs/format.md")
        lost = [n for n, s in _ordered(file.get("sources", {})) if _text(s, "axis", self.path) not in axes]
        if lost:
            raise DumpError(
                f"{self.path}: source {lost[0]!r} names an axis that is not there; it has {', '.join(axes)}"
            )
        return axes

    def _read_axis(self, file: h5py.File, index: int, name: str, group: h5py.Group) -> Axis:
        n_steps = int(group.attrs["n_steps"])
        if n_steps < 1:
            raise DumpError(f"{self.path}: axis {name!r} has no steps; record at least one")
        starts, stops = (np.asarray(group[f"sequences/{k}"][()], np.int64) for k in ("start", "stop"))
        _check_sequences(self.path, name, n_steps, starts, stops)
        join = _text(group, "join", self.path)
        tokens = None
        if "tokens" in group:
            self._check_steps(group["tokens"], "tokens", name, n_steps)
            has_vocab = "vocab" in group
            parts = (self._stored(f"axes/{name}/vocab/bytes"), self._stored(f"axes/{name}/vocab/offsets"))
            ids = IdArray(n_steps, self._stored(f"axes/{name}/tokens"))
            tokens = Tokens(n_steps, join, ids, parts if has_vocab else None)
        sources = {n: self._read_source(n, d, n_steps) for n, d in _ordered(file.get("sources", {})) if _on(d, name)}
        tracks = {n: self._read_track(n, g, n_steps) for n, g in _ordered(file.get("tracks", {})) if _on(g, name)}
        return Axis(name, index, n_steps, join, tokens, starts, stops, sources, tracks)

    def _read_source(self, name: str, dataset: h5py.Dataset, n_steps: int) -> Source:
        if dataset.ndim != 2 or dataset.dtype.name not in STATE_DTYPES or dataset.shape[1] < 1:
            raise DumpError(
                f"{self.path}: source {name!r} is {dataset.dtype} {dataset.shape}, not floats of (n_steps, n_units)"
            )
        self._check_steps(dataset, name, _text(dataset, "axis", self.path), n_steps, n_dims=2)
        view = _text(dataset, "view", self.path)
        if view not in ("raw", "tanh"):
            raise DumpError(f"{self.path}: view {view!r} of source {name!r} is not known; use 'raw' or 'tanh'")
        n_nan = int(dataset.attrs["n_nan"]) if "n_nan" in dataset.attrs else None
        axis = _text(dataset, "axis", self.path)
        return Source(name, axis, n_steps, dataset.shape[1], dataset.dtype.name, cast(View, view), n_nan)

    def _read_track(self, name: str, group: h5py.Group, n_steps: int) -> Track:
        kind, axis = _text(group, "kind", self.path), _text(group, "axis", self.path)
        if kind not in ("category", "number"):
            raise DumpError(f"{self.path}: track {name!r} is of kind {kind!r}; use 'category' or 'number'")
        self._check_steps(group["values"], f"track {name}", axis, n_steps)
        info = TrackInfo(name, axis, cast(TrackKind, kind))
        if kind == "category":
            strings = (group["labels/bytes"][()], group["labels/offsets"][()])
            info = replace(info, labels=unpack_strings(*strings, f"{self.path}: track {name!r}"))
        return Track(info, n_steps, self._stored(f"tracks/{name}/values"))

    def _check_steps(self, dataset: h5py.Dataset, what: str, axis: str, n_steps: int, n_dims: int = 1) -> None:
        if dataset.ndim != n_dims:
            raise DumpError(f"{self.path}: {what} has shape {dataset.shape}; it needs ({n_steps},)")
        n_here = int(dataset.shape[0])
        if n_here != n_steps:
            lacking = f"{what} ends there" if n_here < n_steps else f"axis {axis!r} ends there"
            raise DumpError(
                f"{self.path}: {what} has {n_here} steps and axis {axis!r} {n_steps}; step {min(n_here, n_steps)} "
                f"is the first where they disagree ({lacking})"
            )


def _check_format(file: h5py.File, path: Path) -> None:
    if "format" not in file.attrs or _text(file, "format", path) != FORMAT:
        raise DumpError(f"{path} is HDF5 but not an lstmviz dump; write one with lstmviz.record or lstmviz.write_dump")
    version = int(file.attrs.get("format_version", 0))
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"{path} is format version {version} and this lstmviz reads up to {FORMAT_VERSION}; upgrade lstmviz"
        )
    if version < 1:
        raise DumpError(f"{path} says format version {version}; versions count from 1")


def _check_sequences(path: Path, axis: str, n_steps: int, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> None:
    if starts.ndim != 1 or starts.shape != stops.shape or not len(starts):
        raise DumpError(
            f"{path}: axis {axis!r} has {starts.shape} sequence starts and {stops.shape} stops; give one of each"
        )
    follows = np.concatenate([[0], stops[:-1]])
    bad = np.flatnonzero((starts != follows) | (stops <= starts))
    if len(bad):
        i = int(bad[0])
        raise DumpError(
            f"{path}: sequence {i} of axis {axis!r} is [{starts[i]}, {stops[i]}); it starts at {follows[i]}, not empty"
        )
    if stops[-1] != n_steps:
        raise DumpError(f"{path}: the sequences of axis {axis!r} end at step {stops[-1]} and it has {n_steps} steps")


def _ordered(group: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(group.items(), key=lambda item: int(item[1].attrs["order"]))


def _on(item: Any, axis: str) -> bool:
    return bool(item.attrs["axis"] == axis.encode("utf-8"))


def _text(item: Any, name: str, path: Path) -> str:
    value = item.attrs[name]
    if not isinstance(value, bytes):
        raise DumpError(f"{path}: attribute {name!r} of {item.name!r} is not text; write it as fixed-length bytes")
    return value.decode("utf-8", errors="replace")


def _provenance(file: h5py.File, path: Path) -> dict[str, Any]:
    if "provenance" not in file.attrs:
        return {}
    try:
        value = json.loads(_text(file, "provenance", path))
    except json.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
