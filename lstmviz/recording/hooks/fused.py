"""Record ``nn.LSTM``, ``nn.GRU`` and ``nn.RNN``: one call becomes a run for each layer and direction.

A fused module returns h of its last layer and nothing of the layers below. Those are run again one at a time, fused,
with the weights that the module just used; a PackedSequence stays packed, so h is the same bit for bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import ModuleCall, StateFilter, layer_name
from lstmviz.recording.hooks.collector import RunCollector, compute_dtype
from lstmviz.recording.hooks.single_steps import StepCall, WeightSnapshot, versions_of
from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import LayerRun, LayerWeights
from lstmviz.recording.recompute.rounding import tolerance
from lstmviz.recording.recompute.step_layout import StepLayout, even_layout

_FORWARD = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


def check_fused(name: str, module: nn.Module) -> None:
    """Raise RecordingError if a layer's input cannot be known."""
    rnn = cast(nn.RNNBase, module)
    if rnn.training and rnn.dropout > 0 and rnn.num_layers > 1:
        raise RecordingError(
            f"{name} is in training mode with dropout={rnn.dropout} between its layers, whose mask cannot be known; "
            "call model.eval() before recording"
        )


def fused_layers(name: str, module: nn.Module) -> tuple[str, ...]:
    """Return the names of a module's layers, each direction on its own, in the order of ``h_n``."""
    rnn = cast(nn.RNNBase, module)
    directions = (False, True) if rnn.bidirectional else (False,)
    return tuple(layer_name(name, k, is_reverse=d) for k in range(rnn.num_layers) for d in directions)


@dataclass(frozen=True, slots=True)
class _FusedCall:
    """A call in one shape: x and output step-major or packed, states (layers x directions, batch, n_units)."""

    x: Tensor
    output: Tensor
    begin: tuple[Tensor, ...]
    end: tuple[Tensor, ...]
    steps: StepLayout
    batch_sizes: Tensor | None


