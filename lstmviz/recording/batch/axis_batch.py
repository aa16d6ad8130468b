"""One axis of one batch: its passes, filled while the model runs, and the rows that they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.dump.validate import read_mask
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import AxisState, RowPlaces
from lstmviz.recording.batch.carried import Carried, carried_of
from lstmviz.recording.batch.fit_tokens import CHECKED, NOT_CHECKED, READ, least_known
from lstmviz.recording.batch.forward_pass import (
    AttentionRows,
    ForwardPass,
    PredictionTrack,
    StateRows,
    StorageOptions,
)
from lstmviz.recording.batch.kept import join_attention, join_states, join_tokens, join_tracks, kept_tokens, kept_tracks
from lstmviz.recording.batch.pass_inputs import INPUTS, CheckedPass, Pass, PassTrack
from lstmviz.recording.batch.shape_check import CallShape, check_continues, check_fit, check_once, is_too_large
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.follow.follower import TokenFollower
from lstmviz.recording.hooks.calls import Collector, ModuleCall
from lstmviz.recording.hooks.collector import RunCollector
from lstmviz.recording.hooks.logged import LoggedAttention, LoggedFromEnd, LoggedSource
from lstmviz.types import View


@dataclass(frozen=True, slots=True, eq=False)
class AxisRows:
    """What one axis of a batch becomes: segments, their places, and the kept rows of everything.

    ``places`` are (n_segments, 2), ``tokens`` ids or strings (n_rows,), ``positions`` where each segment's first step
    stands in its document; ``n_valid`` counts the ``valid`` steps, kept or not, and ``after`` says where the next batch
    of a stream begins. ``reading`` says of each module how its tokens are known.
    """

    lengths: tuple[int, ...]
    places: NDArray[np.int64]
    positions: NDArray[np.int64]
    tokens: NDArray[Any] | None
    states: dict[str, StateRows]
    attention: dict[str, AttentionRows]
    valid: ValidSteps
    tracks: tuple[PassTrack, ...]
    given: tuple[CheckedPass, ...]
    n_valid: int
    after: RowPlaces
    reading: Mapping[str, str]
    carried: Mapping[str, Carried]


class AxisBatch:
    """One axis of one batch while it runs: its passes, filled one after another."""

    def __init__(
        self,
        axis: AxisState,
        given: Sequence[CheckedPass],
        continues: Any,
        storage: StorageOptions,
        documents: Any = None,
    ) -> None:
        self.axis = axis
        self._continues = np.asarray(_copy(continues))
        self._places_of = partial(axis.places_of, continues=_copy(continues), documents=_copy(documents))
        places = _places_by_pass(given, self._places_of)  # an error comes before the model runs
        self._passes = [
            ForwardPass(g, self._places_of, storage, p, starts=g.starts) for g, p in zip(given, places, strict=True)
        ]
        self._at: dict[str, int] = {}  # which pass a module, or a name, fills

    def follow(self, follower: TokenFollower) -> None:
        """Compare tokens with those that ``follower`` sees the model read."""
        plan = self.axis.plan
        for forward in self._passes:
            forward.follower, forward.vocab = follower, self.axis.spec.vocab
            forward.takes_tokens = plan is None or plan.has_tokens

    @property
    def has_run(self) -> bool:
        """Whether anything ran or was logged."""
        return bool(self._at)

    @property
    def is_given(self) -> bool:
        """Whether run.batch was given anything for this axis."""
        return any(forward.given.n_sequences is not None for forward in self._passes)

    def describe(self, given: Pass) -> None:
        """Take what the one pass of the batch runs over; RecordingError if run.batch was given that already.

        What ran until then, and what runs after, has to fit it.
        """
        forward = self._passes[0]
        if len(self._passes) > 1 or forward.is_described:
            raise RecordingError(
                "run.tokens is for a batch that was given nothing; leave out the arguments of run.batch, or run.tokens"
            )
        if forward.settled:
            name = next(iter(forward.settled))
            raise RecordingError(f"{name} ran over a packed input before run.tokens; call that first")
        checked = self.axis.check(given)
        forward.given = checked
        forward.starts = checked.starts if forward.starts is None else forward.starts
        forward.places = None if checked.n_sequences is None else self._places_of(checked.n_sequences)
        for name in forward.running:
            if is_too_large(call := forward.call_shape(name), checked):
                check_fit(name, replace(call, n_calls=1), checked, {}, None)

    def starts(self, given: Any) -> None:
        """Take where episodes begin, (batch, steps); RecordingError once the steps are cut into sequences."""
        forward = self._passes[0]
        if len(self._passes) > 1 or forward.starts is not None:
            raise RecordingError("run.starts is for a batch of one pass that was given no starts=; give them once")
        if forward.layout is not None:
            raise RecordingError(
                f"{next(iter(forward.settled))} had run over all its steps before run.starts; give starts= to "
                "run.batch, or open run.batch() without arguments"
            )
        forward.starts = read_mask("starts", given)

    def take(self, name: str, make: Callable[[], Collector], call: ModuleCall) -> None:
        """Take one call of a module inside its hook; ``make`` returns a new collector for the module."""
        forward = self._next_pass(name)
        if name in forward.settled:
            extra = make()
            extra.take(call)
            check_once(name, forward.settled[name], CallShape(extra.n_sequences, extra.n_steps), forward.given)
        collector = forward.running.get(name) or make()
        if isinstance(collector, RunCollector) and call.argument(1, "hx") is None:
            check_continues(name, forward.n_calls.get(name, 0), forward.given)
        if not isinstance(collector, LoggedSource):
            collector.take(call)
            forward.read(call, collector)
        forward.advance(name, collector, is_last=forward is self._passes[-1])

    def log(self, name: str, chunk: Tensor, view: View, *, from_end: bool = False, over: str | None = None) -> None:
        """Take the next steps of something logged, (steps, batch, n_units), or the ones before with ``from_end``.

        With ``over`` they are weights over the steps of that axis.
        """
        forward = self._next_pass(name)
        if name in forward.settled:
            again = CallShape(chunk.shape[1], chunk.shape[0], is_logged=True)
            check_once(name, forward.settled[name], again, forward.given)
        logged = forward.running.get(name)
        if logged is None:
            make = LoggedFromEnd if from_end else LoggedSource
            logged = make(name, view) if over is None else LoggedAttention(name, over)
        if getattr(logged, "over", None) != over:
            raise RecordingError(f"{name} was logged with over= and without in one batch, or over two axes; log one")
        if isinstance(logged, LoggedSource):
            logged.add(chunk)
        forward.advance(name, logged, is_last=forward is self._passes[-1])

    def log_inputs(self) -> None:
        """Log inputs with too many features for tracks, as a source of their own."""
        for forward in self._passes:
            if forward.given.wide_inputs is not None:
                values = torch.from_numpy(np.array(forward.given.wide_inputs, np.float32))
                self.log(self.axis.prefix + INPUTS, values.transpose(0, 1), "raw")

    def add_tracks(self, verb: str, tracks: Callable[[ForwardPass], list[PredictionTrack]], remedy: str = "") -> None:
        """Take tracks that are made while the batch runs; a second call of the same verb is for the next pass."""
        place = self._at.get(verb, -1) + 1
        if place == len(self._passes):
            raise RecordingError(
                f"{verb} was called {place + 1} times in one batch; call it once for each pass{remedy}"
            )
        self._at[verb] = place
        self._passes[place].predictions += tracks(self._passes[place])

    def close(self) -> AxisRows:
        """Return the rows of the axis, now that the batch is over; RecordingError where something is missing."""
        layouts = [forward.close() for forward in self._passes]
        ran = [(forward, layout) for forward, layout in zip(self._passes, layouts, strict=True) if layout is not None]
        if not ran:
            raise RecordingError("only tracks were made in the batch; record states too, or log them with run.log")
        if len(ran) < len(layouts):
            raise RecordingError(
                f"{' and '.join(self._passes[0].settled)} ran over {len(ran)} of {len(layouts)} passes; name "
                "only passes that run"
            )
        self._check_same_sources()
        lengths = np.concatenate([layout.segments.lengths for _, layout in ran])
        return AxisRows(
            lengths=tuple(lengths.tolist()),
            places=np.concatenate([layout.segments.places for _, layout in ran]),
            positions=np.concatenate([layout.segments.position for _, layout in ran]),
            tokens=join_tokens([kept_tokens(forward.given, layout) for forward, layout in ran]),
            states={name: join_states([forward.states[name] for forward, _ in ran]) for name in ran[0][0].states},
            attention={n: join_attention([forward.attention[n] for forward, _ in ran]) for n in ran[0][0].attention},
            valid=ValidSteps(
                np.concatenate([layout.valid.starts for _, layout in ran]),
                np.concatenate([layout.valid.stops for _, layout in ran]),
            ),
            tracks=join_tracks([kept_tracks(forward, layout) for forward, layout in ran]),
            given=tuple(forward.given for forward, _ in ran),
            n_valid=sum(sum(layout.valid.lengths) for _, layout in ran),
            after=RowPlaces(
                np.concatenate([layout.after.documents for _, layout in ran]),
                np.concatenate([layout.after.positions for _, layout in ran]),
                np.concatenate([layout.after.later for _, layout in ran]),
            ),
            reading=_reading([forward for forward, _ in ran]),
            carried=self._carried(),
        )

    def _carried(self) -> dict[str, Carried]:
        """Return what is known of each module's state over the batch; nothing where it runs in several passes."""
        forward = self._passes[0]
        if len(self._passes) > 1 or forward.layout is None:
            return {}
        valid, begins = forward.layout.valid, forward.layout.begins
        flags = np.broadcast_to(self._continues, (valid.n_sequences,))
        if forward.starts is not None:
            flags = (
                flags
                & ~np.take_along_axis(forward.starts, valid.starts.clip(max=forward.starts.shape[1] - 1)[:, None], 1)[
                    :, 0
                ]
            )
        carried = {
            name: carried_of(name, carry, placement, valid, begins, flags)
            for name, (carry, placement) in forward.carries.items()
        }
        return {name: known for name, known in carried.items() if known is not None}

    def _next_pass(self, name: str) -> ForwardPass:
        """Return the pass that a module's next call is for: the next one, where it has run over all of the last."""
        place = self._at.setdefault(name, 0)
        if name in self._passes[place].settled and place + 1 < len(self._passes):
            self._at[name] = place = place + 1
        return self._passes[place]

    def _check_same_sources(self) -> None:
        """Raise RecordingError unless every pass has the same sources."""
        first = self._passes[0].states.keys() | self._passes[0].attention.keys()
        for i, forward in enumerate(self._passes):
            missing = next(iter(first ^ (forward.states.keys() | forward.attention.keys())), None)
            if missing is not None:
                raise RecordingError(
                    f"{missing} was not made in every pass (look at pass {i}); run the same modules in each"
                )


