"""DropConnect on the recurrent weights of an LSTM, by a wrapper that puts new weights in at every call."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WeightDrop(nn.Module):
    """Keep the raw weights as parameters of the wrapper, and set a dropped copy on the module before each forward."""

    def __init__(self, module: nn.Module, names: list[str], dropout: float) -> None:
        super().__init__()
        self.module, self.names, self.dropout = module, names, dropout
        for name in names:
            raw = getattr(module, name)
            del module._parameters[name]
            self.register_parameter(f"{name}_raw", nn.Parameter(raw.data))
        self.set_weights()

    def set_weights(self) -> None:
        for name in self.names:
            raw = getattr(self, f"{name}_raw")
            setattr(self.module, name, nn.functional.dropout(raw, self.dropout, self.training))

    def forward(self, *args: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        self.set_weights()
        return self.module(*args)


class DroppedModel(nn.Module):
    """A language model whose LSTM is wrapped."""

    def __init__(self, n_tokens: int, n_embed: int = 6, n_hidden: int = 8) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_tokens, n_embed)
        lstm = nn.LSTM(n_embed, n_hidden, 2, batch_first=True)
        self.rnn = WeightDrop(lstm, ["weight_hh_l0", "weight_hh_l1"], 0.4)
        self.out = nn.Linear(n_hidden, n_tokens)

    def forward(self, ids: Tensor) -> Tensor:
        output, _ = self.rnn(self.embed(ids))
        return self.out(output)


def dropped_share(model: DroppedModel) -> float:
    """Give the share of recurrent weights of the last call that were zero."""
    return float((torch.cat([getattr(model.rnn.module, n).flatten() for n in model.rnn.names]) == 0).float().mean())
