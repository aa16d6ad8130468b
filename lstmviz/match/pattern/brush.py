"""A brush over several sources and sides, with units taken out and pinned: what the page's selection stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import check_pattern
from lstmviz.match.pattern.select import WindowQuery, select_units
from lstmviz.types import (
    Count,
    Filter,
    Name,
    Pattern,
    PatternUnit,
    Side,
    Window,
    check_constraints,
    check_side,
    check_text,
    check_threshold,
    check_whole,
    set_fields,
)

BrushSide = Literal["high", "low", "both"]
SIDES: dict[str, tuple[Side, ...]] = {"high": ("high",), "low": ("low",), "both": ("high", "low")}


@dataclass(frozen=True, slots=True)
class Part:
    """One source of a brush: which side of its threshold picks units (low is ``value <= -threshold``)."""

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
    """A unit that a brush must not pick, on one side."""

    source: Name
    unit: Count
    side: Side = "high"

    def __post_init__(self) -> None:
        check_text("source", self.source)
        check_side(self.side)
        set_fields(self, unit=check_whole("unit", self.unit))


@dataclass(frozen=True, slots=True)
class Brush:
    """A window over one or more sources of one axis, and what was changed by hand about the units it picks.

    ``start`` and ``stop`` are both None where nothing is brushed; the pinned units are then the whole pattern.
    ``pinned`` units are in the pattern whatever the window says, each with its own threshold. Raises PatternError for
    a source given twice or no source at all, WindowError for a window that is empty.
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
        """The brushed steps; None where nothing is brushed."""
        return None if self.start is None or self.stop is None else Window(self.start, self.stop)

    def queries(self) -> list[WindowQuery]:
        """Return what the window asks of each part and side, in order; nothing where nothing is brushed."""
        window, beside = self.window, check_constraints(self.off_before, self.off_after)
        if window is None:
            return []
        return [
            WindowQuery(part.source, window, part.threshold, *beside, side)
            for part in self.parts
            for side in SIDES[part.side]
        ]


def brushed(dump: DumpReader, brush: Brush) -> Pattern:
    """Return the pattern of a brush: the units that its parts select, without those taken out, with those pinned.

    Units come part by part, those on high before those on low; pinned ones that are picked anyway stay in their place
    with the threshold of the pin, the others follow. Each source's base threshold is that of its part, or that of its
    first pin. Raises what ``select`` raises, and PatternError where sources lie on several axes or a pinned unit or a
    filter does not fit the dump.
    """
    pins = {(u.source, u.unit, u.side): u for u in brush.pinned}
    out = {(u.source, u.unit, u.side) for u in brush.excluded}
    selected = [unit for query in brush.queries() for unit in select_units(dump, query).units]
    picked = {(u.source, u.unit, u.side): u for u in selected}
    kept = [pins.get(key, unit) for key, unit in picked.items() if key in pins or key not in out]
    added = [unit for key, unit in pins.items() if key not in picked]
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
