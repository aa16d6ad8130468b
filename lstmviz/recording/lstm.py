"""Every state of a fused ``nn.LSTM`` at every step, from one call that ran untouched.

A fused LSTM returns h of its last layer and nothing else of what happened in between. The layers below are run again
one at a time, fused, with the module's own weights. Once h is known for all steps, the gates of all steps are matrix
products without recurrence (no step waits for another), and the cell state is an elementwise scan over them: the
recurrence of Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000), in torch's gate order
i, f, g, o. A self-check compares what was recomputed with what the module itself returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from lstmviz.errors import RecordingError
from lstmviz.recording.call import ModuleCall, StateArray, Wanted, disagreement, layer_name, tolerance

STATES = ("h", "c")
CHECK_EVERY = 16  # steps; gate o is only computed there, a quarter of the arithmetic saved elsewhere
_CHUNK_BYTES = 8 * 1024 * 1024  # gates worked on at a time: rows enough for a fast product, little enough for a cache
_PRECISE = (torch.float32, torch.float64)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's call, step-major: x (steps, batch, n_in), h (steps, batch, n_units), and its state before step 0."""

    x: Tensor
    h: Tensor
    h0: Tensor
    c0: Tensor
    w_ih: Tensor
    w_hh: Tensor
    bias: Tensor | None

    def gates(self, rows: slice) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the weights and bias of some gates, without a copy."""
        return self.w_ih[rows], self.w_hh[rows], None if self.bias is None else self.bias[rows]


def check_lstm(name: str, module: nn.Module) -> None:
    """Raise RecordingError if the module is an LSTM whose states cannot be recorded."""
    lstm = cast(nn.LSTM, module)
    if lstm.bidirectional:
        raise RecordingError(f"{name} is a bidirectional LSTM; only one direction can be recorded so far")
    if lstm.proj_size:
        raise RecordingError(f"{name} has proj_size={lstm.proj_size}; only proj_size=0 can be recorded so far")
    if lstm.training and lstm.dropout > 0 and lstm.num_layers > 1:
        raise RecordingError(
            f"{name} is in training mode with dropout={lstm.dropout} between its layers, whose mask cannot be known; "
            "call model.eval() before recording"
        )


def lstm_shape(call: ModuleCall) -> tuple[int, int]:
    """Return (batch, steps) of a call; RecordingError if its input is packed or has no batch."""
    given = call.argument(0, "input")
    if not isinstance(given, Tensor):
        raise RecordingError(
            f"{call.name} was given a {type(given).__name__}; give it the padded tensor, "
            "and its lengths to run.batch(lengths=...)"
        )
    if given.dim() != 3:
        raise RecordingError(
            f"{call.name} was given an input of shape {tuple(given.shape)} without a batch; "
            "add one with x.unsqueeze(...)"
        )
    first, second = given.shape[:2]
    return (first, second) if cast(nn.LSTM, call.module).batch_first else (second, first)


def lstm_layers(name: str, module: nn.Module) -> tuple[str, ...]:
    """Return the names of a module's layers."""
    return tuple(layer_name(name, k) for k in range(cast(nn.LSTM, module).num_layers))


