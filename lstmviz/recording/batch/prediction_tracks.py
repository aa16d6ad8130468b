"""What ``run.predictions`` was given, and the tracks that it becomes once it is known what the pass runs over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from lstmviz.errors import InputError
from lstmviz.recording.batch.forward_pass import PassLayout, PredictionTrack
from lstmviz.recording.batch.pass_inputs import CheckedPass
from lstmviz.recording.batch.predictions import GROUP, class_predictions, token_predictions, value_tracks
from lstmviz.recording.batch.score_range import ScoreRange
from lstmviz.types import Concerns

Kind = Literal["softmax", "sigmoids", "values"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The outputs of one head of a model; ``name`` precedes the names of its tracks, where there are several heads."""

    outputs: Any
    targets: Any
    top_k: int
    labels: Sequence[str] | None
    concerns: Concerns
    kind: Kind
    name: str | None

    def tracks(
        self,
        given: CheckedPass,
        layout: PassLayout | None,
        vocab: Sequence[str] | None,
        is_steps_first: bool | None,
        scores: ScoreRange,
    ) -> list[PredictionTrack]:
        """Return the tracks for a pass; ``is_steps_first`` is the layout of the model where all modules have one.

        ``scores`` is the range of those of the head so far.
        """
        tracks = self._tracks(given, layout, vocab, is_steps_first)
        if self.kind != "values":
            self._check_range(scores)
        return tracks

    def _tracks(
        self,
        given: CheckedPass,
        layout: PassLayout | None,
        vocab: Sequence[str] | None,
        is_steps_first: bool | None,
    ) -> list[PredictionTrack]:
        outputs = self.outputs[None] if isinstance(self.outputs, Tensor) and not self.outputs.dim() else self.outputs
        first = outputs[0] if isinstance(outputs, tuple) and self.kind != "softmax" else outputs
        shape = _shape(first)
        n_sequences, n_steps = _shape_of(given, layout, shape)
        n_dims = len(shape) - (first is outputs and shape != (n_sequences, n_steps))
        if self.kind != "softmax":
            per: Literal["step", "sequence"] = "sequence" if n_dims < 2 else "step"
            wanted = (n_sequences,) if per == "sequence" else (n_sequences, n_steps)
            values = value_tracks(outputs, self.targets, wanted, kind=self.kind, labels=self.labels)
            return self._named(values, per, "step" if per == "sequence" else self.concerns)
        if shape == (n_sequences, n_steps) and self._may_be_of_steps(n_sequences):
            raise InputError(
                f"logits have shape {shape}, that of the steps; for one score a step give logits[..., None], for "
                f"{n_steps} classes of a sequence their labels="
            )
        if len(shape) < 3 and shape[:1] == (n_sequences,):
            return self._named(
                class_predictions(outputs, self.targets, n_sequences, labels=self.labels), "sequence", "step"
            )
        is_next = self.labels is None and self.concerns == "next" and shape[-1] >= max(2, len(vocab or ()))
        values = token_predictions(
            outputs,
            self.targets,
            (n_sequences, n_steps),
            top_k=self.top_k,
            labels=vocab if is_next else self.labels,
            needs_all=not is_next,
            is_steps_first=is_steps_first,
        )
        return self._named(values, "step", self.concerns)

    def _check_range(self, scores: ScoreRange) -> None:
        """Raise InputError where all scores of the head, in this batch and those before, look like probabilities."""
        given = self.outputs
        are_several = isinstance(given, (tuple, list)) and self.kind != "softmax"
        parts = [torch.as_tensor(part).detach() for part in (given if are_several else [given])]
        for part in parts:
            scores.add(part)
        is_one = self.kind == "softmax" and (parts[0].dim() < 2 or parts[0].shape[-1] == 1)
        scores.require_logits(is_one=is_one, is_softmax=self.kind == "softmax")

    def _may_be_of_steps(self, n_sequences: int) -> bool:
        """Tell whether nothing says that outputs (batch, n) are classes of sequences."""
        is_of_sequences = self.targets is not None and np.shape(self.targets) == (n_sequences,)
        return self.labels is None and self.concerns == "next" and not is_of_sequences

    def _named(
        self, values: dict[str, Any], per: Literal["step", "sequence"], concerns: Concerns
    ) -> list[PredictionTrack]:
        prefix, group = ("", GROUP) if self.name is None else (f"{self.name}.", self.name)
        return [PredictionTrack(prefix + name, v, per, concerns, group) for name, v in values.items()]


def _shape(outputs: Any) -> tuple[int, ...]:
    try:
        shape = tuple(getattr(outputs, "shape", None) or np.shape(outputs))
    except (TypeError, ValueError):
        shape = ()
    if not shape:
        raise InputError(
            f"logits are a {type(outputs).__name__}, not an array of scores; give a tensor, such as output.logits"
        )
    return shape


def _shape_of(given: CheckedPass, layout: PassLayout | None, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the (batch, steps) that outputs of a shape are for: as padded, or as long as the longest sequence."""
    valid = given.valid if layout is None else layout.valid
    widths = [n for n in (given.n_padded, None if valid is None else valid.end) if n is not None]
    n_steps = shape[1] if len(shape) > 1 and (not widths or shape[1] in widths) else (*widths, 1)[0]
    n_sequences = given.n_sequences if valid is None else valid.n_sequences
    return (shape[0] if n_sequences is None else n_sequences), n_steps
