"""Read the tokens of a batch, in any common form, into one padded grid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.values import as_array, is_number, plain
from lstmviz.errors import InputError

_LIST = re.compile(r"\[\s*('[^']*'|\"[^\"]*\"|\d+)\s*(,.*)?\]\s*$", re.DOTALL)  # "['the', 'cat']", "[3, 14]"


@dataclass(frozen=True, slots=True, eq=False)
class TokenGrid:
    """Tokens of shape (batch, steps): ids, or strings in an object array; padding may hold anything.

    ``lengths`` are those of ragged rows, ``mask`` (batch, steps) is a tokenizer's attention mask, ``tracks`` are
    numbers (batch, steps) that came with the tokens.
    """

    values: NDArray[Any]
    kind: Literal["ids", "words", "characters"]
    lengths: tuple[int, ...] | None = None
    mask: NDArray[Any] | None = None
    tracks: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def as_ids(self) -> NDArray[np.int64]:
        """Return ids as whole numbers; what padding holds may be none, and is -1."""
        values = np.nan_to_num(self.values, nan=-1) if self.values.dtype.kind == "f" else self.values
        return values.astype(np.int64)


def read_tokens(given: Any, has_vocab: bool) -> TokenGrid:
    """Read ids (batch, steps), lists of strings, strings of characters, or what a tokenizer returned.

    Encodings are ids where there is a vocabulary (``has_vocab``), else their own strings. Rows may be of different
    lengths. Raises InputError for anything else.
    """
    given = getattr(given, "encodings", None) or given
    if is_ids_mapping(given):
        grid = read_tokens(given["input_ids"], has_vocab)
        # Ragged rows are not padded.
        return grid if grid.lengths is not None else replace(grid, mask=given.get("attention_mask"))
    if isinstance(given, (str, bytes)) or is_encoding(given):
        given = [given]
    given = plain(given)
    if isinstance(given, list) and given:
        if all(isinstance(row, str) for row in given):
            _check_characters(given)
            values, lengths = even_rows("tokens", [list(row) for row in given])
            return TokenGrid(_as_grid(values), "characters", lengths)
        if all(is_encoding(row) for row in given):
            return _of_encodings(given, has_vocab)
    values, lengths = even_rows("tokens", given)
    array = as_array("tokens", values, "(batch, steps)", "give ids, or strings")
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"tokens have shape {array.shape}; give ids of (batch, steps), such as ids[None] for one sequence"
        )
    if array.dtype.kind != "O":
        return TokenGrid(array.copy(), "ids", lengths)  # checked now, and read when the batch ends
    array[array != array] = None  # NaN, which a data frame has in place of a missing string
    _check_words(array, lengths)
    return TokenGrid(array, "words", lengths)


def is_ids_mapping(given: Any) -> bool:
    """Tell whether a value is what a transformers tokenizer returns: a mapping with "input_ids"."""
    return isinstance(given, Mapping) and "input_ids" in given


def is_encoding(given: Any) -> bool:
    """Tell whether a value is an ``Encoding`` of the tokenizers library."""
    return all(hasattr(given, name) for name in ("ids", "tokens", "offsets", "attention_mask"))


def even_rows(name: str, given: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Return ragged rows as rows of one length, and their lengths; anything else as lists or an array, and None.

    A short row is filled up with its own first value, which keeps its type; an empty one, with that of another row.
    """
    rows = plain(given)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, (list, np.ndarray)) for row in rows):
        return rows, None
    lengths = tuple(len(row) for row in rows)
    longest = max(lengths)
    if min(lengths) == longest:
        return rows, None
    arrays = [row for row in rows if isinstance(row, np.ndarray)]
    if len(arrays) == len(rows):
        if any(row.shape[1:] != arrays[0].shape[1:] for row in arrays):
            return rows, None
        some = next(row for row in arrays if len(row))
        filled = [
            np.concatenate([row, np.repeat((row if len(row) else some)[:1], longest - len(row), 0)]) for row in arrays
        ]
        return np.stack(filled), lengths
    lists = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    filler = next(row[0] for row in lists if row)
    return [[*row, *[row[0] if row else filler] * (longest - len(row))] for row in lists], lengths


def _of_encodings(given: Sequence[Any], has_vocab: bool) -> TokenGrid:
    """Read encodings of the tokenizers library: ids or strings, each token's place in its text, and the padding."""
    values, lengths = even_rows("tokens", [list(e.ids if has_vocab else e.tokens) for e in given])
    mask, _ = even_rows("tokens", [list(e.attention_mask) for e in given])
    offsets, _ = even_rows("tokens", [list(e.offsets) for e in given])
    ends = np.asarray(offsets, np.int64).reshape(len(given), -1, 2)
    if 0 in ends.shape:
        raise InputError("tokens are encodings without a token; leave empty texts out")
    tracks = {"offset_start": ends[..., 0], "offset_stop": ends[..., 1]}
    grid = np.asarray(values, np.int64) if has_vocab else _as_grid(values)
    if lengths is None:
        return TokenGrid(grid, "ids" if has_vocab else "words", None, np.asarray(mask, np.bool_), tracks)
    inside = np.arange(ends.shape[1]) < np.asarray(lengths)[:, None]
    return TokenGrid(grid, "ids" if has_vocab else "words", None, np.asarray(mask, np.bool_) & inside, tracks)


def _as_grid(rows: Any) -> NDArray[Any]:
    """Return rows of strings of one length as an array; InputError where there is none."""
    if not len(rows[0]):
        raise InputError("tokens have no token in any sequence; leave this batch out")
    grid = np.empty((len(rows), len(rows[0])), object)
    for i, row in enumerate(rows):
        grid[i] = row
    return grid


def _check_characters(texts: Sequence[str]) -> None:
    """Raise InputError for lists that became text, which would be read character by character."""
    index = next((i for i, text in enumerate(texts) if _LIST.match(text)), None)
    if index is not None:
        raise InputError(
            f"tokens[{index}] is the text {short_repr(texts[index])}, a list as a CSV file stores it; convert it "
            "first: frame[column].map(ast.literal_eval)"
        )


def _check_words(words: NDArray[Any], lengths: Sequence[int] | None) -> None:
    """Raise InputError unless all tokens are strings, or None for padding; it names the one that is not."""
    is_text = np.array([isinstance(word, str) for word in words.flat], np.bool_).reshape(words.shape)
    is_inside = np.ones(words.shape, np.bool_)
    if lengths is not None:
        is_inside = np.arange(words.shape[1]) < np.asarray(lengths)[:, None]
    is_inside &= words != None  # noqa: E711  elementwise
    is_odd = is_inside & ~is_text
    if not is_odd.any():
        return
    ids = is_inside & np.array([is_number(word) for word in words.flat], np.bool_).reshape(words.shape)
    if ids.sum() > is_text.sum():
        is_odd = is_inside & ~ids
    sequence, step = np.argwhere(is_odd)[0].tolist()
    word = short_repr(words[sequence, step])
    raise InputError(f"tokens hold {word} at step {step} of sequence {sequence}; give ids only, or strings only")


def check_no_gap(words: NDArray[Any], valid: NDArray[np.bool_]) -> None:
    """Raise InputError where a valid step has no token; ``words`` and ``valid`` are (batch, steps)."""
    gaps = np.argwhere(valid & (words == None))  # noqa: E711  elementwise
    if len(gaps):
        sequence, step = gaps[0].tolist()
        remedy = "leave padding out with lengths= or mask=, or give a token such as '<unk>'"
        raise InputError(f"tokens hold None at step {step} of sequence {sequence}; {remedy}")
