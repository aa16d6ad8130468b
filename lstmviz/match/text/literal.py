"""Plain texts to be searched for: in time that grows with the text alone, however long or repetitive they are.

Python's ``re`` compares as many letters as the text has at each place where it may begin, and lets no other thread run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import regex

MAX_HELD = 10_000  # characters of a text that is searched without letting other threads run, which would take longer
MAX_SHORT = 100  # characters; a longer text is searched by ``str.find``, whose worst case is linear
_WORD = re.compile(r"\S+")

Spans = list[tuple[int, int]]


class Literal:
    """A text to be searched for, where letter case counts if it ``is_exact``; its words in a row if ``are_words``."""

    def __init__(self, query: str, *, is_exact: bool, are_words: bool = False) -> None:
        self._query, self._is_exact, self._are_words = query, is_exact, are_words
        self._short: Any = None
        if len(query) <= MAX_SHORT:
            source = _whole_words(query) if are_words else re.escape(query)
            self._short = regex.compile(source, 0 if is_exact else regex.IGNORECASE)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where each match in a text starts and stops, from left to right, without those that overlap."""
        if self._short is not None:
            yield from (hit.span() for hit in self._short.finditer(text, concurrent=len(text) > MAX_HELD))
        else:
            yield from self._long_words(text) if self._are_words else self._find_all(text, self._query)

    def is_in(self, text: str) -> bool:
        """Tell whether it is somewhere in a text."""
        if self._short is not None:
            return self._short.search(text) is not None
        return (
            any(True for _ in self.spans(text)) if self._are_words else self._folded(self._query) in self._folded(text)
        )

    def fullmatch(self, text: str) -> bool:
        """Tell whether it is a whole text."""
        if self._short is not None:
            return self._short.fullmatch(text) is not None
        return self._folded(text) == self._folded(self._query)

    def _long_words(self, text: str) -> Spans:
        words = list(_WORD.finditer(text))
        joined = f" {' '.join(word[0] for word in words)} "
        wanted = f" {' '.join(self._query.split())} "
        hits: Spans = []
        n_before = at = 0  # words before the last hit, and where it starts
        for start, stop in self._find_all(joined, wanted, step=len(wanted) - 1):
            n_before += joined.count(" ", at, start)
            at = start
            n_words = joined.count(" ", start, stop) - 1
            hits.append((words[n_before].start(), words[n_before + n_words - 1].end()))
        return hits

    def _find_all(self, text: str, query: str, step: int | None = None) -> Spans:
        text, query = self._folded(text), self._folded(query)
        hits: Spans = []
        at = text.find(query)
        while at >= 0:
            hits.append((at, at + len(query)))
            at = text.find(query, at + (step or len(query)))
        return hits

    def _folded(self, text: str) -> str:
        """Return a text of the same length in which letters that are to be equal are the same."""
        return text if self._is_exact else text.translate({ord(c): _fold(c) for c in set(text)})


def _fold(letter: str) -> str:
    return next((form for form in (letter.casefold(), letter.lower()) if len(form) == 1), letter)


def _whole_words(query: str) -> str:
    """Return an expression for the query's words in a row, each with space around it; it starts with a literal."""
    first, *rest = map(re.escape, query.split())
    return rf"{first}(?<!\S{first})" + "".join(rf"\s+{word}" for word in rest) + r"(?!\S)"
