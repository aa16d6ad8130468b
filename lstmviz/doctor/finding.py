"""A finding of the doctor: one line with a mark, a place, and a remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "note", "problem"]
Count = Callable[[int], None]
"""Called with the number of values that were read since the last call."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is right (ok), worth knowing (note) or wrong (problem) with a file, and the remedy."""

    mark: Mark
    place: str
    said: str
    remedy: str = ""
    file: str = ""

    def __str__(self) -> str:
        """Return the finding in one line."""
        line = f"{self.place}: {self.said}" if self.place else self.said
        return " ".join((f"{line}; {self.remedy}" if self.remedy else line).split())


def quantity(n: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, as "1 step" or "1,240 steps"; ``plural`` is needed if it has no regular s."""
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def percent(share: float) -> str:
    """Return a share in percent; 0 % and 100 % are exact, never rounded."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "nearly 100 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def first_few(entries: Sequence[object], at_most: int = 6) -> str:
    """List the first few entries, each cut to 60 characters."""
    shown = ", ".join(str(entry)[:60] for entry in entries[:at_most])
    return f"{shown} and {len(entries) - at_most:,} more" if len(entries) > at_most else shown
