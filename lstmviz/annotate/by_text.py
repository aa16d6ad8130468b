"""Words with labels from elsewhere, put onto the tokens of an axis by their text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.annotate.encode import categorical, fill_spans
from lstmviz.annotate.texts import parts
from lstmviz.dump.joining import is_special
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError

UNKNOWN = "\ufffc"  # stands for a special token, such as <unk>: it may stand for any word
SHOWN = 20  # sentences that a report names
AHEAD = 200_000  # characters that a sentence with unknown words is looked for in


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence from a file: its words, the label of each (None: none), and the line on which it begins."""

    words: tuple[str, ...]
    labels: tuple[str | None, ...]
    line: int


@dataclass(frozen=True, eq=False)
class Aligned:
    """Labels that were put onto the tokens of an axis.

    Attributes:
        values: One label a step, missing where no word was put; for ``Dump.add_track``.
        n_words: Number of words that were given.
        n_aligned: Number of words that were found in the text, in order.
        n_steps: Number of steps that have a label now.
        lost: The sentences that were not found: line, and text, at most 20 of them.
        n_lost: Number of sentences that were not found.

    Example:
        >>> aligned = lstmviz.annotate.align(dump.first, [(["("], ["open"])])
        >>> aligned.n_aligned, aligned.n_lost
        (1, 0)
    """

    values: pd.Categorical
    n_words: int
    n_aligned: int
    n_steps: int
    lost: pd.DataFrame
    n_lost: int

    def __str__(self) -> str:
        share = self.n_aligned / max(1, self.n_words)
        words = f"{self.n_aligned:,} of {self.n_words:,} words ({share:.1%}) stand on {self.n_steps:,} steps"
        if not self.n_lost:
            return words
        lines = [f"  line {line}: {text}" for line, text in zip(self.lost["line"], self.lost["text"], strict=True)]
        more = self.n_lost - len(lines)
        return "\n".join([f"{words}; not found in the text:", *lines, *([f"  ... and {more:,} more"] if more else [])])


def align(axis: Axis, sentences: Sequence[Any]) -> Aligned:
    """Put labels of words onto the tokens that spell them; spaces and capitals do not count.

    Each sentence is looked for after the one before it, and else from the beginning of the text. A word may be several
    tokens (all get its label, and after a ``B-`` the following pieces an ``I-``), a token several words (it gets the
    label of the first). A special token, such as ``<unk>``, stands for any one word.

    Args:
        axis: The axis.
        sentences: Pairs of a list of words and a list of labels (None: no label), in the order of the text.

    Returns:
        The labels, and what was not found.

    Raises:
        InputError: The axis has no tokens, or a sentence has more words than labels.

    Example:
        >>> aligned = lstmviz.annotate.align(dump.first, [(["(", "44444"], ["open", "four"])])
        >>> print(aligned)
        2 of 2 words (100.0%) stand on 6 steps
    """
    given = [_sentence(each, i) for i, each in enumerate(sentences)]
    text = _Text(axis)
    labels: dict[str, int] = {}
    codes = np.full(axis.n_steps, -1, np.int32)
    lost, n_aligned, at = [], 0, 0
    for sentence in given:
        spans = text.find(sentence.words, at)
        if spans is None:
            lost.append((sentence.line, " ".join(sentence.words)[:80]))
            continue
        at = spans[-1][1] if spans else at
        n_aligned += len(spans)
        _put(codes, labels, text.steps, spans, sentence.labels)
    frame = pd.DataFrame(lost[:SHOWN], columns=["line", "text"])
    values = categorical(codes, list(labels))
    n_words = sum(len(sentence.words) for sentence in given)
    return Aligned(values, n_words, n_aligned, int((codes >= 0).sum()), frame, len(lost))


