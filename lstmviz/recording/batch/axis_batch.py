"""One axis of one batch: its passes, filled one after another while the model runs, and the rows they become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.validate import TrackRows, read_track
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import Columns, Lane, check_types, types_of
from lstmviz.recording.batch.forward_pass import Keeping, LaterTrack, Layout, PassRun, Series, StateRows
from lstmviz.recording.batch.pass_inputs import GivenTrack, Pass, PassRows
from lstmviz.recording.batch.shape_check import Ran, check_fit, check_goes_on, check_once, is_too_far
from lstmviz.recording.hooks.calls import Collector, ModuleCall
from lstmviz.types import View


@dataclass(frozen=True, slots=True, eq=False)
class AxisRows:
    """What one axis of a batch becomes: pieces, their places, and the kept rows of everything.

    ``places`` are (n_pieces, 2), ``tokens`` ids or strings (n_rows,), ``positions`` where each piece's first step
    stands in its document; ``n_seen`` counts the valid steps, kept or not, and ``after`` says where the next batch
    of a stream begins.
    """

    lengths: tuple[int, ...]
    places: NDArray[np.int64]
    positions: NDArray[np.int64]
    tokens: NDArray[Any] | None
    states: dict[str, StateRows]
    tracks: tuple[GivenTrack, ...]
    given: tuple[PassRows, ...]
    n_seen: int
    after: Columns


class AxisBatch:
    """Takes what happens on one axis during one batch."""

    def __init__(
        self, lane: Lane, rows: Sequence[PassRows], continues: Any, keeping: Keeping, documents: Any = None
    ) -> None:
        self.lane = lane
        self._begin = partial(lane.begin, continues=_kept(continues), documents=_kept(documents))
        columns = _begun(rows, self._begin)  # refuses before the model runs
        self._passes = [PassRun(r, self._begin, keeping, c) for r, c in zip(rows, columns, strict=True)]
        self._at: dict[str, int] = {}  # which pass a module, or a name, fills

    @property
    def has_run(self) -> bool:
        """Whether anything came in."""
        return bool(self._at)

    @property
    def is_given(self) -> bool:
        """Whether run.batch said anything of this axis."""
        return any(run.rows.n_sequences is not None for run in self._passes)

    def say(self, given: Pass) -> None:
        """Take what the one pass of the batch runs over, of which run.batch was told nothing; RecordingError if it was.

        What ran until then, and what runs after, has to fit it.
        """
        run = self._passes[0]
        if len(self._passes) > 1 or run.is_told:
            raise RecordingError(
                "run.tokens is for a batch that was told nothing; leave out what run.batch is given, or run.tokens"
            )
        if run.ran:
            raise RecordingError(f"{next(iter(run.ran))} ran over a packed input before run.tokens; call that first")
        rows = self.lane.read(given)
        run.rows = rows
        run.columns = None if rows.n_sequences is None else self._begin(rows.n_sequences)
        for name in run.waiting:
            if is_too_far(ran := run.ran_by(name), rows):
                check_fit(name, replace(ran, n_calls=1), rows, {}, None)

    def take(self, name: str, make: Callable[[], Collector], call: ModuleCall) -> None:
        """Take one call of a module inside its hook."""
        run = self._next_pass(name)
        if name in run.ran:
            extra = make()
            extra.take(call)
            check_once(name, run.ran[name], Ran(extra.n_sequences, extra.n_steps), run.rows)
        if call.argument(1, "hx") is None:
            check_goes_on(name, run.n_calls.get(name, 0), run.rows)
        collector = run.waiting.get(name) or make()
        if not isinstance(collector, Series):
            collector.take(call)
        run.advance(name, collector, is_last=run is self._passes[-1])

    def log(self, name: str, chunk: Tensor, view: View) -> None:
        """Take the next steps of something logged, (steps, batch, n_units)."""
        run = self._next_pass(name)
        if name in run.ran:
            check_once(name, run.ran[name], Ran(chunk.shape[1], chunk.shape[0], is_logged=True), run.rows)
        series = run.waiting.get(name) or Series(name, view)
        if isinstance(series, Series):
            series.add(chunk)
        run.advance(name, series, is_last=run is self._passes[-1])

    def add_tracks(self, what: str, tracks: Callable[[PassRun], list[LaterTrack]]) -> None:
        """Take tracks that are made while the batch runs; a second call with the same name is for the next pass."""
        place = self._at.get(what, -1) + 1
        if place == len(self._passes):
            raise RecordingError(f"{what} was called {place + 1} times in one batch; call it once for each pass")
        self._at[what] = place
        self._passes[place].later += tracks(self._passes[place])

    def close(self) -> AxisRows:
        """Return the rows of the axis, now that the batch is over; RecordingError where something is lacking."""
        layouts = [run.close() for run in self._passes]
        laid = [(run, layout) for run, layout in zip(self._passes, layouts, strict=True) if layout is not None]
        if not laid:
            raise RecordingError("only tracks were made in the batch; record states too, or log them with run.log")
        if len(laid) < len(layouts):
            raise RecordingError(
                f"{' and '.join(self._passes[0].ran)} ran over {len(laid)} of {len(layouts)} passes; name "
                "only passes that run"
            )
        self._check_alike()
        lengths = np.concatenate([layout.pieces.lengths for _, layout in laid])
        return AxisRows(
            lengths=tuple(lengths.tolist()),
            places=np.concatenate([layout.pieces.places for _, layout in laid]),
            positions=np.concatenate([layout.pieces.position for _, layout in laid]),
            tokens=_joined([_tokens(run.rows, layout) for run, layout in laid]),
            states={name: _joined_states([run.states[name] for run, _ in laid]) for name in laid[0][0].states},
            tracks=_joined_tracks([_tracks(run, layout) for run, layout in laid]),
            given=tuple(run.rows for run, _ in laid),
            n_seen=sum(sum(layout.span.lengths) for _, layout in laid),
            after=Columns(
                np.concatenate([layout.columns.documents for _, layout in laid]),
                np.concatenate([layout.after.positions for _, layout in laid]),
            ),
        )

    def _next_pass(self, name: str) -> PassRun:
        place = self._at.setdefault(name, 0)
        if name in self._passes[place].ran and place + 1 < len(self._passes):
            self._at[name] = place = place + 1
        return self._passes[place]

    def _check_alike(self) -> None:
        """Every pass makes the same sources."""
        first = self._passes[0].states
        for i, run in enumerate(self._passes):
            odd = next(iter(first.keys() ^ run.states.keys()), None)
            if odd is not None:
                raise RecordingError(
                    f"{odd} was not made in every pass (look at pass {i}); run the same modules in each"
                )


def _kept(given: Any) -> Any:
    """Return a copy of what the caller may write over."""
    return given.tolist() if hasattr(given, "tolist") else copy(given)


def _begun(rows: Sequence[PassRows], begin: Callable[[int], Columns]) -> list[Columns | None]:
    """Return where the rows of each pass stand, one pass behind the other; None where that is not known yet."""
    if len(rows) == 1 and rows[0].n_sequences is None:
        return [None]
    unknown = next((i for i, r in enumerate(rows) if r.n_sequences is None), None)
    if unknown is not None:
        raise RecordingError(f"passes[{unknown}] says nothing of its sequences; give it tokens, lengths or a mask")
    ends = list(accumulate(r.n_sequences or 0 for r in rows))
    columns = begin(ends[-1])
    parts = (slice(start, stop) for start, stop in pairwise((0, *ends)))
    return [Columns(columns.documents[part], columns.positions[part]) for part in parts]


def _tokens(rows: PassRows, layout: Layout) -> NDArray[Any] | None:
    return None if rows.tokens is None else rows.tokens.values[layout.pieces.rows]


def _tracks(run: PassRun, layout: Layout) -> list[GivenTrack]:
    """Return every track of a pass, only the steps, or pieces, that are kept."""
    shape = None if run.rows.n_padded is None else (len(layout.span.starts), run.rows.n_padded)
    known = np.ones(shape or (0, 0), np.bool_) if run.rows.span is None else run.rows.span.valid(run.rows.n_padded or 0)
    found = [_cut(track, known, layout) for track in run.rows.tracks]
    for later in run.later:
        _check_later(later, layout)
        valid = None if later.per == "sequence" else layout.span.valid(later.values.shape[1])
        rows = read_track(later.name, later.values, later.values.shape, valid)
        track = GivenTrack(later.name, rows, later.per, later.concerns, later.group)
        found.append(_cut(track, np.ones((0, 0), np.bool_) if valid is None else valid, layout))
    return found


def _check_later(later: LaterTrack, layout: Layout) -> None:
    n_sequences, n_steps = len(layout.span.starts), int(layout.span.stops.max())
    if later.values.shape[0] != n_sequences or (later.per == "step" and later.values.shape[1] < n_steps):
        raise RecordingError(
            f"track {later.name!r} was made for {later.values.shape} and {n_sequences} sequences x {n_steps} steps "
            "ran; predict once for every step"
        )


def _cut(track: GivenTrack, known: NDArray[np.bool_], layout: Layout) -> GivenTrack:
    """Keep the values of the steps (or pieces) that are kept, of a value for each step in ``known`` (batch, steps)."""
    values = track.rows.values
    if track.per == "sequence":
        index = layout.pieces.column
    elif layout.pieces.n_rows == len(values):
        return track
    else:
        index = (np.cumsum(known) - 1).reshape(known.shape)[layout.pieces.rows]
    kept = values[index] if isinstance(values, np.ndarray) else [values[i] for i in index]
    return replace(track, rows=TrackRows(kept))


def _joined(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    given = [part for part in parts if part is not None]
    if len(given) not in (0, len(parts)):
        raise RecordingError("some passes have tokens and some have none; give them to all")
    return given[0] if len(given) == 1 else np.concatenate(given) if given else None


def _joined_states(parts: Sequence[StateRows]) -> StateRows:
    if len(parts) == 1:
        return parts[0]
    return replace(parts[0], rows=np.concatenate([part.rows for part in parts]))


def _joined_tracks(parts: Sequence[Sequence[GivenTrack]]) -> tuple[GivenTrack, ...]:
    if len(parts) == 1:
        return tuple(parts[0])
    for other in parts[1:]:
        check_types(types_of(other), types_of(parts[0]), "the first pass", "this pass", "every pass")
    joined = []
    for track, *others in zip(*parts, strict=True):
        values = [track.rows.values, *(o.rows.values for o in others)]
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        rows = TrackRows(np.concatenate(arrays) if arrays else [label for v in values for label in v])
        joined.append(replace(track, rows=rows))
    return tuple(joined)
