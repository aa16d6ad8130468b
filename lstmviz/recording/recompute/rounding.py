"""How far rounding may carry a recomputed state from the module's own."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Largest disagreement, relative to 1 + the largest |c| that the unit reached: some ten times what rounding was seen to
# cause over 20,000 steps, and far below what wrong weights, gates or inputs cause.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 8e-2}
_TOLERANCE_TF32 = 1e-2  # cuDNN multiplies float32 with 10 bits of fraction unless told otherwise


def tolerance(output: Tensor, compute_dtype: torch.dtype) -> float:
    """Return how far a recomputed state may be from the module's own, by the dtype that it multiplied in."""
    if output.is_cuda and compute_dtype == torch.float32 and torch.backends.cudnn.allow_tf32:
        return _TOLERANCE_TF32
    return _TOLERANCE.get(compute_dtype, _TOLERANCE[torch.float32])


class RoundingScale(NamedTuple):
    """How large values grew on the way to a state: what rounding is measured by.

    ``size`` is a magnitude, in any shape that goes with the state's (n_rows, n_units): a sum that went up to 1000 and
    back to 0 carries the rounding of 1000. ``is_beyond`` (n_rows, 1) marks rows whose sums may have left the numbers
    that the module works in, so that an infinity or NaN there depends on the order of the addition.
    """

    size: Tensor
    is_beyond: Tensor

    def grown(self, *values: Tensor) -> RoundingScale:
        """Return the reach with these magnitudes on top; those that are no numbers count as 0."""
        size = self.size
        for value in values:
            size = size + value.to(size.dtype).nan_to_num(nan=0.0, posinf=0.0)
        return RoundingScale(size, self.is_beyond)

    def projected(self, weight: Tensor, dtype: torch.dtype) -> RoundingScale:
        """Return the reach of ``values weight^T``, where the values are between -1 and 1 and reached this far."""
        size, factor = self.size.amax(1, keepdim=True), weight.abs().amax()
        return RoundingScale(size, self.is_beyond | ~(factor * weight.shape[1] < torch.finfo(dtype).max)).grown(
            (size + 1.0) * factor
        )


def largest(values: Tensor, dim: int) -> Tensor:
    """Return the largest finite magnitude along one dimension, which is kept; 0 where there is none."""
    return values.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).abs_().amax(dim, keepdim=True)


def disagreement(ours: Tensor, theirs: Tensor, reach: RoundingScale | None = None) -> Tensor:
    """Return ``|ours - theirs| / (1 + reach)``; 0 where both are NaN, infinite where only one is.

    An infinity counts as the largest number of the module's dtype, which a sum in float32 passes without becoming one.
    """
    top = torch.finfo(theirs.dtype).max
    theirs = theirs.to(ours.dtype)
    gap = (ours - theirs).abs_()
    if reach is not None:
        gap = gap.div_(reach.size + 1.0)
    if gap.device.type == "cpu" and bool(gap.sum().isfinite()):
        return gap
    ours, theirs = ours.clamp(-top, top), theirs.clamp(-top, top)
    gap = (ours - theirs).abs_()
    same = ours.isnan() & theirs.isnan()
    if reach is not None:
        gap = gap.div_(reach.size + 1.0)
        same |= reach.is_beyond & ~((ours.abs() < top) & (theirs.abs() < top))
    return gap.masked_fill_(same, 0.0).nan_to_num_(nan=float("inf"), posinf=float("inf"))
