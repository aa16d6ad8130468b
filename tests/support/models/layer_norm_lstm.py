"""An LSTM cell with layer normalisation (Ba et al., 2016), which no module of torch is."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNormLSTMCell(nn.Module):
    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.of_input = nn.Linear(n_in, 4 * n_hidden, bias=False)
        self.of_hidden = nn.Linear(n_hidden, 4 * n_hidden)
        self.norm_input, self.norm_hidden = nn.LayerNorm(4 * n_hidden), nn.LayerNorm(4 * n_hidden)
        self.norm_cell = nn.LayerNorm(n_hidden)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h, c = state
        gates = self.norm_input(self.of_input(x)) + self.norm_hidden(self.of_hidden(h))
        i, f, g, o = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * self.norm_cell(c).tanh(), c


class LayerNormModel(nn.Module):
    def __init__(self, n_tokens: int, n_embed: int = 5, n_hidden: int = 6) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_tokens, n_embed)
        self.cell = LayerNormLSTMCell(n_embed, n_hidden)
        self.out = nn.Linear(n_hidden, n_tokens)
        self.n_hidden = n_hidden

    def forward(self, ids: Tensor) -> Tensor:
        zeros = torch.zeros(len(ids), self.n_hidden)
        state, outputs = (zeros, zeros), []
        for x in self.embed(ids).unbind(dim=1):
            state = self.cell(x, state)
            outputs.append(self.out(state[0]))
        return torch.stack(outputs, dim=1)
