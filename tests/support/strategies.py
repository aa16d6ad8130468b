"""Hypothesis strategies: small corpora of one or more sources, and patterns over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from lstmviz.types import Filter, Pattern, PatternUnit

# Values at, just under and just over the thresholds, and what a float cannot compare.
LEVELS = [-1.0, -0.7, -0.3, 0.0, 0.25, 0.3, 0.30000001, 0.3000001, 0.305, 0.306, 0.35, 0.5, 0.7, 1.0, 3.0]
THRESHOLDS = [-0.7, -0.3, 0.0, 0.25, 0.3, 0.305, 0.5, 0.7, 0.97, 1.0]


@dataclass(frozen=True)
class Corpus:
    states: dict[str, np.ndarray]
    views: dict[str, str]
    lengths: list[int]
    marks: list[int]  # a track of numbers, one a step

    @property
    def sequences(self):
        stops = np.cumsum(self.lengths).tolist()
        return [(b - n, b) for b, n in zip(stops, self.lengths, strict=True)]


@st.composite
def corpora(draw, max_sources=2):
    """A corpus with sequences of one step and more, NaN now and then, all three stored types and both views."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    n_sources = draw(st.integers(1, max_sources))
    states, views = {}, {}
    for i in range(n_sources):
        n_units = draw(st.integers(1, 5))
        dtype = draw(st.sampled_from(["float16", "float32", "float64"]))
        levels = LEVELS + ([float("nan")] if draw(st.booleans()) else [])
        # runs, not noise: most steps repeat the step before, as an LSTM's do
        rows = [draw(st.lists(st.sampled_from(levels), min_size=n_units, max_size=n_units))]
        for _ in range(sum(lengths) - 1):
            kept = draw(st.lists(st.booleans(), min_size=n_units, max_size=n_units))
            fresh = draw(st.lists(st.sampled_from(levels), min_size=n_units, max_size=n_units))
            rows.append([old if keep else new for keep, old, new in zip(kept, rows[-1], fresh, strict=True)])
        name = f"rnn.l{i}.h"
        states[name] = np.array(rows, dtype)
        views[name] = draw(st.sampled_from(["raw", "tanh"]))
    marks = draw(st.lists(st.sampled_from([0, 1, 1, 1, 2]), min_size=sum(lengths), max_size=sum(lengths)))
    return Corpus(states, views, lengths, marks)


@st.composite
def patterns(draw, corpus):
    """A pattern of any units of a corpus, both sides, own thresholds, with or without constraints."""
    units = []
    for source, values in corpus.states.items():
        for unit in range(values.shape[1]):
            if draw(st.booleans()):
                side = draw(st.sampled_from(["high", "low"]))
                units.append(PatternUnit(source, unit, side, draw(st.sampled_from(THRESHOLDS))))
    bases = tuple((source, draw(st.sampled_from(THRESHOLDS))) for source in corpus.states)
    off_before, off_after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    shortest = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 7]))
    longest = draw(st.sampled_from([None, None, None, shortest, shortest + 2]))
    filters = draw(st.sampled_from([(), (), (Filter("mark", low=1),)]))
    length = draw(st.integers(1, 6))
    return Pattern("text", tuple(units), bases, length, off_before, off_after, shortest, longest, filters)
