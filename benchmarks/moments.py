"""What a moment of a training costs: ``Snapshots.take`` beside a recording of the same texts, and the forward pass.

python benchmarks/moments.py [--steps 20000] [--units 128] [--times 9]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

import lstmviz

N_LETTERS = 60
LENGTH = 500  # steps of a text


class Model(nn.Module):
    """An embedding, an LSTM of two layers, a decoder."""

    def __init__(self, n_units: int) -> None:
        super().__init__()
        self.embed, self.rnn = nn.Embedding(N_LETTERS, 32), nn.LSTM(32, n_units, 2, batch_first=True)
        self.out = nn.Linear(n_units, N_LETTERS)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits of the next letter."""
        logits: Tensor = self.out(self.rnn(self.embed(ids))[0])
        return logits


def seconds(act: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    with contextlib.redirect_stderr(open(os.devnull, "w")):  # noqa: PTH123
        act()
    return time.perf_counter() - began


def measure(n_steps: int = 20_000, n_units: int = 128, n_times: int = 9) -> None:
    """Measure all three in turn, and print medians and their ratio."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Model(n_units).train()
    texts = torch.randint(N_LETTERS, (max(1, n_steps // LENGTH), LENGTH))
    shared = {"encode": list, "vocab": [chr(40 + i) for i in range(N_LETTERS)]}
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        snapshots = lstmviz.Snapshots(model, Path(folder) / "moments", texts=texts.tolist(), **shared)
        record = {"path": Path(folder) / "one.h5", "top_k": 3, "overwrite": True, **shared}
        rows = []
        for k in range(n_times + 1):
            moment = seconds(lambda k=k: snapshots.take(k))
            rows.append(
                (
                    moment,
                    seconds(lambda: lstmviz.record_corpus(model, texts.tolist(), **record)),
                    seconds(lambda: model(texts)),
                )
            )
        moment, recording, forward = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    print(
        f"a moment {moment:.2f} s, a recording {recording:.2f} s ({moment / recording:.2f} x), forward {forward:.2f} s"
    )


def main() -> None:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--times", type=int, default=9)
    given = parser.parse_args()
    measure(given.steps, given.units, given.times)


if __name__ == "__main__":
    main()
