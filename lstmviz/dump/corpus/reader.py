"""A corpus: a folder of dumps, its shards, read as one dump; the steps of each shard follow those before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.added_files import ValuesFile, read_about, read_list, tracks_folder
from lstmviz.dump.added_tracks import AddedTracks, PartOfRows, Tracks, recorded_tracks
from lstmviz.dump.attention import Attention, SequenceBounds
from lstmviz.dump.corpus.joined_arrays import JoinedArray, RelabelledArray
from lstmviz.dump.corpus.manifest import (
    CORPUS_FILE,
    is_corpus,
    read_corpus_file,
    shard_names,
    shard_paths,
    write_corpus_file,
)
from lstmviz.dump.lazy_arrays import IdArray, PerSequenceArray, States, StoredArray, StoredRows, Tokens, Track
from lstmviz.dump.open_files import open_files
from lstmviz.dump.reader import Axis, DumpReader, stored_tracks, with_written
from lstmviz.dump.schema import place_of
from lstmviz.errors import DumpError, DumpExists, DumpMissing, DumpReplaced
from lstmviz.types import TrackInfo

SHARDS_OPEN = 32  # that a process keeps open: systems allow 1,024 files, and a shard may have an index too


@dataclass(frozen=True)
class Shard:
    """One dump of a corpus: its path and uuid, and where each of its axes begins, as (step, sequence) of the corpus.

    ``corpus`` is the folder of the corpus and its uuid: tracks that were added to it lie beside its list.
    """

    path: str
    uuid: str
    begins: tuple[tuple[str, tuple[int, int]], ...]
    corpus: tuple[str, str]

    def begin(self, axis: str) -> tuple[int, int]:
        """Return the corpus' step and sequence at which this shard's part of an axis begins."""
        return dict(self.begins)[axis]


_readers: WeakSet[DumpReader] = WeakSet()  # all that this process opened, also those kept elsewhere


@lru_cache(maxsize=SHARDS_OPEN)
def open_shard(path: str, uuid: str) -> DumpReader:
    """Open a shard, or return the reader that is open already; DumpError where another dump has replaced it."""
    reader = DumpReader(path)
    if reader.uuid != uuid:
        reader.close()
        raise DumpReplaced(f"{path} was replaced since the corpus was opened; open the corpus again")
    _readers.add(reader)
    return reader


def corpus_tracks_folder(shard: Shard) -> Path:
    """Return the folder of the tracks that were added to the corpus of a shard."""
    return tracks_folder(Path(shard.corpus[0]) / CORPUS_FILE)


def with_corpus_tracks(shard: Shard) -> DumpReader:
    """Open a shard with the recorded tracks, and its part of those that were added to the corpus."""
    folder = corpus_tracks_folder(shard)
    reader = DumpReader(shard.path)
    axes = {name: replace(axis, tracks=dict(recorded_tracks(axis.tracks))) for name, axis in reader.axes.items()}
    listed = read_list(folder, shard.corpus[1])
    for entry in () if listed is None else listed.tracks:
        about = read_about(folder, entry)
        axis, (step, sequence) = axes[about.axis], shard.begin(about.axis)
        values = ValuesFile(folder / f"{entry.id}.npy", about, entry.name)
        info = TrackInfo(entry.name, axis.name, about.kind, tuple(about.labels), about.per)
        stored: StoredRows = PartOfRows(values, step, axis.n_steps)
        if about.per == "sequence":
            stored = PerSequenceArray(PartOfRows(values, sequence, len(axis.starts)), axis.starts, axis.stops)
        axis.tracks[entry.name] = Track(info, axis.n_steps, stored)  # type: ignore[index]
    reader.axes = axes
    return reader


def open_reader(path: str | os.PathLike[str], scheduler: str | None = None) -> DumpReader:
    """Open the corpus or the dump at a path; raises what ``ShardReader`` or ``DumpReader`` raises."""
    return ShardReader(path, scheduler) if is_corpus(Path(path)) else DumpReader(path)


class ShardReader(DumpReader):
    """The shards that a folder's ``corpus.json`` lists, read as one dump with steps counted over all of them.

    ``scheduler`` is the address of a dask scheduler that runs the queries, or None for threads of this process.
    Raises DumpMissing, DumpError or NewerFormat where the list or a shard cannot be read, or shards do not fit
    together.
    """

    def __init__(self, folder: str | os.PathLike[str], scheduler: str | None = None) -> None:
        self.path, self.scheduler = Path(folder), scheduler
        self._place = self.path.absolute()
        shards = _check_shards(read_corpus_file(self.path))
        first = shards[0].reader
        self.uuid = hashlib.sha256("\n".join(s.reader.uuid for s in shards).encode()).hexdigest()[:32]
        is_complete = all(s.reader.provenance.get("complete") is not False for s in shards)
        self.provenance = {**first.provenance, "complete": is_complete, "shards": len(shards)}
        self.added = AddedTracks(tracks_folder(self._place / CORPUS_FILE), self.uuid)
        self.axes = {name: _join_axis(shards, name, self.added) for name in first.axes}
        self.attention = {name: self._join_attention(shards, name) for name in first.attention}
        self.shards = _with_begins(shards, (str(self._place), self.uuid))
        self._states = {
            source.name: States(source, _join_arrays(shards, place_of("sources", source.name), axis.name))
            for axis in self.axes.values()
            for source in axis.sources.values()
        }

    def __getstate__(self) -> dict[str, Any]:
        """Pickle a corpus as its folder, uuid and scheduler."""
        return {**super().__getstate__(), "scheduler": self.scheduler}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the corpus again; DumpError where a shard was recorded again since."""
        super().__setstate__(state)
        self.scheduler = state["scheduler"]

    @property
    def name(self) -> str:
        """The folder's name, as shown in the page."""
        return self.path.resolve().name

    def states(self, source: str) -> States:
        """Return the states of a source, (n_steps, n_units), over all shards, to be read in parts.

        Args:
            source: Name of the source.

        Returns:
            The states; ``states[start:stop]`` reads them.

        Raises:
            UnknownName: The dump has no such source.
        """
        return self._states[self.source(source).name]

    def readers(self) -> Iterator[DumpReader]:
        """Yield each shard, opened, in order."""
        return (open_shard(shard.path, shard.uuid) for shard in self.shards)

    def _join_attention(self, shards: Sequence[_CheckedShard], name: str) -> Attention:
        parts = [shard.reader.attention[name] for shard in shards]
        axis, over = parts[0].axis, parts[0].over
        steps = tuple(SequenceBounds(n, self.axes[n].starts, self.axes[n].stops) for n in (axis, over))
        path = place_of("attention", name)
        dtype = np.result_type(*(shard.dtypes[path] for shard in shards))
        lengths = tuple(part.n_values for part in parts)
        return Attention(
            *(name, axis, over),
            (steps[0], steps[1]),
            JoinedArray(tuple(shard.stored(path) for shard in shards), lengths, dtype),
        )

    def close(self) -> None:
        """Close the shards that this process holds open; a later read opens them again."""
        paths = {shard.path for shard in self.shards}
        for reader in [r for r in _readers if str(r.path) in paths]:  # a search may keep one beyond the cache
            reader.close()
        open_shard.cache_clear()


