"""Write a dump as a project that LSTMVis reads, and beside it what is needed to import it again without loss."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml
from numpy.typing import NDArray

from lstmviz.dump.hdf5_file import hdf5_file
from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import pack_strings
from lstmviz.errors import DumpExists, LstmvizError
from lstmviz.lstmvis.columns import step_blocks
from lstmviz.lstmvis.config import CONFIG_FILE
from lstmviz.lstmvis.dictionary import dictionary_lines, is_plain
from lstmviz.lstmvis.project import EMBEDDING
from lstmviz.system.atomic import replacing
from lstmviz.types import CountProgress, Source

NO_VALUE = "-"  # what LSTMVis shows where a category has no value
KINDS = {"h": "output", "c": "state"}  # LSTMVis's words for what nn.LSTM calls h and c
READABLE = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-]")  # paths in HDF5 that LSTMVis parses correctly


@dataclass(frozen=True)
class ExportedProject:
    """A project made from a dump: its folder, and notes on what LSTMVis cannot show, a line each."""

    folder: Path
    notes: tuple[str, ...] = ()


def export_project(
    dump: DumpReader, folder: str | os.PathLike[str], axis: str | None = None, progress: CountProgress | None = None
) -> ExportedProject:
    """Write one time axis of a dump (the first by default) as an LSTMVis project in a new folder.

    Imported again it gives equal values. Raises DumpExists if the folder is there and not empty, UnknownName for an
    axis that the dump lacks.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DumpExists(f"{target} is already there and not empty; give a new folder")
    chosen = dump.first if axis is None else dump.axis(axis)
    try:
        with replacing(target) as temporary:
            temporary.mkdir(parents=True)
            notes = _Export(dump, chosen, temporary).write(progress)
    except OSError as err:
        raise LstmvizError(
            f"{target} cannot be written ({err.strerror or err}); free some space or give another path"
        ) from err
    return ExportedProject(target, notes)


@dataclass(frozen=True)
class RankedWords:
    """The tracks of a group that hold ranked words, best first, and their weights, if they have any."""

    group: str
    words: tuple[Track, ...]
    weights: tuple[Track, ...]

    @property
    def names(self) -> list[str]:
        """The names of all of its tracks."""
        return [track.info.name for track in (*self.words, *self.weights)]


def ranked_words(tracks: Mapping[str, Track]) -> list[RankedWords]:
    """Find the groups of ``GROUP.top1``, ``GROUP.top2`` ... of the same labels, with ``GROUP.p1`` ... or without."""
    groups = []
    for group in dict.fromkeys(track.info.group for track in tracks.values() if track.info.group):
        members = {name: track for name, track in tracks.items() if track.info.group == group}
        words, weights = (_ranks(members, f"{group}.{kind}") for kind in ("top", "p"))
        is_whole = len(words) + len(weights) == len(members) and len(weights) in (0, len(words))
        kinds = {(t.info.kind, t.info.per) for t in words}, {(t.info.kind, t.info.per) for t in weights}
        has_one_vocabulary = len({t.labels for t in words}) == 1
        if is_whole and has_one_vocabulary and kinds[0] == {("category", "step")} and kinds[1] <= {("number", "step")}:
            groups.append(RankedWords(group, words, weights))
    return groups


def _ranks(tracks: Mapping[str, Track], prefix: str) -> tuple[Track, ...]:
    ranked: list[Track] = []
    while (name := f"{prefix}{len(ranked) + 1}") in tracks:
        ranked.append(tracks[name])
    return tuple(ranked)


