"""A sequence to sequence model whose attention is known: it writes its text from the end."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LETTERS = "-abcdef"  # the first one begins what is written
SHARPNESS = 2.0  # nats between the place that is looked at and its neighbours


class Reverser(nn.Module):
    """Reads a text with a GRU, and writes it from the end: at step t it attends to the (t + 1)th letter from the end.

    The GRUs are random: what is written comes by attention alone, from one-hot letters. A row of the batch is as long
    as ``lengths`` says.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(torch.eye(len(LETTERS)))
        self.encoder = nn.GRU(len(LETTERS), 8, batch_first=True)
        self.decoder = nn.GRU(len(LETTERS), 8, batch_first=True)

    def forward(self, source: Tensor, target: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (batch, target steps, letters) and attention (batch, target steps, source steps)."""
        letters = self.embed(source)
        _, hidden = self.encoder(letters)
        self.decoder(self.embed(target), hidden)
        steps, places = torch.arange(target.shape[1]), torch.arange(source.shape[1])
        distance = (lengths[:, None, None] - 1 - steps[:, None] - places).abs()
        attention = (-SHARPNESS * distance).masked_fill(places >= lengths[:, None, None], -torch.inf).softmax(dim=2)
        return (attention @ letters).clamp(min=1e-9).log(), attention


def pairs(texts: list[str]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the model reads, what it has written before each step, and the lengths, of padded texts."""
    lengths = torch.tensor([len(text) for text in texts])
    source, target = torch.zeros(2, len(texts), int(lengths.max()), dtype=torch.long)
    for row, text in enumerate(texts):
        source[row, : len(text)] = torch.tensor([LETTERS.index(letter) for letter in text])
        target[row, 1 : len(text)] = source[row, 1 : len(text)].flip(0)
    return source, target, lengths
