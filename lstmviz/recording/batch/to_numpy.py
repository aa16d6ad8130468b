"""Copy states from the model's device to NumPy: only the steps and units that are kept, in the stored dtype."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.schema import StateDtype
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.subsample import Segments

_TORCH = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


def to_rows(
    name: str,
    values: Tensor,
    segments: Segments,
    dtype: StateDtype,
    units: tuple[int, ...] | None = None,
    *,
    is_from_end: bool = False,
) -> NDArray[Any]:
    """Return the kept steps of (steps, batch, n_units) as rows, segment after segment, (n_rows, n_kept_units).

    Values are rounded once, to ``dtype``; RecordingError if a finite value does not fit. What is not kept is left out
    before anything is copied. With ``is_from_end`` the values begin with the last step.
    """
    if is_from_end and not (units is None and segments.is_whole(values.shape[1], len(values))):
        values, is_from_end = values.flip(0), False
    kind = _TORCH[dtype]
    rows = torch.empty(segments.n_rows, values.shape[2] if units is None else len(units), dtype=kind, device="cpu")
    by_sequence = values.transpose(0, 1)
    if units is None and segments.is_whole(*by_sequence.shape[:2]):
        _copy(by_sequence, rows.view(by_sequence.shape))
    elif values.device.type == "cpu" and len(segments.sequence) <= len(by_sequence):
        _copy_segments(by_sequence, rows, segments, units)
    else:
        _copy(_select(values, segments, units), rows)
    if is_from_end:  # half as many bytes, mostly, as before they were rounded; and in less time than torch's flip
        rows = torch.from_numpy(rows.view(by_sequence.shape).numpy()[:, ::-1].copy()).view(rows.shape)
    if kind == torch.float16 and values.dtype != torch.float16 and not _is_finite(rows):
        _refuse_overflow(name, values.flip(0) if is_from_end else values, rows, segments, units)
    return rows.numpy()


def _is_finite(rows: Tensor) -> bool:
    return not rows.numel() or bool(torch.stack(torch.aminmax(rows)).isfinite().all())


def _copy(values: Tensor, rows: Tensor) -> None:
    """Copy in one transfer, in the dtype that is stored."""
    rows.copy_(values if values.device.type == "cpu" else values.to(rows.dtype).cpu())


def _copy_segments(by_sequence: Tensor, rows: Tensor, segments: Segments, units: tuple[int, ...] | None) -> None:
    start = 0
    chosen = None if units is None else torch.tensor(units, device="cpu")
    for sequence, first, length in zip(segments.sequence, segments.first, segments.lengths, strict=True):
        part = by_sequence[sequence, first : first + length * segments.stride : segments.stride]
        rows[start : start + length].copy_(part if chosen is None else part.index_select(1, chosen))
        start += length


def _select(values: Tensor, segments: Segments, units: tuple[int, ...] | None) -> Tensor:
    sequences, steps = (torch.from_numpy(index).to(values.device) for index in segments.rows)
    if units is None:
        return values[steps, sequences]
    return values[steps[:, None], sequences[:, None], torch.tensor(units, device=values.device)]


def _refuse_overflow(
    name: str, values: Tensor, rows: Tensor, segments: Segments, units: tuple[int, ...] | None
) -> None:
    at, place = (~rows.isfinite()).nonzero(as_tuple=True)
    unit = place if units is None else torch.tensor(units, device="cpu")[place]
    sequences, steps = (torch.from_numpy(index)[at] for index in segments.rows)
    exact = values[tuple(index.to(values.device) for index in (steps, sequences, unit))]
    wrong = exact.isfinite().nonzero()[:, 0].tolist()
    if wrong:
        i = wrong[0]
        raise RecordingError(
            f"{name} reaches {float(exact[i]):.6g} at step {int(steps[i])} of sequence {int(sequences[i])}, unit "
            f'{int(unit[i])}, and float16 ends at 65504; record with dtype="float32"'
        )
