"""How the rows of one call lie: all sequences of step 0, then those of step 1, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

CHECK_EVERY = 16  # steps; a sixteenth of the arithmetic is enough to catch any wrong weight or gate
_CHUNK_BYTES = 8 * 1024 * 1024  # of gates computed at a time: enough rows for a fast product, few enough for a cache
_SMALL = 4096  # rows; batches of a few steps come in thousands, mostly of the same shape


@dataclass(frozen=True)
class StepLayout:
    """The rows of a call, in the order of a PackedSequence; a padded batch is one whose sizes never shrink.

    ``sizes`` is the number of sequences at each step, never more than at the step before. ``order`` gives the place of
    each of them in the batch (None: the same order). With ``is_stepped`` every step was a separate call, and begins
    from its own states.
    """

    sizes: tuple[int, ...]
    order: Tensor | None = None
    is_reverse: bool = False
    is_stepped: bool = False

    @property
    def n_steps(self) -> int:
        """Steps of the longest sequence."""
        return len(self.sizes)

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self.sizes[0]

    @property
    def is_even(self) -> bool:
        """Whether all sequences have the same length."""
        return self.sizes[0] == self.sizes[-1]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where the rows of each step begin, and where those of the last one end: ``n_steps + 1`` numbers."""
        return (0, *accumulate(self.sizes))

    @cached_property
    def _sizes(self) -> Tensor:
        return torch.from_numpy(np.array(self.sizes, np.int64))

    @cached_property
    def _ends(self) -> Tensor:
        return torch.cat([self._sizes.new_zeros(1), self._sizes.cumsum(0)])

    @cached_property
    def at(self) -> tuple[Tensor, Tensor]:
        """The step and the column (the place in the call's own order) of each row."""
        sizes = self._sizes
        step = torch.arange(self.n_steps, device="cpu").repeat_interleave(sizes)
        return step, torch.arange(self.ends[-1], device="cpu") - self._ends[step]

    @cached_property
    def before(self) -> Tensor:
        """The row that each row continues, -1 where a sequence begins."""
        step, column = self.at
        ends = self._ends
        if not self.is_reverse:
            return torch.where(step > 0, ends[(step - 1).clamp(min=0)] + column, -1)
        sizes = torch.cat([self._sizes[1:], self._sizes.new_zeros(1)])
        return torch.where(column < sizes[step], ends[step + 1] + column, -1)

    @cached_property
    def columns_end(self) -> Tensor:
        """The last row in time of each column."""
        sizes = self._sizes
        columns = torch.arange(self.n_sequences, device="cpu")
        last = (sizes[:, None] > columns).sum(0) - 1
        return self._ends[last] + columns

    @property
    def final(self) -> Tensor:
        """The rows that ``h_n`` holds: each column's last in the order of running, or all where each step is a call."""
        if self.is_stepped:
            return torch.arange(self.ends[-1], device="cpu")
        return torch.arange(self.n_sequences, device="cpu") if self.is_reverse else self.columns_end

    @property
    def first(self) -> Tensor:
        """Each column's first row in the order of running."""
        return self.columns_end if self.is_reverse else torch.arange(self.n_sequences, device="cpu")

    @cached_property
    def _sampled(self) -> Tensor:
        every = (self.at[0] % CHECK_EVERY == 0).nonzero()[:, 0]
        return torch.cat([every, self.columns_end])

    def checked(self, row_bytes: int = 0) -> list[Tensor]:
        """Return the rows that the self-check looks at: every 16th step and each sequence's last, or all of them.

        Where each step was a call, anything may have changed in between, so all rows are checked, in parts that fit a
        cache; a row takes ``row_bytes``.
        """
        if self.is_stepped:
            n_rows = max(1, _CHUNK_BYTES // max(1, row_bytes))
            rows = torch.arange(self.ends[-1], device="cpu")
            return [rows[k : k + n_rows] for k in range(0, len(rows), n_rows)]
        return [self._sampled]

    def places(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the step and the sequence, in the order of the batch, of some rows."""
        step, column = (a[rows] for a in self.at)
        return step, column if self.order is None else self.order[column]

    def lengths(self) -> tuple[int, ...]:
        """Return the steps of each sequence, in the order of the batch."""
        step, sequence = self.places(self.columns_end)
        return tuple(int(n) for n in (step + 1)[sequence.argsort()])

    @cached_property
    def reversed(self) -> StepLayout:
        """The same rows, run from the last step to the first."""
        return StepLayout(self.sizes, self.order, not self.is_reverse, self.is_stepped)

    def chunks(self, row_bytes: int) -> list[tuple[int, int]]:
        """Return (start, stop) of the steps that are computed together, in the order in which they ran."""
        size = max(1, _CHUNK_BYTES // (row_bytes * self.n_sequences))
        chunks = [(start, min(start + size, self.n_steps)) for start in range(0, self.n_steps, size)]
        return chunks[::-1] if self.is_reverse else chunks

    def rows(self, start: int, stop: int) -> slice:
        """Return the rows of some steps."""
        return slice(self.ends[start], self.ends[stop])

    def rows_before(self, values: Tensor, begin: Tensor, start: int, stop: int) -> Tensor:
        """Return for each row of some steps the row of ``values`` that it continues, or of ``begin`` where it begins.

        ``begin`` is (n_sequences, n_units), or (n_rows, n_units) where every step is a call. The result may be a view:
        do not write to it.
        """
        rows = self.rows(start, stop)
        if self.is_stepped:
            return begin[rows]
        if not self.is_even:
            return self.at_before(values, begin, torch.arange(rows.start, rows.stop, device="cpu"))
        n = self.n_sequences
        if self.is_reverse:
            inside = values[rows.start + n : rows.stop + n]
            return inside if stop < self.n_steps else torch.cat([inside, begin])
        return values[rows.start - n : rows.stop - n] if start else torch.cat([begin, values[: rows.stop - n]])

    def at_before(self, values: Tensor, begin: Tensor, rows: Tensor) -> Tensor:
        """Return the same as ``rows_before``, for any rows."""
        if self.is_stepped:
            return begin[rows.to(begin.device)]
        before = self.before[rows]
        result = values[before.clamp(min=0).to(values.device)]
        begins = (before < 0).nonzero()[:, 0]
        if len(begins):
            result[begins.to(values.device)] = begin[self.at[1][rows[begins]].to(begin.device)]
        return result

    def padded(self, rows: Tensor) -> Tensor:
        """Return rows as (steps, batch, n_units), in the order of the batch, 0 after a sequence's end."""
        shape = (self.n_steps, self.n_sequences, rows.shape[1])
        if self.is_even and self.order is None:
            return rows.view(shape)
        step, column = self.at
        sequence = column if self.order is None else self.order[column]
        places = (step * self.n_sequences + sequence).to(rows.device)
        return rows.new_zeros(shape[0] * shape[1], shape[2]).index_copy_(0, places, rows).view(shape)


def even_layout(n_steps: int, n_sequences: int) -> StepLayout:
    """Return the layout of a padded batch; small ones are kept, with everything derived from them."""
    return (_even_layout if n_steps * n_sequences <= _SMALL else _even_layout.__wrapped__)(n_steps, n_sequences)


@lru_cache(maxsize=16)
def _even_layout(n_steps: int, n_sequences: int) -> StepLayout:
    return StepLayout((n_sequences,) * n_steps)
