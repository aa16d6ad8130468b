"""``lstmviz.intervene``: run any torch module with states of chosen units held at values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lstmviz.checks import check_number, check_whole, short_repr
from lstmviz.errors import PatternError
from lstmviz.types import Window

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def intervene(
    model: nn.Module, units: Mapping[str, Mapping[int, float]], window: Window | None = None
) -> Iterator[None]:
    """Hold states of chosen units at values, whatever computes them, while the block lasts.

    A cell state c is held before h is computed from it, h after; both then go everywhere: to the next step, the next
    layer and the output. The modules with such units (nn.LSTM, nn.GRU, nn.RNN and their cells) run step by step inside
    the block, with any input they take, and are left as they were. docs/explain.md says more.

    Args:
        model: The torch module.
        units: For each source, such as ``"rnn.l0.c"``, the units with the value that each is held at.
        window: Steps at which the units are held, counted within each call of the module; None for every step.

    Returns:
        A context manager; the model is run in its block.

    Raises:
        UnknownName: The model has no such source.
        PatternError: A source has no such unit, a value is not a number, or a gate is named.
        InputError: A module has a forward of its own, or its units are held already.

    Example:
        >>> import torch
        >>> model = torch.nn.ModuleDict({"rnn": torch.nn.LSTM(2, 3, batch_first=True)})
        >>> with lstmviz.intervene(model, {"rnn.l0.c": {1: 0.0}}):
        ...     h, _ = model["rnn"](torch.ones(1, 4, 2))
        >>> h[0, :, 1].tolist()
        [0.0, 0.0, 0.0, 0.0]
    """
    from lstmviz.rerun.stepwise.modules import n_units_of, sources_of, stepwise
    from lstmviz.rerun.stepwise.setters import HeldUnits

    sizes, held = sources_of(model), {}
    for source, values in units.items():
        _check_units(source, values, n_units_of(sizes, source))
        held[source] = HeldUnits([int(unit) for unit in values], [float(value) for value in values.values()], window)
    with stepwise(model, held):
        yield


def _check_units(source: str, values: Mapping[int, float], n_units: int) -> None:
    if not source.endswith((".h", ".c")):
        raise PatternError(f"{source} is a gate, which is computed anew at each step; hold h or c")
    if not isinstance(values, Mapping) or not values:
        raise PatternError(f"units of {source} are {short_repr(values)}; give each with its value, such as {{23: 0.0}}")
    for unit, value in values.items():
        if not 0 <= check_whole("unit", unit) < n_units:
            raise PatternError(f"{source} has no unit {unit}; its units are 0 to {n_units - 1}")
        check_number(f"the value of unit {unit}", value, "give one such as 0.0")