def write_corpus(
    folder: str | os.PathLike[str],
    dumps: Sequence[str | os.PathLike[str]] | None = None,
    overwrite: bool = False,
) -> Path:
    """Make the dumps of a folder one corpus, by writing its ``corpus.json``.

    Args:
        folder: The folder.
        dumps: Paths of the dumps in order, in the folder or below it; None for every .h5 or .hdf5 file in it, with
            part-2 before part-10.
        overwrite: Whether to replace a ``corpus.json``.

    Returns:
        The folder.

    Raises:
        DumpExists: The folder is a corpus already.
        DumpMissing: The folder or a dump does not exist.
        DumpError: A dump lies elsewhere, or was recorded differently than the first.

    Example:
        >>> from pathlib import Path
        >>> Path("runs").mkdir()
        >>> for name in ("part-0", "part-1"):
        ...     path = lstmviz.write_dump(f"runs/{name}.h5", states={"rnn.l0.h": [[0.5], [0.9]]})
        >>> lstmviz.open_dump(lstmviz.write_corpus("runs")).n_steps
        4
    """
    where = Path(folder)
    if not where.is_dir():
        raise DumpMissing(f"no folder at {where}; a corpus is a folder that holds its dumps")
    if (where / CORPUS_FILE).exists() and not overwrite:
        raise DumpExists(f"{where / CORPUS_FILE} is already there; pass overwrite=True to list the dumps again")
    names = shard_names(where, dumps)
    _check_shards(shard_paths(where, names))
    write_corpus_file(where, names)
    return where


