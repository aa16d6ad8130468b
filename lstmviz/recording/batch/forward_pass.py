"""One pass over one axis while it runs: what modules computed, what was logged, and what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from lstmviz.dump.schema import StateDtype
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import RowPlaces
from lstmviz.recording.batch.pass_inputs import CheckedPass
from lstmviz.recording.batch.shape_check import CallShape, check_fit, is_too_large, valid_steps_after
from lstmviz.recording.batch.subsample import Segments, UnitChoice, select_steps
from lstmviz.recording.batch.to_numpy import to_rows
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.hooks.calls import CallCounter, Collector, StateArray
from lstmviz.types import Concerns, Per, View


@dataclass(frozen=True, slots=True)
class StorageOptions:
    """What is stored of every state: which units, one step of how many, in which dtype."""

    dtype: StateDtype
    units: UnitChoice
    every: int


@dataclass(frozen=True, slots=True, eq=False)
class StateRows:
    """The rows of one source that one pass stores, (n_rows, n_stored_units); ``layer`` and ``module`` are its names."""

    rows: NDArray[Any]
    view: View
    units: tuple[int, ...] | None
    layer: str
    module: str


@dataclass(frozen=True, slots=True, eq=False)
class PredictionTrack:
    """A track made from predictions while the batch runs, (batch, steps) or (batch,); cut when the steps are known."""

    name: str
    values: NDArray[Any]
    per: Per
    concerns: Concerns
    group: str


class LoggedSource:
    """What was logged under one name: chunks (steps, batch, n_units) that follow each other in time."""

    can_continue = True

    def __init__(self, name: str, view: View) -> None:
        self.name, self.view = name, view
        self._chunks: list[Tensor] = []
        self._counter = CallCounter()

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._counter.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return self._counter.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where later steps were logged for fewer sequences."""
        return self._counter.lengths

    def add(self, chunk: Tensor) -> None:
        """Copy the next steps, for the caller may overwrite them."""
        n_steps, n_sequences, n_units = chunk.shape
        is_first = not self._chunks
        if not (is_first or (n_units == self._chunks[0].shape[2] and self._counter.fits(n_sequences, n_steps))):
            before, now = (tuple(c.shape[1:]) for c in (self._chunks[-1], chunk))
            raise RecordingError(
                f"{self.name} was logged with (batch, n) {before} and then {now} in one batch; log one size, or step "
                "by step (run.log_step) the first sequences of a batch, where the last ones end"
            )
        self._chunks.append(chunk.detach().clone())
        self._counter.add(n_sequences, n_steps)

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield all of it as one state."""
        n = self.n_sequences
        even = [c if c.shape[1] == n else pad(c, (0, 0, 0, n - c.shape[1])) for c in self._chunks]
        yield StateArray(self.name, torch.cat(even), self.view)


@dataclass(frozen=True, slots=True, eq=False)
class PassLayout:
    """Which steps of a pass are valid, where its sequences stand in their documents, and which steps are kept."""

    valid: ValidSteps
    places: RowPlaces
    segments: Segments

    @property
    def after(self) -> RowPlaces:
        """Where the sequences of a batch that continues this one stand."""
        return RowPlaces(self.places.documents, self.places.positions + self.valid.stops - self.valid.starts)


@dataclass(eq=False)
class ForwardPass:
    """One pass over one axis; its layout is fixed by the first thing that is known to have run to its end."""

    given: CheckedPass
    places_of: Callable[[int], RowPlaces]
    storage: StorageOptions
    places: RowPlaces | None  # where the sequences stand, if it is known how many there are
    layout: PassLayout | None = None
    settled: dict[str, CallShape] = field(default_factory=dict)
    states: dict[str, StateRows] = field(default_factory=dict)
    predictions: list[PredictionTrack] = field(default_factory=list)
    running: dict[str, Collector | LoggedSource] = field(default_factory=dict)
    n_calls: dict[str, int] = field(default_factory=dict)

    @property
    def is_described(self) -> bool:
        """Whether anything was given that says what runs."""
        return (self.given.n_sequences, self.given.n_padded, self.given.valid) != (None, None, None)

    def call_shape(self, name: str) -> CallShape:
        """Return what a module has run over so far."""
        collector = self.running[name]
        calls, is_logged = self.n_calls[name], isinstance(collector, LoggedSource)
        return CallShape(collector.n_sequences, collector.n_steps, collector.lengths, calls, is_logged)

    def advance(self, name: str, collector: Collector | LoggedSource, *, is_last: bool) -> None:
        """Settle a module that ran over all steps; RecordingError if it ran over more than there are.

        In the last pass, steps after the ends of all sequences may still come.
        """
        self.running[name] = collector
        self.n_calls[name] = self.n_calls.get(name, 0) + 1
        call, given = self.call_shape(name), self.given
        if call.lengths is None and is_too_large(call, given):
            check_fit(name, call, given, self.settled, None)
        end = given.n_padded
        if end is None and given.valid is not None and not is_last and call.n_steps >= given.valid.end:
            end = call.n_steps
        if call.n_steps == end or (call.lengths is not None and not collector.can_continue):
            self.settle(name)

    def settle(self, name: str) -> None:
        """Reduce the states of a module that ran to the rows that are kept."""
        call = self.call_shape(name)
        check_fit(name, call, self.given, self.settled, None if self.layout is None else self.layout.valid)
        if self.layout is None:
            self.layout = self._lay_out(valid_steps_after(call, self.given))
        collector = self.running.pop(name)
        self.settled[name] = call
        for state in collector.finish(tuple(self.layout.valid.stops.tolist())):
            layer = name if state.source == name else state.source.rsplit(".", 1)[0]
            units = self.storage.units.units_of(state.source, layer, name, state.values.shape[2])
            rows = to_rows(state.source, state.values, self.layout.segments, self.storage.dtype, units)
            if state.source in self.states:
                raise RecordingError(f"{state.source!r} is a source already; log under another name")
            self.states[state.source] = StateRows(rows, state.view, units, layer, name)

    def close(self) -> PassLayout | None:
        """Settle what still runs (cells, and modules whose steps were not given before); None if nothing ran."""
        for name in sorted(self.running, key=lambda n: self.call_shape(n).lengths is None):
            self.settle(name)
        return self.layout

    def _lay_out(self, valid: ValidSteps) -> PassLayout:
        places = self.places_of(valid.n_sequences) if self.places is None else self.places
        segments = select_steps(
            valid.starts,
            valid.stops,
            documents=places.documents,
            offsets=places.positions,
            every=self.storage.every,
            where=self.given.where,
        )
        return PassLayout(valid, places, segments)
