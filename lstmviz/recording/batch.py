"""What the user says about one batch, checked and brought into rows: token ids, lengths, tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.inputs import TrackRows, Values, as_array, check_ids, check_mapping, read_lengths, read_track
from lstmviz.errors import InputError, RecordingError


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """One batch as the user describes it; rows are the valid steps, one sequence after another."""

    n_sequences: int
    n_padded: int  # steps of the padded batch
    lengths: tuple[int, ...]
    tokens: NDArray[np.uint32]
    tracks: Mapping[str, TrackRows]


def read_batch(
    tokens: Values, lengths: Values | None, tracks: Mapping[str, Values] | None, n_vocab: int | None
) -> BatchInfo:
    """Check one batch: ids (batch, steps), lengths (batch,), tracks of (batch, steps) each; padding is not looked at.

    Raises InputError, a RecordingError, naming the first place that does not fit.
    """
    check_mapping("tracks", tracks)
    ids = as_array("tokens", tokens, "(batch, steps)", "pad the rows to one length and give lengths=")
    if ids.ndim != 2 or 0 in ids.shape:
        raise InputError(
            f"tokens have shape {ids.shape}; give ids of (batch, steps), such as ids[None] for one sequence"
        )
    n_sequences, n_steps = ids.shape
    steps = (n_steps,) * n_sequences if lengths is None else read_lengths(lengths, n_sequences)
    long = next((i for i, n in enumerate(steps) if n > n_steps), None)
    if long is not None:
        raise InputError(f"lengths[{long}] is {steps[long]} and tokens have {ids.shape}; give 1 to {n_steps} steps")
    valid = np.arange(n_steps) < np.asarray(steps)[:, None]
    rows = check_ids(ids, n_vocab, valid)
    named = {name: read_track(name, values, ids.shape, valid) for name, values in (tracks or {}).items()}
    return BatchInfo(n_sequences, n_steps, steps, rows, named)


def check_states_fit(name: str, n_sequences: int, n_steps: int, batch: BatchInfo) -> None:
    """Raise RecordingError unless a module ran over as many sequences and steps as the batch has tokens."""
    ran, given = (n_sequences, n_steps), (batch.n_sequences, batch.n_padded)
    if ran == given:
        return
    said = f"{name} ran over {n_sequences} sequences x {n_steps} steps and tokens are {given}"
    if ran == given[::-1]:
        raise RecordingError(f"{said}: did you pass (steps, batch)? give tokens=ids.T")
    if n_sequences != batch.n_sequences:
        raise RecordingError(
            f"{said}: sequence {min(n_sequences, batch.n_sequences)} is the first that only one of them has; give "
            "the ids that the model was run on"
        )
    lacking = "a state and no token" if n_steps > batch.n_padded else "a token and no state"
    raise RecordingError(
        f"{said}: step {min(n_steps, batch.n_padded)} of sequence 0 is the first with {lacking}; give the ids that "
        "the model was run on"
    )


class LabelBook:
    """Numbers the labels of category tracks in the order of their first appearance, over all batches."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str, int]] = {}

    def encode(self, name: str, labels: Sequence[str | None]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the codes of labels (-1 for None) and the labels not met before; nothing is kept until ``keep``."""
        known = self._codes.get(name, {})
        new: dict[str, int] = {}
        codes = np.empty(len(labels), np.int32)
        for i, label in enumerate(labels):
            if label is None:
                codes[i] = -1
            elif label in known:
                codes[i] = known[label]
            else:
                codes[i] = new.setdefault(label, len(known) + len(new))
        return codes, tuple(new)

    def keep(self, name: str, new: Sequence[str]) -> None:
        """Remember labels that ``encode`` found to be new, now that their batch is acknowledged."""
        known = self._codes.setdefault(name, {})
        for label in new:
            known[label] = len(known)
