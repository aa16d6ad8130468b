"""Regular expressions from untrusted users, limited in size and in time.

Python's own ``re`` cannot be interrupted, and an expression as short as ``(a+)+$`` can run for years; the ``regex``
package has a time limit.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
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

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each match in a text starts and stops, from left to right, without empty ones."""
        with self._timed(text) as seconds:
            hits = self._compiled.finditer(text, timeout=seconds, concurrent=True)
            return [hit.span() for hit in hits if hit.end() > hit.start()]

    def fullmatch(self, text: str) -> bool:
        """Tell whether the expression matches a whole text."""
        with self._timed(text) as seconds:
            return self._compiled.fullmatch(text, timeout=seconds, concurrent=True) is not None

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
