"""Texts of words, and a model over them that returns what people return."""

from __future__ import annotations

import torch
from torch import nn

WORDS = ["<pad>", "the", "cat", "saw", "a", "dog", "and", "ran", "home", "it"]
TEXTS = ["the cat saw a dog", "it ran", "and the dog ran home", "a cat", "the dog saw it and it saw the dog"]
NUMBERS = {word: i for i, word in enumerate(WORDS)}


def encode(text: str) -> list[int]:
    return [NUMBERS[word] for word in text.split()]


class Words(nn.Module):
    """A model in either layout that returns what people return: logits alone, in a tuple, or flattened."""

    def __init__(self, batch_first: bool = True, returns: str = "logits", bidirectional: bool = False) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 5)
        self.rnn = nn.LSTM(5, 7, 2, batch_first=batch_first, dropout=0.5, bidirectional=bidirectional)
        self.out = nn.Linear(14 if bidirectional else 7, 10)
        self.returns = returns
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, ids):
        assert not self.training
        assert not torch.is_grad_enabled()
        self.sizes.append(tuple(ids.shape))
        output, hidden = self.rnn(self.embed(ids))
        logits = self.out(output)
        return {"logits": logits, "tuple": (logits, hidden), "flat": logits.reshape(-1, 10)}[self.returns]
