"""The network of Elman (1990), ``h' = act(W_ih x + W_hh h + b)``: h is its only state, and h is checked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import torch
from torch import Tensor

from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.rounding import disagreement, largest
from lstmviz.recording.recompute.self_check import SelfCheck


def rnn_states(
    run: LayerRun, wanted: Collection[str], self_check: SelfCheck, *, act: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    """Check h at the rows that ``StepLayout.checked`` returns; there is no other state to return."""
    for rows in run.steps.checked(run.weights.n_units * run.weights.w_ih.element_size()):
        inputs = run.inputs_at(rows)
        ours = act(run.weights.product(inputs, slice(None)))
        h = run.h[rows.to(ours.device)]
        scale = inputs.rounding_scale(run.weights, h.dtype).plus(largest(h, 1))
        self_check.add(run, "h", disagreement(ours, h, scale), rows)
    return {}


RNN_TANH = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.tanh))
RNN_RELU = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.relu))
