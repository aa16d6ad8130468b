"""A layer in which nothing is held, run fused; c of the units that are asked for is computed from its h."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from lstmviz.rerun.stepwise.cells import LayerCell, LstmCell, States
from lstmviz.rerun.stepwise.watch import Watch

_FORWARD = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


def can_be_fused(layer: str, watch: Watch) -> bool:
    """Tell whether nothing of a layer is held, and no gate of it is kept."""
    letters = {name.rpartition(".")[2] for name in watch.keep if name.rpartition(".")[0] == layer}
    return not watch.letters(layer) and letters <= {"h", "c"}


def run_fused(mode: str, cell: LayerCell, layer: str, x: Tensor, begin: States, watch: Watch) -> tuple[Tensor, States]:
    """Return h at every step (n_steps, n_rows, n_units), and the states after the last one, as ``run_layer`` does."""
    is_reverse = layer.endswith(".reverse")
    x = x.flip(0) if is_reverse else x
    before = [s[None].contiguous() for s in begin]
    forward = cast(Any, _FORWARD[mode])
    has_bias = cell.b_ih is not None
    h, *end = forward(x, before if mode == "LSTM" else before[0], cell.flat, has_bias, 1, 0.0, False, False, False)
    if f"{layer}.c" in watch.keep:
        c = cells_of(cast(LstmCell, cell), x, h, begin, watch.keep[f"{layer}.c"])
        watch.kept[f"{layer}.c"] = c.flip(0) if is_reverse else c
    h = h.flip(0) if is_reverse else h
    if f"{layer}.h" in watch.keep:
        watch.put(f"{layer}.h", h)
    return h, tuple(s[0] for s in end)


def cells_of(cell: LstmCell, x: Tensor, h: Tensor, begin: States, units: Tensor | None) -> Tensor:
    """Return c of some units (None: all) at every step, (n_steps, n_rows, n_units), from all x and h.

    With h known, the gates of no step depend on another; c is a scan over them.
    """
    i, f, g = cell.gates(x, h, begin[0], units)
    new, c = (i * g).unbind(), begin[1] if units is None else begin[1][:, units]
    steps = []
    for written, forget in zip(new, f.unbind(), strict=True):
        c = torch.addcmul(written, forget, c)
        steps.append(c)
    return torch.stack(steps)
