"""Write a dump: append sequences to a file that is complete once it is closed."""

from __future__ import annotations

import datetime
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.hdf5_file import hdf5_file
from lstmviz.dump.joining import Joining, guess_joining
from lstmviz.dump.nan import count_nan
from lstmviz.dump.schema import (
    FORMAT,
    FORMAT_VERSION,
    MAX_PROVENANCE,
    ArrayKey,
    AxisPlan,
    DumpPlan,
    pack_strings,
    place_of,
)
from lstmviz.dump.trial import know
from lstmviz.errors import DumpError, InputError
from lstmviz.system.forks import discard_writes, let_go_in_forks
from lstmviz.types import TrackInfo, View

CHUNK_BYTES = 256 * 1024  # of states: a window of 60 steps is one or two reads, a scan runs near the disk's speed
LINE_CHUNK_BYTES = 32 * 1024  # of tokens and tracks, which are read a few at a time


class DumpWriter:
    """Writes one HDF5 dump at exactly ``path``, in flat memory; the dump is incomplete before ``close``.

    Use it as a context manager. HDF5 may crash a process on a full disk, so a recording uses it in a child process.
    ``dump_uuid`` (32 hexadecimal digits; a new one by default) keeps links to converted content valid. ``n_steps`` is
    the largest number of steps of each axis, if known: a short dump then takes no more room than it needs.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        plan: DumpPlan,
        dump_uuid: str | None = None,
        n_steps: Mapping[str, int] | None = None,
    ) -> None:
        self.plan = plan
        self._max_steps = {} if n_steps is None else n_steps
        self._uuid = dump_uuid or uuid.uuid4().hex
        self._n_steps = {a.name: 0 for a in plan.axes}
        self._lengths: dict[str, list[NDArray[np.int64]]] = {a.name: [] for a in plan.axes}
        self._n_nan = {s.name: 0 for s in plan.sources}
        self._n_units = {s.name: s.n_units for s in plan.sources}
        self._axes_of_attention = {a.name: a.axis for a in plan.attention}
        self._path = Path(path)
        self._file = hdf5_file(self._path, "w")
        let_go_in_forks(self, DumpWriter._let_go)
        self._arrays: dict[tuple[str, ArrayKey], h5py.Dataset] = {}
        for axis in plan.axes:
            if axis.has_tokens:
                self._create(axis.name, ArrayKey("tokens"), place_of("axes", axis.name, "tokens"), np.dtype("<u4"))
        for source in plan.sources:
            key = ArrayKey("state", source.name)
            self._create(source.axis, key, place_of("sources", source.name), np.dtype(source.dtype), source.n_units)
        for attention in plan.attention:
            key = ArrayKey("attention", attention.name)
            self._create(attention.axis, key, place_of("attention", attention.name), np.dtype(attention.dtype))

    def append(
        self, axis: str, lengths: Sequence[int], arrays: Mapping[ArrayKey, NDArray[Any]], continues: bool = False
    ) -> None:
        """Append sequences to an axis.

        ``lengths`` are their steps; every array of the axis is given with shape (sum(lengths),), for states
        (sum(lengths), n_units), and for tracks of one value a sequence (len(lengths),). With ``continues`` the first of
        the sequences continues the last one appended; its one value a sequence is that of the first part. Raises
        DumpError where the shapes disagree.
        """
        n_new = int(sum(lengths))
        wanted = self.plan.keys(axis)
        if set(arrays) != set(wanted):
            mismatched = min((k.name or k.role for k in set(arrays) ^ set(wanted)), default="")
            raise DumpError(
                f"{mismatched!r} is missing or was not declared; each block carries every array of axis {axis!r}"
            )
        for key in wanted:
            self._check_shape(key, arrays[key], n_new, len(lengths))
        does_continue = continues and self._n_steps[axis] > 0
        for key in wanted:
            array = arrays[key][1:] if does_continue and key.role == "sequence" else arrays[key]
            dataset = self._arrays.get((axis, key)) or self._create_track(axis, key, array.dtype)
            start = len(dataset)
            dataset.resize(start + len(array), axis=0)
            dataset[start:] = array
            if key.role == "state":
                self._n_nan[key.name] += count_nan(array)
        self._n_steps[axis] += n_new
        added = np.array(lengths, np.int64)
        if does_continue:
            self._lengths[axis][-1][-1] += added[0]
            added = added[1:]
        if len(added):
            self._lengths[axis].append(added)

    def lengths(self, axis: str) -> NDArray[np.int64]:
        """Return the steps of each sequence of an axis so far."""
        return np.concatenate([np.zeros(0, np.int64), *self._lengths[axis]])

    def append_attention(self, name: str, weights: NDArray[Any]) -> None:
        """Append the weights of the next pairs of sequences, row after row, (n_weights,)."""
        dataset = self._arrays[self._axes_of_attention[name], ArrayKey("attention", name)]
        start = len(dataset)
        dataset.resize(start + len(weights), axis=0)
        dataset[start:] = weights

    def close(
        self,
        labels: Mapping[str, Sequence[str]] | None = None,
        views: Mapping[str, View] | None = None,
        provenance: Mapping[str, Any] | None = None,
        vocabs: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Write vocabularies, sequences, labels and attributes, and close the file.

        What is known only at the end: ``labels`` replaces the plan's labels of category tracks, ``views`` its sources'
        views, ``vocabs`` the vocabularies of its axes, and ``provenance`` adds to its provenance.
        """
        if not self._file:
            return
        for order, axis in enumerate(self.plan.axes):
            for key in self.plan.keys(axis.name):
                if (axis.name, key) not in self._arrays:  # a track of an axis to which nothing was appended
                    self._create_track(axis.name, key, np.dtype("<f4"))
            words = (vocabs or {}).get(axis.name)
            self._close_axis(order, axis if words is None else replace(axis, vocab=tuple(words)))
        for order, source in enumerate(self.plan.sources):
            attrs = self._file[place_of("sources", source.name)].attrs
            view = (views or {}).get(source.name, source.view)
            _set(attrs, axis=source.axis, view=view, order=order, n_nan=self._n_nan[source.name])
            if source.units is not None:
                attrs["units"] = np.array(source.units, "<u4")
        for order, track in enumerate(self.plan.tracks):
            self._close_track(order, track, (labels or {}).get(track.name, track.labels))
        for order, attention in enumerate(self.plan.attention):
            attrs = self._file[place_of("attention", attention.name)].attrs
            _set(attrs, axis=attention.axis, over=attention.over, order=order)
        _set(self._file.attrs, format=FORMAT, format_version=FORMAT_VERSION, uuid=self._uuid)
        _set(self._file.attrs, provenance=_provenance({**self.plan.provenance, **(provenance or {})}))
        self._file.close()
        know(self._path)

    def _let_go(self) -> None:
        """Keep a fork from writing what HDF5 has in memory, which it does at the latest when the process ends."""
        if self._file:
            discard_writes(self._file.id.get_vfd_handle())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    def _create(
        self, axis: str, key: ArrayKey, where: str, dtype: np.dtype[Any], n_units: int | None = None
    ) -> h5py.Dataset:
        row = () if n_units is None else (n_units,)
        chunk_steps = (LINE_CHUNK_BYTES if n_units is None else CHUNK_BYTES) // (dtype.itemsize * (n_units or 1))
        chunk_steps = min(chunk_steps, self._max_steps.get(axis, chunk_steps))
        dataset = self._file.create_dataset(
            where,
            shape=(0, *row),
            maxshape=(None, *row),
            dtype=dtype.newbyteorder("<"),
            chunks=(max(1, chunk_steps), *row),
            fletcher32=True,
        )
        self._arrays[axis, key] = dataset
        return dataset

    def _create_track(self, axis: str, key: ArrayKey, dtype: np.dtype[Any]) -> h5py.Dataset:
        return self._create(axis, key, place_of("tracks", key.name, "values"), dtype)

    def _check_shape(self, key: ArrayKey, array: NDArray[Any], n_new: int, n_sequences: int) -> None:
        if key.role == "sequence" and array.shape != (n_sequences,):
            raise DumpError(f"{key.name} has shape {array.shape}, and {n_sequences} sequences ask for ({n_sequences},)")
        expected = (n_new, self._n_units[key.name]) if key.role == "state" else (n_new,)
        if key.role != "sequence" and array.shape != expected:
            raise DumpError(
                f"{key.name or key.role} has shape {array.shape}, and {n_new} steps ask for {expected}"
                + _first_mismatch(key, array.shape, n_new)
            )

    def _close_axis(self, order: int, axis: AxisPlan) -> None:
        group = self._file.require_group(place_of("axes", axis.name))
        joining = guess_joining(axis.vocab) if axis.join is None else Joining(axis.join, axis.pieces)
        _set(group.attrs, order=order, n_steps=self._n_steps[axis.name], join=joining.join)
        if joining.pieces:
            _set(group.attrs, pieces=joining.pieces)
        if axis.vocab is not None:
            self._strings(group, "vocab", axis.vocab)
        lengths = self.lengths(axis.name)
        stops = np.cumsum(lengths)
        group["sequences/start"] = stops - lengths
        group["sequences/stop"] = stops

    def _close_track(self, order: int, track: TrackInfo, labels: Sequence[str]) -> None:
        group = self._file[place_of("tracks", track.name)]
        _set(group.attrs, axis=track.axis, kind=track.kind, order=order)
        if track.per != "step":
            _set(group.attrs, per=track.per)
        if track.concerns != "step":
            _set(group.attrs, concerns=track.concerns)
        if track.group:
            _set(group.attrs, group=track.group)
        if track.kind == "category":
            self._strings(group, "labels", tuple(labels))

    def _strings(self, group: h5py.Group, name: str, strings: tuple[str, ...]) -> None:
        data, offsets = pack_strings(strings)
        group[f"{name}/bytes"] = data
        group[f"{name}/offsets"] = offsets


