"""A recording in progress: takes what the user says about each batch, and writes it as blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from lstmviz.dump.validate import Values
from lstmviz.errors import InputError, RecordingError, StorageError
from lstmviz.recording.batch.axes import by_axis
from lstmviz.recording.batch.axis_batch import AxisBatch, AxisRows
from lstmviz.recording.batch.batch import Batch
from lstmviz.recording.batch.pass_inputs import Pass
from lstmviz.recording.batch.to_blocks import AxisBlock, check_plan, first_plan, make_axis_block
from lstmviz.recording.disk_space import forecast, refusal, size_line
from lstmviz.recording.options import RecordingOptions, passes_by_axis
from lstmviz.recording.sink import Sink, print_and_note, print_line
from lstmviz.types import Concerns, View


class Recording:
    """A recording that runs, as ``lstmviz.record`` makes it: a ``with`` around the loop, one ``batch`` a pass.

    Leaving the ``with`` assembles the dump. If its body raises, or is interrupted, what was acknowledged is assembled
    all the same (its provenance says ``complete: false``), a line on standard error says so, and the exception goes on.
    Where the body catches what a batch raises, that batch is lacking: ``complete: false``, and ``batches_lost``.
    A disk that takes nothing more stops the recording, says so in one line, and lets the model run on.
    """

    def __init__(self, options: RecordingOptions, sink: Sink) -> None:
        self._options = options
        self._sink = sink
        self._is_open = False
        self._n_begun = self._n_done = 0  # batches; one that is done may have kept no step
        self._running: Batch | None = None
        self.stopped: str | None = None
        """What ended the recording before its end, in one line: the disk is full; None while all is well."""
        self.tells_size = True
        """Whether the size is told on standard error before the first write; set it before the ``with``."""

    @property
    def n_steps(self) -> int:
        """Steps acknowledged so far, over all axes."""
        return self._sink.n_steps

    def batch(
        self,
        tokens: Values | None = None,
        *,
        lengths: Values | None = None,
        mask: Values | None = None,
        inputs: Values | None = None,
        tracks: Mapping[str, Values] | None = None,
        sequence_tracks: Mapping[str, Values] | None = None,
        where: Values | None = None,
        continues: Values = False,
        documents: Values | None = None,
        passes: Sequence[Pass] | Mapping[str, Sequence[Pass]] | None = None,
    ) -> Batch:
        """Return a context manager around ONE forward pass of the model.

        Everything is batch first, whatever the model's layout. With several axes, each argument is a mapping by the
        axis' name.

        ``tokens``: ids (batch, steps); or a list of lists of strings; or a list of strings, each character a token; or
        a list of ``tokenizers.Encoding``, whose attention mask and offsets are used. Lists may be ragged. Strings that
        are not in the vocabulary are added to it. None: steps without text.
        ``lengths`` (batch,): the valid steps of each sequence, 1 to steps (default: all); what is behind is padding and
        not recorded. A packed input says it itself. ``mask`` (batch, steps): the same as True and False, for padding
        on either side.
        ``inputs`` (batch, steps, n_features): numbers, kept as tracks named by ``record(features=...)``.
        ``tracks``: a name to (batch, steps) numbers, or nested lists of strings for a category (None: no label).
        ``sequence_tracks``: a name to one number or string for each sequence, (batch,). Every batch has the same ones.
        ``where`` (batch, steps): True for the steps to keep; a sequence ends where one is left out.
        ``continues``: True (or one for each sequence) where sequence i goes on with sequence i of the batch
        acknowledged before, as in truncated backpropagation through time: the dump has them whole. The last columns
        may be lacking, where a stream ends.
        ``documents`` (batch,): a number for each sequence, by which the dump has them in order, where batches do not
        come in that order (a loader that puts texts of like length together). Give it in every batch.
        ``passes``: instead of all this, one ``lstmviz.Pass`` for each time that a module runs in the forward pass.

        The batch is acknowledged whole when the body ends, and not at all if it raises. Raises InputError naming the
        first place that does not fit, and RecordingError where what ran is not what was given.
        """
        if not self._is_open:
            raise RecordingError("the recording is not open; use it as `with lstmviz.record(...) as run`")
        options, names = self._options, tuple(self._options.axes)
        given = Pass(
            tokens=tokens,
            lengths=lengths,
            mask=mask,
            inputs=inputs,
            tracks=tracks,
            sequence_tracks=sequence_tracks,
            where=where,
        )
        axis_batches: dict[str, AxisBatch] = {}
        if self.stopped is None:
            flags = by_axis("continues", continues, names, is_shared=True)
            numbers = by_axis("documents", documents, names)
            for name, axis_passes in passes_by_axis(given, passes, names).items():
                axis = options.axes[name]
                checked = [axis.check(one) for one in axis_passes]
                axis_batches[name] = AxisBatch(axis, checked, flags[name], options.storage, numbers[name])
        return Batch(
            axis_batches, options.modules, options.wanted, self._enter_batch, self._leave_batch, self._acknowledge
        )

    def tokens(
        self,
        tokens: Values,
        *,
        lengths: Values | None = None,
        mask: Values | None = None,
        tracks: Mapping[str, Values] | None = None,
        sequence_tracks: Mapping[str, Values] | None = None,
        where: Values | None = None,
        axis: str | None = None,
    ) -> None:
        """Say what the batch that runs goes over, where that is known only now: text that the model generates.

        For a batch that was opened with ``run.batch()``; all arguments are as there, of the one ``axis``. The token at
        step t is the one that the model read at step t, so that a token which was chosen and never read is not among
        them.
        """
        if (batch := self._batch_of("tokens")) is not None:
            given = Pass(
                tokens=tokens,
                lengths=lengths,
                mask=mask,
                tracks=tracks,
                sequence_tracks=sequence_tracks,
                where=where,
            )
            batch.tokens(given, axis)

    def log(self, name: str, values: Values, *, view: View = "raw", axis: str | None = None) -> None:
        """Record one more array of the batch that runs, as the source ``name``: a model's own states, or attention.

        ``values`` are (batch, steps, n_units) or (batch, steps), batch first; a second call with the same name is what
        follows in time. ``view`` "tanh" is for values that are shown through tanh, as a cell state is. ``axis`` says on
        which time axis they lie, where there are several.
        """
        if (batch := self._batch_of("log")) is not None:
            batch.log(name, values, view, axis)

    def log_step(self, name: str, values: Values, *, view: View = "raw", axis: str | None = None) -> None:
        """Record one step of the source ``name``, (batch, n_units) or (batch,): call it once in each turn of a loop.

        The values are copied, so that the loop may write over them. A later step may have the first sequences alone,
        where the last ones have ended. See ``log``.
        """
        if (batch := self._batch_of("log_step")) is not None:
            batch.log(name, values, view, axis, is_step=True)

    def predictions(
        self,
        logits: Values,
        targets: Values | None = None,
        top_k: int = 5,
        *,
        labels: Sequence[str] | None = None,
        concerns: Concerns = "next",
        axis: str | None = None,
    ) -> None:
        """Keep what the model said at each step of the batch that runs, as tracks of the group "predictions".

        ``logits`` are (batch, steps, n_vocab), ``targets`` ids (batch, steps), negative where there is none. The tracks
        are top1, p1 .. top<k>, p<k>, and with targets loss (nats) and right. At step t they concern the token at t + 1,
        or with ``concerns="step"`` the step itself, as a tagger's do. ``labels`` name the ids (default: the vocabulary,
        for a next token). Logits (batch, n_classes) are a classifier's, one prediction for each sequence.
        """
        if concerns not in ("next", "step"):
            raise InputError(f"concerns is {concerns!r}; use 'next' for the token that follows, or 'step'")
        if (batch := self._batch_of("predictions")) is not None:
            batch.predictions(logits, targets, top_k, labels, concerns, axis)

    def flush(self) -> None:
        """Return once every acknowledged step would outlive a power cut (it outlives a killed process anyway)."""
        if self.stopped is None:
            with self._stopping():
                self._sink.flush()

    def __enter__(self) -> Self:
        if self._is_open or self._n_begun:
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
        was_stopped = self.stopped is not None
        is_in_order = value is None and not was_stopped
        line = self._sink.finish(is_complete=is_in_order, n_lost=self._n_begun - self._n_done if is_in_order else 0)
        if line is not None:
            self.stopped = line
            print_line(line) if value is None else print_and_note(line, value)
        elif value is not None and not was_stopped:
            print_line(self._sink.stopped())
        if was_stopped:
            return
        if value is None and not self._sink.n_steps:
            if self._n_done:
                raise RecordingError(
                    f"where= left out every step of every batch, so {self._sink.path} was not written; give a where "
                    "that is True at the steps to keep"
                )
            raise RecordingError(
                f"no batch was recorded, so {self._sink.path} was not written; run the model inside "
                "`with run.batch(tokens=ids): model(ids)`"
            )

    def _batch_of(self, verb: str) -> Batch | None:
        """Return the batch that runs; None where the recording was stopped."""
        if self._running is None and self.stopped is None:
            raise RecordingError(f"run.{verb} is for a batch that runs; call it inside `with run.batch(...)`")
        return self._running

    def _enter_batch(self, batch: Batch) -> bool:
        if self._running is not None:
            raise RecordingError("a run.batch is already open; end it before the next one")
        if self.stopped is not None:
            return False
        self._running = batch
        self._n_begun += 1
        return True

    def _leave_batch(self) -> None:
        self._running = None

    def _acknowledge(self, rows: Mapping[str, AxisRows]) -> None:
        """Write one batch, a block for each axis; the first one declares sources and tracks, and reports the size."""
        options = self._options
        if self.stopped is not None:  # a flush found the disk full while the batch ran
            return
        for name, axis_rows in rows.items():
            for given in axis_rows.given:
                options.axes[name].check_same(given)
        axis_blocks = [make_axis_block(options.axes[n], r, options.storage.dtype) for n, r in rows.items()]
        blocks = [b.block for b in axis_blocks if b.block.lengths]
        if self._sink.plan is not None:
            check_plan(axis_blocks, self._sink.plan)
        n_batches = self._sink.n_batches
        try:
            with self._stopping():
                if blocks and self._sink.plan is None:
                    self._begin(axis_blocks)
                if blocks:
                    self._sink.append(blocks)
        finally:
            if self._sink.n_batches > n_batches or not blocks:  # acknowledged, whatever interrupted this
                self._n_done += 1
                for axis_block in axis_blocks:
                    axis_block.commit()

    def _begin(self, axis_blocks: Sequence[AxisBlock]) -> None:
        """Report how much room the recording takes, refuse it where there is less, and write the header."""
        options = self._options
        missing = next((name for name in options.axes if name not in [b.plan.name for b in axis_blocks]), None)
        if missing is not None:
            raise RecordingError(
                f"nothing ran on axis {missing!r} in the first batch; run all of them in it, or leave it out of axes="
            )
        sources = [(name, s.layer, s.module) for b in axis_blocks for name, s in b.rows.states.items()]
        if (pattern := options.storage.units.unmatched(sources)) is not None:
            raise RecordingError(
                f"units has {pattern!r}, which no source is named; there is {', '.join(s for s, *_ in sources)}"
            )
        plan = first_plan(axis_blocks, [module.name for module, _ in options.modules], options.provenance)
        n_bytes = sum(array.nbytes for b in axis_blocks for array in b.block.arrays.values())
        n_valid = sum(b.rows.n_valid for b in axis_blocks)
        expected = forecast(self._sink.path.parent, options.n_steps, n_valid, n_bytes)
        if not (expected.fits or options.force):
            raise refusal(self._sink.path, expected)
        if self.tells_size:
            print_line(size_line(self._sink.path, plan, expected))
        self._sink.start(plan)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Let a full disk stop the recording, and not the program."""
        try:
            yield
        except StorageError as err:
            self._stop(str(err))

    def _stop(self, line: str) -> None:
        self.stopped = line
        print_line(line)
