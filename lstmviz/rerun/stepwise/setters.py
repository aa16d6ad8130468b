"""Which values are held, at which steps: what is written into a state while it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.rerun.stepwise.cells import Setter
from lstmviz.types import Window


class HeldUnits:
    """Holds units at values of their own in all rows, at the steps of a window of the call; None: at every step."""

    def __init__(self, units: Sequence[int], values: Sequence[float], window: Window | None = None) -> None:
        self._units = torch.tensor(list(units))
        self._values = torch.tensor(list(values), dtype=torch.float64)
        self._window = window

    def __call__(self, t: int, state: Tensor) -> None:
        """Write the values of step ``t`` into a state (n_rows, n_units)."""
        if self._window is None or self._window.start <= t < self._window.stop:
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


def in_turn(setters: Iterable[tuple[str, Setter]]) -> dict[str, Setter]:
    """Return one setter for each source from (source, setter) pairs; of several, the later ones write last."""
    by_source: dict[str, list[Setter]] = {}
    for source, setter in setters:
        by_source.setdefault(source, []).append(setter)
    return {source: _InTurn(some) if len(some) > 1 else some[0] for source, some in by_source.items()}


class _InTurn:
    """Several setters of one state."""

    def __init__(self, setters: Sequence[Setter]) -> None:
        self._setters = setters

    def __call__(self, t: int, state: Tensor) -> None:
        for setter in self._setters:
            setter(t, state)
