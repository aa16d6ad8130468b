"""What a model reads at each moment of its training: texts, or the user's own batches; the same ones each time."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lstmviz.checks import short_repr
from lstmviz.dump.values import plain
from lstmviz.dump.vocabulary import read_vocab
from lstmviz.errors import InputError
from lstmviz.recording.corpus.documents import batches as in_batches
from lstmviz.recording.corpus.documents import read_documents
from lstmviz.recording.corpus.feed import (
    USUAL_TOP_K,
    Feed,
    device_of,
    is_bidirectional,
    is_steps_first,
    n_tokens_of,
    scores_in,
)
from lstmviz.recording.recording import Recording

BATCH_SIZE = 32  # texts that run together
GIVEN = ("tokens", "inputs", "lengths", "mask", "tracks", "sequence_tracks", "starts", "continues", "ids")
Digest = Any  # of hashlib
Labels = tuple[Mapping[str, Iterable[Any]] | None, Mapping[str, Iterable[Any]] | None]
"""Tracks of the steps of some texts, and of whole texts; a probe with other labels is the same probe."""


class Probe(Protocol):
    """What is read at each moment; ``name`` is a digest of it."""

    name: str

    def record(self, run: Recording) -> None:
        """Run the model over all of it in a recording that is open."""


class TextProbe:
    """Texts, encoded once."""

    def __init__(
        self,
        model: nn.Module,
        texts: Iterable[Any],
        encode: Callable[[Any], Any],
        words: tuple[str, ...] | None,
        forward: Callable[..., Any] | None,
        labels: Labels,
    ) -> None:
        documents = [d for d in read_documents(list(texts), encode, words, *labels) if len(d.ids)]
        if not documents:
            raise InputError("none of the texts has a token; give texts that encode turns into ids")
        self._feed = Feed(model, forward, None, None if words is None else len(words))
        of_one_length = forward is None and is_bidirectional(model)
        by_length = sorted(documents, key=lambda document: -len(document.ids))
        self._batches = list(in_batches(by_length, BATCH_SIZE, of_one_length=of_one_length))
        digest = _digest_of(words)
        for document in documents:
            _add(digest, document.ids)
        self.name = digest.hexdigest()[:32]

    def record(self, run: Recording) -> None:
        """Run the model over all texts."""
        for batch in self._batches:
            self._feed.batch(run, batch)


class BatchProbe:
    """Batches as the user's own loop gives them: ids (batch, steps), or mappings of the arguments of ``run.batch``."""

    def __init__(
        self,
        model: nn.Module,
        batches: Iterable[Any],
        words: tuple[str, ...] | None,
        forward: Callable[..., Any] | None,
    ) -> None:
        self._model, self._forward = model, forward
        self._batches = [copy.deepcopy(batch) for batch in batches]
        if not self._batches:
            raise InputError("batches is empty; give one batch or more, such as [ids], ids being (batch, steps)")
        self._given = [_arguments(i, batch) for i, batch in enumerate(self._batches)]
        self._n_tokens = n_tokens_of(model, None if words is None else len(words))
        digest = _digest_of(words)
        for name, value in chain.from_iterable(sorted(given.items()) for given in self._given):
            digest.update(f"{name}\n".encode())
            _add(digest, value)
        self.name = digest.hexdigest()[:32]

    def record(self, run: Recording) -> None:
        """Run the model over all batches."""
        for batch, given in zip(self._batches, self._given, strict=True):
            with run.batch(**given):
                self._predict(run, self._run(batch, given), given)

    def _run(self, batch: Any, given: Mapping[str, Any]) -> Any:
        if self._forward is not None:
            return self._forward(self._model, batch)
        read = torch.as_tensor(given["tokens"] if "tokens" in given else given["inputs"]).to(device_of(self._model))
        return self._model(read.transpose(0, 1).contiguous() if is_steps_first(self._model) else read)

    def _predict(self, run: Recording, output: Any, given: Mapping[str, Any]) -> None:
        """Keep predictions of the next token, where the batch has ids and the model gives a score for each token."""
        ids = plain(given.get("tokens"))
        if ids is None or np.asarray(ids).ndim != 2 or np.asarray(ids).dtype.kind not in "iu":
            return
        ids = np.asarray(ids, np.int64)
        is_turned = self._forward is None and is_steps_first(self._model)
        logits = scores_in(output, ids.shape, self._n_tokens, is_turned)
        if logits is not None:
            run.predictions(logits, _next(ids, given), top_k=USUAL_TOP_K)