def _reading(passes: Sequence[ForwardPass]) -> dict[str, str]:
    """Say of each module, over all passes, how its tokens are known: the least that is known in any."""
    reading: dict[str, str] = {}
    for forward in passes:
        for name, shape in forward.settled.items():
            if shape.is_logged:
                continue
            fit = forward.fits.get(name)
            reading[name] = least_known(
                reading.get(name),
                READ if fit and forward.has_taken and fit.verdict == CHECKED else fit.text if fit else NOT_CHECKED,
            )
    return reading


def _copy(given: Any) -> Any:
    """Return a copy, because the caller may overwrite the original."""
    return given.tolist() if hasattr(given, "tolist") else copy(given)


def _places_by_pass(given: Sequence[CheckedPass], places_of: Callable[[int], RowPlaces]) -> list[RowPlaces | None]:
    """Return where the sequences of each pass stand, one pass after another; None where that is not known yet."""
    if len(given) == 1 and given[0].n_sequences is None:
        return [None]
    if len(given) > 1 and any(g.starts is not None for g in given):
        raise RecordingError(
            "starts cuts the rows of one pass, and there are several; record each in its own run.batch"
        )
    unknown = next((i for i, g in enumerate(given) if g.n_sequences is None), None)
    if unknown is not None:
        raise RecordingError(f"passes[{unknown}] says nothing about its sequences; give it tokens, lengths or a mask")
    ends = list(accumulate(g.n_sequences or 0 for g in given))
    places = places_of(ends[-1])
    parts = (slice(start, stop) for start, stop in pairwise((0, *ends)))
    return [RowPlaces(places.documents[part], places.positions[part], places.later[part]) for part in parts]