class FusedCollector(RunCollector):
    """The states of one fused module during one batch (see ``lstmviz.recording.hooks.calls.Collector``)."""

    def __init__(self, arithmetic: Arithmetic, name: str, module: nn.Module, wanted: StateFilter) -> None:
        super().__init__(name, arithmetic.kind, arithmetic, fused_layers(name, module), wanted)

    def take(self, call: ModuleCall) -> None:
        """Take one call; its states are computed at once, or in bulk with others if it is a single step."""
        check_fused(call.name, call.module)
        rnn = cast(nn.RNNBase, call.module)
        x, hx = call.argument(0, "input"), call.argument(1, "hx")
        begin = tuple(hx) if isinstance(hx, (tuple, list)) else None if hx is None else (hx,)
        output, end = _results(call, self._arithmetic)
        if isinstance(x, Tensor) and x.shape[_time_of(rnn, x)] == 1:
            self._take_step(rnn, StepCall(x, begin, end, output), output)
            return
        self._flush()
        if isinstance(x, PackedSequence):
            fused_call = _read_packed(x, output, begin, end)
        else:
            fused_call = _read_padded(rnn, x, output, begin, end)
        start = self.n_steps
        is_packed = fused_call.batch_sizes is not None
        self._count(
            fused_call.steps.n_sequences, fused_call.steps.n_steps, fused_call.steps.lengths() if is_packed else None
        )
        for run, is_output in self._runs(rnn, fused_call, start):
            self._keep(run, is_shared=is_output)

    def _take_step(self, rnn: nn.RNNBase, call: StepCall, output: Tensor) -> None:
        dtype = compute_dtype(output)
        flat = cast("list[Tensor]", rnn._flat_weights)
        if not self._buffer.fits(flat, dtype):
            self._flush()
            per = len(flat) // len(self._letters)
            layers = [flat[k : k + per] for k in range(0, len(flat), per)]
            allowed = tolerance(output, dtype)
            snapshot = WeightSnapshot(layers, tuple(flat), versions_of(flat), dtype, allowed, rnn.bias)
            self._buffer.begin(snapshot, self.n_steps)
        self._count(call.x.numel() // call.x.shape[-1], 1)
        self._buffer.add(call)

    def _runs(self, rnn: nn.RNNBase, call: _FusedCall, start: int) -> Iterator[tuple[LayerRun, bool]]:
        """Yield a run of each layer and direction up to the last wanted one, and whether h is the module's output."""
        dtype = compute_dtype(call.output)
        allowed = tolerance(call.output, dtype)
        n_directions = 2 if rnn.bidirectional else 1
        flat = cast("list[Tensor]", rnn._flat_weights)
        per = len(flat) // len(self._letters)
        layers = list(self._letters)
        highest = max((k for k, layer in enumerate(layers) if self._letters[layer]), default=-1)
        x = call.x
        for first in range(0, highest + 1, n_directions):
            is_top = first + n_directions == len(layers)
            used = flat[first * per : (first + n_directions) * per]
            h = call.output if is_top else _rerun(rnn, call, x, first, used)
            rows, n_out = h.reshape(-1, h.shape[-1]), call.end[0].shape[-1]
            x_rows = x.reshape(-1, x.shape[-1])
            for d in range(n_directions):
                k = first + d
                weights = LayerWeights.of(used[d * per : (d + 1) * per], dtype, has_bias=rnn.bias)
                run = LayerRun(
                    layers[k],
                    call.steps.reversed if d else call.steps,
                    weights,
                    x_rows,
                    rows[:, d * n_out : (d + 1) * n_out],
                    call.begin[0][k].to(h.dtype),
                    allowed,
                    start=start,
                    end_h=call.end[0][k],
                    begin_c=call.begin[1][k].to(weights.w_ih.dtype) if len(call.begin) == 2 else None,
                    end_c=call.end[1][k] if len(call.end) == 2 else None,
                )
                yield run, is_top
            x = h


def _time_of(rnn: nn.RNNBase, x: Tensor) -> int:
    return 1 if rnn.batch_first and x.dim() == 3 else 0


def _results(call: ModuleCall, arithmetic: Arithmetic) -> tuple[Any, tuple[Tensor, ...]]:
    """Return the output and the last states of a call; RecordingError if they are not those of such a module."""
    rnn, x = cast(nn.RNNBase, call.module), call.argument(0, "input")
    output = call.output
    if isinstance(output, tuple) and len(output) == 2:
        end = output[1] if arithmetic.n_states == 2 else (output[1],)
        x_rows, output_rows = (x.data, output[0].data) if isinstance(x, PackedSequence) else (x, output[0])
        if (
            isinstance(end, tuple)
            and len(end) == arithmetic.n_states
            and all(isinstance(t, Tensor) for t in (x_rows, output_rows, *end))
            and isinstance(output[0], PackedSequence) == isinstance(x, PackedSequence)
            and x_rows.shape[:-1] == output_rows.shape[:-1]
            and x_rows.shape[-1] == rnn.input_size
            and output_rows.shape[-1] == end[0].shape[-1] * (2 if rnn.bidirectional else 1)
        ):
            return output[0], end
    raise RecordingError(call.misfit(arithmetic.kind))


def _zeros(x: Tensor, end: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(x.new_zeros(s.shape) for s in end)


def _read_padded(
    rnn: nn.RNNBase, x: Tensor, output: Tensor, begin: tuple[Tensor, ...] | None, end: tuple[Tensor, ...]
) -> _FusedCall:
    x, output = x.detach(), output.detach()
    if x.dim() == 2:
        x, output, end = x[:, None], output[:, None], tuple(s[:, None] for s in end)
        begin = None if begin is None else tuple(s[:, None] for s in begin)
    elif rnn.batch_first:
        x, output = x.transpose(0, 1), output.transpose(0, 1)
    end = tuple(s.detach() for s in end)
    begin = _zeros(x, end) if begin is None else tuple(s.detach() for s in begin)
    return _FusedCall(x, output, begin, end, even_layout(x.shape[0], x.shape[1]), None)


def _read_packed(
    x: PackedSequence, output: PackedSequence, begin: tuple[Tensor, ...] | None, end: tuple[Tensor, ...]
) -> _FusedCall:
    """Read a packed call: its rows lie in torch's order, by length, and its states come in the caller's order."""
    order = x.sorted_indices
    end = tuple(s.detach() for s in end)
    begin = _zeros(x.data, end) if begin is None else tuple(s.detach() for s in begin)
    if order is not None:
        end, begin = (tuple(s.index_select(1, order) for s in states) for states in (end, begin))
    steps = StepLayout(tuple(x.batch_sizes.tolist()), None if order is None else order.cpu())
    return _FusedCall(x.data.detach(), output.data.detach(), begin, end, steps, x.batch_sizes)


def _rerun(rnn: nn.RNNBase, call: _FusedCall, x: Tensor, first: int, weights: list[Tensor]) -> Tensor:
    """Run one layer again as the module did, in the grad mode and under the autocast of its call.

    Torch uses another kernel under ``no_grad``, and another for weights that need no gradient; their h differs in the
    last bit. The graph that this may build is freed as soon as h is detached.
    """
    begin = tuple(s[first : first + (2 if rnn.bidirectional else 1)].contiguous() for s in call.begin)
    hx = begin if rnn.mode == "LSTM" else begin[0]
    modes = (weights, rnn.bias, 1, 0.0, rnn.training, rnn.bidirectional)
    forward = cast(Any, _FORWARD[rnn.mode])
    with warnings.catch_warnings(), _unsaved():
        warnings.simplefilter("ignore")  # that one layer's weights are no contiguous chunk
        if call.batch_sizes is not None:
            return cast(Tensor, forward(x, call.batch_sizes, hx, *modes)[0]).detach()
        return cast(Tensor, forward(x, hx, *modes, False)[0]).detach()


def _unsaved() -> AbstractContextManager[object]:
    """Keep what is saved for a gradient from the caller's hooks: activation checkpointing counts these tensors."""
    if torch.is_grad_enabled() and cast(Any, torch._C._autograd)._saved_tensors_hooks_is_enabled():
        return torch.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x)
    return nullcontext()