@dataclass
class _Export:
    """Writes one project; the sections of ``lstm.yml`` grow while the arrays are written."""

    dump: DumpReader
    axis: Axis
    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    strings: dict[str, Any] = field(default_factory=dict)
    none: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    def write(self, progress: CountProgress | None) -> tuple[str, ...]:
        """Write every file of the project."""
        if not self.axis.sources:
            raise LstmvizError(f"axis {self.axis.name!r} has no source to export; name one that has with --axis")
        if len(self.dump.axes) > 1:
            others = ", ".join(a for a in self.dump.axes if a != self.axis.name)
            self.notes.append(f"axes left out, because LSTMVis has one: {others}; export them with --axis")
        total = len(self.axis.sources) + len(self.axis.tracks) + 1
        report = progress or (lambda done, of: None)
        states = self._states(lambda done: report(done, total))
        words = self._words()
        metas = self._metas(lambda done: report(len(self.axis.sources) + done, total))
        self._sequences()
        name = self.dump.provenance.get("model")
        config = {
            "name": name if isinstance(name, str) and name else self.dump.name,
            "description": str(self.dump.provenance.get("description") or f"exported from {self.dump.path.name}"),
            "files": self.files,
            "word_sequence": words,
            **states,
            **({"meta": metas} if metas else {}),
            "etc": {"regex_search": self.axis.join == ""},
            "lstmviz": self._extra(),
        }
        text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=120)
        (self.folder / CONFIG_FILE).write_text(text, "utf-8")
        report(total, total)
        return tuple(self.notes)

    def _states(self, report: Callable[[int], None]) -> dict[str, Any]:
        self.files["states"] = "states.hdf5"
        types: list[dict[str, Any]] = []
        sections: dict[str, Any] = {"states": {"file": "states", "types": types}}
        with hdf5_file(self.folder / "states.hdf5", "w") as file:
            for i, source in enumerate(self.axis.sources.values()):
                path = source.name if READABLE.fullmatch(source.name) else f"source{i}"
                states = self.dump.states(source.name)
                dataset = file.create_dataset(path, states.shape, states.dtype)
                has_nan = False
                for start, stop in step_blocks(source.n_steps, source.n_units * states.dtype.itemsize):
                    values = states[start:stop]
                    dataset[start:stop] = values
                    has_nan |= bool(np.isnan(values).any())
                if source.units is not None:
                    self.notes.append(
                        f"{source.name}: LSTMVis numbers its {source.n_units} units from 0, not as the model"
                    )
                if has_nan:
                    self.notes.append(f"{source.name}: has NaN, which LSTMVis's page cannot read")
                if source.name == EMBEDDING and source.view == "raw" and len(self.axis.sources) > 1:
                    sections["word_embedding"] = {"file": "states", "path": path}
                else:
                    types.append(self._type(source, path))
                    self.sources[path] = source.name
                report(i + 1)
        return sections

    def _type(self, source: Source, path: str) -> dict[str, Any]:
        by_source = self.dump.provenance.get("lstmvis")
        imported = by_source.get(source.name) if isinstance(by_source, Mapping) else None
        kind, layer, is_unsigned = source.name, "", False
        if isinstance(imported, Mapping):
            kind, layer = str(imported.get("type", "state")), str(imported.get("layer", ""))
            is_unsigned = imported.get("unsigned") is True
        elif parts := re.fullmatch(r"(?:.*\.)?l(\d+)\.(.+)", source.name):
            kind, layer = KINDS.get(parts[2], parts[2]), str(int(parts[1]) + 1)
        entry: dict[str, Any] = {"type": kind}
        if layer:
            entry["layer"] = int(layer) if layer.isdecimal() and len(layer) < 9 else layer
        entry["path"] = path
        entry["transform"] = "tanh" if source.view == "tanh" else "none"
        if is_unsigned:
            entry["unsigned"] = True
        return entry

    def _words(self) -> dict[str, Any]:
        self.files |= {"words": "words.hdf5", "words_dict": "words.dict"}
        tokens, n_steps = self.axis.tokens, self.axis.n_steps
        seen: set[int] = set()
        with hdf5_file(self.folder / "words.hdf5", "w") as file:
            dataset = file.create_dataset("word_ids", (n_steps,), "<u4")
            for start, stop in step_blocks(n_steps, 64):
                ids = np.zeros(stop - start, np.uint32) if tokens is None else tokens.ids[start:stop]
                dataset[start:stop] = ids
                if tokens is not None and tokens.vocab is None:
                    seen |= set(np.unique(ids).tolist())
        if tokens is None:
            self._dictionary("words_dict", (NO_VALUE,))
        elif tokens.vocab is None:
            (self.folder / "words.dict").write_text("".join(f"{i} {i}\n" for i in sorted(seen)), "utf-8")
        else:
            self._dictionary("words_dict", tokens.vocab)
        return {"file": "words", "path": "word_ids", "dict_file": "words_dict"}

    def _dictionary(self, key: str, words: tuple[str, ...]) -> None:
        (self.folder / self.files[key]).write_text(dictionary_lines(words), "utf-8", newline="\n")
        if not is_plain(words):
            self.notes.append(
                f"{self.files[key]}: words that its format cannot hold are written with visible stand-ins"
            )
            self.strings[key] = {"file": "lstmviz", "path": f"strings/{key}"}
            data, offsets = pack_strings(words)
            with hdf5_file(self.folder / "lstmviz.hdf5", "a") as file:
                file[f"strings/{key}/bytes"], file[f"strings/{key}/offsets"] = data, offsets

    def _metas(self, report: Callable[[int], None]) -> dict[str, Any]:
        if not self.axis.tracks:
            return {}
        self.files["tracks"] = "tracks.hdf5"
        metas: dict[str, Any] = {}
        ranked = {name: some for some in ranked_words(self.axis.tracks) for name in some.names}
        with hdf5_file(self.folder / "tracks.hdf5", "w") as file:
            for i, (name, track) in enumerate(self.axis.tracks.items()):
                some = ranked.get(name)
                if some is None:
                    metas[name] = self._meta(file, f"track{i}", track)
                    self._note(track)
                elif some.group not in metas:
                    metas[some.group] = self._ranked(file, f"track{i}", some)
                report(i + 1)
        return metas

    def _ranked(self, file: h5py.File, path: str, some: RankedWords) -> dict[str, Any]:
        """Write ranked words, and their weights, as one word vector."""
        labels, shape, has_none = some.words[0].labels, (self.axis.n_steps, len(some.words)), False
        ids = file.create_dataset(path, shape, "<u4")
        weights = file.create_dataset(f"{path}_weights", shape, "<f8") if some.weights else None
        for start, stop in step_blocks(self.axis.n_steps, 16 * len(some.words)):
            ranked = np.stack([track[start:stop] for track in some.words], axis=1)
            has_none |= bool((ranked < 0).any())
            ids[start:stop] = np.where(ranked < 0, len(labels), ranked)
            if weights is not None:
                weights[start:stop] = np.stack([track[start:stop] for track in some.weights], axis=1)
        entry = {"file": "tracks", "path": path, "dict": self._labels(path, some.group, labels, has_none)}
        if weights is not None:
            entry["weights_path"] = f"{path}_weights"
        return {**entry, "type": "wordvec", "vis": {"type": "wordvec"}}

    def _labels(self, path: str, name: str, labels: tuple[str, ...], has_none: bool) -> str:
        """Write the dictionary of an annotation's labels, and return its key."""
        key = f"{path}_dict"
        self.files[key] = f"{path}.dict"
        if has_none:
            self.none[name] = len(labels)
        self._dictionary(key, (*labels, NO_VALUE) if has_none or not labels else labels)
        return key

    def _note(self, track: Track) -> None:
        """Note what LSTMVis's format cannot express about a track."""
        if track.info.per == "sequence":
            self.notes.append(f"track {track.info.name}: its value for each sequence is written at every step")
        if track.info.concerns == "next":
            self.notes.append(
                f"track {track.info.name}: its values concern the next token, which LSTMVis cannot express"
            )

    def _meta(self, file: h5py.File, path: str, track: Track) -> dict[str, Any]:
        is_category = track.info.kind == "category"
        dataset, low, high, has_none = None, math.inf, -math.inf, False
        for start, stop in step_blocks(track.n_steps, 64):
            values: NDArray[Any] = track[start:stop]
            if is_category:
                has_none |= bool((values < 0).any())
                values = np.where(values < 0, len(track.labels), values)
            else:
                finite = values[np.isfinite(values)]
                if finite.size:
                    low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            dataset = file.create_dataset(path, (track.n_steps,), values.dtype) if dataset is None else dataset
            dataset[start:stop] = values
        entry: dict[str, Any] = {"file": "tracks", "path": path}
        if not is_category:
            bounds = [low, high] if low <= high else [0.0, 1.0]
            return {**entry, "vis": {"type": "scalar", "range": bounds}}
        key = self._labels(path, track.info.name, track.labels, has_none)
        return {**entry, "dict": key, "vis": {"type": "discrete", "range": "dict"}}

    def _sequences(self) -> None:
        self.files["lstmviz"] = "lstmviz.hdf5"
        with hdf5_file(self.folder / "lstmviz.hdf5", "a") as file:
            file["sequences/stop"] = self.axis.stops
        if len(self.axis.stops) > 1:
            self.notes.append(f"{len(self.axis.stops)} sequences become one stream in LSTMVis")

    def _extra(self) -> dict[str, Any]:
        tokens = self.axis.tokens
        return {
            "axis": self.axis.name,
            "join": self.axis.join,
            "has_tokens": tokens is not None,
            "has_vocab": tokens is not None and tokens.vocab is not None,
            "sequences": {"file": "lstmviz", "path": "sequences/stop"},
            "sources": self.sources,
            "strings": self.strings,
            "none": self.none,
        }
