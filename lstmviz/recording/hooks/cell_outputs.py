"""Which outputs of a user's own cell are its states: the values of ``record(cells=...)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lstmviz.dump.schema import check_name
from lstmviz.errors import InputError

Place = int | str | tuple[int | str, ...]
"""Where a state is in what a cell returns: an index, a key, or several to go inwards; () is all of it."""


@dataclass(frozen=True, init=False, eq=False)
class CellOutputs:
    """Which outputs of a cell of your own are its states; give it to ``record(cells={MyCell: ...})``.

    The cell is a module that your model calls once for each step; a state is a tensor (batch, n_units). All states that
    are named here are recorded.

    Attributes:
        places: Where each state is in what the cell returns, by the state's name.

    Raises:
        InputError: No state is named, or a place is invalid.

    Example:
        >>> import torch
        >>> class Leaky(torch.nn.Module):
        ...     def forward(self, x, h):
        ...         gate = x.sigmoid()
        ...         return gate * h + (1 - gate) * x, {"gate": gate}
        >>> cell, h = Leaky(), torch.zeros(2, 4)
        >>> outputs = lstmviz.CellOutputs(h=0, gate=(1, "gate"))
        >>> with lstmviz.record(cell, "leaky.h5", cells={Leaky: outputs}) as run, run.batch(tokens=["abc", "abd"]):
        ...     for _ in range(3):
        ...         h, _ = cell(torch.ones(2, 4), h)
        >>> list(lstmviz.open_dump("leaky.h5").sources)
        ['leaky.l0.h', 'leaky.l0.gate']
    """

    places: Mapping[str, tuple[int | str, ...]]

    def __init__(self, **places: Place) -> None:
        """Take the place of each state: an index or a key of what the cell returns, a path of these, or () for all."""
        if not places:
            raise InputError("CellOutputs names no state; say where each is, such as CellOutputs(h=0, c=1)")
        paths = {}
        for state, place in places.items():
            path = place if isinstance(place, tuple) else (place,)
            if any(isinstance(part, bool) or not isinstance(part, (int, str)) for part in path):
                raise InputError(
                    f"CellOutputs has {state}={place!r}; give an index or a key of what the cell returns, or several "
                    f"such as {state}=(1, 0)"
                )
            check_name("source", state)
            paths[state] = path
        object.__setattr__(self, "places", MappingProxyType(paths))
