"""Two sentences through one encoder, and how near they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Siamese(nn.Module):
    def __init__(self, n_words: int, n_embed: int = 6, n_hidden: int = 8) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed)
        self.encoder = nn.LSTM(n_embed, n_hidden, batch_first=True)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        _, (a, _) = self.encoder(self.embed(left))
        _, (b, _) = self.encoder(self.embed(right))
        return torch.exp(-(a[-1] - b[-1]).abs().sum(dim=1))
