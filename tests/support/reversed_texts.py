"""A recording of the model that writes texts from the end, with its attention, and what that attention is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import lstmviz
from support.models.reverser import LETTERS, SHARPNESS, Reverser, pairs

TEXTS = ["abc", "fed", "abcdef", "ab", "cafe"]
AXES = {"source": "encoder", "target": "decoder"}


def record_reversed(path: Path, batches: list[list[str]], **options) -> Path:
    """Record texts, batch by batch, the source and what is written of it."""
    torch.manual_seed(0)
    model = Reverser().eval()
    options = {"vocab": list(LETTERS), "axes": AXES, "join": "", **options}
    with lstmviz.record(model, path, **options) as run, torch.no_grad():
        for texts in batches:
            source, target, lengths = pairs(texts)
            both = {"source": lengths, "target": lengths}
            with run.batch(tokens={"source": source, "target": target}, lengths=both):
                _, attention = model(source, target, lengths)
                run.log("attention", attention, axis="target", over="source")
    return path


def true_attention(n_steps: int) -> np.ndarray:
    """The attention of a text of so many letters, written from the end."""
    distance = np.abs(n_steps - 1 - np.arange(n_steps)[:, None] - np.arange(n_steps))
    weights = np.exp(-SHARPNESS * distance)
    return weights / weights.sum(axis=1, keepdims=True)
