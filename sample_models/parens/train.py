"""Train the sample from its seed, on one thread in seconds: ``python -m sample_models.parens.train``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from .generate import Text, floor, generate, probabilities
from .model import WEIGHTS, ParensModel, Shape, save, token_losses

SEED: Final = 1  # of 0 to 7 the one whose brushed depth-4 stretches stay pure in every source up to threshold 0.7
N_UPDATES: Final = 600
BATCH: Final = 32  # sequences an update
N_STEPS: Final = 64  # of a training sequence
LEARNING_RATE: Final = 1e-2
MAX_NORM: Final = 1.0  # gradients are clipped to this norm

HELD_OUT_SEED: Final = 7
HELD_OUT_SHAPE: Final = (500, 200)  # sequences x steps: longer than any that was trained on


@dataclass(frozen=True)
class HeldOut:
    """Loss in nats a token on held-out text: the model's, that of who knows the process, and the exact floor."""

    model: float
    truth: float
    floor: float


def train(
    seed: int = SEED,
    n_updates: int = N_UPDATES,
    shape: Shape | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> ParensModel:
    """Return a trained model in evaluation mode; the same seed gives the same weights on the same machine.

    Each update sees 32 fresh sequences of 64 steps (Adam, learning rate from 0.01 to 0 along a cosine).
    ``progress`` is called with (update, training loss in nats a token) after each.
    The caller's random state and number of threads are as before afterwards.
    """
    with _reproducible(seed):
        model = ParensModel(shape or Shape())
        rng = np.random.default_rng(seed)
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_updates)
        for update in range(1, n_updates + 1):
            loss = token_losses(model, torch.from_numpy(generate(rng, BATCH, N_STEPS).tokens)).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
            optimizer.step()
            schedule.step()
            if progress is not None:
                progress(update, loss.item())
    return model.eval()


def held_out_text() -> Text:
    """Return the text that losses are measured on: 500 sequences of 200 steps, never trained on."""
    return generate(np.random.default_rng(HELD_OUT_SEED), *HELD_OUT_SHAPE)


def held_out(model: ParensModel) -> HeldOut:
    """Measure a model on the held-out text; ``truth`` is the loss on the same text of who knows the process."""
    text = held_out_text()
    with torch.no_grad():
        loss = token_losses(model, torch.from_numpy(text.tokens)).double().mean().item()
    drawn = probabilities()[text.depth[:, :-1], text.tokens[:, 1:]]
    return HeldOut(loss, float(-np.log(drawn).mean()), floor(HELD_OUT_SHAPE[1]))


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed torch and keep it to one thread (the order of a sum depends on their number), then undo both."""
    n_threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)


def main() -> None:
    """Train, print the losses and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}, as shipped")
    parser.add_argument("--out", type=Path, default=Path(WEIGHTS.name), help=f"default ./{WEIGHTS.name}")
    args = parser.parse_args()

    def show(update: int, loss: float) -> None:
        if update % 100 == 0:
            print(f"update {update:4d} of {N_UPDATES}   training loss {loss:.4f}", flush=True)

    began = time.perf_counter()
    model = train(args.seed, progress=show)
    seconds = time.perf_counter() - began
    save(model, args.out)
    loss = held_out(model)
    print(f"held-out loss {loss.model:.4f} nats a token; who knows the process: {loss.truth:.4f} on the same text")
    print(f"exact floor {loss.floor:.4f}; trained in {seconds:.1f} s; weights in {args.out}")


if __name__ == "__main__":
    main()
