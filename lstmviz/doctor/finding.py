"""What the doctor finds: one line each, with a mark, the place, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "note", "problem"]
Count = Callable[[int], None]
"""Called with the number of values that were read since the last call."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is right (ok), worth knowing (note) or wrong (problem) with a file, and what to do about it."""

    mark: Mark
    place: str
    said: str
    remedy: str = ""
    file: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        said = f"{self.place}: {self.said}" if self.place else self.said
        return " ".join((f"{said}; {self.remedy}" if self.remedy else said).split())


def counted(n: int, what: str, plural: str = "") -> str:
    """Say how many, as "1 step" or "1,240 steps"; ``plural`` is given where it is not made with an s."""
    return f"{n:,} {what if n == 1 else plural or f'{what}s'}"


def percent(share: float) -> str:
    """Say a share in percent, never 0 % or 100 % for what is not quite."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "nearly 100 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def some(entries: Sequence[object], at_most: int = 6) -> str:
    """List the first few of something, each cut to what a line can hold."""
    shown = ", ".join(str(entry)[:60] for entry in entries[:at_most])
    return f"{shown} and {len(entries) - at_most:,} more" if len(entries) > at_most else shown
