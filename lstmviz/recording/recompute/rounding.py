"""How far a recomputed state may be from the module's own because of rounding."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Largest disagreement, relative to 1 + the largest |c| that the unit reached: about ten times the rounding error seen
# over 20,000 steps, and far below the effect of wrong weights, gates or inputs.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 8e-2}
_TOLERANCE_TF32 = 1e-2  # by default cuDNN multiplies float32 with a fraction of 10 bits


def tolerance(output: Tensor, compute_dtype: torch.dtype) -> float:
    """Return how far a recomputed state may be from the module's own, by the dtype of the module's products."""
    if output.is_cuda and compute_dtype == torch.float32 and torch.backends.cudnn.allow_tf32:
        return _TOLERANCE_TF32
    return _TOLERANCE.get(compute_dtype, _TOLERANCE[torch.float32])


class RoundingScale(NamedTuple):
    """How large values grew on the way to a state; rounding errors are judged relative to 1 + this scale.

    ``size`` is a magnitude, in any shape that broadcasts to the state's (n_rows, n_units): a sum that went up to 1000
    and back to 0 carries the rounding of 1000. ``may_overflow`` (n_rows, 1) marks rows whose sums may have left the
    range of the module's dtype, so that an infinity or NaN there depends on the order of the addition.
    """

    size: Tensor
    may_overflow: Tensor

    def plus(self, *values: Tensor) -> RoundingScale:
        """Return the scale with these magnitudes added; NaN and infinity count as 0."""
        size = self.size
        for value in values:
            size = size + value.to(size.dtype).nan_to_num(nan=0.0, posinf=0.0)
        return RoundingScale(size, self.may_overflow)

    def projected(self, weight: Tensor, dtype: torch.dtype) -> RoundingScale:
        """Return the scale of ``values weight^T`` for values between -1 and 1 that have this scale."""
        size, factor = self.size.amax(1, keepdim=True), weight.abs().amax()
        may_overflow = self.may_overflow | ~(factor * weight.shape[1] < torch.finfo(dtype).max)
        return RoundingScale(size, may_overflow).plus((size + 1.0) * factor)


def largest(values: Tensor, dim: int) -> Tensor:
    """Return the largest finite magnitude along one dimension, which is kept; 0 where there is none."""
    return values.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).abs_().amax(dim, keepdim=True)


def disagreement(ours: Tensor, theirs: Tensor, scale: RoundingScale | None = None) -> Tensor:
    """Return ``|ours - theirs| / (1 + scale)``; 0 where both are NaN, infinite where only one is.

    An infinity counts as the largest number of the module's dtype: a sum in float32 may exceed that and stay finite.
    """
    top = torch.finfo(theirs.dtype).max
    theirs = theirs.to(ours.dtype)
    gap = (ours - theirs).abs_()
    if scale is not None:
        gap = gap.div_(scale.size + 1.0)
    if gap.device.type == "cpu" and bool(gap.sum().isfinite()):
        return gap
    ours, theirs = ours.clamp(-top, top), theirs.clamp(-top, top)
    gap = (ours - theirs).abs_()
    same = ours.isnan() & theirs.isnan()
    if scale is not None:
        gap = gap.div_(scale.size + 1.0)
        same |= scale.may_overflow & ~((ours.abs() < top) & (theirs.abs() < top))
    return gap.masked_fill_(same, 0.0).nan_to_num_(nan=float("inf"), posinf=float("inf"))
