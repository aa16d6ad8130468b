"""Attention given as arrays: one for each pair of sequences, or a padded batch; checked against the axes' sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import STATE_DTYPES, AttentionPlan, StateDtype
from lstmviz.dump.values import Values, as_array
from lstmviz.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class DumpAttention:
    """Weights from each step of one axis to the steps of the paired sequence of another, for ``write_dump``.

    Attributes:
        axis: Name of the time axis whose steps attend.
        over: Name of the time axis that they attend to.
        weights: A list with one array for each pair, (steps of the sequence on ``axis``, its steps on ``over``); or a
            padded batch, (batch, steps, steps attended to), whose padding is at the end.

    Example:
        >>> import numpy as np
        >>> read = lstmviz.DumpBlock(states={"encoder.h": np.zeros((3, 2))}, tokens="abc")
        >>> written = lstmviz.DumpBlock(states={"decoder.h": np.zeros((2, 2))}, tokens="cb")
        >>> given = lstmviz.DumpAttention("target", "source", [[[0, 0, 1], [0, 1, 0]]])
        >>> axes = {"source": read, "target": written}
        >>> path = lstmviz.write_dump("two.h5", axes=axes, attention={"attention": given})
        >>> lstmviz.open_dump(path).attention["attention"][0].shape
        (2, 3)
    """

    axis: str
    over: str
    weights: Values


@dataclass(frozen=True, slots=True, eq=False)
class CheckedAttention:
    """Attention that fits the axes of a dump: its plan, and the weights of each pair."""

    plan: AttentionPlan
    pairs: tuple[NDArray[Any], ...]

    def rows(self) -> Iterator[NDArray[Any]]:
        """Yield the weights of each pair, row after row, (n_weights,)."""
        dtype = np.dtype(self.plan.dtype)
        return (weights.astype(dtype, copy=False).ravel() for weights in self.pairs)


def check_attention(name: str, given: DumpAttention, lengths: Mapping[str, Sequence[int]]) -> CheckedAttention:
    """Return attention, checked against the steps of each sequence of the axes; InputError where it does not fit."""
    if not isinstance(given, DumpAttention):
        raise InputError(
            f"attention {name!r} is a {type(given).__name__}; give lstmviz.DumpAttention(axis=, over=, weights=)"
        )
    for axis in (given.axis, given.over):
        if axis not in lengths:
            raise InputError(f"attention {name!r} is of axis {axis!r}; the axes are {', '.join(lengths)}")
    rows, columns = lengths[given.axis], lengths[given.over]
    if len(rows) != len(columns):
        raise InputError(
            f"attention {name!r} pairs sequence i of {given.axis!r} with sequence i of {given.over!r}, and they have "
            f"{len(rows)} and {len(columns)} sequences"
        )
    is_padded = not isinstance(given.weights, (list, tuple))
    if len(given.weights) != len(rows):
        n = len(given.weights)
        raise InputError(f"attention {name!r} has {n} arrays and there are {len(rows)} pairs; give one for each")
    pairs = tuple(
        _fitted(f"attention {name!r} of pair {i}", one, (n_rows, n_columns), is_padded)
        for i, (one, n_rows, n_columns) in enumerate(zip(given.weights, rows, columns, strict=True))
    )
    dtype = cast(StateDtype, np.result_type(*pairs).name)
    return CheckedAttention(AttentionPlan(name, given.axis, given.over, dtype), pairs)


def _fitted(what: str, given: Values, shape: tuple[int, int], is_padded: bool) -> NDArray[Any]:
    """Return the weights between the steps of a pair in a stored type, without padding at the end."""
    array = as_array(what, given, "(steps, steps attended to)", "give each step as many weights")
    if array.dtype.kind not in "iufb":
        raise InputError(f"{what} is of type {array.dtype}; give numbers, such as float32")
    if is_padded and array.ndim == 2 and all(n >= wanted for n, wanted in zip(array.shape, shape, strict=True)):
        array = array[: shape[0], : shape[1]]
    if array.shape != shape:
        raise InputError(f"{what} has shape {array.shape}, and its texts have {shape[0]} and {shape[1]} steps")
    return array if array.dtype.name in STATE_DTYPES else array.astype(np.float32)
