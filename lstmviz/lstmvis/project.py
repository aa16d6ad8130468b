"""Read a project: find every array, report all faults at once, and plan the dump that it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.joining import Joining, guess_joining
from lstmviz.dump.schema import STATE_DTYPES, ArrayKey, AxisPlan, DumpPlan, SourcePlan, StateDtype
from lstmviz.errors import ProjectError, UnknownName
from lstmviz.lstmvis.columns import (
    Column,
    ColumnError,
    FloatColumn,
    IdColumn,
    KnownIdColumn,
    LookupColumn,
    StepColumn,
    step_blocks,
)
from lstmviz.lstmvis.config import CONFIG_FILE, Config, StateType
from lstmviz.lstmvis.documents import StepDataset
from lstmviz.lstmvis.faults import Faults
from lstmviz.lstmvis.lengths import ProjectLength, StepArray, common_length, is_transposed
from lstmviz.lstmvis.metas import MetaReader
from lstmviz.lstmvis.project_files import ProjectFiles
from lstmviz.lstmvis.sections import read_config
from lstmviz.types import TrackInfo, View

EMBEDDING = "word_embedding"
PADDING = "<pad>"  # id 0, where no word has it


@dataclass(frozen=True)
class Options:
    """How to read a project: views by source name ("" for all), only the first ``steps``, and word vectors or not.

    With ``is_transposed`` its states are stored as (n_units, n_steps). ``lengths`` are those of padded documents: its
    arrays are (documents, steps, ...), and each document becomes a sequence.
    """

    views: Mapping[str, View] = field(default_factory=dict)
    steps: int | None = None
    has_embedding: bool = True
    is_transposed: bool = False
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Project:
    """A project without faults: the plan of its dump, where each array comes from, and notes on what was decided."""

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
def open_project_files(folder: Path, options: Options) -> Iterator[Project]:
    """Open a project for reading; ProjectError lists everything that is wrong in it, file by file."""
    faults = Faults()
    config, _ = read_config(folder, faults)
    if options.lengths and options.is_transposed:
        raise ProjectError(
            f"{folder}: lengths are of (documents, steps, units), which is not transposed; give one of them"
        )
    with ProjectFiles(folder, config, faults, options.lengths) as files:
        yield ProjectReader(config, files, faults, options).project()


class ProjectReader:
    """Finds every array of a configuration, and checks the values of those that hold ids."""

    def __init__(self, config: Config, files: ProjectFiles, faults: Faults, options: Options) -> None:
        self.config, self.files, self.faults, self.options = config, files, faults, options
        self.notes = list(config.notes)
        self.columns: dict[ArrayKey, Column] = {}
        self.sources: list[SourcePlan] = []
        self.checked: list[tuple[str, Column]] = []
        self.row_bytes = 0
        self.pads = False  # whether id 0 stands for padding

    def project(self) -> Project:
        """Return the project; ProjectError lists everything that is wrong in it."""
        words = self.files.dataset(self.config.words, (1, 2))
        datasets = [(s, self.files.dataset(s.ref, (2,))) for s in self.config.states]
        states = [(s, d) for s, d in datasets if d is not None]
        length = self._length(words, states)
        vocab, ids = self._tokens(words)
        for state, dataset in states:
            self._add_states(state, dataset, None if words is None else len(words))
        tracks = self._tracks(length, ids)
        self._embedding(length, ids)
        stops = self._stops(length.n_steps)
        self._check_values(length.n_steps)
        self.faults.raise_if_any()
        has_tokens = self.config.extra.has_tokens and ids is not None
        joining = self._joining(vocab)
        words = vocab if has_tokens else None
        axis = AxisPlan(self.config.extra.axis, joining.join, has_tokens, words, joining.pieces)
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

    def _add_states(self, state: StateType, dataset: StepDataset, n_words: int | None) -> None:
        turned = self.options.is_transposed
        if not turned and n_words is not None and is_transposed(dataset.shape, n_words):
            self.faults.add(
                self.files.file_name(state.ref.file),
                f"{state.ref.path!r} has shape {dataset.shape} and there are {n_words} words: it is transposed, units"
                " by steps. Read it with: lstmviz import-lstmvis FOLDER --transpose",
            )
        column = StepColumn(dataset, has_units=True, is_transposed=turned)
        self._add_source(self._name(state), column, dataset, dataset.shape[0 if turned else 1])

    def _length(self, words: StepDataset | None, states: list[tuple[StateType, StepDataset]]) -> ProjectLength:
        steps_along = 1 if self.options.is_transposed else 0
        counted = [StepArray(self.files.file_name(s.ref.file), s.ref.path, d.shape[steps_along]) for s, d in states]
        ref = self.config.words
        of_words = None if words is None else StepArray(self.files.file_name(ref.file), ref.path, len(words))
        return common_length(of_words, counted, self.options.steps, self.faults, self.notes)

    def _tokens(self, words: StepDataset | None) -> tuple[tuple[str, ...] | None, Column | None]:
        ref = self.config.words
        key = self.config.word_dict if self.config.extra.has_vocab else None
        dictionary = None if key is None else self.files.dictionary(key)
        if words is None or (key is not None and dictionary is None):
            return None, None
        file_name = self.files.file_name(ref.file)
        if words.ndim == 2 and words.shape[1] != 1:
            self.faults.add(file_name, f"{ref.path!r} has shape {words.shape}; it needs (n_steps,), one word id a step")
            return None, None
        ids: Column = IdColumn(StepColumn(words), ref.path)
        vocab = None
        if dictionary is not None:
            words_of = {0: PADDING, **dictionary.words}  # Keras pads with 0, and counts words from 1
            vocab = tuple(words_of.get(i, "") for i in range(dictionary.size))
            is_known = np.array([i in words_of for i in range(dictionary.size)])
            self.pads = 0 not in dictionary.words
            ids = KnownIdColumn(cast(IdColumn, ids), is_known, dictionary.file)
            self.notes += dictionary.notes
        self.columns[ArrayKey("tokens")] = ids
        self.checked.append((file_name, ids))
        return vocab, ids

    def _tracks(self, length: ProjectLength, ids: Column | None) -> tuple[TrackInfo, ...]:
        reader = MetaReader(self.config, self.files, self.faults, length, ids)
        infos = []
        for meta in self.config.metas:
            for info, column in reader.tracks(meta):
                infos.append(info)
                self.columns[ArrayKey("track", info.name)] = column
                if not isinstance(column, StepColumn):
                    self.checked.append((self.files.file_name(meta.ref.file), column))
        self.notes += reader.notes
        return tuple(infos)

    def _embedding(self, length: ProjectLength, ids: Column | None) -> None:
        ref = self.config.embedding
        dataset = None if ref is None else self.files.dataset(ref, (2,), is_table=True)
        if ref is None or dataset is None:
            return
        if not self.options.has_embedding:
            self.notes.append(f"{CONFIG_FILE}: word_embedding is left out, as asked")
        elif length.fits(len(dataset)):
            self._add_source(
                self._unused_name(EMBEDDING), StepColumn(dataset, has_units=True), dataset, dataset.shape[1]
            )
        elif ids is None or self.config.embedding_dict not in (None, self.config.word_dict):
            self.notes.append(
                f"{CONFIG_FILE}: word_embedding is left out: its rows follow a dictionary other than the words' own"
            )
        else:
            table = self.files.table(ref, dataset)
            if table is not None:
                column = LookupColumn(table, ids, ref.path)
                self._add_source(self._unused_name(EMBEDDING), column, dataset, dataset.shape[1])
                self.checked.append((self.files.file_name(ref.file), column))

    def _name(self, state: StateType) -> str:
        return self.config.extra.sources.get(state.ref.path, state.name)

    def _unused_name(self, name: str) -> str:
        taken = {s.name for s in self.sources}
        return next(n for n in (name, *(f"{name}.{i}" for i in range(2, 10_000))) if n not in taken)

    def _add_source(self, name: str, column: Column, dataset: StepDataset, n_units: int) -> None:
        dtype = dataset.dtype.newbyteorder("=")
        if dtype.name not in STATE_DTYPES:
            dtype = np.dtype("float32" if dtype.itemsize <= 2 else "float64")
        key = ArrayKey("state", name)
        if key in self.columns:
            self.faults.add(CONFIG_FILE, f"lstmviz: sources names {name!r} twice; give each its own name")
        self.columns[key] = FloatColumn(column, dtype)
        self.row_bytes += n_units * dtype.itemsize
        self.sources.append(SourcePlan(name, self.config.extra.axis, n_units, cast(StateDtype, dtype.name), "raw"))

    def _stops(self, n_steps: int) -> NDArray[np.int64]:
        """Return where each sequence stops: LSTMVis has one stream, an export by lstmviz stores its sequences."""
        if self.options.lengths:
            ends = np.cumsum(self.options.lengths)
            return np.append(ends[ends < n_steps], n_steps)
        ref = self.config.extra.stops
        dataset = None if ref is None else self.files.dataset(ref, (1,))
        one_sequence = np.array([n_steps], np.int64)
        if ref is None or dataset is None:
            return one_sequence
        table = self.files.table(ref, dataset)
        if table is None:
            return one_sequence
        stops = table.astype(np.int64)
        if self.options.steps is not None:
            stops = np.append(stops[stops < n_steps], n_steps)
        if stops[-1] != n_steps or (np.diff(stops, prepend=0) < 1).any():
            self.faults.add(
                self.files.file_name(ref.file), f"{ref.path!r} are not ends of sequences over {n_steps} steps"
            )
            return one_sequence
        return stops

    def _check_values(self, n_steps: int) -> None:
        """Read every column of ids; the first value that cannot be used becomes a fault."""
        tokens = self.columns.get(ArrayKey("tokens"))
        for file_name, column in self.checked:
            try:
                n_zeros = sum(int((column.read(*block) == 0).sum()) for block in step_blocks(n_steps, 64))
                if column is tokens and self.pads and n_zeros:
                    self.notes.append(f"{file_name}: {n_zeros} steps have id 0, without a word; shown as {PADDING}")
            except ColumnError as err:
                self.faults.add(file_name, str(err))

    def _joining(self, vocab: tuple[str, ...] | None) -> Joining:
        if self.config.extra.join is not None:
            return Joining(self.config.extra.join)
        return Joining("") if self.config.has_regex_search else guess_joining(vocab)

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
