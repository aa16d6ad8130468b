"""Open a dump and read it lazily: its declarations are checked at once, values are read when they are used."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.added_files import tracks_folder
from lstmviz.dump.added_tracks import AddedTracks, Tracks, recorded_tracks
from lstmviz.dump.attention import Attention, SequenceBounds
from lstmviz.dump.header import Header
from lstmviz.dump.lazy_arrays import IdArray, PerSequenceArray, States, StoredArray, Tokens, Track
from lstmviz.dump.nan import count_nan
from lstmviz.dump.open_files import open_files
from lstmviz.dump.safe import open_safely
from lstmviz.dump.schema import AS_WRITTEN, FEATURES, UNIT_SHAPES, place_of
from lstmviz.errors import DumpError, DumpReplaced, UnknownName, WindowError, reason_of
from lstmviz.types import Source, TrackInfo, Window

if TYPE_CHECKING:
    import pandas as pd

NAN_BLOCK_STEPS = 65_536


@dataclass(frozen=True)
class Axis:
    """One time axis of a dump.

    Attributes:
        name: Name of the axis.
        index: Place among the axes of the dump, from 0.
        n_steps: Number of steps.
        join: What to write between two tokens of a text.
        tokens: The tokens; None if the axis has numbers only.
        starts: First step of each sequence, (n_sequences,).
        stops: Step after the last one of each sequence, (n_sequences,).
        sources: The sources by name.
        tracks: The tracks by name, those that were added since it was recorded too.

    Example:
        >>> axis = dump.first
        >>> axis.name, axis.n_steps, len(axis.sequences)
        ('text', 20000, 100)
    """

    name: str
    index: int
    n_steps: int
    join: str
    tokens: Tokens | None
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    sources: Mapping[str, Source]
    tracks: Mapping[str, Track]
    _table: tuple[dict[str, Track], pd.DataFrame] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def sequences(self) -> pd.DataFrame:
        """One row for each sequence, with start and stop (steps), and each track of one value for each sequence.

        The column of a category holds its labels, and None where there is no value.
        """
        tracks = {n: track for n, track in self.tracks.items() if track.info.per == "sequence"}
        if self._table is None or self._table[0] != tracks:
            import pandas as pd  # here alone: the process that writes a dump reads it back without pandas

            columns = {name: _column(track) for name, track in tracks.items()}
            frame = pd.DataFrame({"start": self.starts, "stop": self.stops, **columns})
            object.__setattr__(self, "_table", (tracks, frame))
        return self._table[1]  # type: ignore[index]

    def sequence_of(self, step: int) -> int:
        """Find the sequence of a step.

        Args:
            step: The step.

        Returns:
            The index of the sequence.
        """
        return int(np.searchsorted(self.stops, step, side="right"))

    def text(self, start: int, stop: int) -> str:
        """Return the text of steps [start, stop).

        Args:
            start: First step.
            stop: Step after the last one.

        Returns:
            The tokens, joined; empty if the axis has no tokens.
        """
        return "" if self.tokens is None else self.tokens.text(start, stop)

    def window(self, start: int, stop: int) -> Window:
        """Check steps [start, stop).

        Args:
            start: First step.
            stop: Step after the last one.

        Returns:
            The window.

        Raises:
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
        """
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
    """A dump on disk, read lazily. Without the name of an axis, attributes refer to the first axis.

    Raises:
        DumpMissing: There is no file at the path.
        DumpError: The file cannot be read as a dump.
        NewerFormat: A newer version of lstmviz wrote it.
    """

    added: AddedTracks | None = None
    """The tracks that lie beside the dump; None where it is in memory."""
    attention: Mapping[str, Attention] = MappingProxyType({})
    """Weights from each step of one axis to those of the paired sequence of another, by name."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._place = self.path.absolute()  # the file may be opened again after the working folder changed
        file = open_safely(self.path)
        self._file, self._pid, self._status = file, os.getpid(), _status_of(file)
        self._stamp = _stamp(self._status)
        self._datasets: dict[str, h5py.Dataset] = {}
        try:
            header = Header(file, self.path)
            header.check_format()
            self.uuid = header.uuid()
            self.provenance: dict[str, Any] = header.provenance()
            self.added = AddedTracks(tracks_folder(self._place), self.uuid)
            self.axes: Mapping[str, Axis] = self._read_axes(header, self.added)
            self.attention = self._read_attention(header)
        except (KeyError, AttributeError, TypeError, ValueError, OSError, RuntimeError) as err:
            file.close()
            if isinstance(err, DumpError):
                raise
            reason = reason_of(err)
            raise DumpError(f"{self.path} is damaged or incomplete ({reason}); see docs/format.md") from err
        open_files.touch(self)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle a dump as its path and uuid, so that worker processes open the file themselves."""
        return {"path": self._place, "uuid": self.uuid}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the dump again; DumpError where another one was recorded to its path since."""
        self.__init__(state["path"])  # type: ignore[misc]
        if self.uuid != state["uuid"]:
            self.close()
            raise DumpReplaced(f"{self.path} was replaced since it was pickled; open it again")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path.name}: {self.n_steps} steps, {', '.join(self.sources)}>"

    @property
    def name(self) -> str:
        """Name of the file without its ending, as the page shows it."""
        return self.path.stem

    @property
    def first(self) -> Axis:
        """The first time axis."""
        return next(iter(self.axes.values()))

    @property
    def n_steps(self) -> int:
        """Number of steps of the first axis."""
        return self.first.n_steps

    @property
    def tokens(self) -> Tokens | None:
        """Tokens of the first axis; None if it has numbers only."""
        return self.first.tokens

    @property
    def sequences(self) -> pd.DataFrame:
        """Sequences of the first axis, one row each, as in ``Axis.sequences``."""
        return self.first.sequences

    @property
    def tracks(self) -> Mapping[str, Track]:
        """Tracks of the first axis by name, those that were added since it was recorded too."""
        return self.first.tracks

    @property
    def tracks_revision(self) -> str:
        """What is new whenever a track was added, renamed or removed, by whomever; "" where none ever was."""
        return "" if self.added is None else self.added.now().revision

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every source of every axis by name, in the order recorded."""
        return {name: source for axis in self.axes.values() for name, source in axis.sources.items()}

    def axis(self, name: str) -> Axis:
        """Find a time axis.

        Args:
            name: Name of the axis.

        Returns:
            The axis.

        Raises:
            UnknownName: The dump has no such axis.
        """
        if name not in self.axes:
            raise UnknownName(f"no axis {name!r} in {self.path.name}; it has {', '.join(self.axes)}")
        return self.axes[name]

    def source(self, name: str) -> Source:
        """Describe a source.

        Args:
            name: Name of the source.

        Returns:
            What the dump declares about it.

        Raises:
            UnknownName: The dump has no such source.
        """
        if name not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            remedy = '. Record it with states=("h", "c")' if name.endswith((".h", ".c")) else ""
            raise UnknownName(f"no source {name!r} in {self.path.name}; it has {known}{remedy}")
        return self.sources[name]

    def states(self, source: str) -> States:
        """Return the states of a source, (n_steps, n_units), to be read in parts.

        Args:
            source: Name of the source.

        Returns:
            The states; ``states[start:stop]`` reads them.

        Raises:
            UnknownName: The dump has no such source.
        """
        return States(self.source(source), self._stored(place_of("sources", source)))

    def axis_of(self, source: str) -> Axis:
        """Find the time axis that a source lies on.

        Args:
            source: Name of the source.

        Returns:
            The axis.

        Raises:
            UnknownName: The dump has no such source.
        """
        return self.axes[self.source(source).axis]

    def n_nan(self, source: str) -> int:
        """Count the NaN values of a source, if the dump does not say how many there are.

        Args:
            source: Name of the source.

        Returns:
            The number of NaN values.

        Raises:
            UnknownName: The dump has no such source.
        """
        info = self.source(source)
        if info.n_nan is not None:
            return info.n_nan
        states = self.states(source)
        steps = range(0, info.n_steps, NAN_BLOCK_STEPS)
        return sum(count_nan(states[a : a + NAN_BLOCK_STEPS]) for a in steps)

    def readers(self) -> Iterator[DumpReader]:
        """Yield this dump, or each shard of a corpus in order.

        Returns:
            An iterator.
        """
        yield self

    def close(self) -> None:
        """Close the file. Reading later opens it again."""
        with open_files.lock:
            self._datasets = {}
            if self._file:
                self._file.close()

    def is_changed(self) -> bool:
        """Tell whether somebody wrote to the file, or cut it, since it was opened.

        Returns:
            False also where the file is closed at the moment: it is compared when it is opened again.
        """
        if not self._is_open:
            return False
        status = _status_of(self._file)
        return _stamp(status) != self._stamp or self._may_be_another(status)

    @property
    def _is_open(self) -> bool:
        """Whether this process has the file open."""
        return bool(self._file) and self._pid == os.getpid()

    def _may_be_another(self, status: os.stat_result) -> bool:
        """Tell whether the open file was touched, and is still at its path: its time of writing may have been set back.

        Nobody can set back ``st_ctime_ns``. It changes also if a file is renamed and back, or its permissions are
        changed; it is opened again then, and its uuid compared.
        """
        if status.st_ctime_ns == self._status.st_ctime_ns:
            return False
        with suppress(OSError):
            return os.path.samestat(status, self._place.stat())
        return False

    def _dataset(self, path: str) -> h5py.Dataset:
        """Return a data set of the open file; it is kept, because opening one costs more than a small read.

        Hold ``open_files.lock`` from before this until it is read, or the file may be closed meanwhile.
        """
        file = self._open()
        open_files.touch(self)
        if path not in self._datasets:
            self._datasets[path] = file[path]
        return self._datasets[path]

    def _open(self) -> h5py.File:
        """Return the open file, opened again where it was closed or touched. Raises DumpReplaced."""
        if self._is_open:
            status = _status_of(self._file)
            if _stamp(status) != self._stamp:
                self._datasets = {}
                self._file.close()
                raise DumpReplaced(f"{self.path} was written to or cut since it was opened; open it again")
            if not self._may_be_another(status):
                return self._file
            self.close()
        file = open_safely(self._place)
        status = _status_of(file)
        if Header(file, self.path).uuid() != self.uuid or _stamp(status) != self._stamp:
            file.close()
            raise DumpReplaced(f"{self.path} was recorded again or changed since it was opened; open it again")
        self._file, self._pid, self._status, self._datasets = file, os.getpid(), status, {}
        return self._file

    def _stored(self, path: str) -> StoredArray:
        return StoredArray(path, self._dataset)

    def _read_axes(self, header: Header, added: AddedTracks) -> dict[str, Axis]:
        groups = dict(header.members("axes", h5py.Group))
        if not groups:
            raise DumpError(f"{self.path} has no time axis; see docs/format.md")
        sources = header.members_by_axis("sources", h5py.Dataset, list(groups))
        tracks = header.members_by_axis("tracks", h5py.Group, list(groups))
        axes = {}
        for index, (name, group) in enumerate(groups.items()):
            n_steps = header.integer(group, "n_steps")
            if n_steps < 1:
                raise DumpError(f"{self.path}: axis {name!r} has no steps; record at least one")
            starts, stops = header.sequences(name, group, n_steps)
            tokens = self._read_tokens(header, name, group, n_steps) if "tokens" in group else None
            recorded = {
                n: self._read_track(header.track(n, g, name, n_steps, len(starts)), starts, stops)
                for n, g in tracks[name]
            }
            tokens = with_written(tokens, recorded)
            axes[name] = Axis(
                *(name, index, n_steps, header.join(group), tokens, starts, stops),
                {n: self._named(header.source(n, dataset, name, n_steps)) for n, dataset in sources[name]},
                Tracks(name, recorded, added),
            )
            added.ends[name] = starts, stops
        return axes

    def _read_attention(self, header: Header) -> dict[str, Attention]:
        steps = {name: SequenceBounds(name, axis.starts, axis.stops) for name, axis in self.axes.items()}
        by_name = {}
        for axis, members in header.members_by_axis("attention", h5py.Dataset, list(steps)).items():
            for name, dataset in members:
                over = header.attention(name, dataset, steps[axis], steps)
                stored = self._stored(place_of("attention", name))
                by_name[name] = Attention(name, axis, over.axis, (steps[axis], over), stored)
        return by_name

    def _named(self, source: Source) -> Source:
        """Return a source with the names of its units, where the provenance has one for each, or their shape."""
        names = self._noted(FEATURES, source) or _index_names(self._noted(UNIT_SHAPES, source), source)
        if not isinstance(names, list) or len(names) != source.n_units or not all(isinstance(n, str) for n in names):
            return source
        return replace(source, names=tuple(names))

    def _noted(self, kind: str, source: Source) -> Any:
        by_source = self.provenance.get(kind)
        return by_source.get(source.name) if isinstance(by_source, dict) else None

    def _read_tokens(self, header: Header, axis: str, group: h5py.Group, n_steps: int) -> Tokens:
        header.check_steps(header.array(group, "tokens"), "tokens", axis, n_steps)
        n_vocab, table = None, None
        if "vocab" in group:
            n_vocab = header.check_strings(group, "vocab")
            data, offsets = (self._stored(place_of("axes", axis, f"vocab/{part}")) for part in ("bytes", "offsets"))
            table = data, offsets
        ids = IdArray(n_steps, self._stored(place_of("axes", axis, "tokens")), n_vocab)
        return Tokens(n_steps, header.join(group), ids, table, header.pieces(group))

    def _read_track(self, info: TrackInfo, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Track:
        stored = self._stored(place_of("tracks", info.name, "values"))
        return Track(info, int(stops[-1]), stored if info.per == "step" else PerSequenceArray(stored, starts, stops))


def with_written(tokens: Tokens | None, recorded: dict[str, Track]) -> Tokens | None:
    """Take the track of what stood in the text in the place of tokens, if there is one, out of the others."""
    infos = (track.info for track in recorded.values())
    name = next((i.name for i in infos if i.group == AS_WRITTEN and i.kind == "category" and i.per == "step"), None)
    if tokens is None or tokens.vocab_data is None or name is None:
        return tokens
    return replace(tokens, written=recorded.pop(name))


def stored_tracks(axis: Axis) -> dict[str, Track]:
    """Return every track that is in the dump itself, also that of what stood in the text in the place of tokens."""
    written = None if axis.tokens is None else axis.tokens.written
    return {**recorded_tracks(axis.tracks), **({} if written is None else {written.info.name: written})}


def _status_of(file: h5py.File) -> os.stat_result:
    """Return what the system knows of an open file now."""
    return os.fstat(file.id.get_vfd_handle())


def _stamp(status: os.stat_result) -> tuple[int, int]:
    """Return a stamp that changes when the content does: the file's size, and when it was written to."""
    return status.st_size, status.st_mtime_ns


MAX_UNITS = 2**40  # of a shape that a provenance names


def _index_names(shape: Any, source: Source) -> list[str] | None:
    """Return the indices of each unit of a state that is no vector, such as "3,5"; None where a shape does not fit."""
    if not isinstance(shape, list) or len(shape) < 2 or not all(type(size) is int and size > 0 for size in shape):
        return None
    n_units, n_named = source.n_units if source.units is None else max(source.units) + 1, math.prod(shape)
    if n_named > MAX_UNITS or n_named < n_units or (source.units is None and n_named != n_units):
        return None
    units = np.arange(source.n_units) if source.units is None else np.array(source.units)
    return [",".join(map(str, index)) for index in np.stack(np.unravel_index(units, shape), axis=1).tolist()]


def _column(track: Track) -> Any:
    """Return a track of one value a sequence as a column: numbers, or labels (None for no value)."""
    values = track.read_stored(slice(0, track.n_stored))
    if track.info.kind == "number":
        return values
    names = [*track.labels, None]
    is_label = (values >= 0) & (values < len(track.labels))
    import pandas as pd

    return pd.Series([names[i] for i in np.where(is_label, values, -1).tolist()], dtype=object)
