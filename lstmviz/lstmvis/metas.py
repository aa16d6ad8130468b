"""Read a project's annotations as tracks: numbers and categories, by step or by word id, and word vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lstmviz.lstmvis.columns import Column, IdColumn, KnownIdColumn, LabelColumn, LookupColumn, StepColumn, step_blocks
from lstmviz.lstmvis.config import CONFIG_FILE, Config, DatasetRef, Meta
from lstmviz.lstmvis.dictionary import MAX_ID, Dictionary
from lstmviz.lstmvis.documents import StepDataset
from lstmviz.lstmvis.faults import Faults
from lstmviz.lstmvis.lengths import ProjectLength
from lstmviz.lstmvis.project_files import ProjectFiles
from lstmviz.types import TrackInfo

MAX_NUMBERS = 256  # different ones of an annotation without a dictionary that are labels
MAX_RANKS = 5  # words of a word vector, as many as LSTMVis shows


class MetaReader:
    """Turns annotations into tracks; what cannot be a track is left out with a note, errors become faults."""

    def __init__(
        self, config: Config, files: ProjectFiles, faults: Faults, length: ProjectLength, ids: Column | None
    ) -> None:
        self.config, self.files, self.faults, self.length, self.ids = config, files, faults, length, ids
        self.notes: list[str] = []
        self._taken: set[str] = set()

    def tracks(self, meta: Meta) -> Iterator[tuple[TrackInfo, Column]]:
        """Yield the tracks of one annotation."""
        dataset = self.files.dataset(meta.ref, (1, 2, 3))
        if dataset is None:
            return
        width = dataset.size // len(dataset)
        if width > 1 and not (meta.is_wordvec and dataset.ndim == 2):
            self._leave_out(meta, f"{meta.ref.path!r} has shape {dataset.shape}, and a track holds one value a step")
            return
        by_id = self._is_by_id(meta, dataset)
        if by_id is None:
            return
        n_ranks = min(width, MAX_RANKS)
        if n_ranks < width:
            self._leave_out(meta, f"only the first {n_ranks} of {width} words of each step are read", "in part")
        weights = self._weights(meta, dataset)
        group = "" if width == 1 else self._unused_name(meta.name[:180])
        for rank in range(n_ranks):
            column = self._column(meta, meta.ref, dataset, rank, by_id)
            if column is not None:
                name = f"{group}.top{rank + 1}" if group else self._unused_name(meta.name)
                yield self._track(meta, TrackInfo(name, self.config.extra.axis, "number", group=group), column)
            column = None if weights is None else self._column(meta, weights[0], weights[1], rank, by_id)
            if column is not None:
                name = f"{group}.p{rank + 1}" if group else self._unused_name(f"{meta.name[:190]} weight")
                yield TrackInfo(name, self.config.extra.axis, "number", group=group), column

    def _is_by_id(self, meta: Meta, dataset: StepDataset) -> bool | None:
        """Tell whether rows are by word id, not by step; None if neither fits. LSTMVis reads word vectors by step."""
        fits = self.length.fits(len(dataset))
        if meta.index is not None and not (meta.is_wordvec and fits):
            return True
        if fits:
            return False
        n_rows, n_steps = len(dataset), self.length.n_steps
        why = f"it has {n_rows} rows for {n_steps} steps; if they are by word id, add index: word_sequence"
        self._leave_out(meta, why)
        return None

    def _weights(self, meta: Meta, dataset: StepDataset) -> tuple[DatasetRef, StepDataset] | None:
        if meta.weights is None:
            return None
        weights = self.files.dataset(meta.weights, (1, 2))
        if weights is None or not meta.is_wordvec:
            return None
        if weights.shape != dataset.shape:
            self.faults.add(
                self.files.file_name(meta.weights.file),
                f"{meta.weights.path!r} has shape {weights.shape} and its words {dataset.shape}; make them agree",
            )
            return None
        return meta.weights, weights

    def _column(self, meta: Meta, ref: DatasetRef, dataset: StepDataset, rank: int, by_id: bool) -> Column | None:
        if not by_id:
            return StepColumn(dataset, rank)
        ids = self._index(meta)
        table = None if ids is None else self.files.table(ref, dataset)
        if ids is None or table is None:
            return None
        return LookupColumn(table.reshape(len(table), -1)[:, rank], ids, ref.path)

    def _index(self, meta: Meta) -> Column | None:
        if meta.index is None or meta.index == self.config.words:
            return self.ids
        dataset = self.files.dataset(meta.index, (1,))
        if dataset is None:
            return None
        if not self.length.fits(len(dataset)):
            file_name = self.files.file_name(meta.index.file)
            self.faults.add(
                file_name, f"{meta.index.path!r} has {len(dataset)} steps and the states {self.length.n_steps}"
            )
            return None
        return IdColumn(StepColumn(dataset), meta.index.path)

    def _track(self, meta: Meta, info: TrackInfo, column: Column) -> tuple[TrackInfo, Column]:
        dictionary = None if meta.dictionary is None else self.files.dictionary(meta.dictionary)
        if dictionary is None and meta.dictionary is None and meta.vis == "discrete":
            dictionary = self._numbers(column)
        if dictionary is None:
            return info, column
        labels, ids = _make_labels(dictionary, IdColumn(column, meta.ref.path), self.config.extra.none.get(meta.name))
        if dictionary.notes:
            self.notes += [n for n in dictionary.notes if n not in self.notes]
        return replace(info, kind="category", labels=labels), ids

    def _numbers(self, column: Column) -> Dictionary | None:
        """Return whole numbers as labels; None if there are too many, or others."""
        numbers = np.zeros(0)
        for start, stop in step_blocks(self.length.n_steps, 64):
            numbers = np.union1d(numbers, column.read(start, stop))
            is_whole = np.isfinite(numbers) & (numbers == np.trunc(numbers)) & (numbers >= 0) & (numbers < MAX_ID)
            if len(numbers) > MAX_NUMBERS or not is_whole.all():
                return None
        return Dictionary({int(v): str(int(v)) for v in numbers.tolist()})

    def _leave_out(self, meta: Meta, why: str, how: str = "") -> None:
        self.notes.append(f"{CONFIG_FILE}: meta {meta.name!r} is left out{' ' + how if how else ''}: {why}")

    def _unused_name(self, name: str) -> str:
        while name in self._taken:
            name = f"{name[:190]}'" if len(name) < 199 else f"{len(self._taken)}'{name[:180]}"
        self._taken.add(name)
        return name


def _make_labels(dictionary: Dictionary, ids: IdColumn, none: int | None) -> tuple[tuple[str, ...], LabelColumn]:
    """Make labels of a dictionary's words, each once, in the order of their ids; ``none`` is the id of no value."""
    in_order = sorted((i, word) for i, word in dictionary.words.items() if i != none)
    labels = {word: n for n, word in enumerate(dict.fromkeys(word for _, word in in_order))}
    index_of = np.full(dictionary.size, -1, np.int32)
    is_known = np.zeros(dictionary.size, bool)
    for i, word in in_order:
        index_of[i], is_known[i] = labels[word], True
    if none is not None and 0 <= none < dictionary.size:
        is_known[none] = True
    return tuple(labels), LabelColumn(KnownIdColumn(ids, is_known, dictionary.file), index_of)
