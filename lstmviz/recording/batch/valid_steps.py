"""The valid steps of a padded batch, from lengths, a mask or rows of their own lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.validate import read_lengths
from lstmviz.dump.values import Values
from lstmviz.errors import InputError

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ValidSteps:
    """The valid steps of each sequence of a padded batch: [``starts[i]``, ``stops[i]``); a sequence may have none."""

    starts: Ints
    stops: Ints

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many steps each sequence has."""
        return tuple((self.stops - self.starts).tolist())

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return len(self.starts)

    @property
    def end(self) -> int:
        """The step after the last one that is valid in any sequence."""
        return int(self.stops.max())

    def mask(self, n_padded: int) -> NDArray[np.bool_]:
        """Return a mask, (batch, steps), that is True at the valid steps."""
        steps = np.arange(n_padded)
        return (steps >= self.starts[:, None]) & (steps < self.stops[:, None])


def right_padded(lengths: Sequence[int]) -> ValidSteps:
    """Return the valid steps of sequences that are padded on the right."""
    return ValidSteps(np.zeros(len(lengths), np.int64), np.asarray(lengths, np.int64))


def read_valid_steps(
    lengths: Values | None,
    mask: NDArray[np.bool_] | None,
    ragged: tuple[int, ...] | None,
    shape: tuple[int, int] | None,
) -> ValidSteps | None:
    """Return the valid steps from lengths, a mask or the lengths of ragged rows; InputError where two of them differ.

    ``shape`` is (batch, steps) of the padded batch. None where none of the three is given.
    """
    by_mask = None if mask is None else _of_mask(mask)
    by_rows = None if ragged is None else right_padded(ragged)
    if lengths is None:
        return by_mask if by_mask is not None else by_rows
    steps = read_lengths(lengths, None if shape is None else shape[0])
    long = None if shape is None else next((i for i, n in enumerate(steps) if n > shape[1]), None)
    if shape is not None and long is not None:
        raise InputError(f"lengths[{long}] is {steps[long]} and tokens have {shape}; give 0 to {shape[1]} steps")
    _check_same_lengths(steps, by_mask, "mask")
    _check_same_lengths(steps, by_rows, "the rows' own lengths")
    return right_padded(steps) if by_mask is None else by_mask


def _check_same_lengths(lengths: Sequence[int], valid: ValidSteps | None, origin: str) -> None:
    """Raise InputError unless the lengths that were given are those that follow from something else."""
    odd = None if valid is None else next((i for i, n in enumerate(valid.lengths) if n != lengths[i]), None)
    if valid is not None and odd is not None:
        raise InputError(
            f"lengths[{odd}] is {lengths[odd]}, and by {origin} sequence {odd} has {valid.lengths[odd]}; give one of "
            "the two"
        )


def _of_mask(mask: NDArray[np.bool_]) -> ValidSteps:
    n_steps = mask.shape[1]
    starts = mask.argmax(1).astype(np.int64)
    stops = np.where(mask.any(1), n_steps - mask[:, ::-1].argmax(1).astype(np.int64), 0)
    gaps = np.flatnonzero(stops - starts != mask.sum(1))
    if len(gaps):
        row = int(gaps[0])
        step = int(starts[row] + np.flatnonzero(~mask[row, starts[row] :])[0])
        raise InputError(
            f"mask leaves out step {step} inside sequence {row}; it marks padding at the ends, and where= leaves steps "
            "out"
        )
    return ValidSteps(starts, stops)
