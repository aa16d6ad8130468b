"""The sample's corpus and its dump: 20,000 steps with the shipped model's states, true depth and loss."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

import lstmviz

from .generate import VOCAB, Text, generate
from .model import ParensModel, load, token_losses

SEED: Final = 2024
N_SEQUENCES: Final = 100
N_STEPS: Final = 200  # of a sequence
BATCH: Final = 25  # sequences a forward pass


def corpus() -> Text:
    """Return the text that the dump is recorded over: 100 sequences of 200 steps, always the same."""
    return generate(np.random.default_rng(SEED), N_SEQUENCES, N_STEPS)


def build(
    path: str | os.PathLike[str],
    progress: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
) -> None:
    """Record the shipped model over the corpus into a dump at ``path``; DumpExists if one is there (see ``overwrite``).

    Sources: rnn.l0.h, rnn.l0.c, rnn.l1.h, rnn.l1.c. Tracks: ``depth`` (after the step's token) and ``loss`` (nats, of
    the token that follows; NaN at the last step of a sequence). ``progress`` is called with (steps done, steps in all).
    """
    model, text = load(), corpus()
    with torch.no_grad(), lstmviz.record(model, path, vocab=VOCAB, overwrite=overwrite) as run:
        for first in range(0, N_SEQUENCES, BATCH):
            ids = torch.from_numpy(text.tokens[first : first + BATCH])
            tracks = {"depth": text.depth[first : first + BATCH], "loss": _losses(model, ids)}
            with run.batch(tokens=ids, tracks=tracks):
                model(ids)
            if progress is not None:
                progress((first + len(ids)) * N_STEPS, N_SEQUENCES * N_STEPS)


def _losses(model: ParensModel, ids: torch.Tensor) -> npt.NDArray[np.float32]:
    losses = np.full(ids.shape, np.nan, dtype=np.float32)
    losses[:, :-1] = token_losses(model, ids).numpy()
    return losses
