"""Slow twins of the recorder: an LSTM as a loop of cells, and as a stack of single-layer LSTMs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

Start = tuple[Tensor, Tensor] | None


def cell_of(lstm: nn.LSTM, layer: int) -> nn.LSTMCell:
    n_in = lstm.input_size if layer == 0 else lstm.hidden_size
    cell = nn.LSTMCell(n_in, lstm.hidden_size, bias=lstm.bias).to(lstm.weight_hh_l0.dtype)
    with torch.no_grad():
        for name, weight in cell.named_parameters():
            weight.copy_(getattr(lstm, f"{name}_l{layer}"))
    return cell


def stack_of(lstm: nn.LSTM) -> list[nn.LSTM]:
    """One fused single-layer LSTM for each layer, step-major, with the same weights."""
    layers = []
    for index in range(lstm.num_layers):
        n_in = lstm.input_size if index == 0 else lstm.hidden_size
        single = nn.LSTM(n_in, lstm.hidden_size, bias=lstm.bias).to(lstm.weight_hh_l0.dtype).eval()
        with torch.no_grad():
            for name, weight in single.named_parameters():
                weight.copy_(getattr(lstm, name.replace("_l0", f"_l{index}")))
        layers.append(single)
    return layers


@torch.no_grad()
def cells_by_loop(lstm: nn.LSTM, x: Tensor, hx: Start = None) -> tuple[list[Tensor], list[Tensor]]:
    """h and c of every layer, each (batch, steps, n_units), from x of (batch, steps, n_in)."""
    all_h, all_c = [], []
    for layer in range(lstm.num_layers):
        cell = cell_of(lstm, layer)
        state = None if hx is None else (hx[0][layer], hx[1][layer])
        hs, cs = [], []
        for t in range(x.shape[1]):
            state = cell(x[:, t], state)
            hs.append(state[0])
            cs.append(state[1])
        x = torch.stack(hs, 1)
        all_h.append(x)
        all_c.append(torch.stack(cs, 1))
    return all_h, all_c


def h_by_stack(lstm: nn.LSTM, x: Tensor, hx: Start = None) -> list[Tensor]:
    """h of every layer, each (batch, steps, n_units), from single-layer fused LSTMs one on the other.

    Runs in the grad mode of the caller: torch takes another kernel under no_grad.
    """
    found = []
    x = x.transpose(0, 1)
    for layer, single in enumerate(stack_of(lstm)):
        start = None if hx is None else (hx[0][layer : layer + 1].contiguous(), hx[1][layer : layer + 1].contiguous())
        x = single(x, start)[0]
        found.append(x.detach().transpose(0, 1))
    return found
