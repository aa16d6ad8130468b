"""The spans of a pattern's matches that a summary counts, and the steps that they cover."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import WindowError
from lstmviz.match.corpus.shards import found_in
from lstmviz.match.engine.activity import Mask
from lstmviz.match.engine.candidates import Candidates
from lstmviz.types import Pattern, Window

BLOCK_STEPS = 2**20  # of which steps are covered by matches, marked at a time


def summary_spans(
    dump: DumpReader, pattern: Pattern, min_shared: int | None = None, hidden: Collection[Window] = ()
) -> Candidates:
    """Return the matches that share ``min_shared`` units or more (None: all units) and are not hidden."""
    least = pattern.n_units if min_shared is None else min_shared
    return without_hidden(found_in(dump, pattern).spans(max(1, least)), hidden)


def without_hidden(spans: Candidates, hidden: Collection[Window]) -> Candidates:
    """Leave out the spans that are hidden."""
    if not hidden:
        return spans
    windows = {(window.start, window.stop) for window in hidden}
    is_shown = [span not in windows for span in zip(spans.start.tolist(), spans.stop.tolist(), strict=True)]
    return spans.take(np.array(is_shown, np.bool_))


def covered_steps(spans: Candidates, start: int, stop: int) -> Mask:
    """Tell which steps of [start, stop) lie in any of the spans."""
    is_here = (spans.stop > start) & (spans.start < stop)
    starts, stops = np.maximum(spans.start[is_here], start) - start, np.minimum(spans.stop[is_here], stop) - start
    order = np.argsort(starts, kind="stable")  # as good as free where they are in order
    starts, stops = starts[order], np.maximum.accumulate(stops[order])
    gaps = np.flatnonzero(starts[1:] > stops[:-1])
    first, last = np.append(starts[:1], starts[1:][gaps]), np.append(stops[:-1][gaps], stops[-1:])
    bounds = np.concatenate([[0], np.stack([first, last], axis=1).ravel(), [stop - start]])
    is_covered: Mask = np.repeat(np.arange(len(bounds) - 1) % 2 == 1, np.diff(bounds))
    return is_covered


def matched_steps(spans: Candidates, n_steps: int) -> Mask:
    """Tell which steps of an axis of ``n_steps`` lie in any of the spans."""
    blocks = range(0, n_steps, BLOCK_STEPS)
    return np.concatenate([covered_steps(spans, a, min(a + BLOCK_STEPS, n_steps)) for a in blocks])


def steps_of(window: Window, n_steps: int) -> Mask:
    """Tell which of ``n_steps`` steps lie in a window; WindowError where it ends after them."""
    if window.stop > n_steps:
        raise WindowError(f"the window [{window.start}, {window.stop}) ends after the last of {n_steps:,} steps")
    steps = np.arange(n_steps)
    return np.asarray((steps >= window.start) & (steps < window.stop))
