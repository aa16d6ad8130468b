"""From a typed text to what a live model reads: ids of the dump's vocabulary, or numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.joining import cut_text, in_place_of_unknown, unknown_of
from lstmviz.dump.lazy_arrays import Tokens
from lstmviz.dump.tokens import is_encoding, is_ids_mapping
from lstmviz.dump.values import as_array, plain
from lstmviz.dump.vocabulary import ids_of
from lstmviz.errors import InputError
from lstmviz.rerun.live.user_code import called
from lstmviz.rerun.runner import Ids, Mask

GIVES = "what encode gave"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The tokens of a dump by id, as the model's tokenizer spells them, and how a text is cut into them."""

    words: tuple[str, ...]
    join: str
    pieces: str
    has_words: bool  # else the words are the ids themselves

    @classmethod
    def of(cls, tokens: Tokens, n_ids: int) -> Vocabulary:
        """Return the vocabulary of a dump; where it has ids alone, those of a model of ``n_ids`` are their words."""
        spelling = tokens.spelling
        if spelling is None:
            n_ids = max(n_ids, int(np.asarray(tokens.ids[:]).max(initial=0)) + 1)
            return cls(tuple(map(str, range(n_ids))), tokens.join, "", has_words=False)
        return cls(spelling.words, tokens.join, tokens.pieces, has_words=True)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each token; the first of equal ones."""
        return ids_of(self.words)

    @cached_property
    def unknown(self) -> int | None:
        """The id of the token that stands for those that are not in the vocabulary; None where there is none."""
        return unknown_of(self.words)

    @property
    def is_characters(self) -> bool:
        """Tell whether a text is cut into characters."""
        return self.join == "" and not self.pieces and self.has_words

    def cut(self, text: str) -> list[str]:
        """Cut a text into tokens, known or not; InputError where it takes the model's own tokenizer."""
        if not self.has_words or self.pieces:
            kind = "pieces of words" if self.pieces else "ids without words"
            raise InputError(f"the tokens are {kind}, so the text cannot be cut; give LiveModel(encode=tokenizer)")
        return cut_text(text, self.join)


def ids_by_vocabulary(text: str, vocabulary: Vocabulary) -> tuple[list[str], Ids, Mask]:
    """Cut a text; return its tokens, the id of each (-1: it is not read), and whether each is known."""
    tokens, known, unknown = vocabulary.cut(text), vocabulary.ids, vocabulary.unknown
    ids = np.array([known.get(token, -1) for token in tokens], np.int64)
    is_known = (ids >= 0) & (ids != (-1 if unknown is None else unknown))
    if unknown is not None:
        ids[~is_known] = unknown
    return tokens, ids, is_known


def ids_by_function(text: str, encode: Callable[[str], Any], vocabulary: Vocabulary) -> Ids:
    """Return the ids that the user's function gives for a text; InputError for what is none of the vocabulary's."""
    values = encoded(text, encode, vocabulary.ids)
    if values.dtype.kind not in "iu":
        raise InputError(f"{GIVES} are {values.dtype} and the dump has tokens; give ids, or strings of its vocabulary")
    if values.ndim != 1:
        raise InputError(f"{GIVES} has shape {values.shape}; give the ids of one text, (n_steps,)")
    outside = values[(values < 0) | (values >= len(vocabulary.words))]
    if len(outside):
        raise InputError(
            f"encode gave id {outside[0]} and the dump's vocabulary has 0 to {len(vocabulary.words) - 1:,}; give the "
            "encode that the recording was made with"
        )
    return values.astype(np.int64)


def as_typed(text: str, tokens: list[str], is_known: Mask, vocabulary: Vocabulary) -> list[str]:
    """Return tokens with what was typed in the place of unknown ones, where that is plain: the other words agree."""
    if not vocabulary.has_words or vocabulary.pieces:
        return tokens
    typed = in_place_of_unknown(vocabulary.cut(text), tokens, is_known.tolist())
    if typed is None:
        return tokens
    return [token if word is None else word for word, token in zip(typed, tokens, strict=True)]


def numbers_by_function(text: str, encode: Callable[[str], Any] | None) -> NDArray[np.float32]:
    """Return the numbers of a text, (n_steps, n_features); without a function a step stands on each line."""
    values = _numbers_in(text) if encode is None else encoded(text, encode, {})
    if values.dtype.kind not in "iuf" or values.ndim not in (1, 2):
        raise InputError(f"{GIVES} is {values.dtype} of shape {values.shape}; give numbers, (n_steps, n_features)")
    return values.astype(np.float32).reshape(len(values), values.size // max(1, len(values)))


def encoded(text: str, encode: Callable[[str], Any], known: Mapping[str, int]) -> NDArray[Any]:
    """Return what the user's function gives for a text as an array, without a leading axis of one text.

    Strings become their ids in ``known``.
    """
    given = called("encode", InputError, encode, text, remedy="fix encode=, or type another text")
    values, is_read = given, None
    if is_encoding(given):
        values, is_read = given.ids, given.attention_mask
    elif is_ids_mapping(given):
        values, is_read = given["input_ids"], given.get("attention_mask")
    elif isinstance(given, Mapping) or given is None:
        raise InputError(f"{GIVES} is a {type(given).__name__}; give ids, such as its 'input_ids'")
    array = as_array(GIVES, list(values) if isinstance(values, str) else values, "(n_steps,)", "give a list of ids")
    if array.ndim > 1 and len(array) == 1 and not (array.ndim == 2 and array.dtype.kind == "f"):
        array = array[0]
    if is_read is not None:
        mask = np.asarray(plain(is_read)).astype(bool).reshape(-1)
        array = array[mask] if mask.shape == array.shape[:1] else array
    return _ids_of_strings(array, known) if array.dtype.kind == "O" else array


def _ids_of_strings(array: NDArray[Any], known: Mapping[str, int]) -> NDArray[np.int64]:
    unknown = next((one for one in array.flat if not isinstance(one, str) or one not in known), None)
    if array.ndim != 1 or unknown is not None:
        raise InputError(
            f"encode gave {short_repr(unknown)}, which the dump's vocabulary lacks; give its unknown token"
        )
    return np.array([known[one] for one in array], np.int64)


def _numbers_in(text: str) -> NDArray[np.float64]:
    """Read a step from each line, or between semicolons, and its numbers between spaces or commas."""
    steps = [step for step in re.split(r"[\n;]", text) if step.strip()]
    try:
        rows = [[float(one) for one in re.split(r"[\s,]+", step.strip())] for step in steps]
    except ValueError:
        raise InputError("the text is not numbers; type a step a line, its numbers between spaces") from None
    if len({len(row) for row in rows}) > 1:
        raise InputError(f"the steps have {len(rows[0])} numbers and others; type as many in each line")
    return np.array(rows)
