"""A typed text's recording fitted to the tokens that were typed: those that are not read, and states of another run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block
from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.rerun.interventions import HeldValues
from lstmviz.types import Window


def at_read_steps(held: HeldValues, is_read: NDArray[np.bool_]) -> HeldValues | None:
    """Return what is held with its window counted in the tokens that are read; None where it has none of them."""
    if held.window is None:
        return held
    start, stop = (int(is_read[:end].sum()) for end in (held.window.start, held.window.stop))
    return replace(held, window=Window(start, stop)) if start < stop else None


def with_states(plan: DumpPlan, block: Block, states: dict[str, NDArray[Any]]) -> Block:
    """Return a block with other states, rounded as its own are, where some are given."""
    arrays = dict(block.arrays)
    for source in plan.sources:
        if source.name in states:
            values, key = states[source.name], ArrayKey("state", source.name)
            arrays[key] = (values if source.units is None else values[:, list(source.units)]).astype(arrays[key].dtype)
    return replace(block, arrays=arrays)


def successor_is_read(is_read: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return for each token that is read whether the next one is read too; None if all or no tokens are read."""
    return None if is_read.all() or not is_read.any() else np.append(is_read[1:], False)[is_read]


def with_unread(block: Block, is_read: NDArray[np.bool_]) -> Block:
    """Return a block over all tokens of a text; those that were not read have NaN, no label and token 0."""
    arrays = {}
    for key, values in block.arrays.items():
        if key.role == "sequence":
            arrays[key] = values
            continue
        missing = np.nan if values.dtype.kind == "f" else 0 if key.role == "tokens" else -1
        arrays[key] = np.full((len(is_read), *values.shape[1:]), missing, values.dtype)
        arrays[key][is_read] = values[: int(is_read.sum())]
    return replace(block, lengths=(len(is_read),), arrays=arrays, places=None)
