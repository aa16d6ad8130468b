"""The texts that a model is run over once more: the sequences of a corpus, or one that was typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import ModelError
from lstmviz.rerun.runner import Ids, Mask, Runner

MAX_VALUES = 2**22  # of the logits of a batch, which then stay near the processor
MAX_ROWS = 512  # run at once; their states stay in a core's cache


@dataclass(frozen=True, eq=False)
class Texts:
    """Sequences of token ids one after the other, (n_steps,); sequence s is [starts[s], stops[s])."""

    ids: Ids
    starts: Ids
    stops: Ids

    @property
    def n_steps(self) -> int:
        """Steps of all sequences."""
        return len(self.ids)

    def batches(self, sequences: Ids, n_outputs: int, n_copies: int) -> Iterator[TextBatch]:
        """Yield some sequences in batches of like length, so small that ``n_copies`` of each fit beside one another."""
        lengths = self.stops[sequences] - self.starts[sequences]
        order = sequences[np.argsort(lengths, kind="stable")]
        first = 0
        while first < len(order):
            length = int(self.stops[order[-1]] - self.starts[order[-1]])
            n_rows = min(MAX_ROWS // n_copies, MAX_VALUES // (length * n_outputs * n_copies))
            last = first + max(1, n_rows)
            yield TextBatch.of(self, order[first:last])
            first = last


@dataclass(frozen=True, eq=False)
class TextBatch:
    """Some sequences side by side, padded: ids (n_rows, n_steps), and the place of each step among all steps.

    ``place`` is -1 after a sequence's end.
    """

    sequences: Ids
    ids: Tensor
    lengths: Tensor
    place: Ids

    @classmethod
    def of(cls, texts: Texts, sequences: Ids) -> TextBatch:
        """Return some sequences of a text as a batch."""
        starts, stops = texts.starts[sequences], texts.stops[sequences]
        lengths = stops - starts
        steps = np.arange(int(lengths.max()))
        place = np.where(steps < lengths[:, None], starts[:, None] + steps, -1)
        ids = np.where(place >= 0, texts.ids[place], 0)
        return cls(sequences, torch.from_numpy(ids), torch.from_numpy(lengths), place)

    @property
    def is_step(self) -> Mask:
        """Which cells hold a step, (n_rows, n_steps)."""
        return np.asarray(self.place >= 0)

    def targets(self) -> Tensor:
        """Return the token after each, (n_rows, n_steps); -1 where there is none."""
        targets = torch.full_like(self.ids, -1)
        targets[:, :-1] = self.ids[:, 1:]
        targets[torch.arange(self.ids.shape[1]) >= self.lengths[:, None] - 1] = -1
        return targets


def check_predicts(runner: Runner) -> None:
    """Raise ModelError for a model that predicts nothing, whose predictions nothing can change."""
    if not runner.outputs:
        raise ModelError("the model predicts nothing that could change; give one that returns logits")


def corpus_texts(dump: DumpReader, axis: Axis, n_vocab: int) -> Texts:
    """Return the sequences of an axis as a model reads them; ModelError where it read more than was recorded."""
    if "position" in axis.tracks:
        raise ModelError(
            f"{dump.path.name} holds only some steps of its documents, so the model cannot be run over them again; "
            "record every step"
        )
    if axis.tokens is None:
        raise ModelError(f"{dump.path.name} has no tokens on axis {axis.name!r}, so no model can read them again")
    ids = np.asarray(axis.tokens.ids[:], np.int64)
    if len(ids) and int(ids.max()) >= n_vocab:
        raise ModelError(f"{dump.path.name} has token {int(ids.max())} and the model knows {n_vocab:,} tokens")
    return Texts(ids, np.asarray(axis.starts, np.int64), np.asarray(axis.stops, np.int64))
