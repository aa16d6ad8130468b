"""The network of the sample parens, written once more by people who do not know lstmviz's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

N_TOKENS, N_EMBED, N_UNITS = 7, 16, 50


class Untouchable(nn.Module):
    """Whoever copies or pickles it fails."""

    def __deepcopy__(self, memo):
        raise AssertionError("the model was copied")

    def __reduce_ex__(self, protocol):
        raise AssertionError("the model was pickled")


class Counter(Untouchable):
    """Batch first, ids in and logits out."""

    def __init__(self) -> None:
        super().__init__()
        self.look_up = nn.Embedding(N_TOKENS, N_EMBED)
        self.memory = nn.LSTM(N_EMBED, N_UNITS, 2, batch_first=True, dropout=0.5)
        self.head = nn.Linear(N_UNITS, N_TOKENS)

    def forward(self, ids: Tensor):
        return self.head(self.memory(self.look_up(ids))[0])


class StatefulCounter(Counter):
    """(steps, batch), with a state that has to be handed in; returns flattened logits and the new state."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = nn.LSTM(N_EMBED, N_UNITS, 2)

    def init_hidden(self, n_rows: int):
        weight = next(self.parameters())
        return weight.new_zeros(2, n_rows, N_UNITS), weight.new_zeros(2, n_rows, N_UNITS)

    def forward(self, data: Tensor, hidden):
        output, hidden = self.memory(self.look_up(data), hidden)
        return self.head(output).view(-1, N_TOKENS), hidden


@dataclass
class Output:
    """What a transformer's model returns."""

    loss: Tensor | None
    logits: Tensor


class WrappedCounter(Counter):
    """Returns a record with logits."""

    def forward(self, input_ids: Tensor, labels: Tensor | None = None):
        return Output(None, super().forward(input_ids))


class OneTextCounter(Counter):
    """Made for one text at a time: two at once fail."""

    def forward(self, ids: Tensor):
        (row,) = self.look_up(ids)
        return self.head(self.memory(row)[0])[None]


class CellCounter(Untouchable):
    """Two cells, stepped in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.look_up = nn.Embedding(N_TOKENS, N_EMBED)
        self.lower = nn.LSTMCell(N_EMBED, N_UNITS)
        self.upper = nn.LSTMCell(N_UNITS, N_UNITS)
        self.head = nn.Linear(N_UNITS, N_TOKENS)

    def forward(self, ids: Tensor):
        below, above, outputs = None, None, []
        for x in self.look_up(ids).unbind(dim=1):
            below = self.lower(x, below)
            above = self.upper(below[0], above)
            outputs.append(self.head(above[0]))
        return torch.stack(outputs, dim=1)


KINDS = (Counter, StatefulCounter, WrappedCounter, OneTextCounter, CellCounter)


def with_weights_of(model: nn.Module, kind: type[nn.Module]) -> nn.Module:
    """Return a network of some kind with the weights of lstmviz's own."""
    again = kind()
    with torch.no_grad():
        again.look_up.weight.copy_(model.embedding.weight)
        again.head.weight.copy_(model.decoder.weight)
        again.head.bias.copy_(model.decoder.bias)
        for name, weight in model.rnn.named_parameters():
            layer, stem = name[-1], name[:-3]
            if kind is CellCounter:
                getattr((again.lower, again.upper)[int(layer)], stem).copy_(weight)
            else:
                getattr(again.memory, name).copy_(weight)
    return again


def name_of(source: str, kind: type[nn.Module]) -> str:
    """Return what a source of the sample is called in a network of some kind."""
    _, layer, state = source.split(".")
    return f"{('lower', 'upper')[int(layer[1])]}.l0.{state}" if kind is CellCounter else f"memory.{layer}.{state}"
