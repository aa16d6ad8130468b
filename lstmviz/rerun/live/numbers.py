"""A live model of a dump whose steps are numbers: a typed text has a step on each line."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.block import Block
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import InputError, ModelError
from lstmviz.recording import Recording
from lstmviz.rerun.interventions import HeldValues
from lstmviz.rerun.live.base import LiveBase
from lstmviz.rerun.live.encoding import numbers_by_function
from lstmviz.rerun.live.model import LiveModel
from lstmviz.rerun.runner import ReadText
from lstmviz.rerun.text_runner import check_length, checked_text
from lstmviz.rerun.typed import TypedRun

INPUTS = "inputs"  # the group of the tracks, or the source, in which a recording keeps numbers that were read


class NumberRunner(LiveBase):
    """A live model that reads numbers, (n_steps, n_features)."""

    level = "number"

    def __init__(self, live: LiveModel, dump: DumpReader) -> None:
        super().__init__(live, dump)
        tracks = [track for track in dump.tracks.values() if track.info.group == INPUTS]
        self.vocab, self.outputs, self.predicts_next, self.has_unknown = (), live.labels or (), False, False
        self.predicts = "step" if live.labels else "nothing"
        stop = self.n_checked(dump)
        if tracks:
            self._options["features"] = [track.info.name for track in tracks]
            values = np.stack([track[:stop] for track in tracks], axis=1)
        elif INPUTS in dump.sources:
            values = dump.states(INPUTS)[:stop]
        else:
            raise ModelError(
                f"{dump.path.name} keeps neither tokens nor the numbers that were read; record inputs= too"
            )
        self._n_features = values.shape[1]
        if "position" not in dump.tracks:
            _, block = self._record_numbers(values.astype(np.float32))
            self.check_recorded(dump, block)
            self.try_holding(dump, torch.from_numpy(values.astype(np.float32))[None])

    def read(self, text: str) -> ReadText:
        """Raise InputError: there is no token to replace, and no next one to predict."""
        raise InputError("the model reads numbers and predicts no token; a text of them can be run with rerun alone")

    def run(self, text: str, held: Sequence[HeldValues] = ()) -> TypedRun:
        """Return the recording of a text of numbers; InputError where it has none, or others than the model reads."""
        values = numbers_by_function(checked_text(text), self.live.encode)
        check_length(len(values))
        if values.shape[1] != self._n_features:
            given, wanted = values.shape[1], self._n_features
            raise InputError(f"the text has {given} numbers a step and the model reads {wanted}; type {wanted} a line")
        plan, block = self._record_numbers(values, held)
        tokens = tuple(" ".join(f"{value:.4g}" for value in step) for step in values.tolist())
        return TypedRun(text, tokens, (True,) * len(tokens), False, plan, block)

    def embeddings(self) -> Tensor:
        """Raise ModelError: numbers have no embedding."""
        raise ModelError("the model reads numbers, which have no embedding")

    def embedded_as(self, cells: tuple[Tensor, Tensor], vector: Tensor) -> AbstractContextManager[None]:
        """Raise ModelError: numbers have no embedding."""
        raise ModelError("the model reads numbers, which have no embedding")

    def recorded_vocab(self) -> list[str] | None:
        """Return None: there are no tokens."""
        return None

    def record_row(self, recording: Recording, row: Tensor, targets: Tensor, predicted: Tensor | None) -> None:
        """Run the model over numbers (1, n_steps, n_features) as one batch of a recording, with its outputs."""
        with recording.batch(inputs=row):
            own = self.network.row_logits(row)
            outputs = own if predicted is None else predicted
            if self.live.labels and outputs is not None:
                recording.predictions(outputs, None, 1, labels=self.live.labels, concerns="step")
            elif self.live.forward is not None and outputs is not None:
                recording.predictions(outputs, kind="values", concerns="step")

    def _record_numbers(self, values: NDArray[np.float32], held: Sequence[HeldValues] = ()) -> tuple[DumpPlan, Block]:
        row = torch.from_numpy(values)[None]
        with self.alone():
            states, outputs = self.held_row(row, held)
            return self.in_memory(lambda recording: self.record_row(recording, row, row, outputs), states)
