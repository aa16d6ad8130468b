"""The text of an axis a few sequences at a time, with where each token and each sequence lies in its characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError
from lstmviz.match.text.search import batches

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
_SENTENCE_END = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s|$))|[。！？]+|\n[^\S\n]*\n")


@dataclass(frozen=True, eq=False)
class Part:
    """The text of some whole sequences in a row.

    Token i, step ``begin + i``, is ``text[begins[i]:ends[i]]``; ``firsts`` are the tokens at which sequences start.
    """

    begin: int
    text: str
    begins: Ints
    ends: Ints
    firsts: Ints

    def __len__(self) -> int:
        return len(self.begins)

    @cached_property
    def characters(self) -> NDArray[np.uint32]:
        """The code point of each character."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), "<u4")

    @cached_property
    def is_space(self) -> Mask:
        """Which characters are spaces, tabs or line breaks."""
        return self.where(str.isspace)

    def where(self, is_wanted: Any) -> Mask:
        """Return which characters a function of one says yes to; each different one is asked for once."""
        different, place = np.unique(self.characters, return_inverse=True)
        return np.array([bool(is_wanted(chr(c))) for c in different.tolist()], np.bool_)[place]

    @cached_property
    def leading(self) -> Ints:
        """The first character of each token that is no space; its first one where all are."""
        to_come = np.where(self.is_space, len(self.text), np.arange(len(self.text)))
        following = np.append(np.minimum.accumulate(to_come[::-1])[::-1], len(self.text))
        first = following[self.begins]
        return np.where(first < self.ends, first, np.minimum(self.begins, max(0, len(self.text) - 1)))

    @cached_property
    def is_blank(self) -> Mask:
        """Which tokens are spaces only, or nothing."""
        if not self.text:
            return np.ones(len(self), np.bool_)
        return (self.ends <= self.begins) | self.is_space[self.leading]

    @cached_property
    def sequence_starts(self) -> Mask:
        """Which tokens start a sequence."""
        is_first = np.zeros(len(self), np.bool_)
        is_first[self.firsts] = True
        return is_first

    @cached_property
    def word_starts(self) -> Mask:
        """Which tokens have the first character of a word, a stretch without a space, in them."""
        if not self.text:
            return np.zeros(len(self), np.bool_)
        is_start = ~self.is_space & np.append(True, self.is_space[:-1])
        is_start[self.leading[self.firsts]] = True
        counts = np.append(0, np.cumsum(is_start & ~self.is_space))
        return (counts[self.ends] > counts[self.begins]) & ~self.is_blank

    @cached_property
    def sentence_starts(self) -> Mask:
        """Which tokens begin a sentence: after a full stop with a space, or a blank line, and with each sequence."""
        ends = [hit.end() for hit in _SENTENCE_END.finditer(self.text)]
        is_start = self.sequence_starts.copy()
        inside = np.searchsorted(self.leading, np.array(ends, np.int64), side="left")
        to_come = np.where(self.is_blank, len(self), np.arange(len(self)))
        following = np.append(np.minimum.accumulate(to_come[::-1])[::-1], len(self))
        starts = following[inside[inside < len(self)]]
        is_start[starts[starts < len(self)]] = True
        return is_start


def parts(axis: Axis) -> Iterator[Part]:
    """Yield the text of an axis, some whole sequences at a time; InputError where it has no tokens."""
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens, so nothing can be read off its text")
    tokens = axis.tokens.as_written
    spelling = tokens.spelling
    table = None if spelling is None else np.array([*spelling.texts, None], object)[:-1]
    for first, after, ids in batches(axis, tokens):
        base = int(axis.starts[first])
        firsts = axis.starts[first:after] - base
        if spelling is None or table is None:
            words = list(map(str, ids.tolist()))
        elif spelling.cut:
            stops = axis.stops[first:after] - base
            words = [
                word
                for start, stop in zip(firsts.tolist(), stops.tolist(), strict=True)
                for word in spelling.letters(ids[start:stop].tolist())[0]
            ]
        else:
            words = table[ids].tolist()
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        begins = np.cumsum(lengths + len(tokens.join)) - lengths - len(tokens.join)
        yield Part(base, tokens.join.join(words), begins, begins + lengths, firsts)


def each_part(axis: Axis, values: Callable[[Part], NDArray[Any]]) -> NDArray[Any]:
    """Return the values of all steps, made of the text a part at a time."""
    return np.concatenate([values(part) for part in parts(axis)])


def since(is_start: Mask) -> Ints:
    """Return how many places each lies behind the last start; counted from the first place where none is before."""
    places = np.arange(len(is_start))
    return places - np.maximum.accumulate(np.where(is_start, places, 0))


def lengths_of(is_start: Mask) -> Ints:
    """Return how long the stretch is that each place lies in, where a stretch goes from one start to the next."""
    starts = np.flatnonzero(is_start | (np.arange(len(is_start)) == 0))
    lengths = np.diff(np.append(starts, len(is_start)))
    return np.repeat(lengths, lengths)
