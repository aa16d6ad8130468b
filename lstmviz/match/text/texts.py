"""The text of tokens in one form of its letters, with the mapping from its characters back to the tokens."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from lstmviz.dump.joining import is_special
from lstmviz.dump.lazy_arrays import Tokens

MAX_SEARCHED = 1_000  # characters of a token: it stands at any number of steps

WIDTHS = (16, 32)  # bytes of a token that NumPy copies at once

Ints = NDArray[Any]
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

    def steps_at(self, hits: Ints) -> tuple[Ints, Ints]:
        """Return the first token that each stretch of characters touches, and the one after the last."""
        hits = hits.astype(self.ends.dtype, copy=False)  # else NumPy would cast all ends to the type of the hits
        first = np.searchsorted(self.ends, hits[:, 0], side="right")
        return first, np.maximum(np.searchsorted(self.begins, hits[:, 1], side="left"), first + 1)


class TokenTexts:
    """Makes the searched text of token ids. With ``are_apart`` special tokens are words of their own."""

    def __init__(self, tokens: Tokens, *, are_apart: bool) -> None:
        self._spelling, self._join = tokens.spelling, tokens.join
        if self._spelling is None:
            return
        texts = [text[:MAX_SEARCHED] for text in self._spelling.texts]
        if not "".join(texts).isascii():
            texts = [composed(text) for text in texts]
        if are_apart:
            texts = [f" {text} " if is_special(text.strip(" ")) else text for text in texts]
        self._table = np.array([*texts, None], object)[:-1]  # with None, NumPy keeps the strings as objects
        self._lengths = np.array([len(text) for text in texts], np.int64)
        is_by_character = not self._join and bool((self._lengths == 1).all())
        self._letters = Letters("".join(texts)) if is_by_character else None
        self._bytes = None if is_by_character else FixedWidth.of([text + self._join for text in texts])
        self._is_cut = np.zeros(len(texts), np.bool_)
        self._is_cut[list(self._spelling.cut)] = True

    def unchanged(self, ids: NDArray[Any]) -> SearchText | None:
        """Return the text of many ids at once, or None where a letter of it is composed, or cut by tokens.

        What joins tokens may stand behind the last one too.
        """
        if self._spelling is None:
            words = list(map(str, ids.tolist()))
            text, borders = self._join.join(words), _borders(np.array(list(map(len, words))) + len(self._join))
        elif self._letters is not None:
            text, borders = self._letters.text(ids)
        elif self._is_cut.any() and self._is_cut[ids].any():
            return None
        elif self._bytes is not None:
            text, borders = self._bytes.text(ids)
        else:
            text, borders = self._join.join(self._table[ids].tolist()), _borders(self._lengths[ids] + len(self._join))
        return SearchText(text, borders[:-1], borders[1:]) if unicodedata.is_normalized("NFC", text) else None

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


class Letters:
    """Texts of one character each by id, to be joined many at a time."""

    def __init__(self, letters: str) -> None:
        is_small = len(letters) <= 256 and max(letters, default="") <= "\xff"
        self._bytes = letters.encode("latin-1").ljust(256) if is_small else None
        self._codes = np.array(list(map(ord, letters)), "<u4")
        self._borders = _borders(np.ones(0, np.uint8))

    def text(self, ids: NDArray[Any]) -> tuple[str, Ints]:
        """Return the texts of some ids as one, and the borders between them, not to be written to."""
        if self._bytes is not None:
            text = ids.astype(np.uint8).tobytes().translate(self._bytes).decode("latin-1")
        else:
            text = self._codes[ids].tobytes().decode("utf-32-le", "surrogatepass")
        if len(self._borders) <= len(ids):
            self._borders = _borders(np.ones(len(ids), np.uint8))
        return text, self._borders[: len(ids) + 1]


@dataclass(frozen=True, eq=False)
class FixedWidth:
    """Short texts in ASCII by id, each in the same number of bytes, to be joined many at a time."""

    table: NDArray[np.void]
    lengths: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Sequence[str]) -> FixedWidth | None:
        """Store some texts; None where one is too long, or not in ASCII."""
        longest = max(map(len, texts), default=0)
        width = next((width for width in WIDTHS if longest <= width), None)
        if width is None or not all(map(str.isascii, texts)):
            return None
        lengths = np.array(list(map(len, texts)), np.uint8)
        return cls(np.array(texts, f"S{width}").view(f"V{width}"), lengths)

    def text(self, ids: NDArray[Any]) -> tuple[str, Ints]:
        """Return the texts of some ids as one, and the borders between them."""
        width, ids = self.table.itemsize, ids.astype(np.intp)  # once: as other integers they are cast at each use
        borders = _borders(self.lengths[ids])
        written = np.empty(int(borders[-1]) + width, np.uint8)
        places = as_strided(written[:width].view(self.table.dtype), (len(written) - width + 1,), (1,))
        places[borders[:-1]] = self.table.take(ids)  # in order: each covers what the one before has too much
        return str(written[: borders[-1]].data, "ascii"), borders


def _borders(lengths: Ints) -> Ints:
    """Return where stretches of some lengths begin, one after another, and where the last one ends."""
    is_short = len(lengths) * MAX_SEARCHED * 2 < 2**31
    borders = np.zeros(len(lengths) + 1, np.int32 if is_short else np.int64)
    np.cumsum(lengths, out=borders[1:])
    return borders


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
