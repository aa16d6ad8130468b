"""Findings about an axis: its sequences, tokens, vocabulary and tracks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.doctor.finding import Finding, first_few, percent, quantity
from lstmviz.dump.joining import Joining, guess_joining, is_special
from lstmviz.dump.lazy_arrays import BLOCK_VALUES, Tokens, Track
from lstmviz.dump.reader import Axis

MANY = 10  # with more sequences than this it is odd if most have one step
PADDING = {"<pad>", "[pad]", "<padding>", "_pad_", "<pad/>", "<blank>"}  # lower case


def axis_findings(axis: Axis) -> Iterator[Finding]:
    """Yield what is right and odd about the sequences of an axis, and whether it has tokens."""
    place, lengths = f"axis {axis.name}", axis.stops - axis.starts
    text = f"{quantity(axis.n_steps, 'step')} in {quantity(len(lengths), 'sequence')}"
    least, most = int(lengths.min()), int(lengths.max())
    if least < most:
        text += f", the shortest of {least:,}, the longest of {most:,}"
    elif len(lengths) > 1:
        text += f", each of {most:,}"
    yield Finding("ok", place, text)
    n_short = int((lengths == 1).sum())
    if len(lengths) > MANY and n_short > len(lengths) / 2:
        yield Finding(
            "note",
            place,
            f"{n_short:,} of {len(lengths):,} sequences are of one step",
            "no pattern is longer than its sequence: did you mean lengths=, or are batch and steps exchanged?",
        )
    if axis.tokens is None:
        yield Finding("note", place, "it has no tokens", "give tokens= and vocab= to see text; numbers alone are fine")


def token_findings(axis: Axis, tokens: Tokens) -> Iterator[Finding]:
    """Yield what is right and odd about the tokens and the vocabulary of an axis; every value must be readable."""
    place, words = f"tokens of {axis.name}", tokens.vocab
    if words is None:
        yield Finding("note", place, "there is no vocabulary, so ids are shown", "give vocab=, the token of each id")
        return
    counts: NDArray[np.int64] = np.zeros(len(words), np.int64)
    for start in range(0, len(tokens), BLOCK_VALUES):
        counts += np.bincount(tokens.ids[start : start + BLOCK_VALUES], minlength=len(words))
    n_used = int((counts > 0).sum())
    yield Finding("ok", place, f"{n_used:,} of {quantity(len(words), 'entry', 'entries')} are used")
    if n_used == 1 and len(tokens) > 1:
        word = words[int(counts.argmax())]
        yield Finding("note", place, f"every step is {word!r}", "are these the ids that the model was run on?")
    padding = [i for i, word in enumerate(words) if word.lower() in PADDING and counts[i]]
    n_padding = int(counts[padding].sum())
    if n_padding:
        yield Finding(
            "note",
            place,
            f"{percent(n_padding / len(tokens))} of the steps are padding "
            f"({first_few([repr(words[i]) for i in padding])})",
            "leave it out with lengths= or mask=, so that it is neither matched nor counted",
        )
    yield from _vocabulary(f"vocabulary of {axis.name}", words, counts)
    yield from _joining_findings(axis, tokens)


def _joining_findings(axis: Axis, tokens: Tokens) -> Iterator[Finding]:
    """Yield a note where the tokens seem to be joined into text in another way than they were meant to be."""
    if tokens.spelling is None or tokens.pieces:
        return
    guess, text = guess_joining(tokens.spelling.words), axis.text(0, min(12, int(axis.stops[0])))
    problem = ""
    if guess.pieces:
        problem = f"its tokens are pieces of words ({_marked(tokens.spelling.words, guess)!r}), joined as whole ones"
        remedy = "record or write it again without join=, and with vocab=tokenizer where there is one"
    elif not guess.join and tokens.join.isspace():
        problem, remedy = f"its tokens are characters, with {tokens.join!r} between them", "write it again with join=''"
    elif guess.join and not tokens.join and not any(" " in word for word in tokens.spelling.words):
        problem, remedy = "its tokens are words, with nothing between them", "write it again with join=' '"
    if problem:
        yield Finding("note", f"text of {axis.name}", f"{problem}: it begins {text!r:.80}", remedy)


def _marked(words: Sequence[str], joining: Joining) -> str:
    """Return the first entry that bears the mark of its pieces."""
    mark = joining.pieces.partition(":")[2]
    return next(
        word for word in words if (mark in word if mark else joining.shown(word) != word) and not is_special(word)
    )


def _vocabulary(place: str, words: tuple[str, ...], counts: NDArray[np.int64]) -> Iterator[Finding]:
    empty = [i for i, word in enumerate(words) if not word]
    if empty:
        n_steps = int(counts[empty].sum())
        yield Finding(
            "note",
            place,
            f"{quantity(len(empty), 'empty entry', 'empty entries')} (ids {first_few(empty)}), seen at "
            f"{quantity(n_steps, 'step')}",
            "name it, such as '<unk>', so that these steps can be seen and searched" if n_steps else "nothing to do",
        )
    counts_of_words = Counter(word for word in words if word)
    repeated = [word for word, n in counts_of_words.items() if n > 1]
    if repeated:
        ids = [i for i, word in enumerate(words) if word == repeated[0]]
        yield Finding(
            "note",
            place,
            f"{quantity(len(repeated), 'token')} more than once: {first_few([repr(word) for word in repeated], 3)}; "
            f"{repeated[0]!r:.40} is ids {first_few(ids, 4)}",
            "steps that look alike may differ to the model: check that the vocabulary is the model's own",
        )


def track_findings(track: Track) -> Iterator[Finding]:
    """Yield what is right and odd about a track; every value must be readable."""
    info, place = track.info, f"track {track.info.name}"
    scan = _TrackScan(len(track.labels), info.kind == "category")
    for values in track.blocks():
        scan.add(values)
    n_values = quantity(track.n_stored, info.kind, "categories" if info.kind == "category" else "")
    text = f"{n_values}, one a {info.per}" + (", each of the next step" if info.concerns == "next" else "")
    yield Finding("ok", place, text + (f", {percent(scan.n_missing / track.n_stored)} missing" * bool(scan.n_missing)))
    if scan.n_missing == track.n_stored:
        yield Finding("note", place, f"no {info.per} has a value", "leave the track out, or give its values")
    elif scan.low == scan.high and track.n_stored > 1:
        value = repr(track.labels[int(scan.low)]) if info.kind == "category" else f"{scan.low:g}"
        yield Finding("note", place, f"its value is always {value}", "a track that never varies tells nothing")
    if scan.n_inf:
        yield Finding("note", place, quantity(scan.n_inf, "infinite value"), "give NaN where there is no value")
    unused = [repr(label) for label, seen in zip(track.labels, scan.is_used, strict=True) if not seen]
    if unused and scan.n_missing < track.n_stored:
        text = f"{len(unused):,} of {quantity(len(track.labels), 'label')} are never used: {first_few(unused)}"
        yield Finding("note", place, text, "filters list them, but no step has them; write the labels that occur")
    repeated = [repr(label) for label, n in Counter(track.labels).items() if n > 1]
    if repeated:
        yield Finding("note", place, f"labels that occur twice: {first_few(repeated)}", "give each label one index")


class _TrackScan:
    """Scans the stored values of a track block by block."""

    def __init__(self, n_labels: int, is_category: bool) -> None:
        self._is_category = is_category
        self.is_used = np.zeros(n_labels, np.bool_)
        self.n_missing = self.n_inf = 0
        self.low, self.high = np.inf, -np.inf

    def add(self, values: NDArray[Any]) -> None:
        """Scan the next values."""
        if self._is_category:
            present = values[values >= 0]
            self.is_used[present.astype(np.int64)] = True
        else:
            present = values[~np.isnan(values)] if values.dtype.kind == "f" else values
            self.n_inf += int(np.isinf(present).sum()) if present.dtype.kind == "f" else 0
        self.n_missing += len(values) - len(present)
        if len(present):
            self.low, self.high = min(self.low, float(present.min())), max(self.high, float(present.max()))
