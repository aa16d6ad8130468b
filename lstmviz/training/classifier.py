"""A classifier of a user's own documents, one a line, with a label each: a tenth of them is held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lstmviz.training.corpus import Corpus, Ids, padded
from lstmviz.training.fit import TrainingBatch
from lstmviz.training.model import TextModel
from lstmviz.training.recipe import Recipe, label_batch
from lstmviz.training.text import Encoder, cut, make_encoder, read_labels, read_lines
from lstmviz.training.text_task import Options, TextTask

HELD_OUT_OF = 10  # a tenth of the documents is held out,
MAX_HELD_OUT = 1_000  # but no more documents than these, which measure an accuracy to 3 in 100
HELD_OUT_SEED = 0  # whatever the training's seed: the same ones each time
MAX_DOCUMENT = 500  # tokens of a document that are read
BATCH_TOKENS = 2_048  # of an update, about
BATCH_DOCUMENTS = 32  # of an update, at most
FEWEST, MOST = 300, 3_000  # updates, unless the options say how long


@dataclass(frozen=True)
class LabelledDocuments:
    """Documents as ids, and the label of each as its index in ``labels``; the tokens that are not in the vocabulary.

    ``train`` and ``held_out`` are indices of documents, ``lines`` their places in the file, from 0; ``n_cut`` documents
    were longer and are cut.
    """

    encoder: Encoder
    ids: list[Ids]
    as_written: list[list[str | None]]
    label_ids: Ids
    labels: tuple[str, ...]
    train: Ids
    held_out: Ids
    n_cut: int
    lines: list[int]


def classifier_task(path: Path, labels: Path, options: Options) -> TextTask:
    """Return the training of a classifier of a file's lines; TextError where nothing can be learned from it."""
    documents = read(path, labels, options)
    packs = options.is_bidirectional
    held_out = list(_batches_of(documents, documents.held_out, packs))
    n_per_epoch = len(_groups(documents, documents.train))
    recipe = Recipe(
        options.description(documents.encoder.vocab, documents.labels),
        options.plan(n_per_epoch, FEWEST, MOST),
        lambda rng: _batches(rng, documents, packs),
        lambda: iter(held_out),
        lambda: corpus(documents, options.n_recorded),
        n_checked=len(held_out),
    )
    return TextTask(
        recipe,
        _about(documents, path),
        {"frequencies alone": _frequency_loss(documents)},
        "{:.3f}".format,
        "nats per label",
        lambda model: _outcome(model, documents, held_out),
    )


