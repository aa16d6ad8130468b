"""Attention: from each step of one axis, weights over the steps of the paired sequence of another (docs/format.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import check_whole
from lstmviz.dump.lazy_arrays import StoredRows
from lstmviz.errors import WindowError
from lstmviz.types import Window

MAX_VALUES = 2**62  # of one attention: more cannot be counted in 64 bits, and lie on no disk


@dataclass(frozen=True, eq=False)
class SequenceBounds:
    """Where the sequences of an axis start and stop, (n_sequences,) each."""

    axis: str
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The steps of each sequence."""
        return self.stops - self.starts

    def sequence_of(self, window: Window) -> int:
        """Return the sequence that a window lies in; WindowError where it is outside or crosses a border."""
        sequence = int(np.searchsorted(self.stops, window.start, side="right"))
        if sequence == len(self.stops) or window.stop > self.stops[sequence]:
            raise WindowError(
                f"the window [{window.start}, {window.stop}) is in no sequence of axis {self.axis!r}; give one that "
                "ends where its sequence does, or before"
            )
        return sequence


@dataclass(frozen=True, eq=False)
class Attention:
    """Weights that were recorded by ``run.log(..., over=...)``: one array for each pair of sequences.

    ``attention[i]`` is the array of pair i, (steps of sequence i on ``axis``, steps of sequence i on ``over``).

    Attributes:
        name: Its name.
        axis: Name of the time axis whose steps attend.
        over: Name of the time axis that they attend to.
        steps: Where the sequences of the two axes start and stop.
        stored: Where the weights are stored.

    Example:
        >>> import torch
        >>> nets = {name: torch.nn.GRU(2, 4, batch_first=True) for name in ("encoder", "decoder")}
        >>> with lstmviz.record(nets, "copied.h5", axes={"source": "encoder", "target": "decoder"}) as run:
        ...     with run.batch(tokens={"source": ["abc"], "target": ["abc"]}):
        ...         outputs = [net(torch.zeros(1, 3, 2)) for net in nets.values()]
        ...         run.log("attention", torch.eye(3)[None], axis="target", over="source")
        >>> attention = lstmviz.open_dump("copied.h5").attention["attention"]
        >>> len(attention), attention[0].shape
        (1, (3, 3))
        >>> attention.given_by(0, 2)  # by steps 0 and 1, on average, to each step of the source
        array([0.5, 0.5, 0. ], dtype=float32)
    """

    name: str
    axis: str
    over: str
    steps: tuple[SequenceBounds, SequenceBounds]
    stored: StoredRows

    def __len__(self) -> int:
        return len(self.steps[0].starts)

    def __getitem__(self, pair: int) -> NDArray[np.float32]:
        number = check_whole("pair", pair, WindowError)
        if not -len(self) <= number < len(self):
            raise WindowError(f"there is no pair {number} in {self.name}; its pairs are 0 to {len(self) - 1}")
        sequence = number % len(self)
        return self._rows(sequence, 0, int(self.steps[0].lengths[sequence]))

    def given_by(self, start: int, stop: int) -> NDArray[np.float32]:
        """Average what steps of ``axis`` attend to.

        Args:
            start: First step, on ``axis``.
            stop: Step after the last one.

        Returns:
            The mean weight of each step of the paired sequence on ``over``, (steps of that sequence,).

        Raises:
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
        """
        window, first = Window(start, stop), self.steps[0]
        sequence = first.sequence_of(window)
        begin = int(first.starts[sequence])
        values: NDArray[np.float32] = self._rows(sequence, window.start - begin, window.stop - begin).mean(axis=0)
        return values

    def given_to(self, start: int, stop: int) -> NDArray[np.float32]:
        """Sum what is attended to steps of ``over``.

        Args:
            start: First step, on ``over``.
            stop: Step after the last one.

        Returns:
            How much of the attention of each step of the paired sequence on ``axis`` falls on the window, (steps of
            that sequence,).

        Raises:
            WindowError: The window is empty, outside the axis, or crosses a sequence border.
        """
        window, second = Window(start, stop), self.steps[1]
        sequence = second.sequence_of(window)
        begin = int(second.starts[sequence])
        values: NDArray[np.float32] = self[sequence][:, window.start - begin : window.stop - begin].sum(axis=1)
        return values

    @property
    def n_values(self) -> int:
        """Number of stored weights."""
        return int(self.begins[-1])

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """Where the weights of each pair begin, and where the last ones end, (n_pairs + 1,)."""
        return np.append(0, np.cumsum(self.steps[0].lengths * self.steps[1].lengths))

    def _rows(self, sequence: int, first: int, last: int) -> NDArray[np.float32]:
        begin, width = int(self.begins[sequence]), int(self.steps[1].lengths[sequence])
        values = self.stored.read(slice(begin + first * width, begin + last * width))
        return np.asarray(values, np.float32).reshape(last - first, width)


def n_weights(first: NDArray[np.int64], second: NDArray[np.int64]) -> int | None:
    """Return how many weights all pairs have, by the steps of their texts; None for more than could ever be stored."""
    if float(np.dot(first.astype(np.float64), second.astype(np.float64))) > MAX_VALUES:
        return None
    return int(np.dot(first, second))
