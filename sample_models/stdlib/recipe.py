"""How the sample's model is trained and what its dump is recorded over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import FitPlan, TrainingBatch
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.recipe import Recipe

from .generate import KINDS, VOCAB, ids, modules, truth

N_UNITS: Final = 128
SEED: Final = 1
N_UPDATES: Final = 5000
LEARNING_RATE: Final = 5e-3
N_COLUMNS: Final = 32  # the text runs in so many columns side by side, each state carried from update to update
N_STEPS: Final = 100  # characters of a column an update: as far as gradients go back

N_HELD_OUT: Final = 2500  # characters of a column of the held-out text
N_CORPUS: Final = 1500  # characters of a module in the corpus, from its first function or class on
_BEGINS: Final = re.compile(r"^(?:def|class) ", re.MULTILINE)


def recipe(variant: str = "1x128", folder: Path | None = None) -> Recipe:
    """Return the training of the one variant; ``folder`` of modules in place of the local Python's."""
    description = ModelDescription(vocab=VOCAB, level="char", n_units=N_UNITS, unknown=0)
    plan = FitPlan(
        n_updates=N_UPDATES,
        learning_rate=LEARNING_RATE,
        seed=SEED,
        check_every=100,
        keeps_best=False,
        is_exact=True,
    )
    return Recipe(
        description,
        plan,
        lambda rng: _batches(rng, folder),
        lambda: _held_out(folder),
        lambda: corpus(folder),
    )


def corpus(folder: Path | None = None) -> Corpus:
    """Return what the dump is recorded over: a piece of each held-out module, from its first function or class on.

    Tracks: ``where`` (code, string or comment), ``indent`` (blocks around the line), ``leading`` (in the spaces that
    begin a line). Sequence track ``module``.
    """
    rows: dict[str, list[Any]] = {name: [] for name in ("ids", "where", "indent", "leading", "module")}
    for name, text in modules(folder, is_held_out=True).items():
        begins = _BEGINS.search(text)
        if begins is None:
            continue
        piece = slice(begins.start(), begins.start() + N_CORPUS)
        true = truth(text)
        rows["ids"].append(ids(text[piece]))
        rows["where"].append([KINDS[k] for k in true.kind[piece]])
        rows["indent"].append(true.indent[piece])
        rows["leading"].append(["leading" if is_one else None for is_one in true.is_leading[piece]])
        rows["module"].append(name)
    tracks = {name: rows[name] for name in ("where", "indent", "leading")}
    return Corpus(rows["ids"], tracks, {"module": rows["module"]})


@cache
def _text(folder: Path | None, is_held_out: bool) -> NDArray[np.int64]:
    return ids("".join(modules(folder, is_held_out).values()))


def _batches(rng: np.random.Generator, folder: Path | None) -> Iterator[TrainingBatch]:
    """Run through the text in columns, whose starts are drawn again whenever its end is reached."""
    text = _text(folder, False)
    length = len(text) // N_COLUMNS
    while True:
        columns = np.roll(text, int(rng.integers(len(text))))[: length * N_COLUMNS].reshape(N_COLUMNS, length)
        yield from _chunks(columns)


def _held_out(folder: Path | None) -> Iterator[TrainingBatch]:
    text = _text(folder, True)
    length = min(N_HELD_OUT, len(text) // N_COLUMNS)
    return _chunks(text[: length * N_COLUMNS].reshape(N_COLUMNS, length), max(1, length // 5))


def _chunks(columns: NDArray[np.int64], n_steps: int = N_STEPS) -> Iterator[TrainingBatch]:
    for start in range(0, columns.shape[1] - n_steps, n_steps):
        piece = torch.from_numpy(columns[:, start : start + n_steps + 1].copy())
        yield TrainingBatch(piece[:, :-1], piece[:, 1:], continues=start > 0)
