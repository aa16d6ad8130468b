"""``record_corpus``: run a model over texts and record it, in one call."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmviz.errors import InputError, RecordingError

if TYPE_CHECKING:
    from rich.progress import Progress
    from torch import nn

    from lstmviz.recording.corpus.documents import Document
    from lstmviz.recording.corpus.feed import Forward


def record_corpus(
    model: nn.Module,
    texts: Iterable[Any],
    *,
    encode: Callable[[Any], Any],
    path: str | os.PathLike[str],
    vocab: Any = None,
    batch_size: int = 32,
    forward: Forward | None = None,
    top_k: int = 0,
    tracks: Mapping[str, Iterable[Any]] | None = None,
    sequence_tracks: Mapping[str, Iterable[Any]] | None = None,
    **options: Any,
) -> Path:
    """Run a model over texts and record it in one call; each text becomes one sequence, in order.

    The model runs in eval mode and without gradients, on its own device; afterwards each module returns to its previous
    mode. Texts of a list are encoded first, and texts of similar length run together, the longest first. An iterator is
    read as the model runs, with constant memory. Texts without tokens are left out and counted. A bidirectional model
    without lengths gets only texts of equal length together, without padding.

    Args:
        model: The model, called as ``model(ids)``. Its ids are (batch, steps), or (steps, batch) if its recurrent
            modules are not ``batch_first``.
        texts: The texts.
        encode: Turns a text into ids, strings of ``vocab``, or a ``tokenizers.Encoding``.
        path: Where to write the dump.
        vocab: As in ``record``.
        batch_size: Number of texts that run together.
        forward: Called as ``forward(model, ids, lengths)`` in place of the model, always with ids (batch, steps), and
            with lengths (batch,) on the CPU.
        top_k: Number of predictions to keep, from logits that the model returns alone or first in a tuple; 0 for
            none. They are of the next token if there is a score for each token, (batch, steps, n_vocab); else of the
            step, (batch, steps, n_classes), or of the text, (batch, n_classes), without targets.
        tracks: Names with one row for each text, of one value for each token.
        sequence_tracks: Names with one value for each text.
        **options: Arguments of ``record``: ``states``, ``layers``, ``units``, ``every``, ``dtype`` and others.

    Returns:
        The path of the dump.

    Raises:
        RecordingError: The model cannot be recorded, or the disk is full; what was recorded until then is kept.
        InputError: An argument does not fit.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Embedding(2, 3), torch.nn.LSTM(3, 4, batch_first=True))
        >>> path = lstmviz.record_corpus(model, ["abba", "ba"], encode=list, vocab=["a", "b"], path="letters.h5")
        >>> lstmviz.open_dump(path)
        <Dump letters.h5: 6 steps, 1.l0.h, 1.l0.c>
    """
    import torch

    from lstmviz.dump.vocabulary import read_vocab
    from lstmviz.recording.corpus.documents import batches, read_documents
    from lstmviz.recording.corpus.feed import Feed, eval_mode, is_bidirectional
    from lstmviz.recording.start import record, resolve_path

    path = resolve_path(path)
    _check(texts, encode, batch_size, top_k)
    _check_options(options)
    with eval_mode(model) if isinstance(model, torch.nn.Module) else nullcontext():
        record(model, path, vocab, **options)  # says what does not fit, before all texts are encoded
    words = read_vocab(vocab)
    feed = Feed(model, forward, top_k, None if words is None else len(words))
    of_one_length = forward is None and is_bidirectional(model)
    documents = read_documents(texts, encode, words, tracks, sequence_tracks)
    n_texts = len(texts) if isinstance(texts, Sized) else None
    with _progress() as progress:
        n_steps = None
        if n_texts is not None:
            known = list(progress.track(documents, total=n_texts, description="encoding"))
            n_steps = sum(len(d.ids) for d in known)
            documents = iter(sorted(known, key=lambda d: -len(d.ids)))  # little padding, and the largest batch first
        counted = _CountedDocuments(documents)
        task = progress.add_task("recording", total=n_texts)
        rest = batches(counted, batch_size, of_one_length=of_one_length)
        first = next(rest, None)
        if first is None:
            raise InputError(f"none of the {counted.n} texts has a token; give texts that encode turns into ids")
        with eval_mode(model), torch.no_grad(), record(model, path, vocab, n_steps=n_steps, **options) as run:
            for batch in chain([first], rest):
                feed.batch(run, batch)
                progress.update(task, completed=counted.n)
                if run.stopped:
                    break
    if run.stopped:
        raise RecordingError(run.stopped)
    if counted.n_empty:
        print(f"{counted.n_empty} of {counted.n} texts have no tokens and were left out", file=sys.stderr)
    return path


class _CountedDocuments:
    """Counts documents while they are read."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = documents
        self.n = self.n_empty = 0

    def __iter__(self) -> Iterator[Document]:
        for document in self._documents:
            self.n += 1
            self.n_empty += not len(document.ids)
            yield document


def _check(texts: object, encode: object, batch_size: object, top_k: object) -> None:
    if isinstance(texts, (str, bytes)):
        raise InputError("texts is one text; give a list of texts, such as [text] or text.splitlines()")
    if hasattr(texts, "columns"):
        raise InputError(f"texts is a {type(texts).__name__}; give its column of texts, such as texts=frame['text']")
    if not isinstance(texts, Iterable):
        raise InputError(f"texts is a {type(texts).__name__}; give a list or an iterator of texts")
    if not callable(encode):
        remedy = "give its encode" if hasattr(encode, "encode") else "give a function from a text to its ids"
        raise InputError(f"encode is a {type(encode).__name__}, which cannot be called; {remedy}")
    for name, value, least in (("batch_size", batch_size, 1), ("top_k", top_k, 0)):
        if not isinstance(value, int) or value < least:
            raise InputError(f"{name} is {value!r}; give a whole number of {least} or more")


def _check_options(options: Mapping[str, Any]) -> None:
    from lstmviz.recording.start import record

    if "n_steps" in options:
        raise InputError("n_steps is counted by record_corpus itself, from a list of texts; leave it out")
    known = [p.name for p in inspect.signature(record).parameters.values() if p.kind is p.KEYWORD_ONLY]
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        option_names = ", ".join(name for name in known if name != "n_steps")
        raise InputError(
            f"{unknown!r} is not an option of record_corpus or record; the options of record are {option_names}"
        )


def _progress() -> Progress:
    """Return a progress bar on standard error; a line every ten seconds if that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    from lstmviz.system.progress import progress

    console = Console(stderr=True, highlight=False, force_jupyter=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("texts"))
    return progress(*columns, TimeRemainingColumn(), console=console)
