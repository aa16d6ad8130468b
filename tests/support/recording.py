"""A word model as people write it, and what is expected of a recording of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from lstmviz.errors import LstmvizError

WORDS = [f"w{i}" for i in range(11)]
IDS = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])


class Model(nn.Module):
    """A word model as people write it; the LSTM gets its input in the layout that it asks for."""

    def __init__(self, n_units: int = 7, n_layers: int = 2, batch_first: bool = True, bias: bool = True) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 5)
        self.rnn = nn.LSTM(5, n_units, n_layers, batch_first=batch_first, bias=bias)
        self.out = nn.Linear(n_units, 11)

    def forward(self, ids, hx=None):
        x = self.embed(ids)
        y = self.rnn(x if self.rnn.batch_first else x.transpose(0, 1), hx)[0]
        return self.out(y if self.rnn.batch_first else y.transpose(0, 1))


def valid_rows(values: torch.Tensor, lengths: list[int]) -> np.ndarray:
    """The valid steps of (batch, steps, n_units), one sequence after another."""
    return np.concatenate([values[b, :n].detach().numpy() for b, n in enumerate(lengths)])


def one_line(kind: type[LstmvizError], *parts: str):
    """Expect an error whose single line holds these parts in order."""
    return pytest.raises(kind, match=r"\A[^\n]*" + r"[^\n]*".join(re.escape(p) for p in parts) + r"[^\n]*\Z")


def holder(**modules: nn.Module) -> nn.Module:
    return nn.ModuleDict(modules)
