"""Calls of one step each, as a decoder or a loop over a cell makes them: gathered cheaply, computed in bulk.

After a call of one step everything is known: the states before it are its input and those after it its output. So the
rows of all calls are independent of each other, and their gates are the same products as those of one long call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lstmviz.recording.recompute.layer_run import LayerRun, LayerWeights
from lstmviz.recording.recompute.step_layout import StepLayout

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
class WeightSnapshot:
    """The weights that calls ran with: those of each layer and direction, and the tensors that they come from.

    ``sources`` and their versions tell whether a later call still runs with the same weights.
    """

    flat: Sequence[Sequence[Tensor]]
    sources: tuple[Tensor, ...]
    versions: tuple[int, ...]
    dtype: torch.dtype
    allowed: float
    has_bias: bool


def versions_of(tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """Return how often each tensor was written to, as far as torch counts that."""
    return tuple(0 if t.is_inference() else t._version for t in tensors)


class StepBuffer:
    """Holds copies of the inputs and outputs of calls of one step, until ``runs`` makes them into one run a layer."""

    def __init__(self, layers: tuple[str, ...], n_directions: int) -> None:
        self._layers = layers
        self._n_directions = n_directions
        self._calls: list[StepCall] = []
        self._snapshot: WeightSnapshot | None = None
        self._weights: list[LayerWeights] = []
        self._copies: list[list[Tensor]] = []
        self._start = 0
        self._after: tuple[States, States] = (), ()  # the states that the last call returned, and a copy of them

    def fits(self, sources: Sequence[Tensor], dtype: torch.dtype) -> bool:
        """Tell whether a call with these weights can join the calls held."""
        snapshot = self._snapshot
        return (
            snapshot is not None
            and snapshot.dtype == dtype
            and len(sources) == len(snapshot.sources)
            and all(a is b for a, b in zip(sources, snapshot.sources, strict=True))
            and versions_of(sources) == snapshot.versions
        )

    def begin(self, snapshot: WeightSnapshot, start: int) -> None:
        """Hold calls with these weights, of which a copy is kept, from step ``start`` of the batch on."""
        self._copies = [[w.detach().clone() for w in flat] for flat in snapshot.flat]
        self._weights = [LayerWeights.of(flat, snapshot.dtype, has_bias=snapshot.has_bias) for flat in self._copies]
        self._snapshot, self._start = snapshot, start

    def add(self, call: StepCall) -> None:
        """Hold a call; states that the call before returned, unchanged since, are not copied again."""
        begin = call.begin
        if begin is not None:
            begin = self._after[1] if self._is_unchanged(begin) else tuple(s.detach().clone() for s in begin)
        end = tuple(s.detach().clone() for s in call.end)
        self._after = call.end, end
        top = None if call.top is None else call.top.detach().clone()
        self._calls.append(StepCall(call.x.detach().clone(), begin, end, top))

    def _is_unchanged(self, begin: States) -> bool:
        """Tell whether states are those that the call before returned, with the same values.

        Torch does not count writes through ``.data``, NumPy or under ``inference_mode``, so values are compared. That
        is cheaper than a copy, but off the CPU it would wait for the device.
        """
        returned, copies = self._after
        return len(begin) == len(returned) and all(
            a is b and a.is_cpu and a.dtype == k.dtype and torch.equal(a, k)
            for a, b, k in zip(begin, returned, copies, strict=True)
        )

    @property
    def has_stale_weights(self) -> bool:
        """Whether the weights have changed since the first of the calls held."""
        return self._snapshot is not None and not all(
            now.dtype == copy.dtype and torch.equal(now, copy)
            for flat, copies in zip(self._snapshot.flat, self._copies, strict=True)
            for now, copy in zip(flat, copies, strict=True)
        )

    def runs(self) -> Iterator[LayerRun]:
        """Yield one run for each layer and direction, and empty the buffer."""
        calls, snapshot, weights = self._calls, self._snapshot, self._weights
        self._copies = []
        self._calls, self._snapshot, self._weights, self._after = [], None, [], ((), ())
        if not calls or snapshot is None:
            return
        n_layers = len(self._layers)
        sizes = tuple(c.end[0].numel() // (n_layers * c.end[0].shape[-1]) for c in calls)
        begin = _by_layer(
            [tuple(map(torch.zeros_like, c.end)) if c.begin is None else c.begin for c in calls], n_layers
        )
        end = _by_layer([c.end for c in calls], n_layers)
        end_h = list(end[0])
        h = list(end_h)
        if calls[0].top is not None:
            top = _rows([c.top for c in calls if c.top is not None])
            h[-self._n_directions :] = top.chunk(self._n_directions, 1)
        x = _rows([c.x for c in calls])
        for k, layer in enumerate(self._layers):
            if k and k % self._n_directions == 0:
                x = torch.cat(h[k - self._n_directions : k], 1)
            yield LayerRun(
                layer,
                StepLayout(sizes, is_stepped=True),
                weights[k],
                x,
                h[k],
                begin[0][k],
                snapshot.allowed,
                start=self._start,
                end_h=None if h[k] is end_h[k] else end_h[k],
                begin_c=begin[1][k] if len(begin) == 2 else None,
                c=end[1][k] if len(end) == 2 else None,
            )


def _rows(parts: Sequence[Tensor]) -> Tensor:
    """Return the vectors of all calls as rows, one call after another."""
    return torch.cat([p.reshape(-1, p.shape[-1]) for p in parts])


def _by_layer(states: Sequence[States], n_layers: int) -> list[Tensor]:
    """Return h, or h and c, of all calls as (n_layers, n_rows, n_units)."""
    return [torch.cat([s.reshape(n_layers, -1, s.shape[-1]) for s in kind], 1) for kind in zip(*states, strict=True)]
