"""The small text model: an embedding, a recurrent module named ``rnn``, a decoder; saved without code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as of_bytes
from safetensors.torch import save as as_bytes
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstmviz.errors import ModelError, reason_of
from lstmviz.system.atomic import replacing
from lstmviz.training.model_config import (
    KEY,
    MOST_HEADER,
    N_LENGTH,
    ModelDescription,
    read_description,
    read_weights,
)

_CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

State = Any
"""What a recurrent module carries from call to call: h, or (h, c), each (layers x directions, batch, n_units)."""


class TextModel(nn.Module):
    """Token ids in, logits of the next token (or of a label) at each step out."""

    def __init__(self, description: ModelDescription) -> None:
        super().__init__()
        d = self.description = description
        self.embedding = nn.Embedding(len(d.vocab), d.n_embedding, _weight=torch.empty(len(d.vocab), d.n_embedding))
        if not self.embedding.weight.is_meta:  # else PyTorch loads its compiler for this, which takes a second
            self.embedding.reset_parameters()
        between = d.dropout if d.n_layers > 1 else 0.0
        cell: Any = _CELLS[d.cell]
        self.rnn = cell(
            d.n_embedding, d.n_units, d.n_layers, batch_first=True, bidirectional=d.is_bidirectional, dropout=between
        )
        self.dropout = nn.Dropout(d.dropout)
        self.decoder = nn.Linear(d.n_units * (2 if d.is_bidirectional else 1), d.n_outputs)

    def forward(self, ids: Tensor, state: State | None = None, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Return logits (batch, steps, n_outputs) of ids (batch, steps) int64, and the state after the last step.

        With ``lengths`` (batch,) the steps after a sequence's end have no influence, in either direction.
        """
        x = self.dropout(self.embedding(ids))
        if lengths is None:
            h, state = self.rnn(x, state)
        else:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            h, state = self.rnn(packed, state)
            h, _ = pad_packed_sequence(h, batch_first=True, total_length=ids.shape[1])
        return self.decoder(self.dropout(h)), state


def save(model: TextModel, path: str | os.PathLike[str]) -> None:
    """Write the weights as float16 safetensors, whole or not at all; the header carries the description."""
    target = Path(path)
    weights = {name: value.detach().cpu().half().contiguous() for name, value in model.state_dict().items()}
    try:
        content = as_bytes(weights, metadata={KEY: model.description.to_json()})
        if int.from_bytes(content[:N_LENGTH], "little") > MOST_HEADER:
            most = f"{MOST_HEADER // 2**20} MB"
            raise ModelError(f"the vocabulary takes more than {most} in {target.name}; train with fewer words")
        with replacing(target) as temporary:
            temporary.write_bytes(content)
    except (OSError, SafetensorError) as err:
        raise ModelError(f"{target} cannot be written ({err}); make room or give another path") from err


def load(path: str | os.PathLike[str]) -> TextModel:
    """Rebuild a model, float32 and in evaluation mode, from a file that ``save`` wrote; no code in it is run.

    The file's size and every weight's shape are checked against the description. Raises ModelError.
    """
    target = Path(path)
    if not target.exists():
        raise ModelError(f"no model at {target}; train one with lstmviz train")
    description = read_description(target)
    with torch.device("meta"):  # sizes only: a wrong description must not take memory
        model = TextModel(description)
    wanted = {name: list(value.shape) for name, value in model.state_dict().items()}
    try:
        weights = of_bytes(read_weights(target, description.n_weights))
    except (SafetensorError, OSError) as err:
        raise ModelError(f"{target} cannot be read as a model ({reason_of(err)})") from err
    stored = {name: list(value.shape) for name, value in weights.items()}
    if wanted != stored:
        name = min(name for name in wanted.keys() | stored.keys() if wanted.get(name) != stored.get(name))
        raise ModelError(f"{target}: weight {name!r} is {stored.get(name)} and the description says {wanted.get(name)}")
    model.load_state_dict({name: value.float() for name, value in weights.items()}, assign=True)
    return model.eval()
