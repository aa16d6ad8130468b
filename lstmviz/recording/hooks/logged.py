"""States that are given step by step, or in chunks: those that are logged, and those of cells of the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import CallCounter, StateArray
from lstmviz.types import View


class LoggedSource:
    """What was logged under one name: chunks (steps, batch, n_units) that follow each other in time."""

    can_continue = True
    has_one_width = True

    def __init__(self, name: str, view: View) -> None:
        self.name, self.view = name, view
        self._chunks: list[Tensor] = []
        self._counter = CallCounter()

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._counter.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return self._counter.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where later steps were logged for fewer sequences."""
        return self._counter.lengths

    def follows(self, n_sequences: int) -> bool:
        """Tell whether a step of ``n_sequences`` sequences can come next."""
        return self._counter.fits(n_sequences, 1)

    def add(self, chunk: Tensor) -> None:
        """Copy the next steps, because the caller may overwrite them."""
        n_steps, n_sequences, n_units = chunk.shape
        is_first = not self._chunks
        is_wide = not is_first and self.has_one_width and n_units != self._chunks[0].shape[2]
        if is_wide or not (is_first or self._counter.fits(n_sequences, n_steps)):
            before, now = (tuple(c.shape[1:]) for c in (self._chunks[-1], chunk))
            raise RecordingError(
                f"{self.name} was logged with (batch, n) {before} and then {now} in one batch; log one size, or step "
                "by step (run.log_step) the first sequences of a batch, where the last ones end"
            )
        self._chunks.append(chunk.detach().clone())
        self._counter.add(n_sequences, n_steps)

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield all of it as one state."""
        n, width = self.n_sequences, max(c.shape[2] for c in self._chunks)
        even = [
            c if c.shape[1:] == (n, width) else pad(c, (0, width - c.shape[2], 0, n - c.shape[1])) for c in self._chunks
        ]
        yield StateArray(self.name, torch.cat(even), self.view)


class LoggedAttention(LoggedSource):
    """Weights over the steps of the axis ``over``; their number may differ from step to step, as that text grows."""

    has_one_width = False

    def __init__(self, name: str, over: str) -> None:
        super().__init__(name, "raw")
        self.over = over


class LoggedFromEnd(LoggedSource):
    """What was logged step by step from the last step to the first; shorter sequences join as their ends are met."""

    def __init__(self, name: str, view: View) -> None:
        super().__init__(name, view)
        self._sizes: list[int] = []

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return max(self._sizes, default=0)

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return len(self._sizes)

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where some joined later."""
        n = self.n_sequences
        counts = tuple(sum(size > i for size in self._sizes) for i in range(n))
        return None if not counts or min(counts) == max(counts) else counts

    def add(self, chunk: Tensor) -> None:
        """Copy the step before those that were logged."""
        n_sequences, n_units = chunk.shape[1:]
        if self._chunks and (n_units != self._chunks[0].shape[2] or n_sequences < self._sizes[-1]):
            raise RecordingError(
                f"{self.name} was logged from the end with (batch, n) {tuple(self._chunks[-1].shape[1:])} and then "
                f"{tuple(chunk.shape[1:])}; log one size, and only more sequences as their ends are met"
            )
        self._chunks.append(chunk.detach().clone())
        self._sizes.append(n_sequences)

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield all of it as one state, in the order of the text."""
        n = self.n_sequences
        even = [pad(c, (0, 0, 0, n - c.shape[1])) for c in reversed(self._chunks)]
        yield StateArray(self.name, torch.cat(even), self.view)
