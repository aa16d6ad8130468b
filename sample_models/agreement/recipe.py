"""How the sample's models are trained and what their dumps are recorded over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from lstmviz.training.automaton import SampledSequences
from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import FitPlan, TrainingBatch
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.recipe import Recipe, next_batch

from .generate import NOUNS, automaton

AUTOMATON: Final = automaton()
UNITS: Final = {"1x50": 50, "1x100": 100}
SEEDS: Final = {"1x50": 2, "1x100": 0}  # of a few, those with one unit that holds the number
N_UPDATES: Final = 600
BATCH: Final = (32, 64)  # sequences x words an update

N_ROUNDS: Final = 8  # sentences of a held-out sequence, and of one of the corpus
HELD_OUT_SEED: Final = 7
N_HELD_OUT: Final = 500  # sequences
CORPUS_SEED: Final = 2024
N_CORPUS: Final = 250  # sequences; 17,800 words


def recipe(variant: str) -> Recipe:
    """Return the training of a variant."""
    description = ModelDescription(vocab=AUTOMATON.vocab, level="word", n_units=UNITS[variant])
    plan = FitPlan(n_updates=N_UPDATES, seed=SEEDS[variant], keeps_best=False, is_exact=True)
    return Recipe(description, plan, _batches, _held_out, corpus, floor())


def held_out() -> SampledSequences:
    """Return the text that losses are measured on: 500 sequences of 8 sentences, never trained on."""
    return AUTOMATON.draw(np.random.default_rng(HELD_OUT_SEED), N_HELD_OUT, n_rounds=N_ROUNDS)


def floor() -> float:
    """Return the exact least loss on such text, in nats a word."""
    return AUTOMATON.floor_of_rounds(N_ROUNDS)


def corpus() -> Corpus:
    """Return what the dump is recorded over: 250 sequences of 8 sentences, with these tracks after each word.

    ``number``: that of the subject, from its noun to the last word of its sentence (None elsewhere). ``last_noun``: the
    number of the nearest noun before, over the same steps. ``distractors``: how many nouns have come after the subject,
    until the verb is read.
    """
    drawn = AUTOMATON.draw(np.random.default_rng(CORPUS_SEED), N_CORPUS, n_rounds=N_ROUNDS)
    rows = [row[:n] for row, n in zip(drawn.tokens, drawn.lengths, strict=True)]
    states = [[AUTOMATON.states[s] for s in row[:n]] for row, n in zip(drawn.states, drawn.lengths, strict=True)]
    numbers = [_numbers(row) for row in states]
    return Corpus(
        rows,
        {
            "number": numbers,
            "last_noun": [_last_nouns(*pair) for pair in zip(rows, numbers, strict=True)],
            "distractors": [[_distractors(state) for state in row] for row in states],
        },
    )


def is_open(state: Any) -> bool:
    """Tell whether a subject still waits for its verb."""
    return state[0] in ("verb or more", "determiner", "distractor")


def _numbers(states: list[Any]) -> list[str | None]:
    numbers: list[str | None] = []
    for state in states:
        carried = numbers[-1] if numbers and state == ("end",) else None
        numbers.append(state[1] if is_open(state) or state[0] == "adjective" else carried)
    return numbers


def _distractors(state: Any) -> float:
    return float(state[2]) if is_open(state) else float("nan")


def _last_nouns(ids: Any, numbers: list[str | None]) -> list[str | None]:
    last: str | None = None
    last_nouns = []
    for i, number in zip(ids, numbers, strict=True):
        word = AUTOMATON.vocab[i]
        last = next((n for n, nouns in NOUNS.items() if word in nouns), last)
        last_nouns.append(last if number else None)
    return last_nouns


def _batches(rng: np.random.Generator) -> Iterator[TrainingBatch]:
    while True:
        yield next_batch(AUTOMATON.draw(rng, *BATCH).tokens)


def _held_out() -> Iterator[TrainingBatch]:
    for tokens in np.split(held_out().tokens, 5):
        yield next_batch(tokens)
