"""The self-check: what was recomputed against what the module itself returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lstmviz.errors import RecordingError
from lstmviz.recording.recompute.layer_run import LayerRun


@dataclass(frozen=True, slots=True)
class _Found:
    """The largest gap of a state at some places, given by step and sequence of the batch."""

    layer: str
    state: str
    gaps: Tensor
    steps: Tensor
    sequences: Tensor
    allowed: float


@dataclass(slots=True)
class SelfCheck:
    """All that was compared during one batch; judged at its end, when it is known which steps are padding."""

    module: str
    kind: str
    has_stale_weights: bool = False  # between calls, weights were written to where torch does not count it
    _found: list[_Found] = field(default_factory=list)

    def add(self, run: LayerRun, state: str, gaps: Tensor, rows: Tensor) -> None:
        """Keep the gaps (n_rows, n_units) at some rows of a run, to be judged by ``require``."""
        if gaps.numel():
            steps, sequences = run.steps.places(rows)
            self._found.append(_Found(run.layer, state, gaps.amax(1), run.start + steps, sequences, run.allowed))

    def require(self, lengths: Sequence[int]) -> None:
        """Raise RecordingError naming the worst place of the first state that is off at a valid step."""
        ends = torch.as_tensor(lengths, device="cpu")
        for found in self._found:
            gaps = found.gaps.cpu().masked_fill(found.steps >= ends[found.sequences], 0.0)
            worst = int(gaps.argmax())
            if float(gaps[worst]) > found.allowed:
                if self.has_stale_weights:
                    raise RecordingError(
                        f"{self.module}: its weights changed during the batch, through .data or NumPy or under "
                        "inference_mode, which torch does not count; change them between batches, or in place under "
                        "torch.no_grad()"
                    )
                raise RecordingError(
                    f"{self.module}: the recomputed {found.state} of {found.layer} is off by {float(gaps[worst]):.2g} "
                    f"at step {int(found.steps[worst])}, so this module does not compute what nn.{self.kind} computes; "
                    f"use a plain nn.{self.kind}, or write_dump with states of your own"
                )
