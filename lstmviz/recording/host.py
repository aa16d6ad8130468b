"""Bring states from the model's device to NumPy, in the dtype they are kept in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.schema import StateDtype
from lstmviz.errors import RecordingError

_TORCH = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}
_TOO_LARGE = 65_520.0  # what rounds to infinity in float16, whose largest number is 65,504


def to_rows(name: str, values: Tensor, lengths: Sequence[int], dtype: StateDtype) -> NDArray[Any]:
    """Return the valid steps of (steps, batch, n_units) as rows, one sequence after another, (sum(lengths), n_units).

    Rounds once, to ``dtype``; raises RecordingError if a finite value does not fit it.
    """
    kind = _TORCH[dtype]
    n_steps, n_batch, n_units = values.shape
    by_sequence = values.transpose(0, 1)
    if values.device.type != "cpu":
        by_sequence = by_sequence.to(kind).cpu()  # one transfer, already as small as it is kept
    rows = torch.empty(sum(lengths), n_units, dtype=kind, device="cpu")
    if min(lengths) == n_steps:
        rows.view(n_batch, n_steps, n_units).copy_(by_sequence)
    else:
        start = 0
        for sequence, length in zip(by_sequence, lengths, strict=True):
            rows[start : start + length].copy_(sequence[:length])
            start += length
    if kind == torch.float16 and values.dtype != torch.float16:
        _refuse_overflow(name, values, rows, lengths)
    return rows.numpy()


def _refuse_overflow(name: str, values: Tensor, rows: Tensor, lengths: Sequence[int]) -> None:
    if bool(torch.stack(torch.aminmax(rows)).isfinite().all()):
        return
    for sequence, length in enumerate(lengths):
        too_large = (values[:length, sequence].abs() >= _TOO_LARGE) & values[:length, sequence].isfinite()
        if bool(too_large.any()):
            step, unit = (int(i) for i in too_large.nonzero()[0])
            raise RecordingError(
                f"{name} reaches {float(values[step, sequence, unit]):.6g} at step {step} of sequence {sequence}, unit "
                f'{unit}, and float16 ends at 65504; record with dtype="float32"'
            )
