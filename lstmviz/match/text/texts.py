"""The text of tokens in one form of its letters, with the mapping from its characters back to the tokens."""

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

MAX_SEARCHED = 1_000  # characters of a token: it stands at any number of steps

Ints = NDArray[np.int64]
_LETTER = regex.compile(r"\X")
_MARK = regex.compile(r"\p{M}")


def composed(text: str) -> str:
    """Return a text with each letter and its marks as one character, where there is one; a mark alone stays."""
    return text if text.isascii() or _MARK.match(text) else unicodedata.normalize("NFC", text)


@dataclass(frozen=True, eq=False)
class SearchText:
    """The text of some tokens in a row, composed; token i has a part in [``begins[i]``, ``ends[i]``) of it.

    Text between two tokens belongs to the first. Tokens that make up one letter share it.
    """

    text: str
    begins: Ints
    ends: Ints

    def steps_of(self, hits: Ints) -> Iterator[tuple[int, int]]:
        """Yield the tokens [start, stop) that each stretch of characters touches."""
        first, last = self.steps_at(hits)
        return zip(first.tolist(), last.tolist(), strict=True)

    def steps_at(self, hits: Ints) -> tuple[Ints, Ints]:
        """Return the first token that each stretch of characters touches, and the one after the last."""
        first = np.searchsorted(self.ends, hits[:, 0], side="right")
        return first, np.maximum(np.searchsorted(self.begins, hits[:, 1], side="left"), first + 1)


class TokenTexts:
    """Makes the searched text of token ids. With ``are_apart`` special tokens are words of their own."""

    def __init__(self, tokens: Tokens, *, are_apart: bool) -> None:
        self._spelling, self._join = tokens.spelling, tokens.join
        if self._spelling is None:
            return
        texts = [composed(text[:MAX_SEARCHED]) for text in self._spelling.texts]
        if are_apart:
            texts = [f" {text} " if is_special(text.strip(" ")) else text for text in texts]
        self._table = np.array([*texts, None], object)[:-1]  # with None, NumPy keeps the strings as objects
        self._lengths = np.array([len(text) for text in texts], np.int64)
        is_by_character = not self._join and bool((self._lengths == 1).all())
        self._characters = np.array(list(map(ord, texts)), "<u4") if is_by_character else None
        self._is_cut = np.array([i in self._spelling.cut for i in range(len(texts))], np.bool_)

    def unchanged(self, ids: NDArray[Any]) -> SearchText | None:
        """Return the text of many ids at once, or None where a letter of it is composed, or cut by tokens."""
        if self._spelling is None:
            words = list(map(str, ids.tolist()))
            lengths = np.array([len(word) for word in words], np.int64)
            text = self._join.join(words)
        elif self._characters is not None:
            text, lengths = self._characters[ids].tobytes().decode("utf-32-le", "surrogatepass"), self._lengths[ids]
        elif self._is_cut[ids].any():
            return None
        else:
            text, lengths = self._join.join(self._table[ids].tolist()), self._lengths[ids]
        if not unicodedata.is_normalized("NFC", text):
            return None
        ends = np.cumsum(lengths + len(self._join))
        return SearchText(text, np.append(0, ends[:-1]), ends)

    def of(self, ids: NDArray[Any]) -> SearchText:
        """Return the text of some ids in a row."""
        if self._spelling is None:
            return _search_text(list(map(str, ids.tolist())), self._join)
        if not self._is_cut[ids].any():
            return _search_text(self._table[ids].tolist(), self._join)
        words, firsts = self._spelling.letters(ids.tolist())
        text = _search_text(words, self._join)
        for i, first in enumerate(firsts):
            text.ends[first:i] = text.begins[i] + 1  # those before it have a part in the letter that it completes
        return text


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
