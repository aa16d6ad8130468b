"""Arrays of a dump as users have them: steps in a row, a padded batch, or a list with one array for each sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.tokens import TokenGrid, check_no_gap, even_rows, is_encoding, read_tokens
from lstmviz.dump.validate import read_lengths, read_mask, read_states
from lstmviz.dump.values import Values, plain
from lstmviz.errors import InputError


@dataclass(frozen=True, eq=False)
class Layout:
    """How the arrays of one block are laid out.

    ``mask`` (batch, steps) are the valid steps of a padded batch; None where the steps stand in a row. ``lengths`` are
    the steps of each sequence, 0 for one without a step; None while they are not known.
    """

    n_steps: int
    mask: NDArray[np.bool_] | None
    lengths: tuple[int, ...] | None

    def flat(self, name: str, given: Values) -> Any:
        """Return the values of a track, or ids, as one list or array of those at the valid steps, (n_steps,)."""
        rows, lengths = even_rows(name, given)
        if self.mask is None:
            return _joined(name, rows, lengths or self._own_lengths(rows), self.lengths)
        if lengths is None:
            array = np.asarray(rows, None if isinstance(rows, np.ndarray) else object)
            if array.shape != self.mask.shape:
                raise InputError(
                    f"{name} has shape {array.shape} and the states {self.mask.shape}; give (batch, steps)"
                )
            return array[self.mask]
        if tuple(lengths) != tuple(self.mask.sum(1).tolist()):
            raise InputError(f"{name} has rows of {listed(lengths)} values and {listed(self.lengths)} are needed")
        return _joined(name, rows, lengths, lengths)

    def tokens(self, given: Values, has_vocab: bool) -> tuple[NDArray[Any], tuple[int, ...] | None]:
        """Return the tokens of the valid steps, ids or strings, and the lengths of their rows (None: they are one row).

        A list of strings is one token a step, or, where that fits instead, texts whose characters are the tokens.
        """
        values = plain(given)
        values = [values] if isinstance(values, str) else values
        is_row = np.ndim(values) == 1 if isinstance(values, np.ndarray) else _is_row(values)
        are_texts = is_row and _are_strings(values) and len(values) != self.n_steps == sum(map(len, values))
        grid = read_tokens([values] if is_row and not are_texts else values, has_vocab)
        if self.mask is None or grid.lengths is not None:
            inside = _valid(grid)
            _check_gaps(grid, inside)
            is_one = len(grid.values) == 1 or (is_row and not are_texts)
            return grid.values[inside], None if is_one else tuple(inside.sum(1).tolist())
        if grid.values.shape != self.mask.shape:
            raise InputError(
                f"tokens have shape {grid.values.shape} and the states {self.mask.shape}; give both as (batch, steps)"
            )
        _check_gaps(grid, self.mask)
        return grid.values[self.mask], None

    def _own_lengths(self, rows: Any) -> tuple[int, ...] | None:
        """Return the length of each row of a nested list; None where the rows are not lists or arrays."""
        is_nested = isinstance(rows, list) and bool(rows) and all(isinstance(row, (list, np.ndarray)) for row in rows)
        return tuple(len(row) for row in rows) if is_nested else None


def read_layout(
    given: Mapping[str, Values], lengths: Values | None, mask: Values | None
) -> tuple[dict[str, NDArray[Any]], Layout]:
    """Return the states of each source as (n_steps, n_units), and how they were laid out."""
    own_lengths: tuple[int, ...] | None = None
    arrays, grids = {}, {}
    for name, values in given.items():
        states, rows = _read_source(name, values)
        arrays[name] = states
        if states.ndim == 3:
            grids[name] = states.shape[:2]
        own_lengths = own_lengths or rows
    if not grids:
        if mask is not None:
            raise InputError("mask is for states of (batch, steps, n_units); give lengths with states in a row")
        steps = None if lengths is None else read_lengths(lengths)
        if own_lengths is not None and steps not in (None, own_lengths):
            raise InputError(f"lengths are {listed(steps)} and the states' own arrays have {listed(own_lengths)} steps")
        return arrays, Layout(len(next(iter(arrays.values()), ())), None, own_lengths if steps is None else steps)
    valid = _valid_steps(grids, lengths, mask)
    unbatched = next((name for name in arrays if name not in grids), None)
    if unbatched is not None:
        first = next(iter(grids))
        raise InputError(
            f"states of {unbatched!r} are (n_steps, n_units) and those of {first!r} a batch; give all alike"
        )
    return {name: array[valid] for name, array in arrays.items()}, Layout(
        int(valid.sum()), valid, tuple(valid.sum(1).tolist())
    )


def _read_source(name: str, values: Values) -> tuple[NDArray[Any], tuple[int, ...] | None]:
    """Return states as (n_steps, n_units) or (batch, steps, n_units), and the steps of each array of a ragged list."""
    rows = plain(values)
    if isinstance(rows, list) and rows and all(isinstance(row, np.ndarray) and row.ndim == 2 for row in rows):
        lengths = tuple(len(row) for row in rows)
        if len(set(lengths)) > 1:
            if len({row.shape[1] for row in rows}) > 1:
                raise InputError(
                    f"states of {name!r} have {listed([r.shape[1] for r in rows])} units; give each the same"
                )
            return read_states(name, np.concatenate(rows)), lengths
    return read_states(name, rows), None


def _valid_steps(
    grids: Mapping[str, tuple[int, ...]], lengths: Values | None, mask: Values | None
) -> NDArray[np.bool_]:
    """Return the valid steps of a padded batch, (batch, steps); of all, where neither lengths nor a mask is given."""
    (first, shape), *others = grids.items()
    misfit = next((name for name, other in others if other != shape), None)
    if misfit is not None:
        raise InputError(f"states of {misfit!r} are a batch of {grids[misfit]} and those of {first!r} of {shape}")
    n_sequences, width = shape
    if lengths is not None and mask is not None:
        raise InputError("both lengths and mask are given; give mask= for padding on the left, else lengths=")
    if mask is not None:
        valid = read_mask("mask", mask)
        if valid is None or valid.shape != shape:
            raise InputError(f"mask has shape {np.shape(mask)} and the states {shape}; give (batch, steps)")
        return valid
    if lengths is not None and np.shape(lengths) == (width,) != (n_sequences,):
        raise InputError(
            f"states of {first!r} are a batch of {shape} and lengths has {width} numbers: did you pass (steps, batch, "
            "n_units)? give states.transpose(1, 0, 2)"
        )
    steps = read_lengths(lengths, n_sequences) if lengths is not None else (width,) * n_sequences
    long = next((i for i, n in enumerate(steps) if n > width), None)
    if long is not None:
        raise InputError(f"lengths[{long}] is {steps[long]} and the states have {width} steps; give 0 to {width}")
    return np.arange(width) < np.asarray(steps)[:, None]


def _joined(name: str, rows: Any, lengths: tuple[int, ...] | None, wanted: tuple[int, ...] | None) -> Any:
    """Return rows of known lengths as one, or what is one already."""
    if lengths is None:
        return rows
    if wanted is not None and lengths != wanted:
        raise InputError(
            f"{name} has rows of {listed(lengths)} values and {listed(wanted)} are needed; give one a step"
        )
    return [value for row, n in zip(rows, lengths, strict=True) for value in row[:n]]


def _valid(grid: TokenGrid) -> NDArray[np.bool_]:
    inside = np.ones(grid.values.shape, np.bool_)
    if grid.mask is not None:
        inside &= np.asarray(grid.mask, np.bool_)
    if grid.lengths is not None:
        inside &= np.arange(grid.values.shape[1]) < np.asarray(grid.lengths)[:, None]
    return inside


def _check_gaps(grid: TokenGrid, inside: NDArray[np.bool_]) -> None:
    if grid.kind != "ids":
        check_no_gap(grid.values, inside)


def _is_row(values: Any) -> bool:
    """Tell whether a list holds one token a step, not rows of them or a tokenizer's encodings."""
    return isinstance(values, list) and not any(
        isinstance(each, (list, np.ndarray)) or is_encoding(each) for each in values
    )


def _are_strings(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def listed(numbers: Any) -> str:
    """Return the first few numbers for a message."""
    return ", ".join(map(str, numbers[:8])) + ", ..." * (len(numbers) > 8)
