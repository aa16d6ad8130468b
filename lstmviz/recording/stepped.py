"""Calls of one step each, as a decoder or a loop over a cell makes them: gathered cheaply, computed in bulk.

After a call of one step everything is known: the states before it were handed in and those after it came out. So the
rows of all calls are independent of each other, and their gates are the same products as those of one long call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lstmviz.recording.run import Run, Weights
from lstmviz.recording.steps import Steps

States = tuple[Tensor, ...]  # h, or h and c: (layers x directions, batch, n_units) each, as the module has them


class StepCall(NamedTuple):
    """One call of one step: x, the states before it (None: zeros) and after it, in any layout that the module takes.

    ``top`` is what a fused module returned as its output.
    """

    x: Tensor
    begin: States | None
    end: States
    top: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """The weights that calls ran with: those of each layer and direction, and what they were made of.

    ``sources`` with their versions tell whether a later call still runs with the same.
    """

    flat: Sequence[Sequence[Tensor]]
    sources: tuple[Tensor, ...]
    versions: tuple[int, ...]
    dtype: torch.dtype
    allowed: float
    has_bias: bool


def versions_of(tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """Return how often each tensor was written to, as far as torch counts it."""
    return tuple(0 if t.is_inference() else t._version for t in tensors)


class StepBuffer:
    """Holds copies of what calls of one step read and returned, until ``runs`` makes them into one run a layer."""

    def __init__(self, layers: tuple[str, ...], n_directions: int) -> None:
        self._layers = layers
        self._n_directions = n_directions
        self._calls: list[StepCall] = []
        self._used: Used | None = None
        self._weights: list[Weights] = []
        self._start = 0
        self._after: tuple[tuple[Tensor, ...], tuple[int, ...], States] | None = None

    def fits(self, sources: Sequence[Tensor], dtype: torch.dtype) -> bool:
        """Return whether a call with these weights can join the calls held."""
        used = self._used
        return (
            used is not None
            and used.dtype == dtype
            and len(sources) == len(used.sources)
            and all(a is b for a, b in zip(sources, used.sources, strict=True))
            and versions_of(sources) == used.versions
        )

    def begin(self, used: Used, start: int) -> None:
        """Hold calls with these weights from now on, beginning at step ``start`` of the batch; keeps a copy of them."""
        copies = [[w.detach().clone() for w in flat] for flat in used.flat]
        self._weights = [Weights.of(flat, used.dtype, has_bias=used.has_bias) for flat in copies]
        self._used, self._start = used, start

    def add(self, call: StepCall) -> None:
        """Hold a call; states that are still those that the call before returned are not copied again."""
        begin, after = call.begin, self._after
        if begin is not None:
            is_same = (
                after is not None
                and len(begin) == len(after[0])
                and all(a is b for a, b in zip(begin, after[0], strict=True))
                and versions_of(begin) == after[1]
            )
            begin = after[2] if after is not None and is_same else tuple(s.detach().clone() for s in begin)
        end = tuple(s.detach().clone() for s in call.end)
        self._after = (call.end, versions_of(call.end), end)
        top = None if call.top is None else call.top.detach().clone()
        self._calls.append(StepCall(call.x.detach().clone(), begin, end, top))

    def runs(self) -> Iterator[Run]:
        """Yield one run for each layer and direction, and hold nothing any more."""
        calls, used, weights = self._calls, self._used, self._weights
        self._calls, self._used, self._weights, self._after = [], None, [], None
        if not calls or used is None:
            return
        n_layers, n_steps = len(self._layers), len(calls)
        n_sequences = calls[0].end[0].numel() // (n_layers * calls[0].end[0].shape[-1])
        zeros = tuple(torch.zeros_like(s) for s in calls[0].end)
        begin = _by_layer([zeros if c.begin is None else c.begin for c in calls], n_layers)
        end = _by_layer([c.end for c in calls], n_layers)
        h = list(end[0])
        if calls[0].top is not None:
            top = torch.stack([c.top for c in calls if c.top is not None])
            h[-self._n_directions :] = top.reshape(n_steps * n_sequences, -1).chunk(self._n_directions, 1)
        x = torch.stack([c.x for c in calls]).reshape(n_steps * n_sequences, -1)
        for k, layer in enumerate(self._layers):
            if k and k % self._n_directions == 0:
                x = torch.cat(h[k - self._n_directions : k], 1)
            yield Run(
                layer,
                Steps((n_sequences,) * n_steps, is_stepped=True),
                weights[k],
                x,
                h[k],
                begin[0][k],
                used.allowed,
                start=self._start,
                end_h=end[0][k],
                begin_c=begin[1][k] if len(begin) == 2 else None,
                c=end[1][k] if len(end) == 2 else None,
            )


def _by_layer(states: Sequence[States], n_layers: int) -> list[Tensor]:
    """Return h, or h and c, of all calls as (n_layers, n_rows, n_units)."""
    joined = []
    for kind in zip(*states, strict=True):
        n_units = kind[0].shape[-1]
        values = torch.stack(kind).reshape(len(states), n_layers, -1, n_units)
        joined.append(values.transpose(0, 1).reshape(n_layers, -1, n_units))
    return joined
