"""The self-check: recomputed states against those that the module itself returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lstmviz.errors import RecordingError
from lstmviz.recording.recompute.layer_run import LayerRun


@dataclass(frozen=True, slots=True)
class _Gap:
    """The largest disagreement of a state at some places, given by step and sequence of the batch."""

    layer: str
    state: str
    values: Tensor
    steps: Tensor
    sequences: Tensor
    allowed: float


@dataclass(slots=True)
class SelfCheck:
    """All comparisons of one batch; they are judged at its end, when it is known which steps are padding."""

    module: str
    kind: str
    has_stale_weights: bool = False  # weights changed between calls, by writes that torch does not count
    _gaps: list[_Gap] = field(default_factory=list)

    def add(self, run: LayerRun, state: str, gaps: Tensor, rows: Tensor) -> None:
        """Keep the disagreements (n_rows, n_units) at some rows of a run, for ``require`` to judge."""
        if gaps.numel():
            steps, sequences = run.steps.places(rows)
            self._gaps.append(_Gap(run.layer, state, gaps.amax(1), run.start + steps, sequences, run.allowed))

    def require(self, lengths: Sequence[int]) -> None:
        """Raise RecordingError, naming the worst place, for the first state that is wrong at a valid step."""
        ends = torch.as_tensor(lengths, device="cpu")
        for gap in self._gaps:
            gaps = gap.values.cpu().masked_fill(gap.steps >= ends[gap.sequences], 0.0)
            worst = int(gaps.argmax())
            if float(gaps[worst]) > gap.allowed:
                if self.has_stale_weights:
                    raise RecordingError(
                        f"{self.module}: its weights changed during the batch, through .data or NumPy or under "
                        "inference_mode, which torch does not count; change them between batches, or in place under "
                        "torch.no_grad()"
                    )
                raise RecordingError(
                    f"{self.module}: the recomputed {gap.state} of {gap.layer} is off by {float(gaps[worst]):.2g} "
                    f"at step {int(gap.steps[worst])}, so this module does not compute what nn.{self.kind} computes; "
                    f"use a plain nn.{self.kind}, or write_dump with states of your own"
                )
