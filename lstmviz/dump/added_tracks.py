"""The tracks of an axis as they are now: those that were recorded, and those that were added since, by whomever."""

from __future__ import annotations

import threading
import warnings
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.added_files import About, Entry, ValuesFile, list_stamp, read_about, read_list
from lstmviz.dump.lazy_arrays import PerSequenceArray, StepIndex, StoredRows, Track
from lstmviz.errors import DumpError
from lstmviz.system.own_files import FileStamp
from lstmviz.types import TrackInfo

Ends = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Added:
    """The added tracks of one moment, by axis. ``revision`` is new at every change, "" where none was ever added.

    ``made`` says how each track came about.
    """

    revision: str
    by_axis: Mapping[str, Mapping[str, Track]]
    made: Mapping[str, str]

    def of(self, axis: str) -> Mapping[str, Track]:
        """Return the tracks of an axis."""
        return self.by_axis.get(axis, {})


NONE_ADDED = Added("", {}, {})


class AddedTracks:
    """The tracks beside a dump, looked at anew whenever their list has changed on disk.

    ``ends`` are the starts and stops of the sequences of each axis. A list that cannot be read adds nothing: a warning
    says why, and ``fault`` does.
    """

    def __init__(self, folder: Path, uuid: str) -> None:
        self.folder, self.uuid, self.ends = folder, uuid, dict[str, Ends]()
        self.fault = ""
        self._lock = threading.Lock()
        self._stamp: FileStamp | None = None
        self._now = NONE_ADDED
        self._known: dict[Entry, tuple[About, Track]] = {}

    def now(self) -> Added:
        """Return the tracks as they are."""
        stamp = list_stamp(self.folder)
        if stamp == self._stamp:
            return self._now
        with self._lock:
            if stamp != self._stamp:
                self._now = NONE_ADDED if stamp is None else self._read()
                self._stamp = stamp
            return self._now

    def _read(self) -> Added:
        self.fault = ""
        try:
            listed = read_list(self.folder, self.uuid)
        except DumpError as err:
            self._warn(err)
            return NONE_ADDED
        if listed is None:
            return NONE_ADDED
        known, by_axis, made = self._known, dict[str, dict[str, Track]](), dict[str, str]()
        self._known = {}
        for entry in listed.tracks:
            try:
                about, track = self._known[entry] = known.get(entry) or self._track(entry)
            except DumpError as err:
                self._warn(err)
                continue
            by_axis.setdefault(about.axis, {})[entry.name] = track
            made[entry.name] = about.made
        return Added(listed.revision, by_axis, made)

    def _track(self, entry: Entry) -> tuple[About, Track]:
        about = read_about(self.folder, entry)
        if about.axis not in self.ends:
            raise DumpError(f"{self.folder}: track {entry.name!r} lies on an axis {about.axis!r} that is not there")
        starts, stops = self.ends[about.axis]
        n_steps = int(stops[-1])
        if about.n_values != (n_steps if about.per == "step" else len(starts)):
            raise DumpError(f"{self.folder}: track {entry.name!r} has {about.n_values} values, not one a {about.per}")
        stored = ValuesFile(self.folder / f"{entry.id}.npy", about, entry.name)
        info = TrackInfo(entry.name, about.axis, about.kind, tuple(about.labels), about.per)
        return about, Track(info, n_steps, stored if about.per == "step" else PerSequenceArray(stored, starts, stops))

    def _warn(self, err: DumpError) -> None:
        self.fault = str(err)
        warnings.warn(f"added tracks are left out: {err}", stacklevel=2)


class Tracks(Mapping[str, Track]):
    """The tracks of one axis by name: what was recorded, and then what was added, as it is now.

    Whoever goes through them sees the tracks of one moment. ``recorded`` are those in the dump itself; a track that was
    added under the name of one is left out.
    """

    def __init__(self, axis: str, recorded: Mapping[str, Track], added: AddedTracks) -> None:
        self.axis, self.recorded, self.added = axis, recorded, added
        self._seen: tuple[Added, dict[str, Track]] = (NONE_ADDED, dict(recorded))

    def now(self) -> dict[str, Track]:
        """Return the tracks of this moment; the same object until they change."""
        added = self.added.now()
        seen, tracks = self._seen
        if seen is not added:
            tracks = {**added.of(self.axis), **self.recorded}
            tracks = {name: tracks[name] for name in dict.fromkeys([*self.recorded, *tracks])}
            self._seen = added, tracks
        return tracks

    def __getitem__(self, name: str) -> Track:
        return self.now()[name]

    def __contains__(self, name: object) -> bool:
        return name in self.now()

    def __iter__(self) -> Iterator[str]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())

    def items(self) -> ItemsView[str, Track]:
        """Return the names and tracks of this moment."""
        return self.now().items()

    def values(self) -> ValuesView[Track]:
        """Return the tracks of this moment."""
        return self.now().values()

    def __repr__(self) -> str:
        return repr(self.now())


def recorded_tracks(tracks: Mapping[str, Track]) -> Mapping[str, Track]:
    """Return those of an axis' tracks that were recorded."""
    return tracks.recorded if isinstance(tracks, Tracks) else tracks


@dataclass(frozen=True)
class PartOfRows:
    """Some rows in a row of a stored array, read from 0: those of one shard of a corpus."""

    whole: StoredRows
    begin: int
    n: int

    def read(self, steps: StepIndex | None = None) -> NDArray[np.generic]:
        """Read whole rows of the steps (all where None)."""
        if isinstance(steps, int):
            return self.whole.read(steps + self.begin)
        start, stop, _ = (steps or slice(None)).indices(self.n)
        return self.whole.read(slice(self.begin + start, self.begin + max(start, stop)))

    @property
    def name(self) -> str:
        """The file and the place in it, for a message."""
        return self.whole.name