@dataclass(frozen=True)
class _CheckedShard:
    """One shard as it was when the corpus was opened; its file is closed again."""

    reader: DumpReader
    declarations: dict[str, str]
    dtypes: dict[str, np.dtype[Any]]

    def stored(self, path: str) -> StoredArray:
        return StoredArray(path, partial(_shard_dataset, str(self.reader.path.absolute()), self.reader.uuid))


def _shard_dataset(file: str, uuid: str, path: str) -> h5py.Dataset:
    return open_shard(file, uuid)._dataset(path)


def _check_shards(paths: Sequence[Path]) -> list[_CheckedShard]:
    """Open each shard, check that it fits the first and is no copy of another, and close it again."""
    shards: list[_CheckedShard] = []
    by_uuid: dict[str, Path] = {}
    for path in paths:
        reader = DumpReader(path)
        try:
            shard = _CheckedShard(reader, _declarations(reader), _dtypes(reader))
        finally:
            reader.close()
        _check_same_declarations((shards or [shard])[0], shard)
        if reader.uuid in by_uuid:
            raise DumpError(f"{path} is a copy of {by_uuid[reader.uuid].name}; list each recording of a corpus once")
        by_uuid[reader.uuid] = path
        shards.append(shard)
    return shards


def _declarations(reader: DumpReader) -> dict[str, str]:
    """Return what all shards of a corpus must declare alike, by its name in an error message."""
    facts = {"list of axes": _listed(reader.axes)}
    for axis in reader.axes.values():
        facts[f"join of axis {axis.name!r}"] = repr(axis.join)
        facts[f"rule of the pieces of axis {axis.name!r}"] = (
            "none" if axis.tokens is None else axis.tokens.pieces or "none"
        )
        facts[f"vocabulary of axis {axis.name!r}"] = _vocabulary(axis)
        facts[f"list of sources on axis {axis.name!r}"] = _listed(axis.sources)
        facts[f"list of tracks on axis {axis.name!r}"] = _listed(stored_tracks(axis))
        for source in axis.sources.values():
            facts[f"number of units of {source.name}"] = str(source.n_units)
            facts[f"stored type of {source.name}"] = source.dtype
            facts[f"view of {source.name}"] = source.view
            facts[f"choice of units of {source.name}"] = _units(source.units)
        for name, track in stored_tracks(axis).items():
            facts[f"kind of track {name!r}"] = track.info.kind
            facts[f"stretch that a value of track {name!r} is for"] = f"a {track.info.per}"
            facts[f"step that track {name!r} concerns"] = track.info.concerns
            facts[f"group of track {name!r}"] = track.info.group or "none"
    facts["list of attention"] = _listed(reader.attention)
    for name, attention in reader.attention.items():
        facts[f"axes of attention {name!r}"] = f"{attention.axis!r} over {attention.over!r}"
    return facts


def _listed(names: Any) -> str:
    return ", ".join(names) or "empty"


def _units(units: tuple[int, ...] | None) -> str:
    if units is None:
        return "all of them"
    listed = ", ".join(map(str, units[:8])) + ", ..." * (len(units) > 8)
    return f"{listed} (fingerprint {hashlib.sha256(repr(units).encode()).hexdigest()[:16]})"


def _vocabulary(axis: Axis) -> str:
    if axis.tokens is None:
        return "missing, as are tokens"
    if axis.tokens.vocab_data is None:
        return "missing"
    data, offsets = (stored.read() for stored in axis.tokens.vocab_data)
    content = np.asarray(offsets, "<i8").tobytes() + data.tobytes()
    return f"{len(offsets) - 1} entries (fingerprint {hashlib.sha256(content).hexdigest()[:16]})"


def _dtypes(reader: DumpReader) -> dict[str, np.dtype[Any]]:
    paths = [place_of("sources", name) for name in reader.sources]
    for axis in reader.axes.values():
        paths += [place_of("tracks", name, "values") for name in stored_tracks(axis)]
        paths += [place_of("axes", axis.name, "tokens")] * (axis.tokens is not None)
    paths += [place_of("attention", name) for name in reader.attention]
    with open_files.lock:
        return {path: reader._dataset(path).dtype for path in paths}


