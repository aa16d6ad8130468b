"""Whether a module's state was handed on from call to call, and from batch to batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lstmviz.recording.recompute.layer_run import LayerRun

ANEW, REORDERED, OTHER = "anew", "reordered", "other"


@dataclass(slots=True, eq=False)
class StateCarry:
    """The h that a module's first layer began a batch with and ended it with, (batch, n_units), in the batch's order.

    ``gap`` is the first step, if any, that did not begin with what the step before gave, and how it began.
    """

    begin: Tensor | None = None
    end: Tensor | None = None
    gap: tuple[int, str] | None = None

    def add(self, run: LayerRun) -> None:
        """Take the next run of the layer."""
        steps = run.steps
        if steps.is_stepped:
            self._add_steps(run)
            begin, last = run.begin_h[: steps.n_sequences], steps.columns_end
        else:
            begin, last = run.begin_h, steps.final
        begin, end = (_in_order(v, steps.order) for v in (begin, run.h[last.to(run.h.device)]))
        if self.end is not None and self.gap is None and (way := way_of(begin, self.end[: len(begin)])):
            self.gap = run.start, way
        self.begin = begin if self.begin is None else self.begin
        kept = end if self.end is None else torch.cat([end, self.end[len(end) :]])
        self.end = kept

    def _add_steps(self, run: LayerRun) -> None:
        steps = run.steps
        before = steps.before
        rows = (before >= 0).nonzero()[:, 0]
        if self.gap is not None or not len(rows):
            return
        device = run.h.device
        gaps = _differ(run.begin_h[rows.to(device)], run.h[before[rows].to(device)]).nonzero()
        if not len(gaps):
            return
        step = int(steps.at[0][rows[int(gaps[0])]])
        now, then = slice(*steps.ends[step : step + 2]), slice(*steps.ends[step - 1 : step + 1])
        way = way_of(run.begin_h[now], run.h[then][: steps.sizes[step]])
        self.gap = None if way is None else (run.start + step, way)


def way_of(begin: Tensor, end: Tensor) -> str | None:
    """Say how states (n, n_units) differ from those that were given before; None where they do not."""
    differs = _differ(begin, end)
    if not bool(differs.any()):
        return None
    rows = begin[differs]
    if not bool(rows.any()):
        return ANEW
    is_another = ~_differ(rows[:, None], end[None].expand(len(rows), *end.shape)).all(1)
    return REORDERED if bool(is_another.all()) else OTHER


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