def read(path: Path, labels: Path, options: Options) -> LabelledDocuments:
    """Read documents and their labels; the vocabulary is that of those not held out. Raises TextError."""
    in_file = read_lines(path)
    lines = [i for i, line in enumerate(in_file) if line.strip()]  # a line without a text is no document
    label_of_line = read_labels(labels, len(in_file), lines)
    tokens = [cut(in_file[i], options.level) for i in lines]
    n_cut = sum(len(row) > MAX_DOCUMENT for row in tokens)
    tokens = [row[:MAX_DOCUMENT] for row in tokens]
    order = np.random.default_rng(HELD_OUT_SEED).permutation(len(lines))
    held_out, train = np.split(order, [min(len(lines) // HELD_OUT_OF, MAX_HELD_OUT)])
    train.sort()
    held_out.sort()
    encoder = make_encoder((token for i in train for token in tokens[i]), options.level)
    names = tuple(sorted(set(label_of_line)))
    number = {name: i for i, name in enumerate(names)}
    label_ids = np.array([number[label] for label in label_of_line], np.int64)
    ids, as_written = [encoder.ids(row) for row in tokens], [encoder.as_written(row) for row in tokens]
    return LabelledDocuments(encoder, ids, as_written, label_ids, names, train, held_out, n_cut, lines)


def corpus(documents: LabelledDocuments, n_tokens: int) -> Corpus:
    """Return what the dump is recorded over: the held-out documents, then as many of the others as there is room for.

    Each is a sequence. Sequence tracks: ``label``, ``part`` (held out or learned from), ``line`` (in the file).
    """
    order = np.concatenate([documents.held_out, documents.train])
    n_tokens_until = np.cumsum([len(documents.ids[i]) for i in order])
    recorded = order[: max(1, int(np.searchsorted(n_tokens_until, n_tokens, side="right")))].tolist()
    held_out = set(documents.held_out.tolist())
    return Corpus(
        [documents.ids[i] for i in recorded],
        sequence_tracks={
            "label": [documents.labels[documents.label_ids[i]] for i in recorded],
            "part": ["held out" if i in held_out else "learned from" for i in recorded],
            "line": [documents.lines[i] + 1 for i in recorded],
        },
        label_ids=[int(documents.label_ids[i]) for i in recorded],
        as_written=[documents.as_written[i] for i in recorded],
    )


def accuracy(model: TextModel, batches: list[TrainingBatch]) -> float:
    """Return the share of documents whose label a model predicts at the last token."""
    n_right, n_documents = 0, 0
    with torch.no_grad():
        for batch in batches:
            rows = torch.arange(len(batch.ids))
            last = (batch.targets >= 0).sum(dim=1) - 1
            logits, _ = model(batch.ids, None, batch.lengths)
            n_right += int((logits[rows, last].argmax(-1) == batch.targets[rows, last]).sum())
            n_documents += len(rows)
    return n_right / n_documents


def _batches(rng: np.random.Generator, documents: LabelledDocuments, packs: bool) -> Iterator[TrainingBatch]:
    while True:
        groups = _groups(documents, rng.permutation(documents.train))
        for i in rng.permutation(len(groups)):
            yield _batch(documents, groups[i], packs)


def _batches_of(documents: LabelledDocuments, indices: Ids, packs: bool) -> Iterator[TrainingBatch]:
    for group in _groups(documents, indices):
        yield _batch(documents, group, packs)


def _groups(documents: LabelledDocuments, indices: Ids) -> list[list[int]]:
    """Return the documents in groups of similar length, each as large as an update takes."""
    groups: list[list[int]] = [[]]
    for i in sorted(indices.tolist(), key=lambda i: len(documents.ids[i])):
        longest = len(documents.ids[i])
        if groups[-1] and (len(groups[-1]) == BATCH_DOCUMENTS or (len(groups[-1]) + 1) * longest > BATCH_TOKENS):
            groups.append([])
        groups[-1].append(i)
    return groups


def _batch(documents: LabelledDocuments, indices: list[int], packs: bool) -> TrainingBatch:
    rows: NDArray[np.int64] = padded([documents.ids[i] for i in indices], -1)
    batch = label_batch(rows, documents.label_ids[indices])
    return batch if packs else replace(batch, lengths=None)  # padding has no influence in one direction


def _frequency_loss(documents: LabelledDocuments) -> float:
    """Return the loss of the labels' frequencies alone, in nats, each document weighted by its number of tokens."""
    counts = np.bincount(documents.label_ids[documents.train], minlength=len(documents.labels)) + 1.0
    losses = -np.log(counts / counts.sum())[documents.label_ids[documents.held_out]]
    return float(np.average(losses, weights=[len(documents.ids[i]) for i in documents.held_out]))


def _about(documents: LabelledDocuments, path: Path) -> tuple[str, ...]:
    n = len(documents.ids)
    tokens = "characters" if documents.encoder.level == "char" else "words"
    vocab = f"{len(documents.encoder.vocab):,} different {tokens}, the unknown among them"
    lines = [f"{path.name}: {n:,} lines with {len(documents.labels)} labels; {vocab}"]
    n_empty = documents.lines[-1] + 1 - n
    if n_empty:
        lines.append(f"{n_empty:,} empty lines, and their labels, are left out")
    if documents.n_cut:
        lines.append(f"of {documents.n_cut:,} longer lines the first {MAX_DOCUMENT} {tokens} are read")
    return (*lines, f"held out: {len(documents.held_out):,} lines, drawn at random, the same ones each time")


def _outcome(model: TextModel, documents: LabelledDocuments, held_out: list[TrainingBatch]) -> list[str]:
    most_frequent = int(np.bincount(documents.label_ids[documents.train]).argmax())
    share = float((documents.label_ids[documents.held_out] == most_frequent).mean())
    right = f"labels predicted at the last token of held-out lines: {accuracy(model, held_out):.1%} right"
    return [f"{right} ({documents.labels[most_frequent][:40]!r} always: {share:.1%})"]
