"""Which steps of a corpus a map shows, and their states: spread over the whole of it, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.match.card.unit_card import in_view

N_STEPS = 20_000
MOST_STEPS = 50_000
FAR = 64  # steps between two wanted ones from which on they are read apart
BLOCK_STEPS = 8_192  # read at once

Steps = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """States of a source at some steps: ``values`` (n, n_units) float32, in the source's view.

    ``n_nan`` sampled steps were left out, for a value of theirs is not finite.
    """

    steps: Steps
    values: NDArray[np.float32]
    n_nan: int


def sample_steps(n_steps: int, wanted: int, seed: int) -> Steps:
    """Return ``wanted`` of the steps 0 to ``n_steps``, rising: one drawn from each of as many equal stretches.

    All of them where there are no more. The same seed draws the same.
    """
    if n_steps <= wanted:
        return np.arange(n_steps, dtype=np.int64)
    edges = np.arange(wanted + 1, dtype=np.int64) * n_steps // wanted
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:])


def sample(dump: DumpReader, source: str, wanted: int, seed: int) -> Sample:
    """Return the states of a source at sampled steps; those with a value that is not finite are left out."""
    steps = sample_steps(dump.source(source).n_steps, wanted, seed)
    values = states_at(dump, source, steps)
    is_whole = np.isfinite(values).all(axis=1)
    return Sample(steps[is_whole], values[is_whole], int((~is_whole).sum()))


def states_at(dump: DumpReader, source: str, steps: Steps) -> NDArray[np.float32]:
    """Return the states of a source at some rising steps, in its view: (n, n_units) float32; stretches read at once."""
    info, states = dump.source(source), dump.states(source)
    values = np.empty((len(steps), info.n_units), np.float32)
    for first, last in _stretches(steps):
        begin, end = int(steps[first]), int(steps[last - 1]) + 1
        values[first:last] = in_view(info, states[begin:end][steps[first:last] - begin])
    return values


def _stretches(steps: Steps) -> list[tuple[int, int]]:
    """Return the places [first, last) of steps that are read together: close to each other, not too many."""
    found, first = [], 0
    gaps = np.diff(steps) > FAR
    for i in range(1, len(steps) + 1):
        if i == len(steps) or gaps[i - 1] or steps[i] - steps[first] >= BLOCK_STEPS:
            found.append((first, i))
            first = i
    return found
