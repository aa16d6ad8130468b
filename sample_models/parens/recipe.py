"""How the sample's models are trained and what their dumps are recorded over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from lstmviz.training.automaton import SampledSequences
from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import FitPlan, TrainingBatch
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.recipe import Recipe, next_batch

from .generate import automaton

AUTOMATON: Final = automaton()
SIZES: Final = {"2x50": (2, 50), "1x50": (1, 50)}
SEEDS: Final = {"2x50": 1, "1x50": 2}  # of a few, those whose units are the plainest to read
N_UPDATES: Final = 600
BATCH: Final = (32, 64)  # sequences x steps an update

HELD_OUT_SEED: Final = 7
HELD_OUT: Final = (500, 200)  # sequences x steps: longer than any that was trained on
CORPUS_SEED: Final = 2024
CORPUS: Final = (100, 200)


def recipe(variant: str) -> Recipe:
    """Return the training of a variant."""
    n_layers, n_units = SIZES[variant]
    description = ModelDescription(vocab=AUTOMATON.vocab, level="char", n_layers=n_layers, n_units=n_units)
    plan = FitPlan(n_updates=N_UPDATES, seed=SEEDS[variant], keeps_best=False, is_exact=True)
    return Recipe(description, plan, _batches, _held_out, corpus, floor())


def held_out() -> SampledSequences:
    """Return the text that losses are measured on: 500 sequences of 200 steps, never trained on."""
    return AUTOMATON.draw(np.random.default_rng(HELD_OUT_SEED), *HELD_OUT)


def floor() -> float:
    """Return the exact least loss on such text, in nats a token."""
    return AUTOMATON.floor_of_steps(HELD_OUT[1])


def corpus() -> Corpus:
    """Return what the dump is recorded over, 100 sequences of 200 steps; track ``depth``: after the step's token."""
    drawn = AUTOMATON.draw(np.random.default_rng(CORPUS_SEED), *CORPUS)
    return Corpus(list(drawn.tokens), {"depth": list(drawn.states)})


def _batches(rng: np.random.Generator) -> Iterator[TrainingBatch]:
    while True:
        yield next_batch(AUTOMATON.draw(rng, *BATCH).tokens)


def _held_out() -> Iterator[TrainingBatch]:
    for tokens in np.split(held_out().tokens, 5):
        yield next_batch(tokens)
