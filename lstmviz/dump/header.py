"""What the file of a dump declares, checked before any value is read; each error has file, place and remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from h5py import h5a, h5d, h5t
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.attention import SequenceBounds, n_weights
from lstmviz.dump.joining import is_rule
from lstmviz.dump.schema import (
    FORMAT,
    FORMAT_VERSION,
    MAX_JOIN,
    STATE_DTYPES,
    check_name,
    check_offsets,
    check_track,
    check_units,
    cut_long,
    given_name,
    unpack_strings,
)
from lstmviz.errors import DumpError, NewerFormat
from lstmviz.types import Concerns, Per, Source, TrackInfo, TrackKind, View

KINDS = {"iu": "integers", "iuf": "integers or floats"}  # of NumPy's dtypes, in words
MAX_BYTES = 8  # of one number


@dataclass(frozen=True)
class Header:
    """Reads the groups, arrays and attributes of an open file, and checks each; raises DumpError."""

    file: h5py.File
    path: Path

    def check_format(self) -> None:
        """Raise DumpError or NewerFormat unless the file is marked as a dump that this lstmviz reads."""
        if "format" not in self.file.attrs or self.text(self.file, "format") != FORMAT:
            raise DumpError(
                f"{self.path} is HDF5 but not an lstmviz dump; write one with lstmviz.record or lstmviz.write_dump"
            )
        version = self.integer(self.file, "format_version")
        if version > FORMAT_VERSION:
            raise NewerFormat(
                f"{self.path} is format version {version} and this lstmviz reads up to {FORMAT_VERSION}; "
                "upgrade lstmviz"
            )
        if version < 1:
            raise DumpError(f"{self.path} says format version {version}; versions count from 1")

    def uuid(self) -> str:
        """Return the 32 hexadecimal digits that name this dump."""
        uuid = self.text(self.file, "uuid")
        if not re.fullmatch("[0-9A-Fa-f]{32}", uuid):
            raise DumpError(f"{self.path}: the uuid {uuid[:80]!r} is not 32 hexadecimal digits; see docs/format.md")
        return uuid

    def provenance(self) -> dict[str, Any]:
        """Return the notes about the recording; empty where there are none or they cannot be read."""
        if "provenance" not in self.file.attrs:
            return {}
        try:
            value = json.loads(self.text(self.file, "provenance"))
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def members(self, place: str, kind: type) -> list[tuple[str, Any]]:
        """Return the groups or arrays in ``/axes``, ``/sources`` or ``/tracks``, in the order declared."""
        group = self.file.get(place)
        if group is None and place != "axes":
            return []
        if not isinstance(group, h5py.Group):
            raise DumpError(f"{self.path} lacks the group '/{place}'; see docs/format.md")
        members = list(group.items())
        for name, item in members:
            if not isinstance(item, kind):
                expected = "an array" if kind is h5py.Dataset else "a group"
                raise DumpError(f"{self.path}: {item.name!r} is not {expected}; see docs/format.md")
            try:
                check_name(place, given_name(name))
            except DumpError as err:
                raise DumpError(f"{self.path}: {err}") from err
        ordered = sorted(members, key=lambda item: self.integer(item[1], "order"))
        return [(given_name(name), item) for name, item in ordered]

    def members_by_axis(self, place: str, kind: type, axes: Sequence[str]) -> dict[str, list[tuple[str, Any]]]:
        """Return the sources or tracks of each axis, in order; DumpError where one names an unknown axis."""
        by_axis: dict[str, list[tuple[str, Any]]] = {axis: [] for axis in axes}
        for name, item in self.members(place, kind):
            axis = self.text(item, "axis")
            if axis not in by_axis:
                raise DumpError(
                    f"{self.path}: {item.name!r} names an unknown axis {short_repr(axis)}; it has {', '.join(axes)}"
                )
            by_axis[axis].append((name, item))
        return by_axis

    def text(self, item: Any, name: str) -> str:
        """Return a text attribute."""
        value = self._attribute(item, name)
        if not isinstance(value, bytes):
            raise DumpError(
                f"{self.path}: attribute {name!r} of {item.name!r} is not text; write it as fixed-length bytes"
            )
        return value.decode("utf-8", errors="replace")

    def join(self, axis: h5py.Group) -> str:
        """Return what is written between two tokens of an axis."""
        join = self.text(axis, "join")
        if len(join) > MAX_JOIN:
            raise DumpError(f"{self.path}: axis {axis.name!r} joins tokens by {len(join):,} characters; refused")
        return join

    def optional_text(self, item: Any, name: str, default: str) -> str:
        """Return a text attribute, or its default."""
        return self.text(item, name) if h5a.exists(item.id, name.encode()) else default

    def pieces(self, axis: h5py.Group) -> str:
        """Return the rule by which the pieces of words of an axis spell its text; "" for whole tokens."""
        pieces = self.optional_text(axis, "pieces", "")
        if not is_rule(pieces):
            raise NewerFormat(
                f"{self.path}: {axis.name!r} has pieces {pieces[:80]!r}, a rule that is not known; upgrade lstmviz"
            )
        return pieces

    def integer(self, item: Any, name: str) -> int:
        """Return an integer attribute of 0 or more."""
        value = np.asarray(self._attribute(item, name))
        if value.dtype.kind not in "iu" or value.size != 1 or value.item() < 0:
            raise DumpError(
                f"{self.path}: attribute {name!r} of {item.name!r} is not a whole number of 0 or more; write it as an "
                "integer"
            )
        return int(value.item())

    def array(self, parent: h5py.Group, name: str, kinds: str = "iu") -> h5py.Dataset:
        """Return an array of one dimension, of integers or of other ``kinds`` of numbers."""
        return h5py.Dataset(self._array(parent, name, kinds))

    def _array(self, parent: h5py.Group, name: str, kinds: str) -> h5d.DatasetID:
        """Return such an array as HDF5 knows it: with h5py's own class a thousand tracks would take twice the time."""
        place = f"{parent.name}/{name}"
        try:
            item = h5d.open(parent.id, name.encode())
        except KeyError as err:
            raise DumpError(f"{self.path} lacks the array {place!r}; see docs/format.md") from err
        if item.dtype.kind not in kinds or item.dtype.itemsize > MAX_BYTES:
            raise DumpError(f"{self.path}: {place!r} is {item.dtype}; write it as {KINDS[kinds]}")
        if len(item.shape) != 1:
            raise DumpError(f"{self.path}: {place!r} has shape {item.shape}; write it with one dimension")
        return item

    def check_strings(self, parent: h5py.Group, name: str) -> int:
        """Check a string table without reading its text; return its number of entries."""
        data, offsets = self._string_table(parent, name)
        check_offsets(offsets[()], len(data), f"{self.path}: {parent.name}/{name}")
        return len(offsets) - 1

    def _string_table(self, parent: h5py.Group, name: str) -> tuple[h5py.Dataset, h5py.Dataset]:
        """Return the bytes of a string table and the offsets in them."""
        data, offsets = self.array(parent, f"{name}/bytes"), self.array(parent, f"{name}/offsets")
        if data.dtype != np.uint8:
            raise DumpError(f"{self.path}: {data.name!r} is {data.dtype}; write the text as UTF-8 in uint8")
        return data, offsets

    def sequences(self, axis: str, group: h5py.Group, n_steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the sequences of an axis start and stop; without gaps, they cover all its steps."""
        starts, stops = (np.asarray(self.array(group, f"sequences/{k}")[()], np.int64) for k in ("start", "stop"))
        if starts.shape != stops.shape or not len(starts):
            raise DumpError(
                f"{self.path}: axis {axis!r} has {len(starts)} sequence starts and {len(stops)} stops; give one of each"
            )
        follows = np.concatenate([[0], stops[:-1]])
        bad = np.flatnonzero((starts != follows) | (stops <= starts))
        if len(bad):
            i = int(bad[0])
            raise DumpError(
                f"{self.path}: sequence {i} of axis {axis!r} is [{starts[i]}, {stops[i]}); it starts at {follows[i]}, "
                "not empty"
            )
        if stops[-1] != n_steps:
            raise DumpError(
                f"{self.path}: the sequences of axis {axis!r} end at step {stops[-1]} and it has {n_steps} steps"
            )
        return starts, stops

    def source(self, name: str, dataset: h5py.Dataset, axis: str, n_steps: int) -> Source:
        """Return the declaration of a source."""
        if dataset.ndim != 2 or dataset.dtype.name not in STATE_DTYPES or dataset.shape[1] < 1:
            raise DumpError(
                f"{self.path}: source {name!r} is {dataset.dtype} {dataset.shape}, not floats of (n_steps, n_units)"
            )
        self.check_steps(dataset, name, axis, n_steps)
        view = self.text(dataset, "view")
        if view not in ("raw", "tanh"):
            raise DumpError(
                f"{self.path}: view {short_repr(view)} of source {name!r} is not known; use 'raw' or 'tanh'"
            )
        n_nan = self.integer(dataset, "n_nan") if "n_nan" in dataset.attrs else None
        units = self.units(name, dataset) if "units" in dataset.attrs else None
        return Source(name, axis, n_steps, dataset.shape[1], dataset.dtype.name, cast(View, view), n_nan, units)

    def units(self, name: str, dataset: h5py.Dataset) -> tuple[int, ...]:
        """Return the model's numbers of a source's units."""
        numbers = np.asarray(dataset.attrs["units"])
        if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
            raise DumpError(
                f"{self.path}: attribute 'units' of source {name!r} is {numbers.dtype} {numbers.shape}; write one "
                "integer for each of its units"
            )
        try:
            return check_units(f"source {name!r}", numbers.tolist(), dataset.shape[1])
        except DumpError as err:
            raise DumpError(f"{self.path}: {err}") from err

    def track(self, name: str, group: h5py.Group, axis: str, n_steps: int, n_sequences: int) -> TrackInfo:
        """Return the declaration of a track, with its labels."""
        kind = self.text(group, "kind")
        if kind not in ("category", "number"):
            raise DumpError(f"{self.path}: track {name!r} is of kind {short_repr(kind)}; use 'category' or 'number'")
        n_values = self._array(group, "values", "iu" if kind == "category" else "iuf").shape[0]
        per, concerns, track_group = (
            self.optional_text(group, *a) for a in (("per", "step"), ("concerns", "step"), ("group", ""))
        )
        try:
            info = TrackInfo(
                name, axis, cast(TrackKind, kind), (), cast(Per, per), cast(Concerns, concerns), track_group
            )
            check_track(info)
        except DumpError as err:
            raise DumpError(f"{self.path}: {err}") from err
        if per == "step":
            self.check_rows(n_values, f"track {name}", axis, n_steps)
        elif n_values != n_sequences:
            raise DumpError(
                f"{self.path}: track {name} has {n_values} values and axis {axis!r} {n_sequences} sequences; write "
                "one for each"
            )
        if kind == "number":
            return info
        data, offsets = self._string_table(group, "labels")
        labels = unpack_strings(data[()], offsets[()], f"{self.path}: {group.name}/labels")
        return replace(info, labels=cut_long(labels))

    def attention(
        self, name: str, dataset: h5py.Dataset, first: SequenceBounds, steps: Mapping[str, SequenceBounds]
    ) -> SequenceBounds:
        """Return the steps that an attention is over; DumpError unless it has a weight for each pair of steps."""
        over = self.text(dataset, "over")
        if over not in steps:
            raise DumpError(
                f"{self.path}: {name!r} is over an unknown axis {short_repr(over)}; it has {', '.join(steps)}"
            )
        if dataset.ndim != 1 or dataset.dtype.name not in STATE_DTYPES:
            raise DumpError(
                f"{self.path}: attention {name!r} is {dataset.dtype} {dataset.shape}; write floats of one dimension"
            )
        second = steps[over]
        if len(first.starts) != len(second.starts):
            raise DumpError(
                f"{self.path}: attention {name!r} pairs {len(first.starts)} sequences of axis {first.axis!r} with "
                f"{len(second.starts)} of {over!r}; each needs one"
            )
        expected = n_weights(first.lengths, second.lengths)
        if len(dataset) != expected:
            raise DumpError(
                f"{self.path}: attention {name!r} has {len(dataset)} weights, and its pairs of sequences "
                f"{expected or 'too many'} pairs of steps; write one weight for each"
            )
        return second

    def check_steps(self, dataset: h5py.Dataset, name: str, axis: str, n_steps: int) -> None:
        """Raise DumpError unless an array has one row for each step of its axis."""
        self.check_rows(int(dataset.shape[0]), name, axis, n_steps)

    def check_rows(self, n_rows: int, name: str, axis: str, n_steps: int) -> None:
        """Raise DumpError unless there is one row for each step of an axis."""
        if n_rows != n_steps:
            shorter = f"{name} ends there" if n_rows < n_steps else f"axis {axis!r} ends there"
            raise DumpError(
                f"{self.path}: {name} has {n_rows} steps and axis {axis!r} {n_steps}; step {min(n_rows, n_steps)} "
                f"is the first where they disagree ({shorter})"
            )

    def _attribute(self, item: Any, name: str) -> Any:
        try:
            attribute = h5a.open(item.id, name.encode())
        except KeyError as err:
            raise DumpError(f"{self.path}: {item.name!r} lacks the attribute {name!r}; see docs/format.md") from err
        kind = attribute.get_type()
        dtype = f"S{kind.get_size()}" if isinstance(kind, h5t.TypeStringID) else attribute.dtype
        value = np.zeros(attribute.shape, dtype)
        attribute.read(value)
        return value[()]
