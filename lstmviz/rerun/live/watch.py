"""States of a live model, held and kept while it runs: in calls that follow each other, on any device, row by row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lstmviz.rerun.stepwise.cells import Setter
from lstmviz.rerun.stepwise.watch import Watch


@dataclass
class LiveWatch(Watch):
    """A watch over a model whose recurrent modules may be called several times: their steps follow each other.

    ``row`` is the one of ``n_rows`` texts that runs now, where they run one by one; None where they run together.
    ``all_kept`` has the states of every row; ``kept`` becomes them when all have run.
    """

    row: int | None = None
    n_rows: int = 1
    all_kept: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    _n_done: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def begin(self, row: int | None = None, n_rows: int = 1) -> None:
        """Begin with a batch, or with one of several rows."""
        self.row, self.n_rows = row, n_rows
        self.kept.clear()
        self._n_done.clear()
        if row is None or row == 0:
            self.all_kept.clear()

    def end_row(self) -> None:
        """Put the states of the row that ran to those of the others."""
        for name, values in self.kept.items():
            self.all_kept[name].append(values.float().cpu())

    def end(self) -> None:
        """Make ``kept`` the states of all rows, on the CPU, zero behind the end of the shorter ones."""
        if self.row is None:
            self.kept.update({name: values.float().cpu() for name, values in self.kept.items()})
            return
        for name, rows in self.all_kept.items():
            padded = torch.nn.utils.rnn.pad_sequence([row[:, 0] for row in rows])
            self.kept[name] = padded

    def store(self, source: str, values: Tensor) -> None:
        """Keep states behind those of the calls before."""
        before = self.kept.get(source)
        self.kept[source] = values if before is None else torch.cat([before, values])

    def has_run(self, layer: str, n_steps: int) -> None:
        """Count the steps of a call."""
        self._n_done[layer] += n_steps

    def letters(self, layer: str) -> dict[str, Setter]:
        """Return the setters of a layer by the letter of their state, counting from the first call on."""
        n_done, row, n_rows = self._n_done[layer], self.row, self.n_rows
        return {letter: _placed(setter, n_done, row, n_rows) for letter, setter in super().letters(layer).items()}


def _placed(setter: Setter, n_done: int, row: int | None, n_rows: int) -> Setter:
    def write(t: int, state: Tensor) -> None:
        if row is None:
            setter(n_done + t, state)
            return
        rows = state.new_zeros(n_rows, state.shape[1])
        rows[row] = state[0]
        setter(n_done + t, rows)
        state.copy_(rows[row : row + 1])

    return write
