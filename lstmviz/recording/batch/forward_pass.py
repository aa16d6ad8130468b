"""One axis of one batch while it runs: what modules made, what was logged and predicted, pass after pass."""

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
from lstmviz.recording.batch.axis_state import Columns
from lstmviz.recording.batch.pass_inputs import PassRows
from lstmviz.recording.batch.shape_check import Ran, check_fit, is_too_far, span_after
from lstmviz.recording.batch.subsample import Pieces, UnitChoice, keep
from lstmviz.recording.batch.to_numpy import to_rows
from lstmviz.recording.batch.valid_steps import Span
from lstmviz.recording.hooks.calls import Collector, StateArray, Tally
from lstmviz.types import Concerns, Per, View


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of every state: which units, one step of how many, in which dtype."""

    dtype: StateDtype
    units: UnitChoice
    every: int


@dataclass(frozen=True, slots=True, eq=False)
class StateRows:
    """The kept rows (n_rows, n_kept_units) of one source in one pass, which is part of ``layer`` and ``module``."""

    rows: NDArray[Any]
    view: View
    units: tuple[int, ...] | None
    layer: str
    module: str


@dataclass(frozen=True, slots=True, eq=False)
class LaterTrack:
    """A track that was made while the batch ran, (batch, steps) or (batch,), to be cut when its steps are known."""

    name: str
    values: NDArray[Any]
    per: Per
    concerns: Concerns
    group: str


class Series:
    """What was logged under one name: chunks (steps, batch, n_units) that follow each other in time."""

    may_go_on = True

    def __init__(self, name: str, view: View) -> None:
        self.name, self.view = name, view
        self._chunks: list[Tensor] = []
        self._tally = Tally()

    @property
    def n_sequences(self) -> int:
        """Sequences of the batch."""
        return self._tally.n_sequences

    @property
    def n_steps(self) -> int:
        """Steps so far."""
        return self._tally.n_steps

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The steps of each sequence where steps were logged of fewer and fewer."""
        return self._tally.lengths

    def add(self, chunk: Tensor) -> None:
        """Take a copy of the next steps, which the caller may write over."""
        n_steps, n_sequences, n_units = chunk.shape
        is_first = not self._chunks
        if not (is_first or (n_units == self._chunks[0].shape[2] and self._tally.fits(n_sequences, n_steps))):
            was, now = (tuple(c.shape[1:]) for c in (self._chunks[-1], chunk))
            raise RecordingError(
                f"{self.name} was logged with (batch, n) {was} and then {now} in one batch; log one size, or step by "
                "step (run.log_step) the first sequences of a batch, where the last ones end"
            )
        self._chunks.append(chunk.detach().clone())
        self._tally.add(n_sequences, n_steps)

    def finish(self, lengths: Sequence[int]) -> Iterator[StateArray]:
        """Yield all of it as one state."""
        n = self.n_sequences
        even = [c if c.shape[1] == n else pad(c, (0, 0, 0, n - c.shape[1])) for c in self._chunks]
        yield StateArray(self.name, torch.cat(even), self.view)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which steps of a pass are valid, where its rows stand in their documents, and what of it is kept."""

    span: Span
    columns: Columns
    pieces: Pieces

    @property
    def after(self) -> Columns:
        """Where the rows of a batch that continues this one stand."""
        return Columns(self.columns.documents, self.columns.positions + self.span.stops - self.span.starts)


@dataclass(eq=False)
class PassRun:
    """One pass over one axis; its layout is fixed by the first thing that is known to have run to its end."""

    rows: PassRows
    begin: Callable[[int], Columns]
    keeping: Keeping
    columns: Columns | None  # where the rows stand, if it is known how many there are
    layout: Layout | None = None
    ran: dict[str, Ran] = field(default_factory=dict)  # settled
    states: dict[str, StateRows] = field(default_factory=dict)
    later: list[LaterTrack] = field(default_factory=list)
    waiting: dict[str, Collector | Series] = field(default_factory=dict)
    n_calls: dict[str, int] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Whether anything was said of what runs."""
        return (self.rows.n_sequences, self.rows.n_padded, self.rows.span) != (None, None, None)

    def ran_by(self, name: str) -> Ran:
        """Return over what a module ran so far."""
        found = self.waiting[name]
        calls, is_logged = self.n_calls[name], isinstance(found, Series)
        return Ran(found.n_sequences, found.n_steps, found.lengths, calls, is_logged)

    def advance(self, name: str, collector: Collector | Series, *, is_last: bool) -> None:
        """Take over what a module made if it ran over all steps; RecordingError if it ran over more than there are.

        In the last pass, steps behind all lengths may still come.
        """
        self.waiting[name] = collector
        self.n_calls[name] = self.n_calls.get(name, 0) + 1
        ran = self.ran_by(name)
        if ran.lengths is None and is_too_far(ran, self.rows):
            check_fit(name, ran, self.rows, self.ran, None)
        span, n_padded = self.rows.span, self.rows.n_padded
        is_through = not is_last and n_padded is None and span is not None and ran.n_steps >= span.stops.max()
        is_known = ran.lengths is not None and not collector.may_go_on
        if is_known or ran.n_steps == n_padded or is_through:
            self.settle(name)

    def settle(self, name: str) -> None:
        """Bring the states of a module that ran to the rows that are kept."""
        ran = self.ran_by(name)
        check_fit(name, ran, self.rows, self.ran, None if self.layout is None else self.layout.span)
        if self.layout is None:
            self.layout = self._lay_out(span_after(ran, self.rows))
        collector = self.waiting.pop(name)
        self.ran[name] = ran
        for state in collector.finish(tuple(self.layout.span.stops.tolist())):
            layer = name if state.source == name else state.source.rsplit(".", 1)[0]
            units = self.keeping.units.of(state.source, layer, name, state.values.shape[2])
            rows = to_rows(state.source, state.values, self.layout.pieces, self.keeping.dtype, units)
            if state.source in self.states:
                raise RecordingError(f"{state.source!r} is a source already; log under another name")
            self.states[state.source] = StateRows(rows, state.view, units, layer, name)

    def close(self) -> Layout | None:
        """Settle what still waits (cells, and modules over steps that nobody announced); None if nothing ran."""
        for name in sorted(self.waiting, key=lambda n: self.ran_by(n).lengths is None):
            self.settle(name)
        return self.layout

    def _lay_out(self, span: Span) -> Layout:
        columns = self.begin(len(span.starts)) if self.columns is None else self.columns
        where = self.rows.where
        kept = keep(
            span.starts,
            span.stops,
            documents=columns.documents,
            offsets=columns.positions,
            every=self.keeping.every,
            where=where,
        )
        return Layout(span, columns, kept)
