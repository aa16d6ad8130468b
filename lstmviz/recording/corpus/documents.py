"""Prepare texts for a model: encode and check them, and make padded batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.joining import cut_text, guess_joining, in_place_of_unknown, unknown_of
from lstmviz.dump.tokens import is_encoding, is_ids_mapping
from lstmviz.dump.validate import check_mapping
from lstmviz.dump.values import as_array, plain
from lstmviz.dump.vocabulary import ids_of
from lstmviz.errors import InputError

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Document:
    """One text: its token ids (n_steps,), and the caller's tracks of its steps and of the whole text."""

    ids: Ids
    offsets: NDArray[np.int64] | None  # (n_steps, 2): where each token stands in the text, if the tokenizer gives that
    tracks: Mapping[str, Any]
    sequence_tracks: Mapping[str, Any]
    number: int = 0  # among the texts that have tokens
    as_written: Sequence[str | None] | None = None  # what stood in the place of unknown tokens


def read_documents(
    texts: Iterable[Any],
    encode: Callable[[Any], Any],
    vocab: Sequence[str] | None,
    tracks: Mapping[str, Iterable[Any]] | None,
    sequence_tracks: Mapping[str, Iterable[Any]] | None,
) -> Iterator[Document]:
    """Yield a document for each text in order, also for a text without tokens. Raises InputError naming the text."""
    number, words = 0, None if vocab is None else _Words(vocab)
    by_step, by_text = _iterators("tracks", tracks, texts), _iterators("sequence_tracks", sequence_tracks, texts)
    for index, text in enumerate(texts):
        given = _encoded(index, text, encode)
        ids, offsets = _read_ids(index, given, words)
        step_values = {name: _next(f"tracks[{name!r}]", values, index) for name, values in by_step.items()}
        odd = next((name for name, values in step_values.items() if _length(values) != len(ids)), None)
        if odd is not None:
            raise InputError(
                f"tracks[{odd!r}] has {_length(step_values[odd])} values for text {index}, which is encoded to "
                f"{len(ids)} tokens; give one value a token"
            )
        text_values = {name: _next(f"sequence_tracks[{name!r}]", values, index) for name, values in by_text.items()}
        as_written = None if words is None else words.as_written(given, text, ids)
        yield Document(ids, offsets, step_values, text_values, number, as_written)
        number += len(ids) > 0


def batches(documents: Iterable[Document], size: int, *, of_one_length: bool) -> Iterator[list[Document]]:
    """Yield lists of at most ``size`` documents that have tokens, in order.

    With ``of_one_length`` all documents of a batch have the same number of tokens, so that none is padded. The first
    batch never has as many documents as steps, so that a transposed layout shows in its shape.
    """
    waiting: list[Document] = []
    is_first = True
    for document in chain((d for d in documents if len(d.ids)), [None]):
        while waiting and (document is None or not _joins(document, waiting, size, of_one_length)):
            n = _not_square(waiting) if is_first else len(waiting)
            is_first = False
            yield waiting[:n]
            waiting = waiting[n:]
        if document is not None:
            waiting.append(document)


def padded(documents: Sequence[Document], pad: int) -> Ids:
    """Return ids (batch, steps), each row padded on the right with ``pad``."""
    ids = np.full((len(documents), max(len(d.ids) for d in documents)), pad, np.int64)
    for row, document in zip(ids, documents, strict=True):
        row[: len(document.ids)] = document.ids
    return ids


def next_tokens(documents: Sequence[Document]) -> Ids:
    """Return the id of the token after each step, (batch, steps), and -100 where there is none."""
    after = [Document(np.append(d.ids[1:], -100), None, {}, {}) for d in documents]
    return padded(after, -100)


def step_tracks(documents: Sequence[Document]) -> dict[str, Any]:
    """Return the tracks of a batch, one row for each document, each as long as its document."""
    tracks: dict[str, Any] = {name: [d.tracks[name] for d in documents] for name in documents[0].tracks}
    offsets = [d.offsets for d in documents if d.offsets is not None]
    if len(offsets) == len(documents):
        tracks |= {name: [o[:, i] for o in offsets] for i, name in enumerate(("offset_start", "offset_stop"))}
    return tracks


def _joins(document: Document, waiting: Sequence[Document], size: int, of_one_length: bool) -> bool:
    return len(waiting) < size and not (of_one_length and len(waiting[0].ids) != len(document.ids))


def _not_square(documents: Sequence[Document]) -> int:
    """Return how many of the first documents make a batch that is not square; a single document may be."""
    n = len(documents)
    while n > 1 and max(len(d.ids) for d in documents[:n]) == n:
        n -= 1
    return n


