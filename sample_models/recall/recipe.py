"""How the sample's model is trained and what its dump is recorded over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from lstmviz.training.automaton import SampledSequences
from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import FitPlan, TrainingBatch
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.recipe import Recipe, next_batch

from .generate import automaton

AUTOMATON: Final = automaton()
SEED: Final = 0
N_UPDATES: Final = 1500
LEARNING_RATE: Final = 3e-2  # at 1e-2 the memory for long gaps comes twice as late
N_BATCH: Final = 32  # sequences of 4 keys an update

N_ROUNDS: Final = 4  # keys of a sequence
HELD_OUT_SEED: Final = 7
N_HELD_OUT: Final = 500  # sequences
CORPUS_SEED: Final = 2024
CORPUS_MAX_GAP: Final = 40  # twice as far as any gap that was trained on
N_CORPUS: Final = 200  # sequences, 18,600 signs


def recipe(variant: str = "1x32") -> Recipe:
    """Return the training of the one variant."""
    description = ModelDescription(vocab=AUTOMATON.vocab, level="char", n_units=32)
    plan = FitPlan(n_updates=N_UPDATES, learning_rate=LEARNING_RATE, seed=SEED, keeps_best=False, is_exact=True)
    return Recipe(description, plan, _batches, _held_out, corpus, floor())


def held_out() -> SampledSequences:
    """Return the text that losses are measured on: 500 sequences of 4 keys with gaps of 1 to 20, never trained on."""
    return AUTOMATON.draw(np.random.default_rng(HELD_OUT_SEED), N_HELD_OUT, n_rounds=N_ROUNDS)


def with_gap(gap: int) -> SampledSequences:
    """Return 500 sequences of 4 keys, all with one gap, to measure accuracy on."""
    rng = np.random.default_rng([HELD_OUT_SEED, gap])
    return automaton(gap, gap).draw(rng, N_HELD_OUT, n_rounds=N_ROUNDS)


def floor() -> float:
    """Return the exact least loss on the held-out text, in nats a sign."""
    return AUTOMATON.floor_of_rounds(N_ROUNDS)


def corpus() -> Corpus:
    """Return what the dump is recorded over: 200 sequences of 4 keys, with gaps of 1 to 40.

    Tracks: ``key``, the key that must be known, from its own step to that of the question (None at the answer);
    ``gap``, the number of signs read since the key, over the same steps.
    """
    far = automaton(CORPUS_MAX_GAP)
    drawn = far.draw(np.random.default_rng(CORPUS_SEED), N_CORPUS, n_rounds=N_ROUNDS)
    states = [[far.states[s] for s in row[:n]] for row, n in zip(drawn.states, drawn.lengths, strict=True)]
    rows = [row[:n] for row, n in zip(drawn.tokens, drawn.lengths, strict=True)]
    return Corpus(
        rows, {"key": [[_key(state) for state in row] for row in states], "gap": [_gaps(row) for row in states]}
    )


def _key(state: Any) -> str | None:
    return None if state[0] == "key" else str(state[1])


def _gaps(states: list[Any]) -> list[float]:
    gaps, n = [], float("nan")
    for state in states:
        n = float(state[2]) if state[0] == "gap" else n if state[0] == "answer" else float("nan")
        gaps.append(n)
    return gaps


def _batches(rng: np.random.Generator) -> Iterator[TrainingBatch]:
    while True:
        yield next_batch(AUTOMATON.draw(rng, N_BATCH, n_rounds=N_ROUNDS).tokens)


def _held_out() -> Iterator[TrainingBatch]:
    for tokens in np.split(held_out().tokens, 5):
        yield next_batch(tokens)
