"""One pass over one axis while it runs: what modules computed, what was logged, and what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.schema import StateDtype
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import RowPlaces
from lstmviz.recording.batch.episodes import step_places
from lstmviz.recording.batch.fit_outputs import check_outputs
from lstmviz.recording.batch.fit_rows import fit_rows
from lstmviz.recording.batch.fit_tokens import NOT_CHECKED, Fit, fit_tokens, tokens_read
from lstmviz.recording.batch.pass_inputs import CheckedPass
from lstmviz.recording.batch.placement import Placement
from lstmviz.recording.batch.shape_check import CallShape, check_fit, is_too_large, valid_steps_after
from lstmviz.recording.batch.subsample import Segments, UnitChoice, select_steps
from lstmviz.recording.batch.to_numpy import to_rows
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.follow.follower import TokenFollower
from lstmviz.recording.follow.reading import ModuleReading, readings_of
from lstmviz.recording.hooks.calls import Collector, ModuleCall
from lstmviz.recording.hooks.carry import StateCarry
from lstmviz.recording.hooks.collector import RunCollector
from lstmviz.recording.hooks.declared import DeclaredCollector
from lstmviz.recording.hooks.logged import LoggedAttention, LoggedFromEnd, LoggedSource
from lstmviz.recording.recompute.own import own_arithmetic
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
class AttentionRows:
    """The weights of one pass, (n_rows, width), over the steps of the axis ``over``."""

    rows: NDArray[Any]
    over: str


@dataclass(frozen=True, slots=True, eq=False)
class PredictionTrack:
    """A track made from predictions while the batch runs, (batch, steps) or (batch,); cut when the steps are known."""

    name: str
    values: NDArray[Any]
    per: Per
    concerns: Concerns
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class PassLayout:
    """Which steps of a pass are valid, and which of them are kept.

    ``after`` says where the sequences of a batch that continues this one stand. Where ``starts`` were given, ``begins``
    (batch, steps) is True at the first step of each episode.
    """

    valid: ValidSteps
    segments: Segments
    after: RowPlaces
    begins: NDArray[np.bool_] | None = None


@dataclass(eq=False)
class ForwardPass:
    """One pass over one axis; its layout is fixed by the first thing that is known to have run to its end."""

    given: CheckedPass
    places_of: Callable[..., RowPlaces]
    storage: StorageOptions
    places: RowPlaces | None  # where the sequences stand, if it is known how many there are
    layout: PassLayout | None = None
    settled: dict[str, CallShape] = field(default_factory=dict)
    states: dict[str, StateRows] = field(default_factory=dict)
    attention: dict[str, AttentionRows] = field(default_factory=dict)
    predictions: list[PredictionTrack] = field(default_factory=list)
    outputs: dict[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)  # what predictions come from
    running: dict[str, Collector | LoggedSource] = field(default_factory=dict)
    n_calls: dict[str, int] = field(default_factory=dict)
    follower: TokenFollower | None = None
    vocab: Sequence[str] | None = None
    takes_tokens: bool = True  # from what the model reads, where none are given
    readings: dict[str, ModuleReading] = field(default_factory=dict)
    fits: dict[str, Fit] = field(default_factory=dict)
    carries: dict[str, tuple[StateCarry, Placement | None]] = field(default_factory=dict)
    has_taken: bool = False  # tokens from there
    starts: NDArray[np.bool_] | None = None  # where episodes begin, (batch, steps)

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
        may_grow = isinstance(collector, LoggedFromEnd)  # by sequences whose ends come later
        if call.lengths is None and not may_grow and is_too_large(call, given):
            check_fit(name, call, given, self.settled, None)
        end = given.n_padded
        if end is None and given.valid is not None and not is_last and call.n_steps >= given.valid.end:
            end = call.n_steps
        if call.n_steps == end or (call.lengths is not None and not collector.can_continue):
            self.settle(name)

    def read(self, call: ModuleCall, collector: Collector) -> None:
        """Note what a module reads in one call, where tokens are followed."""
        if self.follower is None:
            return
        x = call.argument(0, "input")
        if isinstance(collector, DeclaredCollector):
            x = collector.input_of(call, self.follower)
            if x is None:
                return
        reading = self.readings.setdefault(call.name, ModuleReading())
        reading.add(self.follower, call.module, x)
        if reading.shapes[-1][0] == 1:
            self.follower.count_step_call()

    def settle(self, name: str) -> None:
        """Reduce the states of a module that ran to the rows that are kept."""
        with own_arithmetic():
            self._settle(name)

    def _settle(self, name: str) -> None:
        call = self.call_shape(name)
        placement = self._fit_tokens(name, call)
        if placement is None:
            self._check_fit(name, call)
            valid = valid_steps_after(call, self.given) if self.layout is None else self.layout.valid
        else:
            valid = placement.valid
            self._check_placed(name, valid)
        if self.layout is None:
            self.layout = self._lay_out(valid)
        collector = self.running.pop(name)
        self.settled[name] = call
        lengths = tuple(valid.stops.tolist()) if placement is None else placement.lengths
        if isinstance(collector, LoggedAttention):
            (weights,) = collector.finish(lengths)
            rows = to_rows(name, weights.values, self.layout.segments, self.storage.dtype)
            self.attention[name] = AttentionRows(rows, collector.over)
            return
        is_from_end = placement is not None and placement.is_from_end(call.n_steps)
        for state in collector.finish(lengths):
            layer = name if state.source == name else state.source.rsplit(".", 1)[0]
            units = self.storage.units.units_of(state.source, layer, name, state.values.shape[2])
            values = state.values if placement is None or is_from_end else placement.moved(state.values)
            segments = self.layout.segments
            rows = to_rows(state.source, values, segments, self.storage.dtype, units, is_from_end=is_from_end)
            if state.source in self.states:
                raise RecordingError(f"{state.source!r} is a source already; log under another name")
            self.states[state.source] = StateRows(rows, state.view, units, layer, name)
        if isinstance(collector, RunCollector) and not (placement is not None and placement.is_reversed):
            self.carries[name] = collector.carry, placement

    def _check_fit(self, name: str, call: CallShape) -> None:
        check_fit(name, call, self.given, self.settled, None if self.layout is None else self.layout.valid)

    def _fit_tokens(self, name: str, call: CallShape) -> Placement | None:
        """Compare what a module read with the tokens given, or take them from it; return where its steps belong."""
        if self.follower is None or name not in self.readings:
            return None
        reading = self.readings[name]
        sources = readings_of(self.follower, reading)
        if self.given.tokens is None and self.takes_tokens and not self.settled:
            taken = tokens_read(sources, self.given, None if self.vocab is None else len(self.vocab), call.lengths)
            if taken is not None:
                self.given = taken
                self.has_taken = True
        try:
            fit = fit_tokens(name, sources, self.given, self.vocab, call.lengths)
            if fit.verdict == NOT_CHECKED:
                are_words = self.vocab is None and self.given.tokens is not None and self.given.tokens.kind != "ids"
                ids = [s.ids.astype(np.complex128) for s in sources if are_words and (s.ids >= 0).all()]
                fit = fit_rows(name, self.given, ids if self.follower.sources else [reading.all_marks])
        except RecordingError as err:
            self._check_fit(name, call)  # a length that does not fit says more
            other = next((n for n, fit in self.fits.items() if fit.verdict != NOT_CHECKED), None)
            if other is None:
                raise
            reason = "" if self.has_taken else f" ({str(err).partition(';')[0]})"
            raise RecordingError(
                f"{name} read other tokens than {other}, both on one time axis{reason}; give each text its own: "
                f"axes={{'a': {other!r}, 'b': {name!r}}}"
            ) from err
        self.fits[name] = fit
        return fit.placement

    def _check_placed(self, name: str, valid: ValidSteps) -> None:
        """Raise RecordingError unless the steps that a module read are those of the modules before it."""
        known = None if self.layout is None else self.layout.valid
        if known is not None and not (
            np.array_equal(known.starts, valid.starts) and np.array_equal(known.stops, valid.stops)
        ):
            raise RecordingError(
                f"{name} read other steps of the tokens than {next(iter(self.settled))} did; give lengths, or each its "
                "own axis with axes={...}"
            )

    def close(self) -> PassLayout | None:
        """Settle what still runs (cells, and modules whose steps were not given before); None if nothing ran."""
        for name in sorted(self.running, key=lambda n: self.call_shape(n).lengths is None):
            self.settle(name)
        for call, rows in self.outputs.items():
            for name, fit in self.fits.items():
                if fit.verdict != NOT_CHECKED:
                    check_outputs(call, rows, self.readings[name], fit.placement)
        return self.layout

    def note_outputs(self, call: str, outputs: Any) -> None:
        """Note where outputs (batch, steps, n) come from, as far as that is followed."""
        if self.follower is not None and isinstance(outputs, Tensor) and outputs.dim() == 3:
            self.outputs[call] = {s: p.cpu().numpy() for s, p in self.follower.rows_of(outputs).items()}

    def _lay_out(self, valid: ValidSteps) -> PassLayout:
        return lay_out(valid, self.places_of, self.storage.every, self.given.where, self.starts, self.places)


def lay_out(
    valid: ValidSteps,
    places_of: Callable[..., RowPlaces],
    every: int,
    where: NDArray[np.bool_] | None,
    starts: NDArray[np.bool_] | None,
    places: RowPlaces | None = None,
) -> PassLayout:
    """Return which steps of a pass are kept, as sequences; ``places`` are those of its rows, where they are known."""
    if starts is None:
        places = places_of(valid.n_sequences) if places is None else places
        segments = select_steps(
            valid.starts, valid.stops, documents=places.documents, offsets=places.positions, every=every, where=where
        )
        return PassLayout(valid, segments, replace(places, positions=places.positions + valid.stops - valid.starts))
    if where is not None and where.shape != starts.shape:
        raise RecordingError(f"starts has (batch, steps) {starts.shape} and where {where.shape}; give both alike")
    steps = step_places(starts, valid, partial(places_of, valid.n_sequences))
    grids = steps.documents, steps.positions
    segments = select_steps(valid.starts, valid.stops, every=every, where=where, grids=grids)
    return PassLayout(valid, segments, steps.after, steps.begins)
