"""The self-check: what was recomputed against what the module itself returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lstmviz.errors import RecordingError

if TYPE_CHECKING:
    from lstmviz.recording.run import Run

CHECK_EVERY = 16  # steps; a sixteenth of the arithmetic buys a check that no wrong weight or gate slips through

# Largest disagreement, relative to 1 + the largest |c| that the unit reached: some ten times what rounding was seen to
# cause over 20,000 steps, and far below what wrong weights, gates or inputs cause.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 8e-2}
_TOLERANCE_TF32 = 1e-2  # cuDNN multiplies float32 with 10 bits of fraction unless told otherwise


def tolerance(output: Tensor, worked_in: torch.dtype) -> float:
    """Return how far a recomputed state may be from the module's own, by the dtype that it multiplied in."""
    if output.is_cuda and worked_in == torch.float32 and torch.backends.cudnn.allow_tf32:
        return _TOLERANCE_TF32
    return _TOLERANCE.get(worked_in, _TOLERANCE[torch.float32])


def disagreement(ours: Tensor, theirs: Tensor, reach: Tensor | float = 0.0) -> Tensor:
    """Return ``|ours - theirs| / (1 + reach)``; 0 where both are the same NaN or infinity, infinite where only one is.

    ``reach`` is the largest magnitude on the way to the value: a sum that went up to 1000 and back to 0 carries the
    rounding of 1000.
    """
    theirs = theirs.to(ours.dtype)
    gap = (ours - theirs).abs_().div_(1.0 + reach)
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    return gap.masked_fill_(same, 0.0).nan_to_num_(nan=float("inf"), posinf=float("inf"))


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
class Checks:
    """All that was compared during one batch; judged at its end, when it is known which steps are padding."""

    module: str
    kind: str
    _found: list[_Found] = field(default_factory=list)

    def add(self, run: Run, state: str, gaps: Tensor, rows: Tensor) -> None:
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
                raise RecordingError(
                    f"{self.module}: the recomputed {found.state} of {found.layer} is off by {float(gaps[worst]):.2g} "
                    f"at step {int(found.steps[worst])}, so this module does not compute what nn.{self.kind} computes; "
                    f"use a plain nn.{self.kind}, or write_dump with states of your own"
                )