def make_probe(
    model: nn.Module,
    texts: Iterable[Any] | None,
    batches: Iterable[Any] | None,
    encode: Callable[[Any], Any] | None,
    vocab: Any,
    forward: Callable[..., Any] | None,
    labels: Labels,
) -> Probe:
    """Return the probe that the arguments of ``Snapshots`` describe; InputError where they do not fit together."""
    if (texts is None) == (batches is None):
        raise InputError("give either texts= and encode=, or batches=: what the model reads at each moment")
    words = read_vocab(vocab)
    if batches is not None:
        if encode is not None:
            raise InputError("encode= turns texts into ids, and batches= are ids already; leave encode out")
        if any(labels):
            raise InputError(
                "tracks= are of texts; give those of batches in the batches: {'tokens': ids, 'tracks': ...}"
            )
        if isinstance(batches, (Tensor, np.ndarray, Mapping, str)):
            raise InputError(f"batches is one {type(batches).__name__}; give a list of batches, such as [ids]")
        return BatchProbe(model, batches, words, forward)
    if isinstance(texts, str):
        raise InputError("texts is one text; give a list of texts, such as [text] or text.splitlines()")
    if not callable(encode):
        raise InputError(f"encode is {short_repr(encode)}; give a function from a text to its ids, such as list")
    return TextProbe(model, texts or (), encode, words, forward, labels)


def _arguments(index: int, batch: Any) -> dict[str, Any]:
    """Return the arguments of ``run.batch`` for a batch."""
    given = dict(batch) if isinstance(batch, Mapping) else {"tokens": batch}
    if "input_ids" in given:  # as a tokenizer of Hugging Face returns it; its other entries are for the model
        mask = {"mask": given["attention_mask"]} if "attention_mask" in given else {}
        return {"tokens": given["input_ids"], **mask}
    unknown = next((name for name in given if name not in GIVEN), None)
    if unknown is not None or not ("tokens" in given or "inputs" in given):
        problem = f"has {unknown!r}" if unknown is not None else "has neither tokens nor inputs"
        raise InputError(f"batch {index} {problem}; give ids (batch, steps), or a mapping of {', '.join(GIVEN)}")
    return given


def _next(ids: np.ndarray[Any, Any], given: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return the id of the token after each step, -100 where there is none."""
    is_text = np.ones(ids.shape, np.bool_)
    if given.get("mask") is not None:
        is_text = np.asarray(plain(given["mask"])).astype(np.bool_)
    if given.get("lengths") is not None:
        is_text &= np.arange(ids.shape[1]) < np.asarray(plain(given["lengths"]))[:, None]
    targets = np.full(ids.shape, -100, np.int64)
    targets[:, :-1] = np.where(is_text[:, 1:] & is_text[:, :-1], ids[:, 1:], -100)
    return targets


def _digest_of(words: Sequence[str] | None) -> Digest:
    digest = hashlib.sha256()
    for word in words or ():
        digest.update(word.encode("utf-8", "surrogatepass") + b"\0")
    return digest


def _add(digest: Digest, value: Any) -> None:
    """Add what a batch holds to a digest: arrays by their values, anything else by its text."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            digest.update(f"{name}\n".encode())
            _add(digest, part)
        return
    known = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
    if isinstance(known, np.ndarray) and known.dtype.kind in "biuf":
        wide = "<f8" if known.dtype.kind == "f" else "<i8"
        digest.update(f"{known.shape}".encode() + np.ascontiguousarray(known, wide).tobytes())
    else:
        digest.update(repr(plain(known)).encode("utf-8", "surrogatepass"))
