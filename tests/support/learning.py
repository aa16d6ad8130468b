"""A small word model that learns, for moments of its training, and what is recorded while a page is open."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

import lstmviz

WORDS = ["<unk>", *["the", "a", "cat", "dog", "owl", "sees", "likes", "finds", "me", "you", "it", "and", "runs", "."]]
VERBS = {"sees", "likes", "finds", "runs"}
SOURCE = "memory.l0.c"


class Learner(nn.Module):
    """Reads words; ``learn`` makes it expect "." after "runs", more with each call."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.look_up, self.memory = nn.Embedding(len(WORDS), 8), nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, len(WORDS))
        self.n_seen = 0

    def forward(self, ids):
        return self.head(self.memory(self.look_up(ids))[0])

    def learn(self, n_updates: int = 10) -> None:
        optimizer = torch.optim.Adam(self.parameters(), 0.01)
        for _ in range(n_updates):
            self.n_seen += 1
            ids = torch.tensor([encode(text) for text in texts(30, seed=1000 + self.n_seen)])
            loss = nn.functional.cross_entropy(self(ids)[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def texts(n: int, seed: int = 0) -> list[str]:
    """Texts of twelve words in which "." follows "runs" always."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        words = rng.choice(WORDS[1:-1], 12).tolist()
        made.append(" ".join("." if i and words[i - 1] == "runs" else word for i, word in enumerate(words)))
    return made


def encode(text: str) -> list[int]:
    return [WORDS.index(word) for word in text.split()]


def moments(model: nn.Module, folder, n_texts: int = 40, **more) -> lstmviz.Snapshots:
    given = texts(n_texts)
    kinds = [["verb" if word in VERBS else "other" for word in text.split()] for text in given]
    return lstmviz.Snapshots(model, folder, texts=given, encode=encode, vocab=WORDS, tracks={"kind": kinds}, **more)