def _set(attrs: Any, **values: str | int) -> None:
    for name, value in values.items():
        attrs[name] = np.bytes_(value.encode("utf-8", errors="backslashreplace")) if isinstance(value, str) else value


def _provenance(given: Mapping[str, Any]) -> str:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    try:
        text = json.dumps({"created": now, "complete": True, **given}, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as err:
        raise InputError(f"provenance cannot be written as JSON ({err}); give text, finite numbers and lists") from err
    if len(text) > MAX_PROVENANCE:
        raise InputError(
            f"provenance takes {len(text)} bytes; at most {MAX_PROVENANCE} fit, so keep long notes beside the dump"
        )
    return text


def _plain(value: object) -> object:
    """Return NumPy's numbers and arrays as numbers and lists of Python."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"it holds a {type(value).__name__}")


def _first_mismatch(key: ArrayKey, shape: tuple[int, ...], n_steps: int) -> str:
    if not shape or shape[0] == n_steps:
        return ""
    missing = "nothing is given for it" if shape[0] < n_steps else "nothing else has it"
    return f": step {min(shape[0], n_steps)} is the first where {missing}"


def set_uuid(path: Path, uuid: str) -> None:
    """Set the uuid (32 hexadecimal digits) of a dump that nobody has open yet."""
    with hdf5_file(path, "r+") as file:
        file.attrs["uuid"] = np.bytes_(uuid.encode("ascii"))
    know(path)