class _Text:
    """The text of an axis without spaces and capitals, and the step of each of its characters."""

    def __init__(self, axis: Axis) -> None:
        texts, steps = [], []
        special = _special(axis)
        for part in parts(axis):
            is_kept = ~part.is_space
            owner = np.repeat(np.arange(len(part)), part.ends - part.begins)
            places = np.repeat(part.begins, part.ends - part.begins) + _within(part.ends - part.begins)
            characters = part.characters.copy()
            if special.size:
                is_special_step = np.isin(_ids(axis, part.begin, len(part)), special)
                firsts = part.leading[is_special_step]
                is_of_special = np.zeros(len(part.text), np.bool_)
                is_of_special[places[is_special_step[owner]]] = True
                is_kept &= ~is_of_special
                is_kept[firsts] = True
                characters[firsts] = ord(UNKNOWN)
            kept = places[is_kept[places]]
            steps.append(part.begin + owner[is_kept[places]])
            texts.append(characters[kept].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass"))
        self.text, self.steps = _lowered("".join(texts)), np.concatenate(steps)
        self._has_unknown = bool(special.size)

    def find(self, words: Sequence[str], at: int) -> list[tuple[int, int]] | None:
        """Return where each word of a sentence stands, from a place on, or else anywhere; None where it does not."""
        plain = [_lowered("".join(word.split())) for word in words]
        whole = "".join(plain)
        if not whole:
            return None if words else []
        for start in dict.fromkeys((at, 0)):
            place = self.text.find(whole, start)
            if place >= 0:
                ends = np.cumsum([len(word) for word in plain]).tolist()
                return [(place + end - len(word), place + end) for word, end in zip(plain, ends, strict=True)]
        return self._with_unknown(plain, at) if self._has_unknown else None

    def _with_unknown(self, words: Sequence[str], at: int) -> list[tuple[int, int]] | None:
        source = "".join(f"({re.escape(word)}|{UNKNOWN})" for word in words)
        if len(source) > 50_000:
            return None
        expression = re.compile(source)
        for start, stop in ((at, at + AHEAD), (0, AHEAD)):
            hit = expression.search(self.text, start, stop)
            if hit is not None and any(group != UNKNOWN for group in hit.groups()):
                return [hit.span(i + 1) for i in range(len(words))]
        return None


def _special(axis: Axis) -> NDArray[Any]:
    """Return the ids of special tokens, such as <unk>."""
    vocab = None if axis.tokens is None else axis.tokens.vocab
    return np.array([i for i, word in enumerate(vocab or ()) if is_special(word.strip())], np.int64)


def _ids(axis: Axis, begin: int, n: int) -> NDArray[Any]:
    return np.zeros(n, np.int64) if axis.tokens is None else axis.tokens.as_written.ids[begin : begin + n]


def _within(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _lowered(text: str) -> str:
    """Return a text in small letters, as long as it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _sentence(given: Any, index: int) -> Sentence:
    if isinstance(given, Sentence):
        return given
    try:
        words, labels = (list(part) for part in given)
    except (TypeError, ValueError) as err:
        raise InputError(f"sentence {index} is not a pair of words and labels; give (['a', 'b'], ['X', 'Y'])") from err
    if len(words) != len(labels) or not all(isinstance(word, str) for word in words):
        raise InputError(f"sentence {index} has {len(words)} words and {len(labels)} labels; give one label a word")
    return Sentence(tuple(words), tuple(None if label is None else str(label) for label in labels), index)


def _put(
    codes: NDArray[np.int32],
    labels: dict[str, int],
    steps: NDArray[np.int64],
    spans: Sequence[tuple[int, int]],
    given: Sequence[str | None],
) -> None:
    """Give the tokens of each word its label; the words from the last to the first, so that a token has its first."""
    for (start, stop), label in zip(reversed(spans), reversed(given), strict=True):
        if label is None or stop == start:
            continue
        first, last = int(steps[start]), int(steps[stop - 1])
        rest = f"I-{label[2:]}" if label.startswith("B-") else label
        if last > first:
            fill_spans(
                codes, np.array([first + 1]), np.array([last + 1]), np.array([labels.setdefault(rest, len(labels))])
            )
        codes[first] = labels.setdefault(label, len(labels))
