"""A sentence tagger: a bidirectional LSTM over packed sentences, and one label a word."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLSTMTagger(nn.Module):
    """Tag padded sentences, (batch, steps); torch sorts them by length and back."""

    def __init__(self, n_words: int, n_tags: int, n_embed: int = 12, n_hidden: int = 9, n_layers: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed, padding_idx=0)
        self.lstm = nn.LSTM(n_embed, n_hidden, n_layers, batch_first=True, bidirectional=True, dropout=0.3)
        self.out = nn.Linear(2 * n_hidden, n_tags)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.embed(words), lengths, batch_first=True, enforce_sorted=False)
        output, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(output, batch_first=True)
        return self.out(padded)


class SortingTagger(BiLSTMTagger):
    """The same, as written before torch sorted by itself: longest sentence first inside, put back at the end."""

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        lengths, order = torch.sort(lengths, descending=True)
        packed = pack_padded_sequence(self.embed(words[order]), lengths, batch_first=True)
        padded, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.out(padded)[torch.argsort(order)]
