"""Bring states from the model's device to NumPy: the steps and units that are kept, in the dtype they are kept in."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.schema import StateDtype
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.subsample import Pieces

_TORCH = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


def to_rows(
    name: str, values: Tensor, pieces: Pieces, dtype: StateDtype, units: tuple[int, ...] | None = None
) -> NDArray[Any]:
    """Return the kept steps of (steps, batch, n_units) as rows, piece after piece, (n_rows, n_kept_units).

    Rounds once, to ``dtype``; raises RecordingError if a finite value does not fit it. What is not kept is left out
    before anything is copied.
    """
    kind = _TORCH[dtype]
    rows = torch.empty(pieces.n_rows, values.shape[2] if units is None else len(units), dtype=kind, device="cpu")
    by_sequence = values.transpose(0, 1)
    if units is None and pieces.is_whole(*by_sequence.shape[:2]):
        _copy(by_sequence, rows.view(by_sequence.shape))
    elif values.device.type == "cpu" and len(pieces.column) <= len(by_sequence):
        _copy_pieces(by_sequence, rows, pieces, units)
    else:
        _copy(_picked(values, pieces, units), rows)
    if kind == torch.float16 and values.dtype != torch.float16:
        _refuse_overflow(name, values, rows, pieces, units)
    return rows.numpy()


def _copy(values: Tensor, rows: Tensor) -> None:
    """Copy in one transfer, already as small as it is kept."""
    rows.copy_(values if values.device.type == "cpu" else values.to(rows.dtype).cpu())


def _copy_pieces(by_sequence: Tensor, rows: Tensor, pieces: Pieces, units: tuple[int, ...] | None) -> None:
    start = 0
    chosen = None if units is None else torch.tensor(units, device="cpu")
    for column, first, length in zip(pieces.column, pieces.first, pieces.lengths, strict=True):
        piece = by_sequence[column, first : first + length * pieces.stride : pieces.stride]
        rows[start : start + length].copy_(piece if chosen is None else piece.index_select(1, chosen))
        start += length


def _picked(values: Tensor, pieces: Pieces, units: tuple[int, ...] | None) -> Tensor:
    columns, steps = (torch.from_numpy(index).to(values.device) for index in pieces.rows)
    if units is None:
        return values[steps, columns]
    return values[steps[:, None], columns[:, None], torch.tensor(units, device=values.device)]


def _refuse_overflow(name: str, values: Tensor, rows: Tensor, pieces: Pieces, units: tuple[int, ...] | None) -> None:
    if not rows.numel() or bool(torch.stack(torch.aminmax(rows)).isfinite().all()):
        return
    at, place = (~rows.isfinite()).nonzero(as_tuple=True)
    unit = place if units is None else torch.tensor(units, device="cpu")[place]
    columns, steps = (torch.from_numpy(index)[at] for index in pieces.rows)
    own = values[tuple(index.to(values.device) for index in (steps, columns, unit))]
    wrong = own.isfinite().nonzero()[:, 0].tolist()
    if wrong:
        i = wrong[0]
        raise RecordingError(
            f"{name} reaches {float(own[i]):.6g} at step {int(steps[i])} of sequence {int(columns[i])}, unit "
            f'{int(unit[i])}, and float16 ends at 65504; record with dtype="float32"'
        )
