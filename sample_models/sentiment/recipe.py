"""How the sample's models are trained and what their dumps are recorded over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import FitPlan, TrainingBatch
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.recipe import Recipe, label_batch

from .generate import LABELS, exact_floor, label_of, p_positive, process

PROCESS: Final = process()
SHAPES: Final = {"forward-1x50": (50, False), "bidirectional-1x32": (32, True)}
SEEDS: Final = {"forward-1x50": 1, "bidirectional-1x32": 0}  # of two, the plainer to read
N_UPDATES: Final = 600
N_BATCH: Final = 64  # sentences an update

HELD_OUT_SEED: Final = 7
N_HELD_OUT: Final = 2000  # sentences
CORPUS_SEED: Final = 2024
N_CORPUS: Final = 1500  # sentences, 19,500 words


@dataclass(frozen=True)
class Sentences:
    """Made sentences: ids (n, most words) with -1 behind the end, label of each, and the chance of "positive".

    ``p_positive`` (n, most words) is exact: given the words so far, of who knows how sentences are made.
    """

    tokens: NDArray[np.int64]
    labels: NDArray[np.int64]
    p_positive: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def truth(self) -> float:
        """The loss on these sentences, nats a word, of who reads forward and knows how sentences are made."""
        p = np.where(self.labels[:, None] == 1, self.p_positive, 1 - self.p_positive)
        return float(-np.log(p[self.tokens >= 0]).mean())


def recipe(variant: str) -> Recipe:
    """Return the training of a variant."""
    n_units, is_bidirectional = SHAPES[variant]
    description = ModelDescription(
        vocab=PROCESS.vocab, task="label", labels=LABELS, n_units=n_units, is_bidirectional=is_bidirectional
    )
    plan = FitPlan(n_updates=N_UPDATES, seed=SEEDS[variant], keeps_best=False, is_exact=True)
    return Recipe(description, plan, _batches, _held_out, corpus, None if is_bidirectional else floor())


def draw(rng: np.random.Generator, n: int) -> Sentences:
    """Draw labelled sentences."""
    made = PROCESS.draw(rng, n, n_rounds=1)
    chances = p_positive(PROCESS)
    table = np.array([chances[state] for state in PROCESS.states])
    rows = np.arange(n)
    settled = made.states[rows, made.lengths - 2]  # the state before the full stop has all that the label needs
    said: list[Any] = [PROCESS.states[s] for s in settled]
    labels = np.array([LABELS.index(label_of(score, last)) for _, _, score, last in said])
    p = np.where(made.tokens < 0, np.nan, table[made.states])
    p[rows, made.lengths - 1] = labels
    return Sentences(made.tokens, labels, p, made.lengths)


def corpus() -> Corpus:
    """Return what the dump is recorded over: 1,500 sentences, each a sequence with its ``label``.

    Track ``exact_positive``: the chance that the sentence is positive, given the words so far.
    """
    made = draw(np.random.default_rng(CORPUS_SEED), N_CORPUS)
    at = [slice(0, n) for n in made.lengths]
    return Corpus(
        [row[words] for row, words in zip(made.tokens, at, strict=True)],
        {"exact_positive": [row[words] for row, words in zip(made.p_positive, at, strict=True)]},
        {"label": [LABELS[i] for i in made.labels]},
        answers=made.labels.tolist(),
    )


def held_out() -> Sentences:
    """Return what losses and accuracies are told on: 2,000 sentences, never trained on."""
    return draw(np.random.default_rng(HELD_OUT_SEED), N_HELD_OUT)


def floor() -> float:
    """Return the exact least loss of who reads forward, in nats a word; who reads on to the end first pays nothing."""
    return exact_floor(PROCESS)


def _batches(rng: np.random.Generator) -> Iterator[TrainingBatch]:
    while True:
        made = draw(rng, N_BATCH)
        yield label_batch(made.tokens, made.labels)


def _held_out() -> Iterator[TrainingBatch]:
    made = held_out()
    for some in np.split(np.arange(N_HELD_OUT), 4):
        yield label_batch(made.tokens[some], made.labels[some])
