"""The valid steps of a padded batch, from lengths, a mask or rows of their own lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.validate import Values, read_lengths
from lstmviz.errors import InputError

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The valid steps of each row of a padded batch: ``starts[i]`` to ``stops[i]``."""

    starts: Ints
    stops: Ints

    @property
    def lengths(self) -> tuple[int, ...]:
        """The steps of each row."""
        return tuple((self.stops - self.starts).tolist())

    def valid(self, n_padded: int) -> NDArray[np.bool_]:
        """Return the valid steps as a mask (batch, steps)."""
        steps = np.arange(n_padded)
        return (steps >= self.starts[:, None]) & (steps < self.stops[:, None])


def span_of(lengths: Sequence[int]) -> Span:
    """Return the span of rows that are padded on the right."""
    return Span(np.zeros(len(lengths), np.int64), np.asarray(lengths, np.int64))


def read_span(
    lengths: Values | None,
    mask: NDArray[np.bool_] | None,
    ragged: tuple[int, ...] | None,
    shape: tuple[int, int] | None,
) -> Span | None:
    """Return the valid steps from lengths, a mask or ragged rows; InputError where two of them disagree."""
    masked = None if mask is None else _of_mask(mask)
    spans = {"mask": masked, "the rows' own lengths": None if ragged is None else span_of(ragged)}
    if lengths is not None:
        steps = read_lengths(lengths, None if shape is None else shape[0])
        long = None if shape is None else next((i for i, n in enumerate(steps) if n > shape[1]), None)
        if shape is not None and long is not None:
            raise InputError(f"lengths[{long}] is {steps[long]} and tokens have {shape}; give 1 to {shape[1]} steps")
        for what, span in spans.items():
            odd = None if span is None else next((i for i, n in enumerate(span.lengths) if n != steps[i]), None)
            if span is not None and odd is not None:
                raise InputError(
                    f"lengths[{odd}] is {steps[odd]}, and by {what} sequence {odd} has {span.lengths[odd]}; give one "
                    "of the two"
                )
        return span_of(steps) if masked is None else masked
    return masked if masked is not None else spans["the rows' own lengths"]


def _of_mask(mask: NDArray[np.bool_]) -> Span:
    n_steps = mask.shape[1]
    starts = mask.argmax(1).astype(np.int64)
    stops = n_steps - mask[:, ::-1].argmax(1).astype(np.int64)
    empty = np.flatnonzero(~mask.any(1))
    if len(empty):
        raise InputError(f"mask has no step in sequence {empty[0]}; leave that sequence out of the batch")
    torn = np.flatnonzero(stops - starts != mask.sum(1))
    if len(torn):
        row = int(torn[0])
        step = int(starts[row] + np.flatnonzero(~mask[row, starts[row] :])[0])
        raise InputError(
            f"mask leaves out step {step} inside sequence {row}; it marks padding at the ends, and where= leaves steps "
            "out"
        )
    return Span(starts, stops)
