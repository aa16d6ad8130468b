"""Select the units that are on throughout exactly a window: the query of a brush."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lstmviz.checks import check_constraints, check_side, check_text, check_threshold, set_fields
from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.threshold import is_on
from lstmviz.types import Pattern, PatternUnit, Side, Window


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """Which units of a source are on at every step of a window, and off beside it.

    A unit is on where its value is ``>= threshold`` in the source's view (side high) or ``<= -threshold`` (side low).
    It must be off in each of the ``off_before`` steps before the window and the ``off_after`` steps after it; steps
    outside the sequence count as off, NaN is neither on nor off. Raises PatternError for a field out of range.
    """

    source: str
    window: Window
    threshold: float = 0.3
    off_before: int = 1
    off_after: int = 0
    side: Side = "high"

    def __post_init__(self) -> None:
        check_text("source", self.source)
        check_side(self.side)
        off_before, off_after = check_constraints(self.off_before, self.off_after)
        set_fields(self, threshold=check_threshold(self.threshold), off_before=off_before, off_after=off_after)

    @property
    def sign(self) -> float:
        """1 for side high, -1 for side low: times a value, it makes "on" mean "large" on both sides."""
        return 1.0 if self.side == "high" else -1.0

    @property
    def unit_threshold(self) -> float:
        """The threshold of the units that are selected, in the source's view: negative for side low."""
        return self.sign * self.threshold

    def reach(self, dump: DumpReader) -> tuple[int, int]:
        """Return the steps [first, last) that decide: the window and the constraints' steps inside its sequence.

        Raises UnknownName for a source that is not there, WindowError for a window that leaves the axis or crosses a
        sequence border.
        """
        axis, window = dump.axis_of(self.source), self.window
        axis.window(window.start, window.stop)
        sequence = axis.sequence_of(window.start)
        first = max(window.start - self.off_before, int(axis.starts[sequence]))
        return first, min(window.stop + self.off_after, int(axis.stops[sequence]))


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
    """Select the units of a source that are on through exactly a window.

    This is ``Dump.select``. Source: Strobelt et al., LSTMVis, IEEE TVCG 2018, section 4, with k steps and either side
    added.

    Args:
        dump: The dump.
        source: Name of the source.
        start: First step of the window.
        stop: Step after the last one of the window.
        threshold: A unit is on where ``value >= threshold``, in the view of the source.
        off_before: Number of steps before the window at which a unit must be off.
        off_after: Number of steps after the window at which a unit must be off.
        side: ``"high"``, or ``"low"`` for units that are on where ``value <= -threshold``.

    Returns:
        The pattern of the selected units.

    Raises:
        UnknownName: The dump has no such source.
        WindowError: The window is empty, outside the axis, or crosses a sequence border.
        PatternError: The threshold or a constraint is out of range.

    Example:
        >>> match.select(dump, "rnn.l1.c", 249, 255, side="low").n_units
        6
    """
    window = Window(start, stop)
    return select_units(dump, WindowQuery(source, window, threshold, off_before, off_after, side))


def select_units(dump: DumpReader, query: WindowQuery) -> Pattern:
    """Return the pattern of the units that a query selects.

    Source: Strobelt et al., LSTMVis, IEEE TVCG 2018, section 4 (with k steps and either side added).
    """
    info, (first, last) = dump.source(query.source), query.reach(dump)
    values = dump.states(query.source)[first:last]
    on = is_on(values, info, query.unit_threshold, query.side)
    off = ~on & ~np.isnan(values)
    inside = slice(query.window.start - first, query.window.stop - first)
    chosen = on[inside].all(axis=0) & off[: inside.start].all(axis=0) & off[inside.stop :].all(axis=0)
    return Pattern(
        axis=info.axis,
        units=tuple(
            PatternUnit(query.source, int(u), query.side, query.unit_threshold) for u in np.flatnonzero(chosen)
        ),
        bases=((query.source, query.threshold),),
        length=len(query.window),
        off_before=query.off_before,
        off_after=query.off_after,
    )
