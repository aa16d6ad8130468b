"""A classifier of somebody's own documents, one a line, with a label each: a tenth of them is held out."""

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
from lstmviz.training.text_task import Options, Study

HELD_OUT_OF = 10  # a tenth of the documents is held out,
MAX_HELD_OUT = 1_000  # but not more than so many, which tell an accuracy to 3 in 100
HELD_OUT_SEED = 0  # drawn from this seed, whatever the training's: the same ones each time
MAX_DOCUMENT = 500  # tokens of a document that are read
BATCH_TOKENS = 2_048  # of an update, about
BATCH_DOCUMENTS = 32  # of an update, at most
FEWEST, MOST = 300, 3_000  # updates, if nobody says how long


@dataclass(frozen=True)
class Documents:
    """Documents as ids, and the number of each one's label in ``kinds``; ``train`` and ``held_out`` are places."""

    encoder: Encoder
    ids: list[Ids]
    answers: Ids
    kinds: tuple[str, ...]
    train: Ids
    held_out: Ids
    n_cut: int


def study_documents(path: Path, labels: Path, options: Options) -> Study:
    """Return the training of a classifier of a file's lines; TextError where nothing can be learned from it."""
    documents = read(path, labels, options)
    packs = options.is_bidirectional
    held_out = list(_batches_of(documents, documents.held_out, packs))
    n_per_epoch = len(_groups(documents, documents.train))
    recipe = Recipe(
        options.description(documents.encoder.vocab, documents.kinds),
        options.plan(n_per_epoch, FEWEST, MOST),
        lambda rng: _batches(rng, documents, packs),
        lambda: iter(held_out),
        lambda: corpus(documents, options.n_recorded),
        n_checked=len(held_out),
    )
    return Study(
        recipe,
        _about(documents, path),
        {"frequencies alone": _frequencies_alone(documents)},
        "{:.3f}".format,
        "nats per label",
        lambda model: _closing(model, documents, held_out),
    )


def read(path: Path, labels: Path, options: Options) -> Documents:
    """Read documents and their labels; the vocabulary is that of those not held out. Raises TextError."""
    lines = read_lines(path)
    given = read_labels(labels, len(lines))
    tokens = [cut(line, options.level) for line in lines]
    n_cut = sum(len(row) > MAX_DOCUMENT for row in tokens)
    tokens = [row[:MAX_DOCUMENT] for row in tokens]
    order = np.random.default_rng(HELD_OUT_SEED).permutation(len(lines))
    held_out, train = np.split(order, [min(len(lines) // HELD_OUT_OF, MAX_HELD_OUT)])
    train.sort()
    held_out.sort()
    encoder = make_encoder((token for i in train for token in tokens[i]), options.level)
    kinds = tuple(sorted(set(given)))
    number = {kind: i for i, kind in enumerate(kinds)}
    answers = np.array([number[label] for label in given], np.int64)
    return Documents(encoder, [encoder.ids(row) for row in tokens], answers, kinds, train, held_out, n_cut)


def corpus(documents: Documents, n_tokens: int) -> Corpus:
    """Return what the dump is recorded over: the held-out documents, and where there is room the first of the others.

    Each is a sequence. Sequence tracks: ``label``, ``part`` (held out or learned from), ``line`` (in the file).
    """
    order = np.concatenate([documents.held_out, documents.train])
    after = np.cumsum([len(documents.ids[i]) for i in order])
    kept = order[: max(1, int(np.searchsorted(after, n_tokens, side="right")))].tolist()
    is_held_out = set(documents.held_out.tolist())
    return Corpus(
        [documents.ids[i] for i in kept],
        sequence_tracks={
            "label": [documents.kinds[documents.answers[i]] for i in kept],
            "part": ["held out" if i in is_held_out else "learned from" for i in kept],
            "line": [i + 1 for i in kept],
        },
        answers=[int(documents.answers[i]) for i in kept],
    )


def accuracy(model: TextModel, batches: list[TrainingBatch]) -> float:
    """Return the share of documents whose label a model tells at the last token."""
    right, count = 0, 0
    with torch.no_grad():
        for batch in batches:
            rows = torch.arange(len(batch.ids))
            last = (batch.targets >= 0).sum(dim=1) - 1
            logits, _ = model(batch.ids, None, batch.lengths)
            right += int((logits[rows, last].argmax(-1) == batch.targets[rows, last]).sum())
            count += len(rows)
    return right / count


def _batches(rng: np.random.Generator, documents: Documents, packs: bool) -> Iterator[TrainingBatch]:
    while True:
        groups = _groups(documents, rng.permutation(documents.train))
        for i in rng.permutation(len(groups)):
            yield _batch(documents, groups[i], packs)


def _batches_of(documents: Documents, places: Ids, packs: bool) -> Iterator[TrainingBatch]:
    for group in _groups(documents, places):
        yield _batch(documents, group, packs)


def _groups(documents: Documents, places: Ids) -> list[list[int]]:
    """Return documents of about the same length together, as many as an update takes."""
    groups: list[list[int]] = [[]]
    for i in sorted(places.tolist(), key=lambda i: len(documents.ids[i])):
        longest = len(documents.ids[i])
        if groups[-1] and (len(groups[-1]) == BATCH_DOCUMENTS or (len(groups[-1]) + 1) * longest > BATCH_TOKENS):
            groups.append([])
        groups[-1].append(i)
    return groups


def _batch(documents: Documents, places: list[int], packs: bool) -> TrainingBatch:
    rows: NDArray[np.int64] = padded([documents.ids[i] for i in places], -1)
    batch = label_batch(rows, documents.answers[places])
    return batch if packs else replace(batch, lengths=None)  # what is behind an end cannot reach back in one direction


def _frequencies_alone(documents: Documents) -> float:
    """Return the loss of who knows only how frequent each label is, nats, each document counted by its tokens."""
    counts = np.bincount(documents.answers[documents.train], minlength=len(documents.kinds)) + 1.0
    costs = -np.log(counts / counts.sum())[documents.answers[documents.held_out]]
    return float(np.average(costs, weights=[len(documents.ids[i]) for i in documents.held_out]))


def _about(documents: Documents, path: Path) -> tuple[str, ...]:
    n = len(documents.ids)
    what = "characters" if documents.encoder.level == "char" else "words"
    kinds = f"{len(documents.encoder.vocab):,} different {what}, the unknown among them"
    lines = [f"{path.name}: {n:,} lines with {len(documents.kinds)} labels; {kinds}"]
    if documents.n_cut:
        lines.append(f"of {documents.n_cut:,} longer lines the first {MAX_DOCUMENT} {what} are read")
    return (*lines, f"held out: {len(documents.held_out):,} lines, drawn at random, the same ones each time")


def _closing(model: TextModel, documents: Documents, held_out: list[TrainingBatch]) -> list[str]:
    most = int(np.bincount(documents.answers[documents.train]).argmax())
    share = float((documents.answers[documents.held_out] == most).mean())
    told = f"labels told at the last token of held-out lines: {accuracy(model, held_out):.1%} right"
    return [f"{told} ({documents.kinds[most][:40]!r} always: {share:.1%})"]
