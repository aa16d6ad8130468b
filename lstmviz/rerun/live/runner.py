"""A live model that runs the texts of one dump: what it predicts, and whether it is the model that was recorded."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lstmviz.dump.block import Block
from lstmviz.dump.joining import is_unknown
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import InputError, ModelError
from lstmviz.rerun.live.base import LiveBase, Predicts
from lstmviz.rerun.live.embedding import embedded_as, embedding_of, vectors_of
from lstmviz.rerun.live.encoding import Vocabulary, as_typed, ids_by_function, ids_by_vocabulary
from lstmviz.rerun.live.model import LiveModel
from lstmviz.rerun.runner import Ids, ReadText
from lstmviz.rerun.text_runner import check_length, checked_text

if TYPE_CHECKING:
    from lstmviz.recording import Recording

ENCODED_STEPS = 50  # of the corpus's first sequence that encode is tried on
TRIED_STEPS = 8  # of the texts on which it is tried whether rows may run together
TOP_K = 3  # predictions kept a step, where the dump has none to go by


class LiveRunner(LiveBase):
    """A live model as the model of a dump whose steps are tokens. Raises ModelError if it is not the one recorded."""

    def __init__(self, live: LiveModel, dump: DumpReader) -> None:
        axis = dump.first
        if axis.tokens is None:
            raise ModelError(f"{dump.path.name} has no tokens, so no text of them can be typed")
        super().__init__(live, dump)
        sizes = [m.num_embeddings for m in live.model.modules() if isinstance(m, nn.Embedding)]
        self.vocabulary = Vocabulary.of(axis.tokens, max(sizes, default=0))
        self.vocab = self.vocabulary.words
        self.has_unknown = live.encode is not None or self.vocabulary.unknown is not None
        self.level = "token" if live.encode is not None else "char" if self.vocabulary.is_characters else "word"
        self.has_examples = self.vocabulary.has_words
        self._n_tokens = {len(self.vocab), *sizes}
        self._top_k = sum(re.fullmatch(r"top\d+", name) is not None for name in axis.tracks) or TOP_K
        self._check_states(dump)

    def embeddings(self) -> Tensor:
        """Return the vector of each token of the vocabulary, (n_vocab, n_embedding)."""
        return vectors_of(self._embedding, len(self.vocab))

    def embedded_as(self, cells: tuple[Tensor, Tensor], vector: Tensor) -> AbstractContextManager[None]:
        """Put a vector in the place of the embedding of some (rows, steps) of a batch, while the block lasts."""
        vectors_of(self._embedding, len(self.vocab))
        assert self._embedding is not None  # noqa: S101  or there are no vectors
        return embedded_as(self.network, self._embedding, cells, vector)

    def read(self, text: str) -> ReadText:
        """Return a text as the model reads it; InputError for one that has no token, or more than 2,000."""
        text = checked_text(text)
        if self.live.encode is None:
            tokens, ids, is_known = ids_by_vocabulary(text, self.vocabulary)
        else:
            ids = ids_by_function(text, self.live.encode, self.vocabulary)
            tokens = [self.vocab[i] for i in ids.tolist()]
            is_known = np.array([not is_unknown(token) for token in tokens], np.bool_)
            tokens = as_typed(text, tokens, is_known, self.vocabulary)
        check_length(len(tokens))
        return ReadText(text, tuple(tokens), ids[ids >= 0], is_known, ids >= 0)

    def in_memory(self, run: Any, states: dict[str, NDArray[Any]]) -> tuple[DumpPlan, Block]:
        """Record what ``run(recording)`` runs, with tokens that are joined as those of the dump are."""
        plan, block = super().in_memory(run, states)
        axis = replace(plan.axes[0], join=self.vocabulary.join, pieces=self.vocabulary.pieces)
        return replace(plan, axes=(axis,)), block

    def recorded_vocab(self) -> list[str] | None:
        """Return None: a text is recorded as ids, and its predictions are named by ``outputs``."""
        return None

    def record_row(self, recording: Recording, row: Tensor, targets: Tensor, predicted: Tensor | None) -> None:
        """Run the model over ids (1, n_steps) as one batch of a recording, with its predictions."""
        with recording.batch(tokens=row):
            own = self.network.row_logits(row)
            logits = own if predicted is None else predicted
            if logits is None or not self.outputs:
                return
            if self.predicts == "text" and logits.dim() == 3:
                logits = logits[:, -1]
            if self.predicts == "next":
                recording.predictions(logits, targets, self._top_k, labels=self.outputs)
            else:
                recording.predictions(logits, None, self._top_k, labels=self.outputs, concerns="step")

    def _check_states(self, dump: DumpReader) -> None:
        """See what the model predicts, and hold its states against the dump's; ModelError where they differ."""
        axis = dump.first
        ids = np.asarray(axis.tokens.ids[: self.n_checked(dump)], np.int64)  # type: ignore[union-attr]
        self._check_encode(axis, ids)
        row = torch.from_numpy(ids)[None]
        with self.alone():
            logits = self.network.row_logits(row)
            self._embedding = embedding_of(self.network, row)
            self.network.try_batches(row[:, :TRIED_STEPS], self._source_names)
        self._describe(logits, has_labels=not {"predicted", "top1"}.isdisjoint(axis.tracks))
        if "position" in axis.tracks:  # the model read steps that were not recorded
            return
        self.check_recorded(dump, self.record_ids(ids)[1])
        self.try_holding(dump, row)

    def _check_encode(self, axis: Axis, ids: Ids) -> None:
        """Raise ModelError where the user's function gives other tokens for the first text than were recorded.

        Half of them will do: special tokens may be added, and a text is not always cut again as it was.
        """
        if self.live.encode is None:
            return
        text = axis.text(0, min(len(ids), ENCODED_STEPS))
        there = Counter(ids[:ENCODED_STEPS].tolist())
        given = ids_by_function(text, self.live.encode, self.vocabulary).tolist()
        if 2 * (there & Counter(given)).total() < there.total():
            raise ModelError(
                f"encode gives other tokens than were recorded: {text[:20]!r} begins {given[:4]}, and in the dump "
                f"{ids[:4].tolist()}; give the encode that the recording was made with"
            )

    def _describe(self, logits: Tensor | None, has_labels: bool) -> None:
        """Say what the logits are of: the next token, a label of each step or of the whole text, or nothing."""
        labels, width = self.live.labels, 0 if logits is None else logits.shape[-1]
        is_known = labels is not None or has_labels or self.live.forward is not None
        self.predicts: Predicts = "nothing"
        if logits is not None and logits.dim() == 2:
            self.predicts = "text" if is_known else "nothing"
        elif logits is not None and labels is None and width in self._n_tokens:
            self.predicts = "next"
        elif logits is not None:
            self.predicts = "step" if is_known else "nothing"
        if labels is not None and self.predicts != "nothing" and len(labels) != width:
            raise InputError(f"labels names {len(labels)} and the model gives {width} logits; name each")
        self.predicts_next = self.predicts == "next"
        names = labels or (self.vocab if self.predicts_next else tuple(map(str, range(width))))
        more = tuple(f"<{i}>" for i in range(len(names), width))
        self.outputs = () if self.predicts == "nothing" else (*names, *more)[:width]
