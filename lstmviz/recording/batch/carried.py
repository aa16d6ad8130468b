"""Hold ``continues=`` against the state that a module was handed, from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.recording.hooks.carry import ANEW, REORDERED, way_of


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """The h that a module began and ended a batch with, (batch, n_units), and which sequences continue others.

    ``gap`` is the first step inside the batch that did not begin with the state before it, and how it began.
    """

    begin: Tensor
    end: Tensor
    continues: NDArray[np.bool_]
    gap: tuple[int, str] | None

    def problem(self, name: str, before: Carried | None) -> str | None:
        """Say in one line where the state contradicts what is recorded as one sequence; None where it does not."""
        if self.gap is not None:
            step, way = self.gap
            if way == ANEW:
                return f"{name} begins anew at step {step} of a batch: open one run.batch for each text"
            if way == REORDERED:
                return (
                    f"{name} has its sequences in another order from step {step} of a batch on, as beam search does: a "
                    "sequence of the dump is then a row of the batch, not one text"
                )
            return f"{name} has another state at step {step} of a batch than it ended the step before with"
        if before is None:
            return None
        n = min(len(self.begin), len(before.end))
        begin, end = self.begin[:n], before.end[:n].to(self.begin.device)
        flags = torch.from_numpy(self.continues[:n].copy()).to(begin.device)
        if bool(flags.any()) and (odd := way_of(begin[flags], end[flags])) is not None:
            how = {ANEW: "from zero", REORDERED: "with those of other rows"}.get(odd, "elsewhere")
            return (
                f"{name} began {how} in a batch that continues the one before; hand its state on, or leave continues= "
                "out"
            )
        rest = ~flags
        if bool(rest.any()) and bool(begin[rest].any()) and way_of(begin[rest], end[rest]) is None:
            return (
                f"{name} began with the state that the batch before ended with; give continues=True if the texts go on"
            )
        return None
