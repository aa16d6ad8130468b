"""A recording: hooks on a model while a batch runs, and one acknowledged block for each batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.utils.hooks import RemovableHandle

from lstmviz.dump.inputs import TrackRows, Values
from lstmviz.dump.parts import Block
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan, StateDtype
from lstmviz.errors import RecordingError, StorageError
from lstmviz.recording.batch import BatchInfo, LabelBook, check_states_fit, read_batch
from lstmviz.recording.call import Collector, ModuleCall
from lstmviz.recording.host import to_rows
from lstmviz.recording.modules import Recorded
from lstmviz.recording.sink import Sink, say, tell
from lstmviz.types import TrackInfo


class Recording:
    """A recording that runs, as ``lstmviz.record`` makes it: a ``with`` around the loop, one ``batch`` a pass.

    Leaving the ``with`` assembles the dump. If its body raises, or is interrupted, what was acknowledged is assembled
    all the same (its provenance says ``complete: false``), a line on standard error says so, and the exception goes on.
    """

    def __init__(
        self,
        recorded: Sequence[Recorded],
        sink: Sink,
        axis: AxisPlan,
        states: Sequence[str],
        dtype: StateDtype,
        provenance: Mapping[str, Any],
    ) -> None:
        self._recorded = tuple(recorded)
        self._sink = sink
        self._axis = axis
        self._states = tuple(states)
        self._dtype: StateDtype = dtype
        self._provenance = provenance
        self._labels = LabelBook()
        self._track_types: dict[str, str] = {}
        self._is_open = False
        self._running: Batch | None = None
        self.stopped: str | None = None
        """What ended the recording before its end, in one line: the disk is full; None while all is well."""

    @property
    def n_steps(self) -> int:
        """Steps acknowledged so far."""
        return self._sink.n_steps

    def batch(
        self, *, tokens: Values, lengths: Values | None = None, tracks: Mapping[str, Values] | None = None
    ) -> Batch:
        """Return a context manager around ONE forward pass of the model.

        ``tokens`` are ids (batch, steps), batch first whatever the model's layout: a torch tensor, a NumPy array or
        nested lists. ``lengths`` (batch,) are the valid steps of each sequence, 1 to steps (default: all); what is
        behind is padding and not recorded. ``tracks`` maps a name to (batch, steps) numbers, or nested lists of
        strings for a category (None: no label); every batch has the same tracks. The batch is acknowledged whole when
        the body ends, and not at all if it raises. Raises InputError naming the first place that does not fit.
        """
        if not self._is_open:
            raise RecordingError("the recording is not open; use it as `with lstmviz.record(...) as run`")
        n_vocab = None if self._axis.vocab is None else len(self._axis.vocab)
        info = read_batch(tokens, lengths, tracks, n_vocab)
        self._check_tracks(info.tracks)
        return Batch(self, info)

    def flush(self) -> None:
        """Return once every acknowledged step would outlive a power cut (it outlives a killed process anyway)."""
        if self.stopped is None:
            with self._stopping():
                self._sink.flush()

    def __enter__(self) -> Self:
        if self._is_open or self._sink.n_steps:
            raise RecordingError("a recording can be entered once; call lstmviz.record again for another")
        with self._stopping():
            self._sink.open()
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        if self._running is not None:
            self._running.remove_hooks()
        line = self._sink.finish(is_complete=value is None and self.stopped is None)
        if self.stopped is not None:
            return  # what became of it was said then
        if line is not None and value is None:
            self._stop(line)
        elif value is not None:
            tell(line, value) if line is not None else say(self._sink.stopped())
        if value is None and not self._sink.n_steps:
            raise RecordingError(
                f"no batch was recorded, so {self._sink.path} was not written; run the model inside "
                "`with run.batch(tokens=ids): model(ids)`"
            )

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Let a disk that takes nothing more stop the recording, and not the program."""
        try:
            yield
        except StorageError as err:
            self._stop(str(err))

    def _stop(self, line: str) -> None:
        self.stopped = line
        say(line)

    def _check_tracks(self, tracks: Mapping[str, TrackRows]) -> None:
        types = {name: _type_of(rows) for name, rows in tracks.items()}
        if self._sink.plan is None:
            return
        if types.keys() != self._track_types.keys():
            odd = min(types.keys() ^ self._track_types.keys())
            place = "the first batch and not this one" if odd in self._track_types else "this batch and not the first"
            raise RecordingError(f"track {odd!r} is in {place}; give the same tracks in every batch")
        for name, given in types.items():
            if given != self._track_types[name]:
                raise RecordingError(
                    f"track {name!r} was {self._track_types[name]} in the first batch and is {given} now; give one type"
                )

    def _acknowledge(self, info: BatchInfo, states: Mapping[str, NDArray[Any]]) -> None:
        """Write one batch as one block; the first one declares the sources and tracks."""
        plan = self._plan_of(info, states)
        arrays: dict[ArrayKey, NDArray[Any]] = {ArrayKey("tokens"): info.tokens}
        arrays |= {ArrayKey("state", name): rows for name, rows in states.items()}
        new_labels: dict[str, tuple[str, ...]] = {}
        for name, rows in info.tracks.items():
            if isinstance(rows.values, np.ndarray):
                arrays[ArrayKey("track", name)] = rows.values
            else:
                arrays[ArrayKey("track", name)], new_labels[name] = self._labels.encode(name, rows.values)
        if self._sink.plan is None:
            self._track_types = {name: _type_of(rows) for name, rows in info.tracks.items()}
        n_batches = self._sink.n_batches
        block = Block(self._axis.name, info.lengths, arrays, {n: new for n, new in new_labels.items() if new})
        try:
            with self._stopping():
                if self._sink.plan is None:
                    self._sink.start(plan)
                self._sink.append([block])
        finally:
            if self._sink.n_batches > n_batches:  # acknowledged, whatever interrupted this
                for name, new in new_labels.items():
                    self._labels.keep(name, new)

    def _plan_of(self, info: BatchInfo, states: Mapping[str, NDArray[Any]]) -> DumpPlan:
        sources = tuple(
            SourcePlan(n, self._axis.name, rows.shape[1], self._dtype, "tanh" if n.endswith(".c") else "raw")
            for n, rows in states.items()
        )
        known = self._sink.plan
        if known is None:
            tracks = tuple(
                TrackInfo(name, self._axis.name, "category" if rows.is_category else "number")
                for name, rows in info.tracks.items()
            )
            return DumpPlan((self._axis,), sources, tracks, self._provenance)
        if set(sources) != set(known.sources):
            odd = min({s.name for s in sources} ^ {s.name for s in known.sources}, default=sources[0].name)
            raise RecordingError(f"{odd} was not made by every batch in the same size; run the same modules in each")
        return known


