"""The model of the sample: an embedding, an LSTM named ``rnn``, and a linear decoder to the next token."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from .generate import VOCAB

WEIGHTS: Final = Path(__file__).with_name("parens-2x50.safetensors")


@dataclass(frozen=True)
class Shape:
    """What rebuilds the model: layers and hidden units of its LSTM, and the width of its embedding."""

    n_layers: int = 2
    n_units: int = 50
    n_embedding: int = 16


class ParensModel(nn.Module):
    """Predict the next token of nested parentheses from all tokens so far."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(len(VOCAB), shape.n_embedding)
        self.rnn = nn.LSTM(shape.n_embedding, shape.n_units, shape.n_layers, batch_first=True)
        self.decoder = nn.Linear(shape.n_units, len(VOCAB))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return next-token logits, shape (batch, steps, 7 tokens), of ids of shape (batch, steps) int64."""
        states, _ = self.rnn(self.embedding(ids))
        logits: torch.Tensor = self.decoder(states)
        return logits


def token_losses(model: ParensModel, ids: torch.Tensor) -> torch.Tensor:
    """Return what each next token costs, in nats: shape (batch, steps - 1); entry t is the loss of token t + 1."""
    logits = model(ids[:, :-1]).transpose(1, 2)
    return nn.functional.cross_entropy(logits, ids[:, 1:], reduction="none")


def save(model: ParensModel, path: Path) -> None:
    """Write the weights as float16 safetensors; the header carries the shape, so that ``load`` needs nothing else."""
    weights = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, path, metadata={"shape": json.dumps(asdict(model.shape), sort_keys=True)})


def load(path: Path = WEIGHTS) -> ParensModel:
    """Rebuild a model, float32 and in evaluation mode, from a file that ``save`` wrote; nothing is unpickled."""
    with safe_open(path, framework="pt") as file:
        shape = Shape(**json.loads(file.metadata()["shape"]))
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no mapping)
    with torch.random.fork_rng(devices=[]):  # drawing the first weights must not move the caller's generator
        model = ParensModel(shape)
    model.load_state_dict(weights)
    return model.eval()
