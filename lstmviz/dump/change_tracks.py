"""Add, rename and remove tracks beside a dump, and undo it: each change is whole or not there, and one at a time."""

from __future__ import annotations

import itertools
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.added_files import (
    DTYPES,
    LIST,
    LOCK,
    MAX_LABELS,
    MAX_MADE,
    MAX_TRACKS,
    MAX_UNDO,
    About,
    Change,
    Entry,
    OtherRecording,
    TrackList,
    checksum,
    read_list,
    write_values,
)
from lstmviz.dump.added_tracks import AddedTracks, recorded_tracks
from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import check_name, check_track
from lstmviz.errors import DumpError, DumpExists, InputError, LstmvizError, UnknownName
from lstmviz.system.atomic import replacing, sync_folder
from lstmviz.system.own_files import is_link, lock_file
from lstmviz.types import Per, TrackInfo, TrackKind

SECONDS = 20.0  # that a writer waits for another
_OURS = re.compile(r"[0-9a-f]{32}\.(npy|json)|\.tracks\.json\..*\.tmp")


@dataclass(frozen=True, eq=False)
class NewTrack:
    """The values of a track that is to be added: numbers, or indices into ``labels`` (-1: no value).

    There is one for each step, or for each sequence. ``made`` says how they came about.
    """

    axis: str
    kind: TrackKind
    per: Per
    labels: tuple[str, ...]
    values: NDArray[Any]
    made: str


def add_track(dump: DumpReader, name: str, track: NewTrack, overwrite: bool = False) -> None:
    """Add a track, or with ``overwrite`` put it in the place of an added one of that name.

    Raises InputError for a name or values that cannot be stored, DumpExists where the name is taken, DumpError where
    nothing can be written beside the dump.
    """
    _check_free(dump, name)
    about = _about(dump, name, track)
    with _changing(dump) as change:
        if name in change.names() and not overwrite:
            raise DumpExists(f"{dump.path.name} has a track {name!r} already; choose another name, or overwrite it")
        _put(dump, change, name, track, about)


def change_track(dump: DumpReader, name: str, changed: Callable[[Track | None], NewTrack]) -> None:
    """Put a changed track in the place of an added one (None: there is none yet), while nobody else changes it.

    Raises what ``add_track`` and ``changed`` raise.
    """
    _check_free(dump, name)
    with _changing(dump) as change:
        is_there = name in change.names()
        track = changed(
            next(axis.tracks[name] for axis in dump.axes.values() if name in axis.tracks) if is_there else None
        )
        _put(dump, change, name, track, _about(dump, name, track))


def rename_track(dump: DumpReader, name: str, new_name: str) -> None:
    """Give an added track another name. Raises UnknownName, InputError, DumpExists or DumpError, as ``add_track``."""
    check_name("track", new_name)
    _check_free(dump, new_name)
    per = {n: t.info for axis in dump.axes.values() for n, t in axis.tracks.items()}
    with _changing(dump) as change:
        _check_added(dump, change.names(), name)
        if name in per:
            check_track(TrackInfo(new_name, per[name].axis, per[name].kind, per=per[name].per))
        if new_name in change.names():
            raise DumpExists(f"{dump.path.name} has a track {new_name!r} already; choose another name")
        change.what = f"renamed {name!r} to {new_name!r}"
        change.tracks = [Entry(name=new_name, id=e.id) if e.name == name else e for e in change.tracks]


def remove_track(dump: DumpReader, name: str) -> None:
    """Remove an added track; raises UnknownName where there is none, DumpError where nothing can be written."""
    with _changing(dump) as change:
        _check_added(dump, change.names(), name)
        change.what = f"removed {name!r}"
        change.tracks = [e for e in change.tracks if e.name != name]


def undo_tracks(dump: DumpReader, revision: str | None = None) -> str:
    """Undo the last change of the added tracks, and return what it was, in words.

    With a ``revision``, only if nothing has changed since. Raises DumpError where there is nothing to undo, or
    somebody has changed the tracks since.
    """
    with _changing(dump) as change:
        if revision is not None and revision != change.revision:
            raise DumpError("the tracks were changed since, here or elsewhere; look at them again before undoing")
        if not change.undo:
            raise DumpError(f"there is no change of the tracks of {dump.path.name} to undo")
        last = change.undo.pop()
        change.tracks = last.tracks
    return last.what


def last_change(dump: DumpReader) -> str:
    """Return what ``undo_tracks`` would undo, in words; "" where there is nothing."""
    listed = None if dump.added is None else read_list(dump.added.folder, dump.added.uuid)
    return listed.undo[-1].what if listed is not None and listed.undo else ""


@dataclass
class _Change:
    """A change under way; ``what`` says it in words, and stays empty where it is itself an undoing."""

    folder: Path
    revision: str
    tracks: list[Entry]
    undo: list[Change]
    what: str = ""

    def names(self) -> set[str]:
        return {entry.name for entry in self.tracks}


def _put(dump: DumpReader, change: _Change, name: str, track: NewTrack, about: About) -> None:
    names = change.names()
    if len(names) >= MAX_TRACKS and name not in names:
        raise DumpError(f"{dump.path.name} has {MAX_TRACKS} added tracks, the most there can be; remove some")
    entry = Entry(name=name, id=uuid.uuid4().hex)
    write_values(change.folder, entry.id, about, track.values)
    change.what = f"{'changed' if name in names else 'added'} {name!r}"
    change.tracks = [entry if e.name == name else e for e in change.tracks] + [entry] * (name not in names)


