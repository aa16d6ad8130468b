"""Remove a unit from a pattern or add one; both return a new pattern."""

from __future__ import annotations

from dataclasses import replace

from lstmviz.errors import PatternError
from lstmviz.types import Pattern, PatternUnit, Side


def without(pattern: Pattern, source: str, unit: int, side: Side | None = None) -> Pattern:
    """Remove a unit from a pattern.

    Args:
        pattern: The pattern; it is not changed.
        source: Name of the unit's source.
        unit: Number of the unit.
        side: The side to remove; None for any.

    Returns:
        A new pattern.

    Raises:
        PatternError: The pattern does not have the unit.

    Example:
        >>> [unit.unit for unit in match.without(pattern, "rnn.l1.c", 45).units]
        [15, 18, 49]
    """
    others = tuple(u for u in pattern.units if (u.source, u.unit) != (source, unit) or side not in (None, u.side))
    if len(others) == len(pattern.units):
        on_side = f" (side {side})" if side else ""
        raise PatternError(f"unit {unit} of {source}{on_side} is not in the pattern, which has {_units_text(pattern)}")
    return replace(pattern, units=others)


def with_unit(
    pattern: Pattern,
    source: str,
    unit: int,
    side: Side = "high",
    threshold: float | None = None,
    base: float = 0.3,
) -> Pattern:
    """Add a unit to a pattern, or change its threshold if the pattern has it.

    Args:
        pattern: The pattern; it is not changed.
        source: Name of the unit's source.
        unit: Number of the unit.
        side: The unit's side.
        threshold: The unit's threshold in the view of the source; None for the source's base threshold t (side high) or
            -t (side low). A source that is new to the pattern needs one.
        base: Base threshold of a source that is new to the pattern.

    Returns:
        A new pattern.

    Raises:
        PatternError: No threshold is known, or a value is out of range.

    Example:
        >>> larger = match.with_unit(pattern, "rnn.l0.h", 7, threshold=0.5)
        >>> larger.units[-1]
        PatternUnit(source='rnn.l0.h', unit=7, side='high', threshold=0.5)
    """
    bases = dict(pattern.bases)
    sign = 1.0 if side == "high" else -1.0
    if threshold is None and source not in bases:
        known = ", ".join(bases) or "none"
        raise PatternError(f"the pattern has no base threshold for {source!r}, only for {known}; give threshold=")
    added = PatternUnit(source, unit, side, sign * bases[source] if threshold is None else threshold)
    is_same = [(u.source, u.unit, u.side) == (source, unit, side) for u in pattern.units]
    units = tuple(added if is_it else u for u, is_it in zip(pattern.units, is_same, strict=True))
    return replace(
        pattern,
        units=units if any(is_same) else (*units, added),
        bases=pattern.bases if source in bases else (*pattern.bases, (source, base)),
    )


def _units_text(pattern: Pattern) -> str:
    first = ", ".join(f"{u.unit} of {u.source} ({u.side})" for u in pattern.units[:8]) or "no units"
    return first + (f" and {pattern.n_units - 8} more" if pattern.n_units > 8 else "")
