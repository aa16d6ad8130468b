"""One layer in one direction during one call, as rows: what the arithmetic of every kind of module works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lstmviz.recording.recompute.rounding import RoundingScale
from lstmviz.recording.recompute.step_layout import StepLayout

_PRECISE = (torch.float32, torch.float64)


class GateInputs(NamedTuple):
    """What the gates of some rows are computed from: x (n_rows, n_in), and h before each row (n_rows, n_out)."""

    x: Tensor
    before: Tensor

    def rounding_scale(self, weights: LayerWeights, dtype: torch.dtype) -> RoundingScale:
        """Return how large the products of each row grow in a module that computes in ``dtype``.

        It is a sixteenth of the largest input times the largest weight, and more for long sums: almost 0 for
        embeddings, large for raw measurements, whose large products of either sign add up to small sums.
        """
        size = weights.empty(len(self.x), 1).zero_()
        may_overflow = torch.zeros_like(size, dtype=torch.bool)
        for rows, weight in ((self.x, weights.w_ih), (self.before, weights.w_hh)):
            product = _magnitude(rows, 1).to(size.dtype) * _magnitude(weight)
            may_overflow |= ~(product * weight.shape[1] < torch.finfo(dtype).max)
            size += product.nan_to_num_(nan=0.0, posinf=0.0).mul_(max(weight.shape[1], 16) ** 0.5 / 64)
        return RoundingScale(size, may_overflow)


def _magnitude(values: Tensor, dim: int | None = None) -> Tensor:
    """Return the largest magnitude of all values, or along a dimension that is kept."""
    least, most = torch.aminmax(values) if dim is None else torch.aminmax(values, dim=dim, keepdim=True)
    return torch.maximum(-least, most)


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer's weights in one direction, as torch names them, in float32 at least.

    ``compute_dtype`` is the dtype of the module's products: each factor is rounded to it first.
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None
    compute_dtype: torch.dtype

    @classmethod
    def of(cls, flat: Sequence[Tensor], compute_dtype: torch.dtype, *, has_bias: bool) -> LayerWeights:
        """Take the weights of one layer and direction from a module's flat list, rounded as the module rounds them."""
        to = compute_dtype if compute_dtype in _PRECISE else torch.float32
        weights = [w.detach().to(compute_dtype).to(to) for w in flat]
        b_ih, b_hh = weights[2:4] if has_bias else (None, None)
        rest = weights[4 if has_bias else 2 :]
        return cls(weights[0], weights[1], b_ih, b_hh, rest[0] if rest else None, compute_dtype)

    @property
    def n_units(self) -> int:
        """Units of the layer; ``w_hh`` has rows for each of its gates."""
        return self.w_hh.shape[1] if self.w_hr is None else self.w_hr.shape[1]

    def empty(self, n_rows: int, n_units: int) -> Tensor:
        """Return an empty tensor (n_rows, n_units) in the precision of the weights."""
        return self.w_ih.new_empty(n_rows, n_units)

    def product(self, inputs: GateInputs, columns: slice, out: Tensor | None = None) -> Tensor:
        """Return ``x W_ih^T + h W_hh^T + b`` for some columns of the gates, in ``out`` where it is given.

        Every product writes to ``out`` or in place, which autocast does not change.
        """
        out = self.project(inputs.x, self.w_ih[columns], self.bias(columns), out)
        return out.addmm_(self.rounded(inputs.before), self.w_hh[columns].t())

    def project(self, rows: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor | None = None) -> Tensor:
        """Return ``rows weight^T + bias``."""
        out = self.empty(len(rows), len(weight)) if out is None else out
        rows = self.rounded(rows)
        return torch.mm(rows, weight.t(), out=out) if bias is None else torch.addmm(bias, rows, weight.t(), out=out)

    def rounded(self, rows: Tensor) -> Tensor:
        """Return rows as the module multiplies them."""
        return rows.to(self.compute_dtype).to(self.w_ih.dtype)

    def bias(self, columns: slice) -> Tensor | None:
        """Return the sum of both biases for some columns, or None where there are none."""
        return None if self.b_ih is None or self.b_hh is None else self.b_ih[columns] + self.b_hh[columns]


@dataclass(frozen=True, slots=True)
class LayerRun:
    """One layer in one direction during one call.

    x (n_rows, n_in) is the input and h (n_rows, n_out) the output of the module itself. ``begin_h`` and ``begin_c`` are
    its states before its first step, ``end_h`` and ``end_c`` those that it returned, (n_sequences, ...) each. ``c`` is
    the module's own cell state at every row, where it is known. ``start`` is the step of the batch at which the call
    begins, ``allowed`` the largest disagreement that rounding may cause.
    """

    layer: str
    steps: StepLayout
    weights: LayerWeights
    x: Tensor
    h: Tensor
    begin_h: Tensor
    allowed: float
    start: int = 0
    end_h: Tensor | None = None
    begin_c: Tensor | None = None
    end_c: Tensor | None = None
    c: Tensor | None = None

    def inputs(self, start: int, stop: int) -> GateInputs:
        """Return what the gates of some steps are computed from."""
        before = self.steps.rows_before(self.h, self.begin_h, start, stop)
        return GateInputs(self.x[self.steps.rows(start, stop)], before)

    def inputs_at(self, rows: Tensor) -> GateInputs:
        """Return what the gates of some rows are computed from."""
        return GateInputs(self.x[rows.to(self.x.device)], self.steps.at_before(self.h, self.begin_h, rows))