class LstmCollector:
    """The states of one ``nn.LSTM`` during one batch (see ``lstmviz.recording.call.Collector``)."""

    def __init__(self, name: str, module: nn.Module, wanted: Wanted) -> None:
        self._wanted = wanted
        self._found: dict[str, list[StateArray]] = {}
        self.n_sequences = self.n_steps = 0
        self.lengths: tuple[int, ...] | None = None

    def take(self, call: ModuleCall) -> None:
        """Take one call; its states are made at once, while weights and modes are those that it ran with."""
        check_lstm(call.name, call.module)
        n_sequences, n_steps = lstm_shape(call)
        if self.n_steps and n_sequences != self.n_sequences:
            raise RecordingError(
                f"{call.name} ran over {self.n_sequences} sequences and then over {n_sequences} inside one run.batch; "
                "open one run.batch for each"
            )
        for state in lstm_states(call, self._wanted, (n_steps,) * n_sequences):
            self._found.setdefault(state.source, []).append(state)
        self.n_sequences = n_sequences
        self.n_steps += n_steps

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, joined along time."""
        for parts in self._found.values():
            yield parts[0] if len(parts) == 1 else replace(parts[0], values=torch.cat([p.values for p in parts]))


def lstm_states(call: ModuleCall, wanted: Wanted, lengths: Sequence[int]) -> Iterator[StateArray]:
    """Yield the wanted states of every layer of one call, layer by layer, h before c.

    ``lengths`` are the valid steps of each sequence; the self-check looks at the last of each. Values are
    (steps, batch, n_units) on the module's device: h exactly as the module made it, c in float32 (float64 for a float64
    model). Raises RecordingError where the recomputed states disagree with the module's own.

    All tensors are detached, so no graph grows; the grad mode is left as it was in the call, because torch takes
    another kernel under ``no_grad``, whose h differs in the last bit. Products are in place or have an ``out``, which
    autocast leaves alone.
    """
    last_h, last_c = (s.detach() for s in call.output[1])
    for index, layer in enumerate(_layers(call)):
        _require(call, index, "h", disagreement(layer.h[-1], last_h[index]), tolerance(last_h), len(layer.h) - 1)
        name = layer_name(call.name, index)
        if wanted(name, "h"):
            yield StateArray(f"{name}.h", layer.h, "raw")
        if wanted(name, "c"):
            cells = _cells(layer)
            _check_cells(call, index, layer, cells, last_c[index], lengths)
            yield StateArray(f"{name}.c", cells, "tanh")


def _layers(call: ModuleCall) -> Iterator[_Layer]:
    """Yield each layer's input and h, running every layer but the last again, fused."""
    lstm = cast(nn.LSTM, call.module)
    output = call.output[0].detach()
    x = call.argument(0, "input").detach().to(output.dtype)
    if lstm.batch_first:
        output, x = output.transpose(0, 1), x.transpose(0, 1)
    hx = call.argument(1, "hx")
    if hx is None:
        zeros = output.new_zeros(lstm.num_layers, output.shape[1], lstm.hidden_size)
        hx = (zeros, zeros)
    h0, c0 = (s.detach().to(output.dtype) for s in hx)
    # The flat list is what forward itself reads, also where a wrapper has replaced a weight since.
    used = dict(zip(lstm._flat_weights_names, lstm._flat_weights, strict=True))
    for index in range(lstm.num_layers):
        names = [f"weight_ih_l{index}", f"weight_hh_l{index}"]
        names += [f"bias_ih_l{index}", f"bias_hh_l{index}"] if lstm.bias else []
        weights = [cast(Tensor, used[n]).detach().to(output.dtype) for n in names]
        if index == lstm.num_layers - 1:
            h = output
        else:
            start = (h0[index : index + 1], c0[index : index + 1])
            with torch.autocast(x.device.type, enabled=False):
                h = torch.lstm(x, start, weights, lstm.bias, 1, 0.0, lstm.training, False, False)[0]
        yield _precise(_Layer(x, h, h0[index], c0[index], weights[0], weights[1], sum_of(weights[2:])))
        x = h


def sum_of(biases: Sequence[Tensor]) -> Tensor | None:
    """Return the sum of a layer's two biases, or None where it has none."""
    return biases[0] + biases[1] if biases else None


def _precise(layer: _Layer) -> _Layer:
    """Return the layer with float32 weights if the model is in half precision; else itself, nothing copied."""
    if layer.h.dtype in _PRECISE:
        return layer
    bias = None if layer.bias is None else layer.bias.float()
    return _Layer(layer.x, layer.h, layer.h0, layer.c0.float(), layer.w_ih.float(), layer.w_hh.float(), bias)


def _product(x: Tensor, w: Tensor, bias: Tensor | None, out: Tensor) -> None:
    rows = x.reshape(-1, x.shape[-1]).to(out.dtype)
    if bias is None:
        torch.mm(rows, w.t(), out=out)
    else:
        torch.addmm(bias, rows, w.t(), out=out)


