"""The network of Elman (1990), ``h' = act(W_ih x + W_hh h + b)``: h is all that it has, and h is checked."""

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
    run: LayerRun, wanted: Collection[str], checks: SelfCheck, *, act: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    """Return nothing, as there is nothing but h; check h where ``StepLayout.checked`` says."""
    for rows in run.steps.checked(run.weights.n_units * run.weights.w_ih.element_size()):
        inputs = run.inputs_at(rows)
        ours = act(run.weights.product(inputs, slice(None)))
        h = run.h[rows.to(ours.device)]
        reach = inputs.reach(run.weights, h.dtype).grown(largest(h, 1))
        checks.add(run, "h", disagreement(ours, h, reach), rows)
    return {}


RNN_TANH = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.tanh))
RNN_RELU = Arithmetic("RNN", ("h",), 1, partial(rnn_states, act=torch.relu))
