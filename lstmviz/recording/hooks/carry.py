"""Whether a module's state was passed on from call to call, and from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.recording.recompute.layer_run import LayerRun

ZERO, ANEW, OTHER, REORDERED = 1, 2, 3, 4
"""How a state began a step: from zero, which it also ended with; from zero; elsewhere; as that of another row."""

Breaks = NDArray[np.int64]
"""(n, 3): a step, a row and how it began there, other than with what the step before gave."""


@dataclass(slots=True, eq=False)
class StateCarry:
    """The h that a module's first layer began and ended a batch with, (batch, n_units), in the batch's order."""

    begin: Tensor | None = None
    end: Tensor | None = None
    _breaks: list[Breaks] = field(default_factory=list)
    _is_order_known: bool = False  # of the first states that began elsewhere; later ones are not looked for

    @property
    def breaks(self) -> Breaks:
        """Every step and row that did not begin with what the step before gave, in the order of time."""
        return np.concatenate(self._breaks) if self._breaks else np.empty((0, 3), np.int64)

    def add(self, run: LayerRun) -> None:
        """Take the next run of the layer."""
        steps = run.steps
        if steps.is_stepped:
            self._add_steps(run)
            begin, last = run.begin_h[: steps.n_sequences], steps.columns_end
        else:
            begin, last = run.begin_h, steps.final
        begin, end = (_in_order(v, steps.order) for v in (begin, run.h[last.to(run.h.device)]))
        if self.end is not None:
            rows = np.arange(len(begin))
            self._note(np.full_like(rows, run.start), rows, begin, self.end[: len(begin)])
        self.begin = begin if self.begin is None else self.begin
        self.end = end if self.end is None else torch.cat([end, self.end[len(end) :]])

    def _add_steps(self, run: LayerRun) -> None:
        before = run.steps.before
        rows = (before >= 0).nonzero()[:, 0]
        if len(rows):
            step, column = (a[rows].numpy() for a in run.steps.at)
            device = run.h.device
            self._note(run.start + step, column, run.begin_h[rows.to(device)], run.h[before[rows].to(device)])

    def _note(self, steps: NDArray[np.int64], rows: NDArray[np.int64], begin: Tensor, before: Tensor) -> None:
        """Note where states (n, n_units) differ from those of the step before, or are zero."""
        differs, is_zero = _differ(begin, before), ~begin.any(-1)
        how = torch.where(differs, torch.where(is_zero, ANEW, OTHER), torch.where(is_zero, ZERO, 0)).cpu().numpy()
        elsewhere = steps[how == OTHER]
        if len(elsewhere) and not self._is_order_known:
            self._is_order_known = True
            at = np.flatnonzero(steps == elsewhere[0])
            now, then = (v[torch.from_numpy(at).to(v.device)] for v in (begin, before))
            how[at] = np.where((how[at] != 0) & _of_others(now, then), REORDERED, how[at])
        if how.any():
            self._breaks.append(np.stack([steps, rows, how], 1)[how != 0])


def way_of(begin: Tensor, end: Tensor) -> int:
    """Say how states (n, n_units) differ from those that were given before; 0 where they do not."""
    rows = begin[_differ(begin, end)]
    if not len(rows):
        return 0
    if not bool(rows.any()):
        return ANEW
    return REORDERED if _of_others(rows, end).all() else OTHER


def _of_others(begin: Tensor, before: Tensor) -> NDArray[np.bool_]:
    """Tell of each row whether it is one of those that were given before."""
    is_other: NDArray[np.bool_] = (
        (~_differ(begin[:, None], before[None].expand(len(begin), *before.shape))).any(1).cpu().numpy()
    )
    return is_other


def _differ(now: Tensor, before: Tensor) -> Tensor:
    """Tell of each row whether it differs by more than a rounding."""
    return ~torch.isclose(now, before.to(now.dtype), rtol=1e-3, atol=1e-5, equal_nan=True).all(-1)


def _in_order(values: Tensor, order: Tensor | None) -> Tensor:
    """Return rows of a packed call in the order of the batch."""
    if order is None:
        return values.clone()
    result = torch.empty_like(values)
    result[order.to(values.device)] = values
    return result