@contextmanager
def _changing(dump: DumpReader) -> Iterator[_Change]:
    """Yield the tracks to be changed, locked; write what the block made of them, unless it raises."""
    added = _added_tracks(dump)
    folder = added.folder
    try:
        _make_folder(folder)
        _set_aside(folder, added.uuid)
        with lock_file(folder / LOCK).acquire(SECONDS):
            listed = read_list(folder, added.uuid)
            before = [] if listed is None else list(listed.tracks)
            change = _Change(folder, listed.revision if listed else "", before, list(listed.undo) if listed else [])
            _sweep(folder, listed)
            yield change
            if change.what:
                change.undo = [*change.undo, Change(what=change.what, tracks=before)][-MAX_UNDO:]
            after = TrackList(dump=added.uuid, revision=uuid.uuid4().hex, tracks=change.tracks, undo=change.undo)
            sync_folder(folder)  # the new values, before the list that names them
            with replacing(folder / LIST, sync=True) as path:
                path.write_text(after.model_dump_json() + "\n", "utf-8", "backslashreplace")
            _sweep(folder, after)
    except filelock.Timeout as err:
        raise DumpError(f"{folder} is being changed by another program for {SECONDS:.0f} s; try again") from err
    except OSError as err:
        if isinstance(err, LstmvizError):
            raise
        reason = err.strerror or str(err)
        raise DumpError(f"the tracks cannot be written to {folder} ({reason}); make its place writable") from err


def _added_tracks(dump: DumpReader) -> AddedTracks:
    if dump.added is None:
        raise InputError(f"{dump.path.name} is no file, so no track can be added; add it to a dump on disk")
    return dump.added


def _make_folder(folder: Path) -> None:
    if is_link(folder):
        raise DumpError(f"{folder} is a link; nothing is written through it: put a folder there")
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _set_aside(folder: Path, uuid: str) -> None:
    """Rename the folder where it has the tracks of a recording that was at this path before, and make a new one."""
    try:
        read_list(folder, uuid)
    except OtherRecording:
        with lock_file(folder / LOCK).acquire(SECONDS):
            number = next(i for i in itertools.count(1) if not os.path.lexists(f"{folder}.{i}"))
            folder.rename(f"{folder}.{number}")
        _make_folder(folder)


def _sweep(folder: Path, listed: TrackList | None) -> None:
    """Remove the files of a write that was cut short, and of tracks that no undo can bring back."""
    kept = {LIST} | {f"{id}.{end}" for id in (listed.ids() if listed else ()) for end in ("npy", "json")}
    for path in folder.iterdir():
        if path.name not in kept and _OURS.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()


def _about(dump: DumpReader, name: str, track: NewTrack) -> About:
    """Return what is said of a track's values; InputError where they do not fit the axis or cannot be stored."""
    check_track(TrackInfo(name, track.axis, track.kind, per=track.per))
    axis = dump.axis(track.axis)
    n = axis.n_steps if track.per == "step" else len(axis.starts)
    if track.values.shape != (n,):
        raise InputError(f"the track has shape {track.values.shape}; give one value a {track.per}, ({n},)")
    dtype = _dtype(track)
    labels = [label.encode("utf-8", "backslashreplace").decode() for label in track.labels]
    if len(labels) > MAX_LABELS or len(set(labels)) < len(labels):
        problem = f"has {len(labels):,} different labels" if len(labels) > MAX_LABELS else "has a label twice"
        raise InputError(f"the track {problem}; give each once, at most {MAX_LABELS:,}")
    return About(
        axis=track.axis,
        kind=track.kind,
        per=track.per,
        labels=labels,
        made=track.made.encode("utf-8", "backslashreplace").decode()[:MAX_MADE],
        dtype=dtype,
        n_values=n,
        crc32=checksum(track.values, dtype),
    )


def _dtype(track: NewTrack) -> Any:
    """Return the type that values are stored in: as given, or the smallest that holds all indices of labels."""
    if track.kind == "category":
        return label_dtype(len(track.labels))
    name = f"{track.values.dtype.kind}{track.values.dtype.itemsize}"
    if name not in DTYPES:
        raise InputError(f"the track has values of type {short_repr(str(track.values.dtype))}; give numbers or labels")
    return name


def label_dtype(n_labels: int) -> str:
    """Return the smallest type that holds all indices of some labels, and -1."""
    return "i1" if n_labels <= 2**7 else "i2" if n_labels <= 2**15 else "i4"


def _check_free(dump: DumpReader, name: str) -> None:
    """Raise DumpExists where a recorded track has the name: what was recorded is never changed."""
    for axis in dump.axes.values():
        if name in recorded_tracks(axis.tracks):
            raise DumpExists(f"{dump.path.name} was recorded with a track {name!r}; choose another name")


def _check_added(dump: DumpReader, names: set[str], name: str) -> None:
    if name not in names:
        recorded = any(name in axis.tracks for axis in dump.axes.values())
        known = ", ".join(sorted(names)) or "none"
        why = f"track {name!r} was recorded, not added" if recorded else f"no added track {name!r}"
        raise UnknownName(f"{why} in {dump.path.name}; added: {known}")


def is_writable(dump: DumpReader) -> bool:
    """Tell whether tracks can be added beside a dump, as far as its folder's permissions say."""
    if dump.added is None:
        return False
    folder = dump.added.folder
    return os.access(folder if folder.is_dir() else folder.parent, os.W_OK) and not is_link(folder)
