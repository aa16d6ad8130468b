"""A brush over several sources and sides, with units excluded and pinned: the page's selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstmviz.checks import check_constraints, check_side, check_text, check_threshold, check_whole, set_fields
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import check_pattern
from lstmviz.match.pattern.select import WindowQuery, select_units
from lstmviz.types import Count, Filter, Name, Pattern, PatternUnit, Side, Window

BrushSide = Literal["high", "low", "both"]
"""Which units count as on: high ones, low ones, or both."""
SIDES: dict[str, tuple[Side, ...]] = {"high": ("high",), "low": ("low",), "both": ("high", "low")}


@dataclass(frozen=True, slots=True)
class Part:
    """One source of a brush, with its side and threshold.

    Attributes:
        source: Name of the source.
        side: ``"high"`` selects units where ``value >= threshold``, ``"low"`` those where ``value <= -threshold``,
            ``"both"`` either.
        threshold: The threshold in the view of the source.

    Raises:
        PatternError: A field is invalid.

    Example:
        >>> match.Part("rnn.l1.c", "both", 0.4)
        Part(source='rnn.l1.c', side='both', threshold=0.4)
    """

    source: Name
    side: BrushSide = "high"
    threshold: float = 0.3

    def __post_init__(self) -> None:
        check_text("source", self.source)
        if self.side not in SIDES:
            raise PatternError(f"side {self.side!r} is not known; use 'high', 'low' or 'both'")
        set_fields(self, threshold=check_threshold(self.threshold))


@dataclass(frozen=True, slots=True)
class Excluded:
    """A unit that a brush must not select.

    Attributes:
        source: Name of the source.
        unit: Number of the unit.
        side: The side on which it is excluded.

    Raises:
        PatternError: A field is invalid.

    Example:
        >>> match.Excluded("rnn.l1.c", 49)
        Excluded(source='rnn.l1.c', unit=49, side='high')
    """

    source: Name
    unit: Count
    side: Side = "high"

    def __post_init__(self) -> None:
        check_text("source", self.source)
        check_side(self.side)
        set_fields(self, unit=check_whole("unit", self.unit))


@dataclass(frozen=True, slots=True)
class Brush:
    """A brush of the page: a window over one or more sources, and what was changed by hand about the units it selects.

    Attributes:
        parts: The sources with their sides and thresholds; each source once.
        start: First step of the window; None if nothing is brushed.
        stop: Step after the last one of the window; None if nothing is brushed.
        off_before: Number of steps before the window at which a unit must be off.
        off_after: Number of steps after the window at which a unit must be off.
        excluded: Units that are left out.
        pinned: Units that are in the pattern whatever the window says, each with its own threshold. If nothing is
            brushed, they are the whole pattern.
        filters: Conditions that every step of a match must meet.
        min_length: Least number of steps of a match.
        max_length: Greatest number of steps of a match; None for no limit.

    Raises:
        PatternError: There is no source, a source is given twice, or a field is invalid.
        WindowError: The window is empty.

    Example:
        >>> brush = match.Brush(parts=(match.Part("rnn.l1.c"),), start=249, stop=255)
        >>> brush.window
        Window(start=249, stop=255)
    """

    parts: tuple[Part, ...]
    start: int | None = None
    stop: int | None = None
    off_before: int = 1
    off_after: int = 0
    excluded: tuple[Excluded, ...] = ()
    pinned: tuple[PatternUnit, ...] = ()
    filters: tuple[Filter, ...] = ()
    min_length: int = 1
    max_length: int | None = None

    def __post_init__(self) -> None:
        names = [part.source for part in self.parts]
        if not names:
            raise PatternError("a brush needs a source; give at least one part")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PatternError(f"source {twice!r} is in the brush twice; use side='both' for both of its sides")
        if (self.start is None) != (self.stop is None):
            raise PatternError("a brush has both start and stop, or neither")
        self.queries()  # which check the window and the constraints

    @property
    def window(self) -> Window | None:
        """The brushed steps; None if nothing is brushed."""
        return None if self.start is None or self.stop is None else Window(self.start, self.stop)

    def queries(self) -> list[WindowQuery]:
        """List what the window asks of each source and side.

        Returns:
            One query for each, in order; empty if nothing is brushed.
        """
        window, beside = self.window, check_constraints(self.off_before, self.off_after)
        if window is None:
            return []
        return [
            WindowQuery(part.source, window, part.threshold, *beside, side)
            for part in self.parts
            for side in SIDES[part.side]
        ]


def brushed(dump: DumpReader, brush: Brush) -> Pattern:
    """Select the units of a brush: those of its parts, without the excluded ones, with the pinned ones.

    Units come part by part, those on side high first. A pinned unit that is selected anyway keeps its place and takes
    the threshold of the pin; the other pinned units follow. The base threshold of a source is that of its part, or that
    of its first pin.

    Args:
        dump: The dump.
        brush: The brush.

    Returns:
        The pattern.

    Raises:
        UnknownName: The dump has no such source.
        WindowError: The window is outside the axis, or crosses a sequence border.
        PatternError: The sources lie on several axes, or a pinned unit or a filter does not fit the dump.

    Example:
        >>> parts = (match.Part("rnn.l1.c"), match.Part("rnn.l0.h", threshold=0.9))
        >>> brush = match.Brush(parts, start=249, stop=255, excluded=(match.Excluded("rnn.l1.c", 49),))
        >>> [(unit.source, unit.unit) for unit in match.brushed(dump, brush).units]
        [('rnn.l1.c', 15), ('rnn.l1.c', 18), ('rnn.l1.c', 45), ('rnn.l0.h', 30)]
    """
    pins = {(u.source, u.unit, u.side): u for u in brush.pinned}
    excluded = {(u.source, u.unit, u.side) for u in brush.excluded}
    units = [unit for query in brush.queries() for unit in select_units(dump, query).units]
    selected = {(u.source, u.unit, u.side): u for u in units}
    kept = [pins.get(key, unit) for key, unit in selected.items() if key in pins or key not in excluded]
    added = [unit for key, unit in pins.items() if key not in selected]
    bases = {part.source: part.threshold for part in brush.parts}
    for unit in brush.pinned:
        bases.setdefault(unit.source, unit.threshold if unit.side == "high" else -unit.threshold)
    pattern = Pattern(
        axis=dump.source(brush.parts[0].source).axis,
        units=(*kept, *added),
        bases=tuple(bases.items()),
        length=1 if brush.window is None else len(brush.window),
        off_before=brush.off_before,
        off_after=brush.off_after,
        min_length=brush.min_length,
        max_length=brush.max_length,
        filters=brush.filters,
    )
    check_filters(dump, check_pattern(dump, pattern), pattern.filters)
    return pattern
