"""LSTMVis's search, reimplemented from its description, to compare the match engine with.

It reads the columns of the selected units out of a row-major array of floats, thresholds and adds them up, and takes
runs of two steps or more over which a number of units is on, from the most units down until there are enough. The
candidates are ranked by the pattern units on through the run, by the smallest union, and by length. ``fast`` reads the
first 500,000 steps; ``precise`` all.
"""

from __future__ import annotations

import h5py
import numpy as np

FAST_STEPS = 500_000
TOP = 50


def search(path: str, units: list[int], threshold: float, is_fast: bool) -> list[tuple[int, int]]:
    """Return the top 50 runs as (start, length)."""
    with h5py.File(path) as file:
        states = file["states"]
        n_steps = min(len(states), FAST_STEPS) if is_fast else len(states)
        counts = np.zeros(n_steps, np.int32)
        if is_fast:
            counts += (states[:n_steps, units] >= threshold).sum(axis=1, dtype=np.int32)
        else:
            for unit in units:  # one column after the other keeps the memory small
                counts += states[:n_steps, unit] >= threshold
        candidates: list[tuple[int, int, int]] = []
        for level in range(len(units), 0, -1):
            is_on = np.concatenate([[0], (counts >= level).view(np.int8), [0]])
            change = np.diff(is_on)
            starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
            long = stops - starts >= 2
            candidates += [(level, int(a), int(b)) for a, b in zip(starts[long], stops[long], strict=True)][: 4 * TOP]
            if len(candidates) >= TOP:
                break
        ranked = []
        for level, start, stop in candidates:
            through = (states[start:stop] >= threshold).all(axis=0)
            ranked.append((-int(through[units].sum()), int(through.sum()) + len(units), start - stop, start))
            assert level
        ranked.sort()
    return [(start, -length) for _, _, length, start in ranked[:TOP]]
