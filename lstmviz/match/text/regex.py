"""Regular expressions from untrusted users, limited in size and in time.

Python's own ``re`` cannot be interrupted, and an expression as short as ``(a+)+$`` can run for years; the ``regex``
package has a time limit. It lets other threads run while it searches.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import regex

from lstmviz.errors import PatternError

SECONDS = 5.0  # for one search over all its texts, besides
SECONDS_PER_CHARACTER = 2e-7  # of the texts; a harmless expression is about twenty times as fast
MAX_LENGTH = 500  # characters
MAX_REPEATS = 100_000  # product of all counted repeats, which are unrolled when the expression is compiled


class Expression:
    """A compiled regular expression with a time limit; PatternError for an invalid or too large one."""

    def __init__(self, source: str) -> None:
        self.source = source
        counts = [max(map(int, re.findall(r"\d+", braces)), default=1) for braces in re.findall(r"\{[^{}]*\}", source)]
        if len(source) > MAX_LENGTH or math.prod(max(1, n) for n in counts) > MAX_REPEATS:
            raise PatternError(f"the expression is too large; use at most {MAX_LENGTH} characters and shorter repeats")
        try:
            self._compiled: Any = regex.compile(source)
        except (regex.error, KeyError, ValueError, OverflowError, RecursionError, TypeError) as err:
            reason = " ".join(str(err).split())[:120]
            raise PatternError(
                f"{source!r} is not a regular expression: {reason}; search it as text, without regex"
            ) from err
        self._seconds_left = SECONDS

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where each match in a text starts and stops, from left to right, without empty ones."""
        with self._timed(text) as seconds:
            hits = self._compiled.finditer(text, timeout=seconds)
            yield from (hit.span() for hit in hits if hit.end() > hit.start())

    def labelled(
        self, text: str, parts: Iterable[tuple[int, int]], codes: dict[str, int], *, is_timed: bool = True
    ) -> list[int]:
        """Return start, stop and code of each match in the parts of a text, one after another, empty ones too.

        Each part [start, stop) is searched as if it were alone. ``codes`` has the code of each label, and gets those of
        new ones. The label is the name of a group that matched, or else the text of the match. Without ``is_timed``,
        for an expression that was tried before, there is no limit.
        """
        code, find = self._coder(codes), self._compiled.finditer
        if not is_timed:  # a timer costs more than most matches do
            return [
                x
                for at, end in parts
                for hit in find(text[at:end])
                for x in (at + hit.start(), at + hit.end(), code(hit))
            ]
        found: list[int] = []
        for at, end in parts:
            with self._timed(text[at:end]) as seconds:
                for hit in find(text[at:end], timeout=seconds):
                    found += at + hit.start(), at + hit.end(), code(hit)
        return found

    def _coder(self, codes: dict[str, int]) -> Callable[[Any], int]:
        """Return a function that gives the code of the label of a match."""
        groups, new = self._compiled.groupindex, codes.setdefault
        if len(groups) < self._compiled.groups or not groups:
            return lambda hit: new(_name(hit), len(codes))
        table = {number: new(name, len(codes)) for name, number in groups.items()}

        def code(hit: Any) -> int:
            last = hit.lastindex  # one with a name, unless none matched
            return new(hit[0], len(codes)) if last is None else table[last]

        return code

    def fullmatch(self, text: str) -> bool:
        """Tell whether the expression matches a whole text."""
        with self._timed(text) as seconds:
            return self._compiled.fullmatch(text, timeout=seconds) is not None

    @contextmanager
    def _timed(self, text: str) -> Iterator[float]:
        """Yield the seconds that remain for a text, and subtract what it took; PatternError if that was too long."""
        self._seconds_left += len(text) * SECONDS_PER_CHARACTER
        start = time.monotonic()
        try:
            yield max(self._seconds_left, 1e-3)
        except TimeoutError as err:
            raise self._too_slow() from err
        self._seconds_left -= time.monotonic() - start
        if self._seconds_left < 0:
            raise self._too_slow()

    def _too_slow(self) -> PatternError:
        return PatternError(
            f"the expression {self.source!r} takes too long; make it simpler: no repeat inside a repeat"
        )


def _name(hit: Any) -> str:
    """Return the name of the first group with a name that matched, or else the text of the match."""
    called: str = next((name for name, group in hit.groupdict().items() if group is not None), hit[0])
    return called
