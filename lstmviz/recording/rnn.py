"""The network of Elman (1990), ``h' = act(W_ih x + W_hh h + b)``: h is all that it has, and h is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import torch
from torch import Tensor

from lstmviz.recording.checks import Checks, disagreement
from lstmviz.recording.run import Arithmetic, Run


def rnn_states(
    run: Run, wanted: Collection[str], checks: Checks, *, act: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    """Return nothing, as there is nothing but h; check h at every 16th step and each sequence's last."""
    rows = run.steps.checked()
    inputs = run.inputs_at(rows)
    ours = act(run.weights.product(inputs, slice(None)))
    h = run.h[rows.to(ours.device)]
    reach = h.abs().amax().to(ours.dtype).nan_to_num(nan=0.0, posinf=0.0) + inputs.reach(run.weights)
    checks.add(run, "h", disagreement(ours, h, reach), rows)
    return {}


RNN_TANH = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.tanh))
RNN_RELU = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.relu))
