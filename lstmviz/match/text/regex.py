"""Regular expressions from untrusted users, limited in size and in time.

Python's own ``re`` cannot be interrupted, and an expression as short as ``(a+)+$`` can run for years; the ``regex``
package has a time limit. It lets other threads run while it searches, and a search that takes longer than most goes on
in a thread that gives way to them.
"""

from __future__ import annotations

import math
import re
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import regex

from lstmviz.errors import PatternError, reason_of
from lstmviz.system.patient import patiently

SECONDS = 5.0  # for one search over all its texts, besides
SECONDS_PER_CHARACTER = 2e-7  # of the texts; a harmless expression is about twenty times as fast
SOON = 0.1  # seconds that one text may take before its search begins anew, in a thread that gives way to all others
MAX_LENGTH = 500  # characters
MAX_REPEATS = 100_000  # product of all counted repeats, which are unrolled when the expression is compiled

T = TypeVar("T")


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
            reason = reason_of(err)
            raise PatternError(
                f"{source!r} is not a regular expression: {reason}; search it as text, without regex"
            ) from err
        self._seconds_left = SECONDS

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where each match in a text starts and stops, from left to right, without empty ones."""

        def places_within(seconds: float) -> array[int]:
            hits = self._compiled.finditer(text, timeout=seconds)
            return array("q", chain.from_iterable(hit.span() for hit in hits))

        places = self._timed(text, places_within)
        yield from (span for span in zip(places[::2], places[1::2], strict=True) if span[1] > span[0])

    def labelled(
        self, text: str, parts: Iterable[tuple[int, int]], codes: dict[str, int], *, is_timed: bool = True
    ) -> list[int]:
        """Return start, stop and code of each match in the parts of a text, one after another, empty ones too.

        Each part [start, stop) is searched as if it were alone. ``codes`` has the code of each label, and gets those of
        new ones. The label is the name of a group that matched, or else the text of the match. Without ``is_timed``,
        for an expression that was tried before, there is no limit.
        """
        code, find = self._coder(codes), self._compiled.finditer

        def hits_in(at: int, part: str, seconds: float | None) -> list[int]:
            hits = find(part) if seconds is None else find(part, timeout=seconds)
            return [x for hit in hits for x in (at + hit.start(), at + hit.end(), code(hit))]

        flat: list[int] = []
        for at, end in parts:
            part = text[at:end]
            search = partial(hits_in, at, part)
            # A timer costs more than most matches do.
            flat += self._timed(part, search) if is_timed else search(None)
        return flat

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
        match = self._compiled.fullmatch
        return self._timed(text, lambda seconds: match(text, timeout=seconds) is not None)

    def _timed(self, text: str, search: Callable[[float], T]) -> T:
        """Search a text within the seconds that remain, and subtract what it took; PatternError where it took more."""
        self._seconds_left += len(text) * SECONDS_PER_CHARACTER
        start = time.monotonic()
        try:
            result = self._search_within(search, max(self._seconds_left, 1e-3))
        except TimeoutError as err:
            raise self._too_slow() from err
        self._seconds_left -= time.monotonic() - start
        if self._seconds_left < 0:
            raise self._too_slow()
        return result

    def _search_within(self, search: Callable[[float], T], seconds: float) -> T:
        try:
            return search(min(seconds, SOON))
        except TimeoutError:
            if seconds <= SOON:
                raise
        return patiently(lambda: search(seconds))

    def _too_slow(self) -> PatternError:
        return PatternError(
            f"the expression {self.source!r} takes too long; make it simpler: no repeat inside a repeat"
        )


def _name(hit: Any) -> str:
    """Return the name of the first group with a name that matched, or else the text of the match."""
    called: str = next((name for name, group in hit.groupdict().items() if group is not None), hit[0])
    return called
