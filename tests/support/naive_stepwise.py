"""Slow twin of the stepwise run: a loop over nn.LSTMCell, nn.GRUCell or nn.RNNCell, whose states are overwritten."""

from __future__ import annotations

import torch
from torch import nn

CELLS = {"LSTM": nn.LSTMCell, "GRU": nn.GRUCell, "RNN_TANH": nn.RNNCell, "RNN_RELU": nn.RNNCell}


def cell_of(module: nn.RNNBase, suffix: str) -> nn.RNNCellBase:
    """A cell with the weights of one layer in one direction; ``suffix`` such as ``_l0_reverse``."""
    more = {"nonlinearity": "relu"} if module.mode == "RNN_RELU" else {}
    weights = {name: getattr(module, name + suffix) for name in ("weight_ih", "weight_hh")}
    cell = CELLS[module.mode](weights["weight_ih"].shape[1], module.hidden_size, bias=module.bias, **more)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            parameter.copy_(getattr(module, name + suffix))
    return cell


def h_of(cell: nn.RNNCellBase, x, h, c):
    """The h that a step of an LSTM makes of a given c: gate o, computed from what the step reads."""
    gates = x @ cell.weight_ih.t() + h @ cell.weight_hh.t()
    if cell.bias:
        gates = gates + cell.bias_ih + cell.bias_hh
    return torch.sigmoid(gates.chunk(4, 1)[3]) * torch.tanh(c)


def naive_layer(cell, x, n_valid, held, is_reverse=False):
    """h and c at each step, (n_steps, n_rows, n_units): x (n_steps, n_rows, n_in), row r has ``n_valid[r]`` steps.

    ``held`` has (letter, step, row, unit) to value.
    """
    n_steps, n_rows, _ = x.shape
    hs, cs = torch.zeros(n_steps, n_rows, cell.hidden_size), torch.zeros(n_steps, n_rows, cell.hidden_size)
    for r in range(n_rows):
        h = c = torch.zeros(1, cell.hidden_size)
        order = range(int(n_valid[r]))
        for t in reversed(order) if is_reverse else order:
            before, read = h, x[t, r : r + 1]
            if isinstance(cell, nn.LSTMCell):
                h, c = cell(read, (h, c))
                mine = [(unit, v) for (letter, s, row, unit), v in held.items() if (letter, s, row) == ("c", t, r)]
                for unit, value in mine:
                    c[0, unit] = value
                if mine:
                    h = h_of(cell, read, before, c)
            else:
                h = cell(read, h)
            for (letter, s, row, unit), value in held.items():
                if (letter, s, row) == ("h", t, r):
                    h[0, unit] = value
            hs[t, r], cs[t, r] = h, c
    return hs, cs


def naive_run(module, x, n_valid, held):
    """The output of a module (n_steps, n_rows, n_out), and h and c by source; ``held`` by source as in naive_layer."""
    states = {}
    with torch.no_grad():
        for k in range(module.num_layers):
            outputs = []
            for direction in ("", ".reverse")[: 1 + module.bidirectional]:
                layer = f"rnn.l{k}{direction}"
                cell = cell_of(module, f"_l{k}{direction.replace('.', '_')}")
                mine = {(s[-1], *at): v for (s, *at), v in held.items() if s[:-2] == layer}
                h, c = naive_layer(cell, x, n_valid, mine, bool(direction))
                states[f"{layer}.h"], states[f"{layer}.c"] = h, c
                outputs.append(h)
            x = torch.cat(outputs, 2)
    return x, states