def _cells(layer: _Layer) -> Tensor:
    """Return c at every step, (steps, batch, n_units): gates i, f, g as products over a chunk of steps, then a scan."""
    n_steps, n_batch, n_units = layer.h.shape
    w_ih, w_hh, bias = layer.gates(slice(0, 3 * n_units))
    cells = w_ih.new_empty(n_steps, n_batch, n_units)
    step_bytes = n_batch * 3 * n_units * w_ih.element_size()
    chunk = min(n_steps, max(1, _CHUNK_BYTES // step_bytes))
    buffer = w_ih.new_empty(chunk * n_batch, 3 * n_units)
    previous = layer.c0
    for start in range(0, n_steps, chunk):
        stop = min(start + chunk, n_steps)
        pre = buffer[: (stop - start) * n_batch]
        _product(layer.x[start:stop], w_ih, bias, pre)
        if start == 0:
            _add_product(layer.h0, w_hh, pre[:n_batch])
            _add_product(layer.h[: stop - 1], w_hh, pre[n_batch:])
        else:
            _add_product(layer.h[start - 1 : stop - 1], w_hh, pre)
        pre = pre.view(stop - start, n_batch, 3 * n_units)
        pre[..., : 2 * n_units].sigmoid_()
        forget, written = pre[..., n_units : 2 * n_units], pre[..., 2 * n_units :].tanh_()
        written.mul_(pre[..., :n_units])
        steps = zip(written.unbind(0), forget.unbind(0), cells[start:stop].unbind(0), strict=True)
        for new, kept, cell in steps:
            torch.addcmul(new, kept, previous, out=cell)
            previous = cell
    return cells


def _add_product(h: Tensor, w: Tensor, out: Tensor) -> None:
    if out.shape[0]:
        out.addmm_(h.reshape(-1, h.shape[-1]).to(out.dtype), w.t())


def _check_cells(
    call: ModuleCall, index: int, layer: _Layer, cells: Tensor, last_c: Tensor, lengths: Sequence[int]
) -> None:
    """Compare o * tanh(c) with h at every 16th step and each sequence's last, and the last c with the module's own."""
    allowed = tolerance(last_c)
    n_steps, n_batch, n_units = cells.shape
    reach = cells.abs().amax(0).nan_to_num_(nan=0.0, posinf=0.0)
    _require(call, index, "c", disagreement(cells[-1], last_c, reach), allowed, n_steps - 1)
    device = cells.device
    every = torch.arange(0, n_steps, CHECK_EVERY, device=device)
    batch = torch.arange(n_batch, device=device)
    steps = torch.cat([every.repeat_interleave(n_batch), torch.as_tensor(lengths, device=device) - 1])
    column = torch.cat([batch.repeat(len(every)), batch])
    before = layer.h[(steps - 1).clamp_(min=0), column]
    before = torch.where((steps == 0)[:, None], layer.h0[column], before)
    w_ih, w_hh, bias = layer.gates(slice(3 * n_units, 4 * n_units))
    pre = cells.new_empty(len(steps), n_units)
    _product(layer.x[steps, column], w_ih, bias, pre)
    _add_product(before, w_hh, pre)
    ours = pre.sigmoid_().mul_(cells[steps, column].tanh_())
    gaps = disagreement(ours, layer.h[steps, column], reach[column]).amax(1)
    worst = int(gaps.argmax())
    _require(call, index, "h", gaps[worst], allowed, int(steps[worst]))


def _require(call: ModuleCall, layer: int, state: str, gaps: Tensor, allowed: float, step: int) -> None:
    gap = float(gaps.max()) if gaps.numel() else 0.0
    if gap > allowed:
        raise RecordingError(
            f"{call.name}: the recomputed {state} of layer {layer} is off by {gap:.2g} at step {step}, so this "
            "module does not compute what nn.LSTM computes; use a plain nn.LSTM, or write_dump with states of your own"
        )
