"""A layer in which nothing is held, run fused; c of the units that are asked for is computed from its h.

Where rows are one text with a step changed here or there, each row equals the first one up to some step: those steps
are run once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor

from lstmviz.rerun.stepwise.cells import LayerCell, LstmCell, States
from lstmviz.rerun.stepwise.watch import Watch

MOST_GROUPS = 6  # of rows that depart from the first one at about the same step
LEAST_ROWS = 60  # of such a group; fewer are run as fast whole

_Runs = Callable[[Tensor, States], tuple[Tensor, States]]
_FORWARD = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


def can_be_fused(layer: str, watch: Watch) -> bool:
    """Tell whether nothing of a layer is held, and no gate of it is kept."""
    letters = {name.rpartition(".")[2] for name in watch.keep if name.rpartition(".")[0] == layer}
    return not watch.letters(layer) and letters <= {"h", "c"}


def run_fused(mode: str, cell: LayerCell, layer: str, x: Tensor, begin: States, watch: Watch) -> tuple[Tensor, States]:
    """Return h at every step (n_steps, n_rows, n_units), and the states after the last one, as ``run_layer`` does."""
    is_reverse = layer.endswith(".reverse")
    x = x.flip(0) if is_reverse else x
    run = partial(_run, mode, cell)
    h, end = _run_alike(run, x, begin) if watch.is_alike else run(x, begin)
    if f"{layer}.c" in watch.keep:
        c = cells_of(cast(LstmCell, cell), x, h, begin, watch.keep[f"{layer}.c"])
        watch.store(f"{layer}.c", c.flip(0) if is_reverse else c)
    h = h.flip(0) if is_reverse else h
    if f"{layer}.h" in watch.keep:
        watch.put(f"{layer}.h", h)
    watch.has_run(layer, len(h))
    return h, end


def _run(mode: str, cell: LayerCell, x: Tensor, begin: States) -> tuple[Tensor, States]:
    """Return h of all rows at every step, and the states after the last one."""
    before = [s[None].contiguous() for s in begin]
    forward = cast(Any, _FORWARD[mode])
    has_bias = cell.b_ih is not None
    h, *end = forward(x, before if mode == "LSTM" else before[0], cell.flat, has_bias, 1, 0.0, False, False, False)
    return h, tuple(s[0] for s in end)


def _run_alike(
    run: Callable[[Tensor, States], tuple[Tensor, States]], x: Tensor, begin: States
) -> tuple[Tensor, States]:
    """Return the same for rows that equal the first one up to some step: it is run whole, the others from there on."""
    groups, n_steps, n_rows = _groups(x, begin), len(x), x.shape[1]
    if len(groups) < 2:
        return run(x, begin)
    states, pieces = {0: tuple(s[:1] for s in begin)}, []
    for start, stop in pairwise(sorted({0, n_steps, *(start for _, start in groups)})):
        piece, states[stop] = run(x[start:stop, :1], states[start])
        pieces.append(piece)
    h, end = torch.cat(pieces).repeat(1, n_rows, 1), tuple(s.repeat(n_rows, 1) for s in states[n_steps])
    for rows, start in groups:
        if start < n_steps:
            n_here = rows.stop - rows.start
            before = tuple(s.expand(n_here, -1) for s in states[start]) if start else tuple(s[rows] for s in begin)
            h[start:, rows], own = run(x[start:, rows], before)
            for of_all, of_some in zip(end, own, strict=True):
                of_all[rows] = of_some
    return h, end


def _groups(x: Tensor, begin: States) -> list[tuple[slice, int]]:
    """Return groups of rows, each with the step up to which the input of all of them is the first row's."""
    n_steps, n_rows = x.shape[:2]
    differs = (x != x[:, :1]).any(2)
    steps = torch.arange(n_steps, device=x.device)[:, None]
    departs = torch.where(differs, steps, n_steps).amin(0)
    for states in begin:
        departs = torch.where((states != states[:1]).any(1), 0, departs)
    n_groups = max(1, min(MOST_GROUPS, n_rows // LEAST_ROWS))
    cuts = [1 + (n_rows - 1) * k // n_groups for k in range(n_groups + 1)]
    return [(slice(a, b), int(departs[a:b].min())) for a, b in pairwise(cuts) if a < b]


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
