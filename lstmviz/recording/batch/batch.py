"""One batch that is recorded: hooks are on the model while its ``with`` runs, and never after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from lstmviz.dump.schema import check_name
from lstmviz.dump.tokens import even_rows
from lstmviz.dump.values import as_array
from lstmviz.errors import InputError, RecordingError, reason_of
from lstmviz.recording.batch.axis_batch import AxisBatch, AxisRows
from lstmviz.recording.batch.forward_pass import ForwardPass, PredictionTrack
from lstmviz.recording.batch.paired import pair_attention
from lstmviz.recording.batch.pass_inputs import INPUTS, MANY_FEATURES, Pass, feature_names, read_inputs
from lstmviz.recording.batch.prediction_tracks import Predictions
from lstmviz.recording.batch.score_range import ScoreRange
from lstmviz.recording.follow.follower import TokenFollower
from lstmviz.recording.hooks.calls import ModuleCall, StateFilter
from lstmviz.recording.hooks.modules import RecordedModule
from lstmviz.recording.hooks.watch import Watch
from lstmviz.recording.recompute.own import own_arithmetic
from lstmviz.types import View


class Batch:
    """One forward pass that is recorded: the context manager that ``Recording.batch`` returns.

    Example:
        >>> import torch
        >>> rnn = torch.nn.RNN(2, 4, batch_first=True)
        >>> with lstmviz.record(rnn, "rnn.h5") as run, run.batch(tokens=["abc"]) as batch:
        ...     output, _ = rnn(torch.zeros(1, 3, 2))
        >>> lstmviz.open_dump("rnn.h5").n_steps
        3
    """

    def __init__(
        self,
        axes: Mapping[str, AxisBatch],
        modules: Sequence[tuple[RecordedModule, str]],
        wanted: StateFilter,
        enter: Callable[[Batch], bool],
        leave: Callable[[], bool],
        done: Callable[[Mapping[str, AxisRows]], None],
        follower: TokenFollower | None = None,
    ) -> None:
        self._axes = axes
        self._modules = modules
        self._wanted = wanted
        self._enter, self._leave, self._done = enter, leave, done
        self._follower = follower
        self._watches: list[Watch] = []
        self._failure: Exception | None = None
        self._is_recorded = False

    def __enter__(self) -> Self:
        self._is_recorded = self._enter(self)
        if self._is_recorded:
            for recorded, axis in self._modules:
                take = self._taker_of(recorded, self._axes[axis])
                self._watches.append(Watch(recorded.name, recorded.module, take))
            if self._follower is not None:
                for axis_batch in self._axes.values():
                    axis_batch.follow(self._follower)
                self._follower.start()
        return self

    def unwatch(self) -> None:
        """Leave the model as it was; a second call does nothing."""
        if self._follower is not None:
            self._follower.stop()
        for watch in reversed(self._watches):
            watch.remove()
        self._watches.clear()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unwatch()
        is_kept = self._leave()
        failure, self._failure = self._failure, None
        if value is not None or not self._is_recorded or not is_kept:
            return
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # its traceback has this frame, and so would keep the batch
        if not any(axis.has_run for axis in self._axes.values()):
            raise RecordingError(self._nothing_ran(self._modules))
        for name, axis in self._axes.items():
            if axis.is_given and not axis.has_run:
                of_axis = [(r, a) for r, a in self._modules if a == name]
                raise RecordingError(f"{self._nothing_ran(of_axis)}; or give nothing for axis {name!r}")
        with own_arithmetic():
            for axis_batch in self._axes.values():
                if axis_batch.has_run:
                    axis_batch.log_inputs()
            rows = {name: axis.close() for name, axis in self._axes.items() if axis.has_run}
            self._done(pair_attention(rows, {name: axis.axis for name, axis in self._axes.items()}))

    def tokens(self, given: Pass, axis: str | None) -> None:
        """Take what an axis runs over, where run.batch was given nothing for it."""
        self._guarded(lambda: self._axis("run.tokens(ids", axis).describe(given))

    def track(self, name: str, values: Any, axis: str | None) -> None:
        """Take a track of steps (batch, steps), or of sequences (batch,)."""
        even, _ = even_rows(f"track {name!r}", values)
        array = as_array(f"track {name!r}", even, "numbers or strings", "give one value a step, or a sequence")
        if array.ndim not in (1, 2):
            raise InputError(f"track {name!r} has shape {array.shape}; give (batch, steps), or (batch,) for sequences")
        track = PredictionTrack(name, array.copy(), "sequence" if array.ndim == 1 else "step", "step", "")
        self._add(f"run.track({name!r}, values)", axis, lambda _: [track])

    def starts(self, values: Any, axis: str | None) -> None:
        """Take where episodes begin, (batch, steps)."""
        self._guarded(lambda: self._axis("run.starts(mask", axis).starts(values))

    def inputs(self, values: Any, axis: str | None) -> None:
        """Take numeric inputs, (batch, steps, n_features): a track for each, or one source where there are many."""
        array, _ = read_inputs(values)
        if array is None:
            raise InputError("inputs are None; give numbers, (batch, steps, n_features)")
        axis_state = self._axis("run.inputs(values", axis).axis
        if array.shape[2] > MANY_FEATURES:
            self.log(axis_state.prefix + INPUTS, np.asarray(array, np.float32), "raw", axis)
            return
        names = feature_names(axis_state.spec.features, array.shape[2], axis_state.prefix)
        tracks = [PredictionTrack(n, array[..., i].copy(), "step", "step", INPUTS) for i, n in enumerate(names)]
        self._add("run.inputs(values)", axis, lambda _: tracks)

    def _add(self, call: str, axis: str | None, tracks: Callable[[ForwardPass], list[PredictionTrack]]) -> None:
        axis_batch = self._axis(call.removesuffix(")"), axis)
        with own_arithmetic():
            self._guarded(lambda: axis_batch.add_tracks(call, tracks))

    def log(
        self,
        name: str,
        values: Any,
        view: View,
        axis: str | None,
        *,
        is_step: bool = False,
        from_end: bool = False,
        over: str | None = None,
    ) -> None:
        """Take one more array of states, (batch, steps, n) or (batch, steps), or of one step (batch, n) or (batch,).

        In place of n there may be several sizes: each unit is then named by its indices. With ``over`` they are
        weights over the steps of that axis.
        """
        check_name("source", name)
        if view not in ("raw", "tanh"):
            raise InputError(f"view {view!r} of {name!r} is not known; use 'raw' or 'tanh'")
        if any(recorded.name == name for recorded, _ in self._modules):
            raise InputError(f"{name!r} is the name of a recorded module's states; log under another")
        tensor = _as_tensor(name, values)
        shapes = "(batch, n) or (batch,)" if is_step else "(batch, steps, n) or (batch, steps)"
        if tensor.dim() + is_step < 2 or 0 in tensor.shape:
            raise InputError(f"{name!r} was logged with shape {tuple(tensor.shape)}; give {shapes}")
        sizes = tuple(tensor.shape[2 - is_step :])
        if over is not None:
            self._check_over(name, over, tensor, is_step=is_step, is_from_end=from_end)
        with torch._C.DisableTorchFunction():
            tensor = tensor.flatten(2 - is_step) if len(sizes) > 1 else tensor if sizes else tensor[..., None]
        chunk = tensor[None] if is_step else tensor.transpose(0, 1)
        with torch._C.DisableTorchFunction():
            if over is not None:
                self._guarded(lambda: self._axis(f"run.log({name!r}", axis).log(name, chunk, view, over=over))
            else:
                self._guarded(lambda: self._log(name, chunk, view, axis, sizes, from_end))

    def _check_over(self, name: str, over: str, tensor: Tensor, *, is_step: bool, is_from_end: bool) -> None:
        """Raise InputError unless weights have one size for the steps attended to, of an axis that there is."""
        if over not in self._axes:
            raise InputError(f"{name!r} is over axis {over!r}, and the recording has {', '.join(self._axes)}")
        if tensor.dim() != 3 - is_step:
            shape = "(batch, steps attended to)" if is_step else "(batch, steps, steps attended to)"
            raise InputError(
                f"{name!r} was logged over {over!r} with shape {tuple(tensor.shape)}; give {shape}, each head under a "
                "name of its own"
            )
        if is_from_end:
            raise InputError(f"{name!r} is attention, which is logged from the first step on; leave out from_end")

    def _log(
        self, name: str, chunk: Tensor, view: View, axis: str | None, sizes: tuple[int, ...], from_end: bool
    ) -> None:
        axis_batch = self._axis(f"run.log({name!r}", axis)
        known = axis_batch.axis.unit_shapes.setdefault(name, sizes)
        if known != sizes:
            raise RecordingError(f"{name} was logged with units of shape {known} and then {sizes}; log one shape")
        axis_batch.log(name, chunk, view, from_end=from_end)

    def predictions(self, given: Predictions, axis: str | None) -> None:
        """Make the tracks of predictions from a model's outputs for steps, (batch, steps, n), or for sequences."""
        axis_batch = self._axis("run.predictions(logits", axis)
        layouts = {m.module.batch_first for m, _ in self._modules if isinstance(m.module, nn.RNNBase)}
        is_steps_first = False in layouts if len(layouts) == 1 else None

        scores = axis_batch.axis.scores.setdefault(given.name, ScoreRange())

        def tracks(forward: ForwardPass) -> list[PredictionTrack]:
            forward.note_outputs(verb, given.outputs)
            return given.tracks(forward.given, forward.layout, axis_batch.axis.spec.vocab, is_steps_first, scores)

        verb = "run.predictions" if given.name is None else f"run.predictions({given.name})"
        remedy = ", and give each head of the model a name= of its own"
        with own_arithmetic():
            self._guarded(lambda: axis_batch.add_tracks(verb, tracks, remedy))

    def _axis(self, call: str, name: str | None) -> AxisBatch:
        if name is None and len(self._axes) == 1:
            return next(iter(self._axes.values()))
        if name is None or name not in self._axes:
            named = "no axis" if name is None else f"axis {name!r}"
            raise InputError(f"{call}) names {named}, and the recording has {', '.join(self._axes)}; say axis=")
        return self._axes[name]

    def _taker_of(self, recorded: RecordedModule, axis: AxisBatch) -> Callable[[ModuleCall], None]:
        def make() -> Any:
            return recorded.kind.collect(recorded.name, recorded.module, self._wanted)

        def take(call: ModuleCall) -> None:
            try:
                axis.take(recorded.name, make, call)
            except Exception as err:
                self._failure = err
                raise

        return take

    def _guarded(self, take: Callable[[], None]) -> None:
        """Remember an error: the batch is then not acknowledged, even if the caller's code swallows the error."""
        try:
            take()
        except Exception as err:
            self._failure = err
            raise

    @staticmethod
    def _nothing_ran(modules: Sequence[tuple[RecordedModule, str]]) -> str:
        if not modules:
            return (
                "the model has no recurrent module that torch knows and nothing was logged; log its states inside "
                "run.batch with run.log(name, values), values being (batch, steps, n)"
            )
        names = ", ".join(recorded.name for recorded, _ in modules)
        return (
            f"none of {names} ran inside run.batch; call the model in its body: with run.batch(tokens=ids): model(ids)"
        )


def _as_tensor(name: str, values: Any) -> Tensor:
    """Return the values that are logged, as floats on their own device."""
    try:
        tensor = values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values))
    except (TypeError, ValueError) as err:
        raise InputError(f"{name!r} was logged with what is not an array ({reason_of(err)}); give a tensor") from err
    if tensor.is_complex():
        raise InputError(f"{name!r} was logged with complex numbers; give real ones, such as values.abs()")
    return tensor if tensor.is_floating_point() else tensor.float()
