"""``lstmviz.Snapshots``: moments of a training, each a dump of the same probe text, in one folder."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from lstmviz.checks import check_whole, short_repr
from lstmviz.dump.corpus.glance import Glance, glance
from lstmviz.dump.corpus.manifest import dumps_in
from lstmviz.dump.moments import MAX_UPDATE, Moment, moment_of, weights_beside
from lstmviz.errors import InputError, LstmvizError, RecordingError, reason_of
from lstmviz.recording.sink import print_line
from lstmviz.recording.start import read_options, record, resolve_path
from lstmviz.system.atomic import beside, new_folder, sync_folder
from lstmviz.system.own_files import lock_file

if TYPE_CHECKING:
    from torch import nn

TAKING = ".taking"  # in the folder: the moment that is being recorded
LOCK = ".lock"


class Snapshots:
    """Moments of a training of your own: the same probe text, recorded after some of the updates.

    Call ``take`` in your loop. Each moment is a dump in the folder; ``lstmviz serve FOLDER`` shows them as one card,
    and a page that is open shows each new one as it is taken. The model is run in eval mode and without gradients; its
    mode, its gradients, its own hidden state and the states of the random generators are then as they were, so that a
    training with moments gives the same weights as one without.

    A moment is in its place whole or not at all: a training that is killed leaves those before it. A folder that has
    moments goes on; they have to be of the same probe.

    Args:
        model: The model that learns.
        folder: Where the moments are kept; it is made if it is missing.
        texts: The probe: some texts, the same at each moment. A few thousand steps will do.
        batches: In place of texts, batches that the model reads: ids (batch, steps), or mappings of arguments of
            ``Recording.batch`` (``tokens``, ``inputs``, ``lengths``, ``mask``, ``tracks``, ``sequence_tracks`` and
            others), or what a tokenizer of Hugging Face returns.
        encode: Turns a text into ids, strings of ``vocab``, or a ``tokenizers.Encoding``.
        vocab: As in ``record``.
        forward: How the model is run: with texts as in ``record_corpus``, ``forward(model, ids, lengths)``; with
            batches ``forward(model, batch)``. It returns what the model returns. None: ``model(ids)``, batch first or
            not as its modules are.
        tracks: Names with one row for each text, of one value for each token, as in ``record_corpus``: labels to follow
            through the training.
        sequence_tracks: Names with one value for each text.
        weights: Whether to keep the model's weights beside each moment, as safetensors: texts can then be typed into
            every moment, and units ablated there, once the model is given to ``serve`` or ``attach``.
        **options: Arguments of ``record``: ``states``, ``layers``, ``units``, ``dtype``, ``features`` and others.

    If the model returns a score for each token of the vocabulary, alone, first in a tuple or as ``logits``, its three
    likeliest predictions and their loss are kept as well.

    Attributes:
        folder: Where the moments are kept.

    Raises:
        InputError: An argument does not fit, or the folder holds moments of another probe.
        RecordingError: The model cannot be recorded.

    Example:
        >>> import torch
        >>> net = torch.nn.Sequential(torch.nn.Embedding(2, 3), torch.nn.LSTM(3, 4, batch_first=True))
        >>> snapshots = lstmviz.Snapshots(net, "moments", texts=["abba", "ba"], encode=list, vocab=["a", "b"])
        >>> for update in range(0, 300, 100):
        ...     path = snapshots.take(update, loss=1.0)  # in a loop that trains
        >>> snapshots.updates
        (0, 100, 200)
        >>> lstmviz.open_dump(path)
        <Dump update-00000200.h5: 6 steps, 1.l0.h, 1.l0.c>
    """

    def __init__(
        self,
        model: nn.Module,
        folder: str | os.PathLike[str],
        *,
        texts: Iterable[Any] | None = None,
        batches: Iterable[Any] | None = None,
        encode: Callable[[Any], Any] | None = None,
        vocab: Any = None,
        forward: Callable[..., Any] | None = None,
        tracks: Mapping[str, Iterable[Any]] | None = None,
        sequence_tracks: Mapping[str, Iterable[Any]] | None = None,
        weights: bool = False,
        **options: Any,
    ) -> None:
        from torch import nn

        from lstmviz.recording.snapshots.as_found import as_found
        from lstmviz.recording.snapshots.probe import make_probe

        if not isinstance(model, nn.Module):
            raise InputError(f"a {type(model).__name__} is no torch module; give the nn.Module that learns")
        reserved = next((name for name in options if name in ("path", "overwrite", "n_steps", "index")), None)
        if reserved is not None:
            raise InputError(
                f"{reserved}= is not for Snapshots, which names and replaces its dumps itself; leave it out"
            )
        self._model, self._vocab, self._options, self._keeps_weights = model, vocab, options, bool(weights)
        with as_found(model):  # a model in training mode could not be recorded
            read_options(model, vocab, **options)  # says what does not fit, before the training begins
        self._probe = make_probe(model, texts, batches, encode, vocab, forward, (tracks, sequence_tracks))
        self.folder = resolve_path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise RecordingError(
                f"no moments can be kept in {self.folder} ({err.strerror or err}); give another folder="
            ) from err
        self._taken = {moment.update: seen for moment, seen in self._moments_in_folder()}

    @property
    def updates(self) -> tuple[int, ...]:
        """The updates after which there is a moment, in order."""
        return tuple(sorted(self._taken))

    def take(self, step: int, loss: Any = None) -> Path | None:
        """Record the probe as the model reads it now.

        Args:
            step: Number of updates so far. A moment of the same number is replaced.
            loss: Held-out loss now, to be drawn over the moments; a number, or a tensor of one. None: the mean loss of
                the model's predictions of the probe is drawn, where it has any.

        Returns:
            The dump of the moment; None where the disk is full or the folder takes none, which a line on standard error
            says: the training goes on.

        Raises:
            InputError: The step or the loss is no such number.
            RecordingError: Another process takes moments into the folder, or the model has other states than at the
                moments before.
        """
        from lstmviz.recording.snapshots.as_found import as_found

        moment = Moment(_update(step), _loss(loss), self._probe.name)
        taking = self.folder / TAKING
        try:
            with lock_file(self.folder / LOCK).acquire(blocking=False), beside(taking, taking):
                new_folder(taking)  # one may be there of a training that was killed
                with as_found(self._model):
                    return self._record(moment, taking / moment.file_name)
        except filelock.Timeout as err:
            raise RecordingError(
                f"another process takes a moment into {self.folder} now; take moments in one process only, such as "
                "that of rank 0"
            ) from err
        except OSError as err:
            if isinstance(err, LstmvizError):
                raise
            print_left_out(moment.update, self.folder, err)
            return None

    def _record(self, moment: Moment, path: Path) -> Path | None:
        from lstmviz.recording.snapshots.weights import save_weights

        run = record(self._model, path, self._vocab, **self._options)
        run.tells_size, run.facts = False, moment.provenance()
        pid = os.getpid()
        with run:
            self._probe.record(run)
        if pid != os.getpid():
            raise RecordingError(
                f"the moment of update {moment.update:,} belongs to the process that this one was forked from, which "
                "goes on with it; end this one"
            )
        if run.stopped:  # a line has said why
            print_left_out(moment.update, self.folder)
            return None
        if self._keeps_weights:
            save_weights(self._model, weights_beside(path))
        taken = glance(path)
        self._check_same(taken)
        target = self.folder / moment.file_name
        weights_beside(target).unlink(missing_ok=True)  # never those of another run beside this dump
        if self._keeps_weights:
            weights_beside(path).replace(weights_beside(target))
        path.replace(target)
        sync_folder(self.folder)
        self._taken[moment.update] = replace(taken, path=target)
        return target

    def _moments_in_folder(self) -> list[tuple[Moment, Glance]]:
        """Return the moments that are in the folder; InputError where they are of another probe."""
        moments = []
        for path in dumps_in(self.folder):
            try:
                seen = glance(path)
            except (LstmvizError, OSError):  # not one of ours
                continue
            moment = moment_of(seen.provenance)
            if moment is None:
                continue
            if moment.probe != self._probe.name:
                raise InputError(
                    f"{path} is a moment of another text or vocabulary; give the same texts=, encode= and vocab=, or "
                    "another folder="
                )
            moments.append((moment, seen))
        return moments

    def _check_same(self, taken: Glance) -> None:
        """Raise RecordingError where a moment has other sources than those before."""
        before = next((seen for seen in self._taken.values() if seen.uuid != taken.uuid), None)
        if before is None:
            return
        has, had = ({s.name: s.n_units for s in seen.sources} for seen in (taken, before))
        if has != had:
            source = next(name for name in {**had, **has} if has.get(name) != had.get(name))
            raise RecordingError(
                f"{source} has {has.get(source, 'no')} units now and {had.get(source, 'none')} in {before.path}; give "
                "the same model and options, or another folder="
            )


def print_left_out(update: int, folder: Path, err: Exception | None = None) -> None:
    """Print on standard error that a folder lacks a moment, with the error that prevented it, if it is given."""
    reason = "" if err is None else f" ({reason_of(err)})"
    print_line(f"the moment of update {update:,} is left out of {folder}; the training goes on{reason}")


def _update(given: Any) -> int:
    update = check_whole("step", given, InputError)
    if not 0 <= update < MAX_UPDATE:
        raise InputError(f"step is {update}; give the number of updates so far, from 0 on")
    return update


def _loss(given: Any) -> float | None:
    if given is None:
        return None
    try:
        loss = float(given)
    except (TypeError, ValueError, RuntimeError) as err:
        raise InputError(f"loss is {short_repr(given)}; give one number, such as loss=loss.item()") from err
    return loss if math.isfinite(loss) else None
