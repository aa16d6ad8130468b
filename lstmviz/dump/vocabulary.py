"""Read a vocabulary in any common form: the token of each id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.values import plain
from lstmviz.errors import InputError

BOM = "\ufeff"  # the byte order mark, with which Windows editors begin a file; not part of the first word
PADDING = "<pad>"  # of id 0 where a vocabulary counts from 1, as Keras does
MAX_GAPS = 1000  # ids without a token, beside as many as there are tokens


@runtime_checkable
class HasVocab(Protocol):
    """A tokenizer that has a vocabulary, such as one of Hugging Face's ``tokenizers`` or ``transformers``."""

    def get_vocab(self) -> Mapping[str, int]:
        """Return the id of each token."""


AnyVocab = Sequence[str] | Mapping[str, int] | Mapping[int, str] | NDArray[Any] | HasVocab
"""The token of each id, a mapping from token to id or from id to token, or a tokenizer."""


def ids_of(words: Sequence[str]) -> dict[str, int]:
    """Return the id of each token; the first of equal ones."""
    ids: dict[str, int] = {}
    for index, word in enumerate(words):
        ids.setdefault(word, index)
    return ids


def read_vocab(given: AnyVocab | Any | None) -> tuple[str, ...] | None:
    """Return a vocabulary by id, from a list or column of tokens, a mapping, or a tokenizer; None where there is none.

    A mapping may be from token to id or from id to token, and leave ids out: id 0 is then called ``<pad>``, as Keras
    counts from 1, and another ``[unused 17]``. A None in a list is such an id too. Raises InputError for anything else.
    """
    if given is None:
        return None
    given = _of_tokenizer(given)
    if isinstance(given, (set, frozenset)):
        raise InputError("vocab is a set, which has no order; give a list, the token of each id from 0")
    if isinstance(given, (str, bytes)) or not isinstance(given, (Mapping, Iterable)):
        raise InputError(f"vocab is {_kind(given)}; give a list, the token of each id from 0")
    words = _by_id(given) if isinstance(given, Mapping) else _listed(given)
    if not words:
        raise InputError("vocab is empty; give the token of each id, or leave it out to show ids")
    if len(words[0]) > 1:
        words[0] = words[0].removeprefix(BOM)
    return tuple(words)


def _of_tokenizer(given: Any) -> Any:
    """Return the vocabulary of what has one: a tokenizer, or a layer or vocabulary of Keras or torchtext."""
    if isinstance(given, HasVocab):
        vocab = given.get_vocab()
        is_vocab = isinstance(vocab, Mapping) and vocab and _is_dense(vocab.values())
        if not is_vocab:
            raise InputError(
                "the tokenizer's get_vocab() is not a vocabulary; give a list, the token of each id from 0"
            )
        return vocab
    for name in ("get_vocabulary", "get_itos"):
        if callable(getattr(given, name, None)):
            return getattr(given, name)()
    return getattr(given, "word_index", getattr(given, "itos", given))


def _kind(given: object) -> str:
    if isinstance(given, (str, bytes)):
        return f"the text {short_repr(given)}"
    return f"a {type(given).__name__}"


def _listed(given: Iterable[Any]) -> list[str]:
    """Return a list of tokens by id."""
    words = plain(given)
    words = words.tolist() if isinstance(words, np.ndarray) else list(words)
    words = [f"[unused {i}]" if word is None else word for i, word in enumerate(words)]
    index = next((i for i, word in enumerate(words) if not isinstance(word, str)), None)
    if index is None:
        return words
    if isinstance(words[index], float) and words[index] != words[index]:
        raise InputError(
            f"vocab[{index}] is nan, as pandas reads the words null, nan and NA; read the file with "
            "keep_default_na=False"
        )
    remedy = "decode it to text" if isinstance(words[index], bytes) else "give the token of each id from 0"
    raise InputError(f"vocab[{index}] is {short_repr(words[index])}, not a string; {remedy}")


def _by_id(given: Mapping[Any, Any]) -> list[str]:
    """Return the tokens of a mapping from token to id, or from id to token, by id."""
    by_id: dict[int, str] = {}
    for key, value in given.items():
        token, index = _pair(key, value)
        if index in by_id:
            raise InputError(f"vocab gives id {index} to {by_id[index]!r} and {token!r}; give each its own")
        by_id[index] = token
    if by_id and not _is_dense(by_id):
        missing = next(i for i in range(max(by_id)) if i not in by_id)
        raise InputError(
            f"vocab has {len(by_id)} entries and ids up to {max(by_id)}, with none for id {missing}; ids count from 0, "
            "nearly without gaps"
        )
    return [by_id.get(i, PADDING if i == 0 else f"[unused {i}]") for i in range(max(by_id, default=-1) + 1)]


def _pair(key: Any, value: Any) -> tuple[str, int]:
    """Return (token, id) of an entry in either direction; InputError naming one that is neither."""
    first, second = plain(key), plain(value)
    for token, index in ((first, second), (second, first)):
        if isinstance(token, str) and _is_id(index):
            return token, int(index)
    if isinstance(second, str) and isinstance(first, str) and first.isdecimal():
        return second, int(first)  # id to token, as JSON keeps it
    raise InputError(
        f"vocab has the entry {short_repr(key)}: {short_repr(value)}; give a token and its id of 0 or more"
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= 0


def _is_dense(ids: Iterable[Any]) -> bool:
    """Tell whether ids are those of a vocabulary: whole numbers, most of them used."""
    numbers = list(ids)
    return all(_is_id(i) for i in numbers) and max(numbers) < 2 * len(numbers) + MAX_GAPS
