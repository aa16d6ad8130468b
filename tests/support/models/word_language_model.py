"""A word language model: one long text in columns, steps first, its state carried from chunk to chunk."""

from __future__ import annotations

import torch
from torch import Tensor, nn

Hidden = tuple[Tensor, Tensor]


class WordLanguageModel(nn.Module):
    """Embedding, stacked LSTM with dropout, and a decoder whose output is flattened for the loss."""

    def __init__(self, n_tokens: int, n_embed: int, n_hidden: int, n_layers: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(n_tokens, n_embed)
        self.rnn = nn.LSTM(n_embed, n_hidden, n_layers, dropout=dropout)
        self.decoder = nn.Linear(n_hidden, n_tokens)
        if n_embed == n_hidden:
            self.decoder.weight = self.encoder.weight  # tied
        self.n_tokens, self.n_hidden, self.n_layers = n_tokens, n_hidden, n_layers

    def forward(self, ids: Tensor, hidden: Hidden) -> tuple[Tensor, Hidden]:
        embedded = self.drop(self.encoder(ids))
        output, hidden = self.rnn(embedded, hidden)
        decoded = self.decoder(self.drop(output))
        return decoded.view(-1, self.n_tokens), hidden

    def init_hidden(self, n_columns: int) -> Hidden:
        weight = next(self.parameters())
        zeros = weight.new_zeros(self.n_layers, n_columns, self.n_hidden)
        return zeros, zeros.clone()


def repackage(hidden: Hidden) -> Hidden:
    """Cut the graph: the next chunk starts from the values alone."""
    h, c = hidden
    return h.detach(), c.detach()


def batchify(ids: Tensor, n_columns: int) -> Tensor:
    """Cut a text into columns of one length, (steps, n_columns); what is left over is dropped."""
    n_steps = len(ids) // n_columns
    return ids[: n_steps * n_columns].view(n_columns, n_steps).t().contiguous()


def chunks(data: Tensor, bptt: int) -> list[tuple[Tensor, Tensor]]:
    """Give (inputs, targets) chunk by chunk, targets being the inputs one step later, flattened."""
    found = []
    for start in range(0, len(data) - 1, bptt):
        n = min(bptt, len(data) - 1 - start)
        found.append((data[start : start + n], data[start + 1 : start + 1 + n].reshape(-1)))
    return found


@torch.no_grad()
def evaluate(model: WordLanguageModel, data: Tensor, bptt: int) -> float:
    """Give the mean loss over the whole text, in nats a token."""
    model.eval()
    hidden, total, n = model.init_hidden(data.shape[1]), 0.0, 0
    for inputs, targets in chunks(data, bptt):
        output, hidden = model(inputs, hidden)
        hidden = repackage(hidden)
        total += len(targets) * nn.functional.cross_entropy(output, targets).item()
        n += len(targets)
    return total / n
