"""One call of a recurrent module, computed layer by layer: what it takes and returns is what the module does.

A layer in which something is held runs step by step; the others run fused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lstmviz.recording.hooks.calls import layer_name
from lstmviz.rerun.stepwise.cells import LayerCell, States, make_cell
from lstmviz.rerun.stepwise.fused_layer import can_be_fused, run_fused
from lstmviz.rerun.stepwise.watch import Watch


def run_layer(
    cell: LayerCell, layer: str, x: Tensor, begin: States, runs: Tensor | None, watch: Watch
) -> tuple[Tensor, States]:
    """Return h at every step (n_steps, n_rows, n_units), and the states after the last one.

    ``x`` is (n_steps, n_rows, n_in). ``runs`` (n_steps, n_rows, 1) tells which rows have a step; the others stay as
    they are. A layer whose name ends in ``.reverse`` runs from the last step to the first.
    """
    held, states = watch.letters(layer), begin
    kept: dict[str, list[Tensor]] = {name: [] for name in cell.letters if f"{layer}.{name}" in watch.keep}
    projected, outputs = cell.project(x).unbind(), list[Tensor]()
    is_reverse, n_states = layer.endswith(".reverse"), len(begin)
    for t in reversed(range(len(projected))) if is_reverse else range(len(projected)):
        after = cell.step(projected[t], states, held, t)
        new = tuple(after.values())[:n_states]
        states = new if runs is None else tuple(torch.where(runs[t], n, s) for n, s in zip(new, states, strict=True))
        outputs.append(new[0])
        for letter, values in kept.items():
            values.append(after[letter])
    for letter, values in kept.items():
        watch.put(f"{layer}.{letter}", torch.stack(values[::-1] if is_reverse else values))
    watch.has_run(layer, len(projected))
    return torch.stack(outputs[::-1] if is_reverse else outputs), states


def stepwise_forward(name: str, module: nn.Module, watch: Watch) -> Callable[..., Any]:
    """Return what stands in for the forward of nn.LSTM, nn.GRU or nn.RNN named ``name``."""
    rnn = cast(nn.RNNBase, module)

    def forward(input: Tensor | PackedSequence, hx: Any = None) -> tuple[Tensor | PackedSequence, Any]:
        if isinstance(input, PackedSequence):
            x, lengths = pad_packed_sequence(input)
            runs = (torch.arange(len(x))[:, None] < lengths).to(x.device)[..., None]
            output, end = _run(name, rnn, x, _begin(rnn, x, hx), runs, watch)
            return _packed_as(input, output), _end(rnn, end)
        is_single = input.dim() == 2
        steps_first = not rnn.batch_first or is_single
        x = input[:, None] if is_single else input if steps_first else input.transpose(0, 1)
        if is_single and hx is not None:
            hx = tuple(s[:, None] for s in hx) if isinstance(hx, tuple) else hx[:, None]
        output, end = _run(name, rnn, x, _begin(rnn, x, hx), None, watch)
        if is_single:
            return output[:, 0], _end(rnn, tuple(s[:, 0] for s in end))
        return output if steps_first else output.transpose(0, 1), _end(rnn, end)

    return forward


def stepwise_cell_forward(name: str, module: nn.Module, watch: Watch) -> Callable[..., Any]:
    """Return what stands in for the forward of nn.LSTMCell, nn.GRUCell or nn.RNNCell named ``name``."""
    one = cast(nn.RNNCellBase, module)
    n_states = 2 if isinstance(module, nn.LSTMCell) else 1

    def forward(input: Tensor, hx: Any = None) -> Any:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if one.bias else ("weight_ih", "weight_hh")
        cell = make_cell(one, [getattr(one, n) for n in names], one.bias)
        x = input if input.dim() == 2 else input[None]
        given = None if hx is None else hx if isinstance(hx, tuple) else (hx,)
        begin = (x.new_zeros(len(x), one.hidden_size),) * n_states if given is None else given
        begin = tuple(s if s.dim() == 2 else s[None] for s in begin)
        _, end = run_layer(cell, layer_name(name, 0), x[None], begin, None, watch)
        end = end if input.dim() == 2 else tuple(s[0] for s in end)
        return end if n_states == 2 else end[0]

    return forward


def _run(
    name: str, rnn: nn.RNNBase, x: Tensor, begin: States, runs: Tensor | None, watch: Watch
) -> tuple[Tensor, States]:
    """Run all layers over x (n_steps, n_rows, n_in); states are (layers x directions, n_rows, n_units) each."""
    flat = cast("list[Tensor]", rnn._flat_weights)
    n_directions = 2 if rnn.bidirectional else 1
    per = len(flat) // (rnn.num_layers * n_directions)
    ends: list[States] = []
    for k in range(rnn.num_layers):
        outputs = []
        for d in range(n_directions):
            at = k * n_directions + d
            cell = make_cell(rnn, flat[at * per : (at + 1) * per], bool(rnn.bias))
            layer = layer_name(name, k, is_reverse=d == 1)
            states = tuple(s[at] for s in begin)
            if runs is None and can_be_fused(layer, watch):
                h, end = run_fused(rnn.mode, cell, layer, x, states, watch)
            else:
                h, end = run_layer(cell, layer, x, states, runs, watch)
            outputs.append(h)
            ends.append(end)
        x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 2)
        if k < rnn.num_layers - 1 and rnn.dropout:
            x = functional.dropout(x, rnn.dropout, rnn.training)
    return x, tuple(torch.stack(of_each) for of_each in zip(*ends, strict=True))


def _begin(rnn: nn.RNNBase, x: Tensor, hx: Any) -> States:
    if hx is not None:
        return tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    n = rnn.num_layers * (2 if rnn.bidirectional else 1)
    sizes = [rnn.proj_size or rnn.hidden_size] + [rnn.hidden_size] * (rnn.mode == "LSTM")
    return tuple(x.new_zeros(n, x.shape[1], size) for size in sizes)


def _end(rnn: nn.RNNBase, end: States) -> Any:
    return end if rnn.mode == "LSTM" else end[0]


def _packed_as(given: PackedSequence, output: Tensor) -> PackedSequence:
    """Return an output (n_steps, n_rows, n_out), rows in the caller's order, packed as the input was."""
    ordered = output if given.sorted_indices is None else output[:, given.sorted_indices]
    rows = torch.cat([ordered[t, :n] for t, n in enumerate(given.batch_sizes.tolist())])
    return PackedSequence(rows, given.batch_sizes, given.sorted_indices, given.unsorted_indices)
