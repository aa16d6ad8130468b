"""Record a trained model over a corpus: its dump, and the model beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.errors import RecordingError
from lstmviz.recording import record
from lstmviz.training.corpus import Corpus, padded
from lstmviz.training.fit import IGNORED
from lstmviz.training.model import TextModel, load, save
from lstmviz.training.model_config import model_beside
from lstmviz.types import CountProgress

TOP_K = 3  # predictions kept at each step, as many as one compares at a glance
BATCH_STEPS = 4096  # of a forward pass, about: progress moves, and memory stays small


def record_model(
    weights: str | os.PathLike[str],
    corpus: Corpus,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: CountProgress | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Record the model that ``save`` wrote to ``weights`` over a corpus into a dump at ``path``.

    The model is saved beside the dump, with the suffix .safetensors. Tracks: those of the corpus, then the predictions
    (the next token's, or at each step the label of the whole text, with the chance of the second of two labels as
    ``predicted_<label>``). ``facts`` are noted in the provenance. Raises DumpExists if a dump is there, unless
    ``overwrite``, and ModelError.
    """
    model, target = load(weights), Path(path)
    rows_at_once = max(1, BATCH_STEPS // max(map(len, corpus.ids)))
    run = record(model, target, vocab=list(model.description.vocab), n_steps=corpus.n_steps, overwrite=overwrite)
    run.tells_size, run.facts = False, facts or {}
    n_done = 0
    with torch.no_grad(), run:
        for first in range(0, len(corpus.ids), rows_at_once):
            rows = slice(first, first + rows_at_once)
            n_done += _record_rows(run, model, corpus, rows)
            if progress is not None:
                progress(n_done, corpus.n_steps)
    if run.stopped:
        raise RecordingError(run.stopped)
    save(model, model_beside(target))


def _record_rows(run: Any, model: TextModel, corpus: Corpus, rows: slice) -> int:
    """Record some texts; returns their number of steps."""
    lengths = torch.tensor([len(row) for row in corpus.ids[rows]])
    ids = torch.from_numpy(padded(corpus.ids[rows]))
    tracks: dict[str, NDArray[Any]] = {name: padded(values[rows]) for name, values in corpus.tracks.items()}
    sequence_tracks = {name: list(values[rows]) for name, values in corpus.sequence_tracks.items()}
    if model.description.task == "next":
        targets: Tensor | None = next_targets(ids, lengths)
    else:
        label_ids = None if corpus.label_ids is None else torch.tensor(corpus.label_ids[rows])
        targets = None if label_ids is None else label_targets(label_ids, lengths)
    as_written = None if corpus.as_written is None else padded(corpus.as_written[rows]).tolist()
    record_batch(run, model, ids, lengths, targets, tracks, sequence_tracks, as_written=as_written)
    return int(lengths.sum())


def record_batch(
    run: Any,
    model: TextModel,
    ids: Tensor,
    lengths: Tensor,
    targets: Tensor | None,
    tracks: Mapping[str, NDArray[Any]] | None = None,
    sequence_tracks: Mapping[str, list[Any]] | None = None,
    predicted: Tensor | None = None,
    as_written: list[list[str | None]] | None = None,
) -> None:
    """Run the model over ids (batch, steps) inside a recording, and record its predictions beside other tracks.

    ``targets`` (batch, steps) are the right tokens, or labels; -100 where there is none. ``predicted`` are logits
    (batch, steps, n_outputs) to record in place of the model's own. ``as_written`` is what stood in the place of
    unknown tokens, (batch, steps).
    """
    description, all_tracks = model.description, dict(tracks or {})
    if len(description.labels) == 2:
        chance = (model(ids, None, lengths)[0] if predicted is None else predicted).softmax(-1)[..., 1]
        all_tracks[f"predicted_{description.labels[1]}"] = chance.numpy()
    track_values = {name: array.tolist() if array.dtype == object else array for name, array in all_tracks.items()}
    given: dict[str, Any] = {
        "tracks": track_values,
        "sequence_tracks": dict(sequence_tracks or {}),
        "as_written": as_written,
    }
    with run.batch(tokens=ids, lengths=lengths, **given):
        own, _ = model(ids, None, lengths if description.is_bidirectional else None)
        logits = own if predicted is None else predicted
        if description.task == "next":
            run.predictions(logits, targets, TOP_K)
        else:
            run.predictions(logits, targets, 1, labels=description.labels, concerns="step")


def next_targets(ids: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the token after each, (batch, steps) int64; -100 after the last of a row."""
    targets = torch.full_like(ids, IGNORED)
    targets[:, :-1] = ids[:, 1:]
    if lengths is not None:
        targets[torch.arange(ids.shape[1]) >= lengths[:, None] - 1] = IGNORED
    return targets


def label_targets(label_ids: Tensor, lengths: Tensor) -> Tensor:
    """Return the label of each text at each of its steps, (batch, steps) int64; -100 after its end."""
    targets = label_ids[:, None].repeat(1, int(lengths.max()))
    targets[torch.arange(targets.shape[1]) >= lengths[:, None]] = IGNORED
    return targets
