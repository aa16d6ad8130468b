"""Select the units that are on through exactly a window: the question that a brush asks."""

from __future__ import annotations

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.threshold import is_on
from lstmviz.types import Pattern, PatternUnit, Side, check_constraints, check_threshold


def select(
    dump: DumpReader,
    source: str,
    start: int,
    stop: int,
    threshold: float = 0.3,
    off_before: int = 1,
    off_after: int = 0,
    side: Side = "high",
) -> Pattern:
    """Return the pattern of units that are on at every step of [start, stop), and off beside it where asked.

    A unit is on where its value is ``>= threshold`` in the source's view (side high) or ``<= -threshold`` (side low).
    It must be off in each of the ``off_before`` steps before the window and the ``off_after`` steps after it; steps
    outside the sequence count as off, NaN is neither on nor off. Raises UnknownName for a source that is not there,
    WindowError for a window that is empty or crosses a sequence border, PatternError for a threshold or constraint
    out of range. Source: Strobelt et al., LSTMVis, IEEE TVCG 2018, section 4 (with k steps and either side added).
    """
    info = dump.source(source)
    check_threshold(threshold)
    check_constraints(off_before, off_after)
    if side not in ("high", "low"):
        raise PatternError(f"side {side!r} is not known; use 'high' or 'low'")
    axis = dump.axis_of(source)
    axis.window(start, stop)
    sequence = axis.sequence_of(start)
    first = max(start - off_before, int(axis.starts[sequence]))
    last = min(stop + off_after, int(axis.stops[sequence]))
    values = dump.states(source)[first:last]
    own = threshold if side == "high" else -threshold
    on = is_on(values, info, own, side)
    off = ~on & ~np.isnan(values)
    inside = slice(start - first, stop - first)
    chosen = on[inside].all(axis=0) & off[: inside.start].all(axis=0) & off[inside.stop :].all(axis=0)
    units = tuple(PatternUnit(source, int(u), side, own) for u in np.flatnonzero(chosen))
    return Pattern(info.axis, units, ((source, threshold),), stop - start, off_before, off_after)
