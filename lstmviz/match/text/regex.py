"""Regular expressions that a stranger may type: bounded in size and in time.

Python's own ``re`` cannot be stopped, and a dozen characters such as ``(a+)+$`` keep it busy for years; the ``regex``
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

SECONDS = 5.0  # for one search, all its texts together, and beyond it
SECONDS_PER_CHARACTER = 2e-7  # searched so far: a harmless expression is about twenty times as fast
MAX_LENGTH = 500  # characters
MAX_REPEATS = 100_000  # all counted repeats of an expression multiplied: they are unrolled when it is compiled


class Expression:
    """A compiled regular expression with a limit to the time that it takes; PatternError where it is none."""

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
                f"{source!r} is no regular expression: {reason}; search it as text, without regex"
            ) from err
        self._left = SECONDS

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each match in a text begins and ends, left to right, but no empty ones."""
        with self._timed(text) as left:
            found = self._compiled.finditer(text, timeout=left, concurrent=True)
            return [hit.span() for hit in found if hit.end() > hit.start()]

    def fullmatch(self, text: str) -> bool:
        """Tell whether the expression matches a text from end to end."""
        with self._timed(text) as left:
            return self._compiled.fullmatch(text, timeout=left, concurrent=True) is not None

    @contextmanager
    def _timed(self, text: str) -> Iterator[float]:
        """Give the time that is left for a text, and take what it took; PatternError where that was too long."""
        self._left += len(text) * SECONDS_PER_CHARACTER
        began = time.monotonic()
        try:
            yield max(self._left, 1e-3)
        except TimeoutError as err:
            raise self._too_slow() from err
        self._left -= time.monotonic() - began
        if self._left < 0:
            raise self._too_slow()

    def _too_slow(self) -> PatternError:
        return PatternError(
            f"the expression {self.source!r} takes too long; make it simpler: no repeat inside a repeat"
        )
