"""A character model of two LSTM cells, stepped in a loop of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CellModel(nn.Module):
    """Two ``nn.LSTMCell`` one on the other; the second starts from a learned state."""

    def __init__(self, n_characters: int, n_embed: int = 5, n_hidden: int = 7) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_characters, n_embed)
        self.lower = nn.LSTMCell(n_embed, n_hidden)
        self.upper = nn.LSTMCell(n_hidden, n_hidden)
        self.start = nn.Parameter(torch.randn(n_hidden))
        self.out = nn.Linear(n_hidden, n_characters)

    def forward(self, ids: Tensor) -> Tensor:
        below = None
        above = (self.start.expand(len(ids), -1), torch.zeros(len(ids), len(self.start)))
        outputs = []
        for x in self.embed(ids).unbind(dim=1):
            below = self.lower(x, below)
            above = self.upper(below[0], above)
            outputs.append(self.out(above[0]))
        return torch.stack(outputs, dim=1)
