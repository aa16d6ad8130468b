"""Which values are held, at which steps: what is written into a state while it is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class HeldUnits:
    """Holds units at values of their own in all rows, at the steps [start, stop) of a call; None: at every step."""

    def __init__(self, units: Sequence[int], values: Sequence[float], window: tuple[int, int] | None = None) -> None:
        self._units = torch.tensor(list(units))
        self._values = torch.tensor(list(values), dtype=torch.float64)
        self._window = window

    def __call__(self, t: int, state: Tensor) -> None:
        """Write the values of step ``t`` into a state (n_rows, n_units)."""
        if self._window is None or self._window[0] <= t < self._window[1]:
            if self._values.dtype != state.dtype or self._values.device != state.device:
                self._units, self._values = self._units.to(state.device), self._values.to(state)
            state.index_copy_(1, self._units, self._values.expand(len(state), -1))


class HeldCells:
    """Holds single cells of a batch: row, step, unit and value of each, as arrays of one length."""

    def __init__(
        self, step: NDArray[np.int64], row: NDArray[np.int64], unit: NDArray[np.int64], value: NDArray[np.floating]
    ) -> None:
        order = np.argsort(step, kind="stable")
        steps, first = np.unique(step[order], return_index=True)
        ends = [*first[1:].tolist(), len(order)]
        self._row, self._unit = torch.from_numpy(row[order]), torch.from_numpy(unit[order])
        self._value = torch.from_numpy(value[order])
        self._place: Tensor | None = None
        self._of_step = {t: slice(a, b) for t, a, b in zip(steps.tolist(), first.tolist(), ends, strict=True)}

    def __call__(self, t: int, state: Tensor) -> None:
        """Write the values of step ``t`` into a state (n_rows, n_units)."""
        here = self._of_step.get(t)
        if here is None:
            return
        if self._place is None:
            self._place = (self._row * state.shape[1] + self._unit).to(state.device)
            self._value = self._value.to(state)
        state.view(-1).index_copy_(0, self._place[here], self._value[here])
