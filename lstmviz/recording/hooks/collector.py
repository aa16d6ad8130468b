"""What every collector shares: runs come in, states of the whole batch go out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import CallCounter, StateArray, StateFilter
from lstmviz.recording.hooks.single_steps import StepBuffer
from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.rounding import disagreement
from lstmviz.recording.recompute.self_check import SelfCheck


class RunCollector:
    """The part of a ``lstmviz.recording.hooks.calls.Collector`` that does not depend on how the module is called.

    States of a call are made at once, while its weights and modes are those that it ran with; calls of one step are
    gathered and made in bulk, because a decoder makes thousands of them.
    """

    def __init__(
        self, name: str, kind: str, arithmetic: Arithmetic, layers: Sequence[str], wanted: StateFilter
    ) -> None:
        self._tally = CallCounter()
        self._packed: tuple[int, ...] | None = None
        self._name, self._kind = name, kind
        self._arithmetic = arithmetic
        self._letters = {layer: {s for s in arithmetic.states if wanted(layer, s)} for layer in layers}
        self._parts: dict[tuple[str, str], list[Tensor]] = {}
        self._checks = SelfCheck(name, kind)
        self._buffer = StepBuffer(tuple(layers), 1 + any(layer.endswith(".reverse") for layer in layers))

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._tally.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far, over all calls."""
        return self._tally.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where the input was packed, or where calls of one step took fewer and fewer."""
        return self._tally.lengths or self._packed

    @property
    def can_continue(self) -> bool:
        """Whether calls may follow although lengths are known."""
        return self._packed is None

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield the wanted states of all calls, joined along time; RecordingError where the self-check fails."""
        self._flush()
        self._checks.require(lengths)
        for layer, letters in self._letters.items():
            for state in self._arithmetic.states:
                if state in letters and (layer, state) in self._parts:
                    parts = self._parts.pop((layer, state))
                    values = parts[0] if len(parts) == 1 else torch.cat(parts)
                    yield StateArray(f"{layer}.{state}", values, "tanh" if state == "c" else "raw")

    def _begin(self, n_sequences: int, n_steps: int, lengths: tuple[int, ...] | None = None) -> None:
        """Count a call in; RecordingError if it cannot follow those before it."""
        if n_sequences == 0:
            raise RecordingError(f"{self._name} ran over a batch of 0 sequences; leave empty batches out")
        if not self._tally.fits(n_sequences, n_steps):
            raise RecordingError(
                f"{self._name} ran over {self._tally.n_running} sequences and then over {n_sequences} inside one "
                "run.batch; open one run.batch for each"
            )
        if self.n_steps and (lengths or self._packed):
            raise RecordingError(
                f"{self._name} ran twice on packed input inside one run.batch, which leaves gaps between its calls; "
                "open one run.batch for each"
            )
        self._packed = lengths
        self._tally.add(n_sequences, n_steps)

    def _flush(self) -> None:
        self._checks.has_stale_weights |= self._buffer.has_stale_weights
        for run in self._buffer.runs():
            self._keep(run)

    def _keep(self, run: LayerRun, *, is_shared: bool = False) -> None:
        """Keep the wanted states of a run; h is copied where the model could still change it (``is_shared``)."""
        letters = self._letters[run.layer]
        if not letters:
            return
        if run.end_h is not None:
            final = run.steps.final
            self._checks.add(run, "h", disagreement(run.h[final.to(run.h.device)], run.end_h), final)
        with torch.no_grad(), torch.autocast(run.h.device.type, enabled=False):
            found = self._arithmetic.compute(run, letters, self._checks) | {"h": run.h}
            for state in letters:
                values = run.steps.padded(found[state])
                if values.shape[1] < self.n_sequences:
                    values = pad(values, (0, 0, 0, self.n_sequences - values.shape[1]))
                is_view = state == "h" and is_shared and values.data_ptr() == run.h.data_ptr()
                self._parts.setdefault((run.layer, state), []).append(values.clone() if is_view else values)


def compute_dtype(output: Tensor) -> torch.dtype:
    """Return the dtype that a module multiplied in, just now, to make ``output``."""
    device = output.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else output.dtype