def _encoded(index: int, text: Any, encode: Callable[[Any], Any]) -> Any:
    """Return what ``encode`` gives for a text; a missing one (None, NaN) has no token."""
    known = plain(text)
    if known is None or (isinstance(known, float) and known != known):
        return []
    try:
        return encode(text)
    except Exception as err:
        err.add_note(f"lstmviz: encode failed for text {index}, {short_repr(text)}")
        raise


class _Words:
    """A vocabulary: the id of each token, and what stood in a text in the place of the unknown one."""

    def __init__(self, vocab: Sequence[str]) -> None:
        self._vocab, self._ids = vocab, ids_of(vocab)
        self._joining, self._unknown = guess_joining(vocab), unknown_of(vocab)

    def ids(self, index: int, words: Sequence[str]) -> Ids:
        """Return the ids of tokens; InputError for one that is not in the vocabulary, where no token stands for it."""
        unknown = next((word for word in words if word not in self._ids), None)
        if unknown is not None and self._unknown is None:
            raise InputError(
                f"token {unknown!r} of text {index} is not in vocab; let encode put the model's unknown token in its "
                "place"
            )
        return np.array([self._ids.get(word, self._unknown) for word in words], np.int64)

    def as_written(self, given: Any, text: Any, ids: Ids) -> Sequence[str | None] | None:
        """Return what stood in a text at each unknown token, None at the others; None where nothing stands for them.

        Tokens that ``encode`` gave as strings say it, else the text itself, where it is plain how it was cut.
        """
        if self._unknown is None:
            return None
        is_known = [i != self._unknown for i in ids.tolist()]
        words = _strings(given)
        if words is None and isinstance(text, str) and not self._joining.pieces:
            words = cut_text(text, self._joining.join)
        tokens = [self._vocab[i] if i < len(self._vocab) else "" for i in ids.tolist()]
        written = None if words is None else in_place_of_unknown(words, tokens, is_known)
        return written or [None] * len(ids)


def _strings(given: Any) -> list[str] | None:
    """Return the strings that ``encode`` gave; None where it gave ids."""
    words = list(given) if isinstance(given, str) else plain(given)
    return words if isinstance(words, list) and words and isinstance(words[0], str) else None


def _read_ids(index: int, encoded: Any, vocab: _Words | None) -> tuple[Ids, NDArray[np.int64] | None]:
    if is_ids_mapping(encoded):
        ids = np.atleast_2d(
            as_array(f"what encode gave for text {index}", encoded["input_ids"], "(n_steps,)", "give ids")
        )
        is_read = np.asarray(plain(encoded.get("attention_mask", np.ones(ids.shape)))).reshape(ids.shape).astype(bool)
        encoded = ids[0][is_read[0]] if len(ids) == 1 else ids
    if is_encoding(encoded):
        is_text = np.asarray(encoded.attention_mask, bool)
        offsets = np.asarray(encoded.offsets, np.int64).reshape(-1, 2)
        return np.asarray(encoded.ids, np.int64)[is_text], offsets[is_text]
    result = f"what encode gave for text {index}"
    if (words := _strings(encoded)) is not None:
        if vocab is None:
            raise InputError("encode gives strings and there is no vocab to number them; give vocab=, or encode to ids")
        return vocab.ids(index, words), None
    if isinstance(encoded, Mapping):
        raise InputError(f"{result} is a {type(encoded).__name__}; give the ids alone, such as its 'input_ids'")
    ids = as_array(result, plain(encoded), "(n_steps,)", "give a row of ids, of strings, or a tokenizers.Encoding")
    if ids.size == 0:
        return np.empty(0, np.int64), None
    if ids.ndim != 1:
        guess = "; give its row [0]" if ids.ndim == 2 and len(ids) == 1 else "; give one row of ids"
        raise InputError(f"{result} has shape {ids.shape}{guess}")
    if ids.dtype.kind not in "iu":
        raise InputError(f"{result} is {ids.dtype}; give integer ids, strings, or a tokenizers.Encoding")
    return ids.astype(np.int64), None


def _iterators(argument: str, given: Mapping[str, Iterable[Any]] | None, texts: object) -> dict[str, Iterator[Any]]:
    check_mapping(argument, given)
    for name, values in (given or {}).items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise InputError(
                f"{argument}[{name!r}] is a {type(values).__name__}; give one value for each text, in a list"
            )
        if isinstance(values, Sized) and isinstance(texts, Sized) and len(values) != len(texts):
            raise InputError(
                f"{argument}[{name!r}] has {len(values)} values and there are {len(texts)} texts; give one each"
            )
    return {name: iter(values) for name, values in (given or {}).items()}


def _next(argument: str, values: Iterator[Any], index: int) -> Any:
    try:
        return next(values)
    except StopIteration:
        raise InputError(f"{argument} ended before text {index}; give one value for each text") from None


def _length(values: Any) -> int:
    return len(values) if isinstance(values, Sized) else -1
