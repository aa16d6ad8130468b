"""A recording in progress: takes what the user says about each batch, and writes it as blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import Lock
from types import TracebackType
from typing import Any, Self, get_args

from lstmviz.dump.schema import UNIT_SHAPES
from lstmviz.dump.values import Values
from lstmviz.errors import InputError, LstmvizError, RecordingError, StorageError, reason_of
from lstmviz.recording.batch.axes import by_axis
from lstmviz.recording.batch.axis_batch import AxisBatch, AxisRows
from lstmviz.recording.batch.batch import Batch
from lstmviz.recording.batch.fit_tokens import note_of
from lstmviz.recording.batch.pass_inputs import Pass
from lstmviz.recording.batch.prediction_tracks import Kind, Predictions
from lstmviz.recording.batch.predictions import read_labels
from lstmviz.recording.batch.to_blocks import AxisBlock, check_plan, first_plan, make_axis_block
from lstmviz.recording.disk_space import forecast, refusal, size_line
from lstmviz.recording.options import RecordingOptions, passes_by_axis
from lstmviz.recording.sink import Sink, print_and_note, print_line
from lstmviz.types import Concerns, View


class Recording:
    """A recording in progress, as ``lstmviz.record`` returns it.

    Put a ``with`` around your loop, and one around each forward pass: ``with run.batch(...)``.

    When the ``with`` ends, the dump is assembled. If its body raises or is interrupted, everything acknowledged so far
    is assembled too (its provenance says ``complete: false``), a line on standard error says so, and the exception
    continues. If the body catches an exception of a batch, only that batch is missing, and the provenance counts it in
    ``batches_lost``. A full disk stops the recording with one line, and lets the model run on.

    A recording belongs to the process that entered the ``with``. A fork of it (a loader's worker, ``multiprocessing``,
    ``os.fork``) may leave the ``with`` in any way and changes nothing; it cannot record batches of its own.

    Attributes:
        stopped: Why the recording stopped early, in one line, such as a full disk; None otherwise.
        tells_size: Whether to print the size on standard error before the first write. Set it before the ``with``.
        facts: What the dump's provenance notes besides, by name. Set it before the ``with``.

    Example:
        >>> import torch
        >>> rnn = torch.nn.GRU(2, 4, batch_first=True)
        >>> with lstmviz.record(rnn, "gru.h5") as run:
        ...     with run.batch(tokens=["abc", "de"], lengths=[3, 2]):
        ...         output, _ = rnn(torch.zeros(2, 3, 2))
        ...     print(run.n_steps)
        5
    """

    def __init__(self, options: RecordingOptions, sink: Sink, *, index: bool = False) -> None:
        self._options = options
        self._sink = sink
        self._has_index = index
        self._is_open = False
        self._n_begun = self._n_done = 0  # batches; one that is done may have kept no step
        self._n_valid = 0  # steps that ran and are no padding, kept or not
        self._running: Batch | None = None
        self._entering = Lock()
        self.stopped: str | None = None
        self.tells_size = True
        self.facts: Mapping[str, Any] = {}

    @property
    def n_steps(self) -> int:
        """Number of steps acknowledged so far, over all axes."""
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
        starts: Values | None = None,
        as_written: Values | None = None,
        continues: Values = False,
        documents: Values | None = None,
        ids: Values | None = None,
        passes: Sequence[Pass] | Mapping[str, Sequence[Pass]] | None = None,
    ) -> Batch:
        """Return a context manager to put around one forward pass of the model.

        Everything is batch first, whatever the layout of the model. With several axes, each argument is a mapping by
        the name of the axis. The batch is acknowledged as a whole when the body ends, and not at all if it raises.

        Args:
            tokens: Ids, (batch, steps); or lists of strings; or strings, each of whose characters is a token; or a list
                of ``tokenizers.Encoding``, whose attention mask and offsets are used. Rows may have different lengths.
                Strings that are not in the vocabulary are added to it, unless its unknown token (such as ``<unk>``)
                stands for them: then the text shows them, and the ids are that token's. None: the steps have no tokens.
            lengths: Number of valid steps of each sequence, (batch,); the steps after them are padding and are not
                recorded. None: all steps, or the lengths of a packed input.
            mask: True for text and False for padding, (batch, steps); for padding on either side.
            inputs: Numbers in place of tokens, (batch, steps, n_features), kept as tracks named by
                ``record(features=...)``.
            tracks: Names with (batch, steps) numbers, or with nested lists of strings for a category (None: no label).
            sequence_tracks: Names with one number or string for each sequence, (batch,). Every batch must have the
                same.
            where: True for the steps to keep, (batch, steps); a sequence ends where a step is left out.
            starts: True where an episode begins inside a row, (batch, steps): a sequence begins there, from a state of
                its own. Values of ``sequence_tracks`` and ``ids`` may then be (batch, steps) too, the same throughout
                an episode.
            as_written: What stood in the text, (batch, steps) of strings, such as words before they were put into lower
                case or became the model's unknown token; None where the token itself stood there. It is shown and
                searched in the token's place, and marked where the token is the unknown one. Give it in every batch.
            continues: True, or one value for each sequence, if sequence i continues sequence i of the batch before, as
                in truncated backpropagation through time. The last columns may be missing once their stream has ended.
            documents: A number for each sequence, (batch,), by which the dump orders them, for a loader that changes
                the order. Give it in every batch.
            ids: A name or a number of your own for each sequence, (batch,), kept as the sequence track ``id``.
            passes: In place of all this, one ``lstmviz.Pass`` for each time that a module runs in the forward pass.

        Returns:
            The context manager.

        Raises:
            InputError: An argument does not fit; the message names the first place.
            RecordingError: What ran is not what was described.
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
            sequence_tracks=sequence_tracks if ids is None else {**(sequence_tracks or {}), "id": ids},
            where=where,
            starts=starts,
            as_written=as_written,
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
            axis_batches,
            options.modules,
            options.wanted,
            self._enter_batch,
            self._leave_batch,
            self._acknowledge,
            options.follower(tokens),
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
        """Give the tokens of the present batch, if they are known only after the model ran, as in generated text.

        Open the batch with ``run.batch()``. The token at step t is the one that the model read at step t; a token that
        was chosen but never read is left out.

        Args:
            tokens: As in ``batch``.
            lengths: As in ``batch``.
            mask: As in ``batch``.
            tracks: As in ``batch``.
            sequence_tracks: As in ``batch``.
            where: As in ``batch``.
            axis: Name of the axis, if there are several.

        Raises:
            InputError: An argument does not fit.
            RecordingError: No batch is open, or it already has tokens.
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

    def track(self, name: str, values: Values, *, axis: str | None = None) -> None:
        """Keep a track of the present batch that is known only while, or after, the model runs.

        Args:
            name: Name of the track.
            values: Numbers, or nested lists of strings, (batch, steps); or one for each sequence, (batch,).
            axis: Name of the axis, if there are several.

        Raises:
            InputError: The values do not fit.
            RecordingError: No batch is open.
        """
        if (batch := self._batch_of("track")) is not None:
            batch.track(name, values, axis)

    def starts(self, mask: Values, *, axis: str | None = None) -> None:
        """Say where episodes begin in the present batch, if it is known only while, or after, the model runs.

        Open the batch with ``run.batch()``.

        Args:
            mask: True where an episode begins, (batch, steps), as in ``batch``.
            axis: Name of the axis, if there are several.

        Raises:
            InputError: It is not a mask.
            RecordingError: No batch is open, its steps are already cut into sequences, or the mask does not fit them.
        """
        if (batch := self._batch_of("starts")) is not None:
            batch.starts(mask, axis)

    def inputs(self, values: Values, *, axis: str | None = None) -> None:
        """Keep the numbers that the model read in the present batch, if they are known only after it ran: a rollout.

        Args:
            values: Numbers, (batch, steps, n_features), as in ``batch``.
            axis: Name of the axis, if there are several.

        Raises:
            InputError: The values do not fit.
            RecordingError: No batch is open.
        """
        if (batch := self._batch_of("inputs")) is not None:
            batch.inputs(values, axis)

    def log(
        self, name: str, values: Values, *, view: View = "raw", axis: str | None = None, over: str | None = None
    ) -> None:
        """Record one more array of the present batch as a source: states of a cell of your own.

        A second call with the same name continues the array in time. With ``over``, record attention instead: weights
        from each step to the steps of the paired sequence of another axis.

        Args:
            name: Name of the source.
            values: The array, (batch, steps, n_units) or (batch, steps). In place of n_units there may be several
                sizes, as of a state that is a matrix; each unit is then named by its indices, such as ``"3,5"``.
            view: ``"tanh"`` for values that are shown through tanh, like a cell state.
            axis: Name of the axis, if there are several.
            over: Name of the axis that is attended to, for attention. The values are then (batch, steps, steps attended
                to), one weight for each step of the padded batch on that axis; their number may differ from batch to
                batch. Sequence i of one axis and sequence i of the other are a pair.

        Raises:
            InputError: The array does not fit.
            RecordingError: No batch is open.
        """
        if (batch := self._batch_of("log")) is not None:
            batch.log(name, values, view, axis, over=over)

    def log_step(
        self,
        name: str,
        values: Values,
        *,
        view: View = "raw",
        from_end: bool = False,
        axis: str | None = None,
        over: str | None = None,
    ) -> None:
        """Record one step of a source; call it once in each turn of a loop.

        The values are copied, so the loop may overwrite them. A later step may have only the first sequences, once the
        others have ended.

        Args:
            name: Name of the source.
            values: The step, (batch, n_units) or (batch,); in place of n_units there may be several sizes, as for
                ``log``.
            view: ``"tanh"`` for values that are shown through tanh, like a cell state.
            from_end: Whether the loop runs from the last step to the first; later steps may then have more sequences,
                as the ends of shorter ones are met.
            axis: Name of the axis, if there are several.
            over: Name of the axis that is attended to, for attention, as in ``log``: (batch, steps attended to), whose
                number may also grow from step to step.

        Raises:
            InputError: The step does not fit.
            RecordingError: No batch is open.
        """
        if (batch := self._batch_of("log_step")) is not None:
            batch.log(name, values, view, axis, is_step=True, from_end=from_end, over=over)

    def predictions(
        self,
        logits: Values,
        targets: Values | None = None,
        top_k: int = 5,
        *,
        labels: Sequence[str] | None = None,
        concerns: Concerns = "next",
        kind: Kind = "softmax",
        name: str | None = None,
        axis: str | None = None,
    ) -> None:
        """Keep the predictions of the present batch as tracks.

        They are ``top1``, ``p1`` ... ``top<k>``, ``p<k>``, and with targets ``loss`` (nats) and ``right``.

        Args:
            logits: Scores, (batch, steps, n_vocab); or (batch, n_classes) for one prediction for each sequence. One
                score, (batch, steps, 1) or (batch, 1), is the logit of yes, and labels are then those of no and yes.
            targets: Ids, or labels, (batch, steps) or (batch,); negative, or None, where there is none.
            top_k: Number of most likely tokens to keep.
            labels: Names of the scores, one each; None for the vocabulary, or for numbers where there are fewer scores.
            concerns: ``"next"`` if the prediction at step t concerns the token at t + 1, ``"step"`` if it concerns step
                t itself, like a tagger's.
            kind: ``"softmax"`` for scores of which one is right. ``"sigmoids"`` for logits of labels that are each true
                or not: one track for each label, its probability. ``"values"`` for numbers, such as forecasts or the
                (mean, scale) of a distribution, kept as they are. With targets these two have a ``loss``: the mean
                cross-entropy, or the mean absolute error.
            name: Name of the head, if the model has several; it precedes the names of the tracks: ``pos.top1``.
            axis: Name of the axis, if there are several.

        Raises:
            InputError: The logits or targets do not fit.
            RecordingError: No batch is open.
        """
        if kind not in get_args(Kind):
            raise InputError(f"kind is {kind!r}; use {', '.join(map(repr, get_args(Kind)))}")
        if concerns not in ("next", "step"):
            raise InputError(f"concerns is {concerns!r}; use 'next' for the token that follows, or 'step'")
        if (batch := self._batch_of("predictions")) is not None:
            batch.predictions(Predictions(logits, targets, top_k, read_labels(labels), concerns, kind, name), axis)

    def flush(self) -> None:
        """Wait until every acknowledged step would survive a power cut; it survives the end of the process anyway."""
        if self.stopped is None and self._sink.is_ours:
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
            self._running.unwatch()
        if not self._sink.is_ours:
            return
        was_stopped = self.stopped is not None
        is_in_order = value is None and not was_stopped
        n_lost = self._n_begun - self._n_done if is_in_order else 0
        line = self._sink.finish(is_complete=is_in_order, n_lost=n_lost, notes=self._notes(is_in_order=is_in_order))
        if is_in_order and self._sink.n_steps and (idle := self._not_run()):
            them = "it" if len(idle) == 1 else "them"
            print_line(f"{_listed(idle)} did not run in any batch, so the dump has no states of {them}")
        if line is not None:
            self.stopped = line
            print_line(line) if value is None else print_and_note(line, value)
        elif value is not None and not was_stopped:
            print_line(self._sink.stopped())
        if was_stopped:
            return
        if value is None and line is None and self._sink.n_steps and self._has_index:
            self._build_index()
        if value is None and not self._sink.n_steps:
            if self._n_valid:
                raise RecordingError(
                    f"where= left out every step of every batch, so {self._sink.path} was not written; give a where "
                    "that is True at the steps to keep"
                )
            if self._n_done:
                raise RecordingError(
                    f"no sequence of any batch has a step, so {self._sink.path} was not written; give lengths= or "
                    "mask= with one step or more"
                )
            raise RecordingError(
                f"no batch was recorded, so {self._sink.path} was not written; run the model inside "
                "`with run.batch(tokens=ids): model(ids)`"
            )

    def _build_index(self) -> None:
        """Build the index of every source; where that fails, a line says so, and the dump is whole."""
        # HDF5 is not loaded into a process that trains unless it is asked to build an index.
        from lstmviz.dump.reader import DumpReader
        from lstmviz.match.index.store import build_indexes

        try:
            with closing(DumpReader(self._sink.path)) as dump:
                build_indexes(dump)
        except (LstmvizError, OSError) as err:
            path, reason = self._sink.path, reason_of(err)
            print_line(f"{path} is complete and has no index, which the first question builds: {reason}")

    def _not_run(self) -> list[str]:
        """Return the modules that were found and did not run in any batch."""
        ran = {name for axis in self._options.axes.values() for name in axis.reading}
        return [module.name for module, _ in self._options.modules if module.name not in ran]

    def _notes(self, *, is_in_order: bool) -> dict[str, Any]:
        """Return what is known only at the end: how the tokens are known, and what did not run."""
        by_axis = {name: note_of(axis.reading) for name, axis in self._options.axes.items()}
        one = next(iter(by_axis.values()))
        tokens = one if len(by_axis) == 1 else "; ".join(f"{name}: {note}" for name, note in by_axis.items())
        idle = self._not_run() if is_in_order else []
        problems = [line for axis in self._options.axes.values() for line in axis.problems.values()]
        notes: dict[str, Any] = {"tokens": tokens} | ({"state": "; ".join(problems)} if problems else {})
        logged = (item for axis in self._options.axes.values() for item in axis.unit_shapes.items())
        if shapes := {name: list(shape) for name, shape in logged if len(shape) > 1}:
            notes[UNIT_SHAPES] = shapes
        return notes | ({"not_run": ", ".join(idle)} if idle else {})

    def _batch_of(self, verb: str) -> Batch | None:
        """Return the batch that runs; None where the recording was stopped."""
        if self._running is None and self.stopped is None:
            raise RecordingError(f"run.{verb} is for a batch that runs; call it inside `with run.batch(...)`")
        return self._running

    def _enter_batch(self, batch: Batch) -> bool:
        if not self._sink.is_ours:
            raise RecordingError(
                f"the recording to {self._sink.path} belongs to the process that this one was forked from; run the "
                "model there, or call lstmviz.record here with a path of its own"
            )
        with self._entering:
            if self._running is not None:
                raise RecordingError("a run.batch is already open; end it before the next one")
            if self.stopped is not None:
                return False
            self._running = batch
            self._n_begun += 1
            return True

    def _leave_batch(self) -> bool:
        """Close the present batch; tells whether this process is the one that keeps it."""
        self._running = None
        return self._sink.is_ours

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
                self._n_valid += sum(axis_rows.n_valid for axis_rows in rows.values())
                for axis_block in axis_blocks:
                    axis_block.commit()
                    for line in axis_block.axis.commit_carried(axis_block.rows.carried):
                        print_line(line)

    def _begin(self, axis_blocks: Sequence[AxisBlock]) -> None:
        """Report how much room the recording takes, refuse it where there is less, and write the header."""
        options = self._options
        for b in axis_blocks:
            b.axis.commit_reading(b.rows.reading)
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
        ran = [name for b in axis_blocks for name in b.rows.reading]
        if (idle := options.named_and_idle(ran)) is not None:
            raise RecordingError(
                f"layers asks for {idle!r} and nothing of it ran in the first batch; {', '.join(ran) or 'nothing'} "
                "did: run it, or leave it out of layers="
            )
        provenance = {**self.facts, **options.provenance, **self._notes(is_in_order=False)}
        plan = first_plan(axis_blocks, [module.name for module, _ in options.modules], provenance)
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


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
