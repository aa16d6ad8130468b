"""An encoder-decoder with GRUs: the decoder attends to the source and is stepped one token a call."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    def __init__(self, n_words: int, n_embed: int, n_hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, n_embed)
        self.gru = nn.GRU(n_embed, n_hidden, batch_first=True)

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor]:
        return self.gru(self.embedding(words))


class Decoder(nn.Module):
    def __init__(self, n_words: int, n_embed: int, n_hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, n_embed)
        self.gru = nn.GRU(n_embed + n_hidden, n_hidden, batch_first=True)
        self.out = nn.Linear(n_hidden, n_words)

    def forward(self, word: Tensor, hidden: Tensor, encoded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scores = encoded @ hidden[-1][:, :, None]  # (batch, source steps, 1)
        attention = scores.softmax(dim=1)
        context = (attention * encoded).sum(dim=1, keepdim=True)
        output, hidden = self.gru(torch.cat([self.embedding(word), context], dim=2), hidden)
        return self.out(output), hidden, attention[:, :, 0]


class Translator(nn.Module):
    """Sequence to sequence, with teacher forcing: each decoder step reads the true token before it."""

    def __init__(self, n_source: int, n_target: int, n_embed: int = 6, n_hidden: int = 8) -> None:
        super().__init__()
        self.encoder = Encoder(n_source, n_embed, n_hidden)
        self.decoder = Decoder(n_target, n_embed, n_hidden)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Give logits (batch, target steps, n_target) and attention (batch, target steps, source steps)."""
        encoded, hidden = self.encoder(source)
        logits, attentions = [], []
        for step in range(target.shape[1]):
            logit, hidden, attention = self.decoder(target[:, step : step + 1], hidden, encoded)
            logits.append(logit)
            attentions.append(attention)
        return torch.cat(logits, dim=1), torch.stack(attentions, dim=1)