def _check_same_declarations(first: _CheckedShard, shard: _CheckedShard) -> None:
    for name, expected in first.declarations.items():
        value = shard.declarations[name]
        if value != expected:
            raise DumpError(
                f"{shard.reader.path}: the {name} is {value}, and {expected} in {first.reader.path.name}; "
                "shards of one corpus are recorded alike, so record it as the others or take it off the list"
            )


def _with_begins(shards: Sequence[_CheckedShard], corpus: tuple[str, str]) -> tuple[Shard, ...]:
    at = dict.fromkeys(shards[0].reader.axes, (0, 0))
    result = []
    for shard in shards:
        result.append(Shard(str(shard.reader.path.absolute()), shard.reader.uuid, tuple(at.items()), corpus))
        axes = shard.reader.axes
        at = {n: (step + axes[n].n_steps, sequence + len(axes[n].starts)) for n, (step, sequence) in at.items()}
    return tuple(result)


def _join_arrays(shards: Sequence[_CheckedShard], path: str, axis: str) -> JoinedArray:
    return JoinedArray(
        tuple(shard.stored(path) for shard in shards),
        tuple(shard.reader.axes[axis].n_steps for shard in shards),
        np.result_type(*(shard.dtypes[path] for shard in shards)),
    )


def _join_axis(shards: Sequence[_CheckedShard], name: str, added: AddedTracks) -> Axis:
    axes = [shard.reader.axes[name] for shard in shards]
    first, n_steps = axes[0], sum(axis.n_steps for axis in axes)
    stops = np.cumsum(np.concatenate([axis.stops - axis.starts for axis in axes]))
    tokens = None
    if first.tokens is not None:
        words = tuple(shards[0].stored(place_of("axes", name, f"vocab/{part}")) for part in ("bytes", "offsets"))
        vocab = None if first.tokens.vocab_data is None else (words[0], words[1])
        ids = IdArray(n_steps, _join_arrays(shards, place_of("axes", name, "tokens"), name), first.tokens.ids.n_vocab)
        tokens = Tokens(n_steps, first.join, ids, vocab, first.tokens.pieces)
    sources = {}
    for source in first.sources.values():
        n_nans = [axis.sources[source.name].n_nan for axis in axes]
        n_nan = None if None in n_nans else sum(n for n in n_nans if n is not None)
        sources[source.name] = replace(source, n_steps=n_steps, n_nan=n_nan)
    starts = np.append(0, stops[:-1])
    recorded = {track: _join_track(shards, name, track, starts, stops) for track in stored_tracks(first)}
    tokens = with_written(tokens, recorded)
    added.ends[name] = starts, stops
    return Axis(name, first.index, n_steps, first.join, tokens, starts, stops, sources, Tracks(name, recorded, added))


def _joined_labels(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Join lists of labels; sorted if all of them are, as one dump of the whole corpus would have them."""
    labels = tuple(dict.fromkeys(label for one in lists for label in one))
    return tuple(sorted(labels)) if all(one == tuple(sorted(one)) for one in lists) else labels


def _join_track(
    shards: Sequence[_CheckedShard], axis: str, name: str, starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> Track:
    """Join a track; each recording has its own order of labels, so those of a category are put on one list."""
    path, tracks = (
        place_of("tracks", name, "values"),
        [stored_tracks(shard.reader.axes[axis])[name] for shard in shards],
    )
    labels = _joined_labels([track.labels for track in tracks])
    index = {label: i for i, label in enumerate(labels)}
    parts: list[StoredRows] = []
    for shard, track in zip(shards, tracks, strict=True):
        new_indices = tuple(index[label] for label in track.labels)
        stored = shard.stored(path)
        is_same = new_indices == tuple(range(len(new_indices)))
        parts.append(stored if is_same else RelabelledArray(stored, new_indices))
    is_relabelled = any(isinstance(part, RelabelledArray) for part in parts)
    dtype = np.dtype(np.int64) if is_relabelled else np.result_type(*(shard.dtypes[path] for shard in shards))
    joined = JoinedArray(tuple(parts), tuple(track.n_stored for track in tracks), dtype)
    info = replace(tracks[0].info, labels=labels)
    return Track(info, int(stops[-1]), joined if info.per == "step" else PerSequenceArray(joined, starts, stops))
