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

from .generate import LABELS, automaton, exact_floor, label_of, p_positive

AUTOMATON: Final = automaton()
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
    """Sentences as ``tokens`` (n, most words), -1 behind the end, with the label of each.

    ``p_positive`` (n, most words) is the exact chance of "positive", given the words so far.
    """

    tokens: NDArray[np.int64]
    labels: NDArray[np.int64]
    p_positive: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def ideal_loss(self) -> float:
        """Mean loss of the ideal observer on these sentences, reading forward, in nats a word."""
        p = np.where(self.labels[:, None] == 1, self.p_positive, 1 - self.p_positive)
        return float(-np.log(p[self.tokens >= 0]).mean())


def recipe(variant: str) -> Recipe:
    """Return the training of a variant."""
    n_units, is_bidirectional = SHAPES[variant]
    description = ModelDescription(
        vocab=AUTOMATON.vocab, task="label", labels=LABELS, n_units=n_units, is_bidirectional=is_bidirectional
    )
    plan = FitPlan(n_updates=N_UPDATES, seed=SEEDS[variant], keeps_best=False, is_exact=True)
    return Recipe(description, plan, _batches, _held_out, corpus, None if is_bidirectional else floor())


def draw(rng: np.random.Generator, n: int) -> Sentences:
    """Draw labelled sentences."""
    drawn = AUTOMATON.draw(rng, n, n_rounds=1)
    chances = p_positive(AUTOMATON)
    table = np.array([chances[state] for state in AUTOMATON.states])
    rows = np.arange(n)
    final = drawn.states[rows, drawn.lengths - 2]  # the state before the full stop settles the label
    final_states: list[Any] = [AUTOMATON.states[s] for s in final]
    labels = np.array([LABELS.index(label_of(score, last)) for _, _, score, last in final_states])
    p = np.where(drawn.tokens < 0, np.nan, table[drawn.states])
    p[rows, drawn.lengths - 1] = labels
    return Sentences(drawn.tokens, labels, p, drawn.lengths)


def corpus() -> Corpus:
    """Return what the dump is recorded over: 1,500 sentences, each a sequence with its ``label``.

    Track ``exact_positive``: the chance that the sentence is positive, given the words so far.
    """
    sentences = draw(np.random.default_rng(CORPUS_SEED), N_CORPUS)
    return Corpus(
        [row[:n] for row, n in zip(sentences.tokens, sentences.lengths, strict=True)],
        {"exact_positive": [row[:n] for row, n in zip(sentences.p_positive, sentences.lengths, strict=True)]},
        {"label": [LABELS[i] for i in sentences.labels]},
        label_ids=sentences.labels.tolist(),
    )


def held_out() -> Sentences:
    """Return what losses and accuracies are measured on: 2,000 sentences, never trained on."""
    return draw(np.random.default_rng(HELD_OUT_SEED), N_HELD_OUT)


def floor() -> float:
    """Return the exact least loss of an observer who reads forward, in nats a word; reading both ways it is 0."""
    return exact_floor(AUTOMATON)


def _batches(rng: np.random.Generator) -> Iterator[TrainingBatch]:
    while True:
        sentences = draw(rng, N_BATCH)
        yield label_batch(sentences.tokens, sentences.labels)


def _held_out() -> Iterator[TrainingBatch]:
    sentences = held_out()
    for rows in np.split(np.arange(N_HELD_OUT), 4):
        yield label_batch(sentences.tokens[rows], sentences.labels[rows])
