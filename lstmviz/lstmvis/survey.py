"""A project as a whole: every array found, every fault told at once, and the dump that it becomes laid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import STATE_DTYPES, ArrayKey, AxisPlan, DumpPlan, SourcePlan, StateDtype, default_join
from lstmviz.errors import UnknownName
from lstmviz.lstmvis.columns import ById, ByStep, Column, Floats, Ids, Known, Offence, blocks
from lstmviz.lstmvis.config import CONFIG_FILE, Config, StateType
from lstmviz.lstmvis.files import Faults
from lstmviz.lstmvis.lengths import Counted, Length, common_length
from lstmviz.lstmvis.metas import MetaReader
from lstmviz.lstmvis.opened import Files
from lstmviz.lstmvis.sections import read_config
from lstmviz.types import TrackInfo, View

EMBEDDING = "word_embedding"


@dataclass(frozen=True)
class Options:
    """How a project is read: views by source name ("" for all), only the first ``steps``, with word vectors or not."""

    views: Mapping[str, View] = field(default_factory=dict)
    steps: int | None = None
    has_embedding: bool = True


@dataclass(frozen=True)
class Project:
    """A project without faults: the dump it becomes, where each array comes from, and what had to be decided."""

    plan: DumpPlan
    columns: Mapping[ArrayKey, Column]
    stops: NDArray[np.int64]
    states: Mapping[str, StateType]
    options: Options
    row_bytes: int
    notes: tuple[str, ...]

    @property
    def n_steps(self) -> int:
        """Steps that are read."""
        return int(self.stops[-1])


@contextmanager
def opened_project(folder: Path, options: Options) -> Iterator[Project]:
    """Open a project for reading; ProjectError says all that is wrong in it, file by file."""
    faults = Faults()
    config, _ = read_config(folder, faults)
    with Files(folder, config, faults) as files:
        yield Survey(config, files, faults, options).project()


class Survey:
    """Goes through a configuration, finds every array, and reads those whose values could be wrong."""

    def __init__(self, config: Config, files: Files, faults: Faults, options: Options) -> None:
        self.config, self.files, self.faults, self.options = config, files, faults, options
        self.notes = list(config.notes)
        self.columns: dict[ArrayKey, Column] = {}
        self.sources: list[SourcePlan] = []
        self.checked: list[tuple[str, Column]] = []
        self.row_bytes = 0

    def project(self) -> Project:
        """Return the project; ProjectError says all that is wrong in it."""
        words = self.files.dataset(self.config.words, (1, 2))
        found = [(s, self.files.dataset(s.ref, (2,))) for s in self.config.states]
        states = [(s, d) for s, d in found if d is not None]
        length = self._length(words, states)
        vocab, ids = self._tokens(words)
        for state, dataset in states:
            self._add_source(self._name(state), ByStep(dataset, has_units=True), dataset)
        tracks = self._tracks(length, ids)
        self._embedding(length, ids)
        stops = self._stops(length.n_steps)
        self._check_values(length.n_steps)
        self.faults.raise_if_any()
        has_tokens = self.config.extra.has_tokens and ids is not None
        join = self._join(vocab)
        axis = AxisPlan(self.config.extra.axis, join, has_tokens, vocab if has_tokens else None)
        for key in [k for k in self.columns if k.role == "tokens" and not has_tokens]:
            del self.columns[key]
        named = {self._name(s): s for s, _ in states}
        return Project(
            plan=DumpPlan((axis,), tuple(self.sources), tracks, self._provenance(named)),
            columns=self.columns,
            stops=stops,
            states=named,
            options=self.options,
            row_bytes=self.row_bytes + 4 * has_tokens + 4 * len(tracks),
            notes=tuple(self.notes),
        )

    def _length(self, words: h5py.Dataset | None, states: list[tuple[StateType, h5py.Dataset]]) -> Length:
        counted = [Counted(self.files.called(s.ref.file), s.ref.path, len(d)) for s, d in states]
        ref = self.config.words
        of_words = None if words is None else Counted(self.files.called(ref.file), ref.path, len(words))
        return common_length(of_words, counted, self.options.steps, self.faults, self.notes)

    def _tokens(self, words: h5py.Dataset | None) -> tuple[tuple[str, ...] | None, Column | None]:
        ref = self.config.words
        key = self.config.word_dict if self.config.extra.has_vocab else None
        dictionary = None if key is None else self.files.dictionary(key)
        if words is None or (key is not None and dictionary is None):
            return None, None
        called = self.files.called(ref.file)
        if words.ndim == 2 and words.shape[1] != 1:
            self.faults.add(called, f"{ref.path!r} has shape {words.shape}; it needs (n_steps,), one word id a step")
            return None, None
        ids: Column = Ids(ByStep(words), ref.path)
        vocab = None
        if dictionary is not None:
            vocab = dictionary.table()
            is_known = np.array([i in dictionary.words for i in range(dictionary.size)])
            ids = Known(cast(Ids, ids), is_known, dictionary.file)
            self.notes += dictionary.notes
        self.columns[ArrayKey("tokens")] = ids
        self.checked.append((called, ids))
        return vocab, ids

    def _tracks(self, length: Length, ids: Column | None) -> tuple[TrackInfo, ...]:
        reader = MetaReader(self.config, self.files, self.faults, length, ids)
        infos = []
        for meta in self.config.metas:
            for info, column in reader.tracks(meta):
                infos.append(info)
                self.columns[ArrayKey("track", info.name)] = column
                if not isinstance(column, ByStep):
                    self.checked.append((self.files.called(meta.ref.file), column))
        self.notes += reader.notes
        return tuple(infos)

    def _embedding(self, length: Length, ids: Column | None) -> None:
        ref = self.config.embedding
        dataset = None if ref is None else self.files.dataset(ref, (2,))
        if ref is None or dataset is None:
            return
        if not self.options.has_embedding:
            self.notes.append(f"{CONFIG_FILE}: word_embedding is left out, as asked")
        elif length.fits(len(dataset)):
            self._add_source(self._fresh(EMBEDDING), ByStep(dataset, has_units=True), dataset)
        elif ids is None or self.config.embedding_dict not in (None, self.config.word_dict):
            self.notes.append(
                f"{CONFIG_FILE}: word_embedding is left out: its rows go by another dictionary than the words do"
            )
        else:
            table = self.files.table(ref, dataset)
            if table is not None:
                column = ById(table, ids, ref.path)
                self._add_source(self._fresh(EMBEDDING), column, dataset)
                self.checked.append((self.files.called(ref.file), column))

    def _name(self, state: StateType) -> str:
        return self.config.extra.sources.get(state.ref.path, state.name)

    def _fresh(self, name: str) -> str:
        taken = {s.name for s in self.sources}
        return next(n for n in (name, *(f"{name}.{i}" for i in range(2, 10_000))) if n not in taken)

    def _add_source(self, name: str, column: Column, dataset: h5py.Dataset) -> None:
        dtype = dataset.dtype.newbyteorder("=")
        if dtype.name not in STATE_DTYPES:
            dtype = np.dtype("float32" if dtype.itemsize <= 2 else "float64")
        key = ArrayKey("state", name)
        if key in self.columns:
            self.faults.add(CONFIG_FILE, f"lstmviz: sources names {name!r} twice; give each its own name")
        self.columns[key] = Floats(column, dtype)
        self.row_bytes += dataset.shape[1] * dtype.itemsize
        self.sources.append(
            SourcePlan(name, self.config.extra.axis, dataset.shape[1], cast(StateDtype, dtype.name), "raw")
        )

    def _stops(self, n_steps: int) -> NDArray[np.int64]:
        """Return where each sequence stops; LSTMVis knows one stream, an export of ours its sequences."""
        ref = self.config.extra.stops
        dataset = None if ref is None else self.files.dataset(ref, (1,))
        whole = np.array([n_steps], np.int64)
        if ref is None or dataset is None:
            return whole
        table = self.files.table(ref, dataset)
        if table is None:
            return whole
        stops = table.astype(np.int64)
        if self.options.steps is not None:
            stops = np.append(stops[stops < n_steps], n_steps)
        if stops[-1] != n_steps or (np.diff(stops, prepend=0) < 1).any():
            self.faults.add(self.files.called(ref.file), f"{ref.path!r} are not ends of sequences over {n_steps} steps")
            return whole
        return stops

    def _check_values(self, n_steps: int) -> None:
        """Read what goes by ids to its end; the first value that cannot be used becomes a fault."""
        for called, column in self.checked:
            try:
                for start, stop in blocks(n_steps, 64):
                    column.read(start, stop)
            except Offence as err:
                self.faults.add(called, str(err))

    def _join(self, vocab: tuple[str, ...] | None) -> str:
        if self.config.extra.join is not None:
            return self.config.extra.join
        is_by_character = self.config.has_regex_search or (vocab is not None and " " in vocab)
        return "" if is_by_character else default_join(vocab)

    def _provenance(self, named: Mapping[str, StateType]) -> dict[str, Any]:
        unknown = sorted(set(self.options.views) - {"", *(s.name for s in self.sources)})
        if unknown:
            known = ", ".join(s.name for s in self.sources)
            raise UnknownName(f"no source {unknown[0]!r} to set the view of; the project has {known}")
        return {
            "model": self.config.name,
            "description": self.config.description,
            "imported from": "LSTMVis",
            "lstmvis": {n: {"type": s.kind, "layer": s.layer, "unsigned": s.is_unsigned} for n, s in named.items()},
        }
