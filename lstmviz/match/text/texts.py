"""The text of tokens in one form of its letters, with the way back from its characters to the tokens."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from lstmviz.dump.joining import is_special
from lstmviz.dump.lazy_arrays import Tokens

Ints = NDArray[np.int64]
_LETTER = regex.compile(r"\X")
_MARK = regex.compile(r"\p{M}")


def composed(text: str) -> str:
    """Return a text with each letter and its marks as one character, where there is one; a mark alone stays."""
    return text if text.isascii() or _MARK.match(text) else unicodedata.normalize("NFC", text)


@dataclass(frozen=True, eq=False)
class SearchText:
    """The text of some tokens in a row, composed; token i has a part in [``begins[i]``, ``ends[i]``) of it.

    What stands between two tokens belongs to the first. Tokens that make up one letter share it.
    """

    text: str
    begins: Ints
    ends: Ints

    def steps_of(self, hits: Ints) -> Iterator[tuple[int, int]]:
        """Yield the tokens [start, stop) that each stretch of characters touches."""
        first = np.searchsorted(self.ends, hits[:, 0], side="right")
        last = np.maximum(np.searchsorted(self.begins, hits[:, 1], side="left"), first + 1)
        return zip(first.tolist(), last.tolist(), strict=True)


class TokenTexts:
    """Makes the searched text of token ids. With ``are_apart`` special tokens are words of their own."""

    def __init__(self, tokens: Tokens, *, are_apart: bool) -> None:
        self._spelling, self._join = tokens.spelling, tokens.join
        if self._spelling is None:
            return
        texts = [composed(text) for text in self._spelling.texts]
        if are_apart:
            texts = [f" {text} " if is_special(text.strip(" ")) else text for text in texts]
        self._table = np.array([*texts, None], object)[:-1]  # with None, NumPy keeps the strings as objects
        self._is_cut = np.array([i in self._spelling.cut for i in range(len(texts))], np.bool_)

    def of(self, ids: NDArray[Any]) -> SearchText:
        """Return the text of some ids in a row."""
        if self._spelling is None:
            return _search_text(list(map(str, ids.tolist())), self._join)
        if not self._is_cut[ids].any():
            return _search_text(self._table[ids].tolist(), self._join)
        words, firsts = self._spelling.letters(ids.tolist())
        made = _search_text(words, self._join)
        for i, first in enumerate(firsts):
            made.ends[first:i] = made.begins[i] + 1  # those before it have a part in the letter that it completes
        return made


def _search_text(words: Sequence[str], join: str) -> SearchText:
    ends = np.cumsum([len(word) + len(join) for word in words], dtype=np.int64)
    begins = np.append(0, ends[:-1])
    text = join.join(words)
    if unicodedata.is_normalized("NFC", text):
        return SearchText(text, begins, ends)
    letters = _LETTER.findall(text)  # no letter is composed across the borders of these
    forms = [unicodedata.normalize("NFC", letter) for letter in letters]
    lengths, new_lengths = (np.array([len(form) for form in each], np.int64) for each in (letters, forms))
    stops, new_stops = np.cumsum(lengths), np.cumsum(new_lengths)
    is_changed = np.array([a != b for a, b in zip(letters, forms, strict=True)], np.bool_)

    def moved(places: Ints, step: int) -> Ints:
        """Return where characters stand now: in a letter that changed, at its start (``step`` 0) or its end (1)."""
        letter = np.minimum(np.searchsorted(stops, places, side="right"), len(letters) - 1)
        inside = places - (stops - lengths)[letter] + step
        return (new_stops - new_lengths)[letter] + np.where(is_changed[letter], step * new_lengths[letter], inside)

    new_begins = moved(begins, 0)
    return SearchText("".join(forms), new_begins, np.where(ends > begins, moved(ends - 1, 1), new_begins))