class Batch:
    """One forward pass that is recorded: hooks are on the model from entering to leaving, whatever happens between."""

    def __init__(self, run: Recording, info: BatchInfo) -> None:
        self._run = run
        self._info = info
        self._handles: list[RemovableHandle] = []
        self._collectors: dict[str, Collector] = {}
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        if self._run._running is not None:
            raise RecordingError("a run.batch is already open; end it before the next one")
        if self._run.stopped is not None:
            return self
        self._run._running = self
        for recorded in self._run._recorded:
            self._collectors[recorded.name] = recorded.kind.collect(recorded.name, recorded.module, self._is_wanted)
            # Before hooks of others, which may put something else in the place of the output.
            hook = recorded.module.register_forward_hook(self._hook_of(recorded), prepend=True, with_kwargs=True)
            self._handles.append(hook)
        return self

    def remove_hooks(self) -> None:
        """Take every hook off the model; a second call does nothing."""
        for handle in self._handles:
            handle.remove()
        self._run._running = None

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove_hooks()
        if value is not None or self._run.stopped is not None:
            return
        if self._failure is not None:
            raise self._failure
        ran = {name: c for name, c in self._collectors.items() if c.n_steps}
        if not ran:
            names = ", ".join(self._collectors)
            raise RecordingError(
                f"none of {names} ran inside run.batch; call the model in its body: "
                "with run.batch(tokens=ids): model(ids)"
            )
        rows: dict[str, NDArray[Any]] = {}
        for name, collector in ran.items():
            check_states_fit(name, collector.n_sequences, collector.n_steps, self._info)
            for state in collector.finish(self._info.lengths):
                rows[state.source] = to_rows(state.source, state.values, self._info.lengths, self._run._dtype)
        self._run._acknowledge(self._info, rows)

    def _is_wanted(self, layer: str, state: str) -> bool:
        return state in self._run._states

    def _hook_of(self, recorded: Recorded) -> Any:
        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            try:
                self._collectors[recorded.name].take(ModuleCall(recorded.name, module, args, kwargs, output))
            except Exception as err:
                self._failure = err
                raise

        return hook


def _type_of(rows: TrackRows) -> str:
    return rows.values.dtype.name if isinstance(rows.values, np.ndarray) else "text"
