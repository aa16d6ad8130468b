"""The part that all collectors share: layer runs go in, states of the whole batch come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import CallCounter, StateArray, StateFilter
from lstmviz.recording.hooks.carry import StateCarry
from lstmviz.recording.hooks.single_steps import StepBuffer
from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.rounding import disagreement
from lstmviz.recording.recompute.self_check import SelfCheck


class RunCollector:
    """The part of a ``lstmviz.recording.hooks.calls.Collector`` that does not depend on how the module is called.

    The states of a call are computed at once, while the weights and modes are still those that it ran with. Calls of
    one step are gathered and computed in bulk, because a decoder makes thousands of them.
    """

    def __init__(
        self, name: str, kind: str, arithmetic: Arithmetic, layers: Sequence[str], wanted: StateFilter
    ) -> None:
        self._counter = CallCounter()
        self._packed: tuple[int, ...] | None = None
        self._name, self._kind = name, kind
        self._arithmetic = arithmetic
        self._letters = {layer: {s for s in arithmetic.states if wanted(layer, s)} for layer in layers}
        self._parts: dict[tuple[str, str], list[Tensor]] = {}
        self._self_check = SelfCheck(name, kind)
        self._first_layer = next(iter(layers))
        self.carry = StateCarry()
        self._buffer = StepBuffer(tuple(layers), 1 + any(layer.endswith(".reverse") for layer in layers))

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._counter.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far, over all calls."""
        return self._counter.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where the input was packed, or where calls of one step dropped sequences."""
        return self._counter.lengths or self._packed

    @property
    def can_continue(self) -> bool:
        """Whether more calls may follow although ``lengths`` are known."""
        return self._packed is None

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, joined along time; RecordingError where the self-check fails."""
        self._flush()
        self._self_check.require(lengths)
        for layer, letters in self._letters.items():
            for state in self._arithmetic.states:
                if state in letters and (layer, state) in self._parts:
                    parts = self._parts.pop((layer, state))
                    values = parts[0] if len(parts) == 1 else torch.cat(parts)
                    yield StateArray(f"{layer}.{state}", values, "tanh" if state == "c" else "raw")

    def _count(self, n_sequences: int, n_steps: int, lengths: tuple[int, ...] | None = None) -> None:
        """Count a call; RecordingError if it cannot follow the calls before it."""
        if n_sequences == 0:
            raise RecordingError(f"{self._name} ran over a batch of 0 sequences; leave empty batches out")
        if not self._counter.fits(n_sequences, n_steps):
            raise RecordingError(
                f"{self._name} ran over {self._counter.n_running} sequences and then over {n_sequences} inside one "
                "run.batch; open one run.batch for each"
            )
        if self.n_steps and (lengths or self._packed):
            raise RecordingError(
                f"{self._name} ran twice on packed input inside one run.batch, which leaves gaps between its calls; "
                "open one run.batch for each"
            )
        self._packed = lengths
        self._counter.add(n_sequences, n_steps)

    def _flush(self) -> None:
        self._self_check.has_stale_weights |= self._buffer.has_stale_weights
        for run in self._buffer.runs():
            self._keep(run)

    def _keep(self, run: LayerRun, *, is_shared: bool = False) -> None:
        """Compute and keep the wanted states of a run; copy h if the model could still change it (``is_shared``)."""
        letters = self._letters[run.layer]
        if run.layer == self._first_layer:
            with torch.no_grad(), torch.autocast(run.h.device.type, enabled=False):
                self.carry.add(run)
        if not letters:
            return
        if run.end_h is not None:
            final = run.steps.final
            self._self_check.add(run, "h", disagreement(run.h[final.to(run.h.device)], run.end_h), final)
        with torch.no_grad(), torch.autocast(run.h.device.type, enabled=False):
            states = self._arithmetic.compute(run, letters, self._self_check) | {"h": run.h}
            for state in letters:
                values = run.steps.padded(states[state])
                if values.shape[1] < self.n_sequences:
                    values = pad(values, (0, 0, 0, self.n_sequences - values.shape[1]))
                is_view = state == "h" and is_shared and values.data_ptr() == run.h.data_ptr()
                self._parts.setdefault((run.layer, state), []).append(values.clone() if is_view else values)


def compute_dtype(output: Tensor) -> torch.dtype:
    """Return the dtype in which a module multiplied when it computed ``output`` just now."""
    device = output.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else output.dtype
