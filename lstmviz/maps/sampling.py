"""The steps of a corpus that a map shows, and their states: spread evenly, and the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import DumpReader
from lstmviz.match.card.unit_card import in_view

N_STEPS = 20_000
MAX_STEPS = 50_000
FAR = 64  # steps; sampled steps further apart than this are read one by one
BLOCK_STEPS = 8_192  # read at once

Steps = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """States of a source at sampled steps: ``values`` (n, n_units) float32, in the source's view.

    ``n_nan`` sampled steps were left out because a value there is not finite.
    """

    steps: Steps
    values: NDArray[np.float32]
    n_nan: int


def sample_steps(n_steps: int, n_sampled: int, seed: int) -> Steps:
    """Return ``n_sampled`` of the steps 0 to ``n_steps`` in rising order, one drawn from each of equal stretches.

    Returns all steps if there are no more than that. The same seed draws the same steps.
    """
    if n_steps <= n_sampled:
        return np.arange(n_steps, dtype=np.int64)
    edges = np.arange(n_sampled + 1, dtype=np.int64) * n_steps // n_sampled
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:])


def sample(dump: DumpReader, source: str, n_sampled: int, seed: int) -> Sample:
    """Return the states of a source at sampled steps; those with a value that is not finite are left out."""
    steps = sample_steps(dump.source(source).n_steps, n_sampled, seed)
    values = states_at(dump, source, steps)
    is_finite = np.isfinite(values).all(axis=1)
    return Sample(steps[is_finite], values[is_finite], int((~is_finite).sum()))


def states_at(dump: DumpReader, source: str, steps: Steps, units: slice = slice(None)) -> NDArray[np.float32]:
    """Return the states of a source at steps in rising order, in its view: (n, n_units) float32."""
    info, states = dump.source(source), dump.states(source)
    values = np.empty((len(steps), len(range(info.n_units)[units])), np.float32)
    for first, last in _stretches(steps):
        begin, end = int(steps[first]), int(steps[last - 1]) + 1
        values[first:last] = in_view(info, states[begin:end, units][steps[first:last] - begin])
    return values


def _stretches(steps: Steps) -> list[tuple[int, int]]:
    """Return index ranges [first, last) of steps that are read at once: close to each other, and not too many."""
    stretches, first = [], 0
    gaps = np.diff(steps) > FAR
    for i in range(1, len(steps) + 1):
        if i == len(steps) or gaps[i - 1] or steps[i] - steps[first] >= BLOCK_STEPS:
            stretches.append((first, i))
            first = i
    return stretches
