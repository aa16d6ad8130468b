"""A brush over several sources and sides, with units taken out and pinned: what the page's selection stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.engine.filters import check_filters
from lstmviz.match.engine.find import check_pattern
from lstmviz.match.pattern.select import select
from lstmviz.types import Filter, Pattern, PatternUnit, Side, Window, check_constraints, check_threshold

BrushSide = Literal["high", "low", "both"]
SIDES: dict[str, tuple[Side, ...]] = {"high": ("high",), "low": ("low",), "both": ("high", "low")}


@dataclass(frozen=True, slots=True)
class Part:
    """One source of a brush: which side of its threshold picks units (low is ``value <= -threshold``)."""

    source: str
    side: BrushSide = "high"
    threshold: float = 0.3

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise PatternError(f"side {self.side!r} is not known; use 'high', 'low' or 'both'")
        object.__setattr__(self, "threshold", check_threshold(self.threshold))


@dataclass(frozen=True, slots=True)
class Excluded:
    """A unit that a brush must not pick, on one side."""

    source: str
    unit: int
    side: Side = "high"


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
        if self.start is not None and self.stop is not None:
            Window(self.start, self.stop)
        check_constraints(self.off_before, self.off_after)


def brushed(dump: DumpReader, brush: Brush) -> Pattern:
    """Return the pattern of a brush: the units that its parts select, without those taken out, with those pinned.

    Units come part by part, those on high before those on low; pinned ones that are picked anyway stay in their place
    with the threshold of the pin, the others follow. Each source's base threshold is that of its part, or that of its
    first pin. Raises what ``select`` raises, and PatternError where sources lie on several axes or a pinned unit or a
    filter does not fit the dump.
    """
    pins = {(u.source, u.unit, u.side): u for u in brush.pinned}
    out = {(u.source, u.unit, u.side) for u in brush.excluded}
    picked = {(u.source, u.unit, u.side): u for u in _picked(dump, brush)}
    kept = [pins.get(key, unit) for key, unit in picked.items() if key in pins or key not in out]
    added = [unit for key, unit in pins.items() if key not in picked]
    bases = {part.source: part.threshold for part in brush.parts}
    for unit in brush.pinned:
        bases.setdefault(unit.source, unit.threshold if unit.side == "high" else -unit.threshold)
    pattern = Pattern(
        axis=dump.source(brush.parts[0].source).axis,
        units=(*kept, *added),
        bases=tuple(bases.items()),
        length=1 if brush.start is None or brush.stop is None else brush.stop - brush.start,
        off_before=brush.off_before,
        off_after=brush.off_after,
        min_length=brush.min_length,
        max_length=brush.max_length,
        filters=brush.filters,
    )
    check_filters(dump, check_pattern(dump, pattern), pattern.filters)
    return pattern


def _picked(dump: DumpReader, brush: Brush) -> list[PatternUnit]:
    """Return what the window selects on each part and side, nothing taken out yet."""
    if brush.start is None or brush.stop is None:
        return []
    return [
        unit
        for part in brush.parts
        for side in SIDES[part.side]
        for unit in select(
            dump, part.source, brush.start, brush.stop, part.threshold, brush.off_before, brush.off_after, side
        ).units
    ]
