"""Read the tokens of a batch, in any of the forms that people have them, into one padded grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.validate import as_array
from lstmviz.errors import InputError


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
    if isinstance(given, str) or is_encoding(given):
        given = [given]
    if isinstance(given, (list, tuple)) and given:
        if all(isinstance(row, str) for row in given):
            values, lengths = even_rows("tokens", [list(row) for row in given])
            return TokenGrid(_as_objects(values), "characters", lengths)
        if all(is_encoding(row) for row in given):
            return _of_encodings(given, has_vocab)
    values, lengths = even_rows("tokens", given)
    array = as_array("tokens", values, "(batch, steps)", "give ids, or strings")
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"tokens have shape {array.shape}; give ids of (batch, steps), such as ids[None] for one sequence"
        )
    if array.dtype.kind not in "USO":
        return TokenGrid(array.copy(), "ids", lengths)  # checked now, and read when the batch ends
    # NumPy's own strings end before a NUL.
    words = array.astype(object) if hasattr(values, "dtype") else _as_objects(values)
    _check_words(words)
    return TokenGrid(words, "words", lengths)


def is_ids_mapping(given: Any) -> bool:
    """Tell whether a value is what a transformers tokenizer returns: a mapping with "input_ids"."""
    return isinstance(given, Mapping) and "input_ids" in given


def is_encoding(given: Any) -> bool:
    """Tell whether a value is an ``Encoding`` of the tokenizers library."""
    return all(hasattr(given, name) for name in ("ids", "tokens", "offsets", "attention_mask"))


def even_rows(name: str, given: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Return ragged rows as rows of one length, and their lengths; anything else unchanged, and None.

    A short row is filled up with its own first value, which keeps its type. Raises InputError for an empty row.
    """
    if not isinstance(given, (list, tuple)) or not given or not all(_has_length(row) for row in given):
        return given, None
    lengths = tuple(len(row) for row in given)
    if min(lengths) == 0 and max(lengths) > 0:
        raise InputError(f"{name} have no step in sequence {lengths.index(0)}; leave that sequence out")
    longest = max(lengths)
    if all(hasattr(row, "dtype") for row in given):
        rows = [as_array(f"{name}[{i}]", row, "(steps,)", "give numbers") for i, row in enumerate(given)]
        if min(lengths) == longest or any(row.shape[1:] != rows[0].shape[1:] for row in rows):
            return rows, None
        return np.stack([np.concatenate([row, np.repeat(row[:1], longest - len(row), 0)]) for row in rows]), lengths
    if min(lengths) == longest:
        return given, None
    return [[*row, *[row[0]] * (longest - len(row))] for row in given], lengths


def _of_encodings(given: Sequence[Any], has_vocab: bool) -> TokenGrid:
    """Read encodings of the tokenizers library: ids or strings, each token's place in its text, and the padding."""
    values, lengths = even_rows("tokens", [list(e.ids if has_vocab else e.tokens) for e in given])
    mask, _ = even_rows("tokens", [list(e.attention_mask) for e in given])
    offsets, _ = even_rows("tokens", [list(e.offsets) for e in given])
    ends = np.asarray(offsets, np.int64).reshape(len(given), -1, 2)
    if 0 in ends.shape:
        raise InputError("tokens are encodings without a token; leave empty texts out")
    tracks = {"offset_start": ends[..., 0], "offset_stop": ends[..., 1]}
    grid = np.asarray(values, np.int64) if has_vocab else _as_objects(values)
    if lengths is None:
        return TokenGrid(grid, "ids" if has_vocab else "words", None, np.asarray(mask, np.bool_), tracks)
    inside = np.arange(ends.shape[1]) < np.asarray(lengths)[:, None]
    return TokenGrid(grid, "ids" if has_vocab else "words", None, np.asarray(mask, np.bool_) & inside, tracks)


def _has_length(row: Any) -> bool:
    if isinstance(row, str):
        return False
    return len(getattr(row, "shape", (0,))) > 0 and hasattr(row, "__len__")


def _as_objects(rows: Any) -> NDArray[Any]:
    """Return nested lists of strings as an object array with the same strings."""
    if not len(rows[0]):
        raise InputError("tokens have a sequence without a token; leave empty texts out")
    grid = np.empty((len(rows), len(rows[0])), object)
    for i, row in enumerate(rows):
        grid[i] = row
    return grid


def _check_words(words: NDArray[Any]) -> None:
    for index, word in np.ndenumerate(words):
        if not isinstance(word, str):
            raise InputError(
                f"tokens hold {word!r:.60} at step {index[1]} of sequence {index[0]}; give ids only, or strings only"
            )
