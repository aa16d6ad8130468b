"""What the user says about one batch, checked and brought into rows: token ids, lengths, tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lstmviz.errors import RecordingError

Values = Any  # a torch tensor, a NumPy array or nested lists


@dataclass(frozen=True, slots=True)
class TrackRows:
    """One track's valid steps in a batch: numbers, or strings (None: no label) for a category."""

    values: NDArray[Any] | list[str | None]

    @property
    def is_category(self) -> bool:
        """Whether the steps carry labels, not numbers."""
        return isinstance(self.values, list)


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

    Raises RecordingError naming the first place that does not fit.
    """
    ids = as_array("tokens", tokens)
    if ids.ndim != 2 or 0 in ids.shape:
        raise RecordingError(
            f"tokens have shape {ids.shape}; give ids of (batch, steps), such as ids[None] for one sequence"
        )
    if ids.dtype.kind not in "iu":
        raise RecordingError(f"tokens are {ids.dtype}; give integer ids, and the words as record(..., vocab=[...])")
    steps = _lengths(lengths, *ids.shape)
    valid = np.arange(ids.shape[1]) < np.asarray(steps)[:, None]
    _check_ids(ids, valid, n_vocab)
    rows = {name: _track_rows(name, values, ids.shape, valid) for name, values in (tracks or {}).items()}
    return BatchInfo(ids.shape[0], ids.shape[1], steps, ids[valid].astype(np.uint32), rows)


def as_array(name: str, values: Values) -> NDArray[Any]:
    """Return a tensor, array or nested lists as a NumPy array; RecordingError where lists are ragged."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return np.asarray((values.float() if values.dtype == torch.bfloat16 else values).numpy())
    try:
        return np.asarray(values)
    except ValueError as err:
        raise RecordingError(
            f"{name} cannot be read as one array of (batch, steps) ({str(err)[:80]}); pad the rows to one length "
            "and give lengths="
        ) from err


def _lengths(given: Values | None, n_sequences: int, n_steps: int) -> tuple[int, ...]:
    if given is None:
        return (n_steps,) * n_sequences
    lengths = as_array("lengths", given)
    if lengths.dtype.kind not in "iu" or lengths.shape != (n_sequences,):
        raise RecordingError(
            f"lengths are {lengths.dtype} of shape {lengths.shape}; give one whole number of steps for each of the "
            f"{n_sequences} sequences"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > n_steps))
    if len(wrong):
        first = int(wrong[0])
        raise RecordingError(
            f"lengths[{first}] is {lengths[first]}; sequence {first} has 1 to {n_steps} steps, as tokens have "
            f"({n_sequences}, {n_steps})"
        )
    return tuple(int(n) for n in lengths)


def _check_ids(ids: NDArray[Any], valid: NDArray[np.bool_], n_vocab: int | None) -> None:
    limit = 2**32 if n_vocab is None else n_vocab
    wrong = np.argwhere(valid & ((ids < 0) | (ids >= limit)))
    if not len(wrong):
        return
    sequence, step = (int(i) for i in wrong[0])
    there = f"ids 0 to {limit - 1}" if n_vocab is None else f"the vocabulary's ids 0 to {limit - 1}"
    raise RecordingError(
        f"token id {ids[sequence, step]} at step {step} of sequence {sequence} is outside {there}; pass the vocabulary "
        "it belongs to, or leave padding out with lengths="
    )


def _track_rows(name: str, values: Values, shape: tuple[int, ...], valid: NDArray[np.bool_]) -> TrackRows:
    where = f"track {name!r}"
    array = as_array(where, values)
    if array.shape != shape:
        raise RecordingError(f"{where} has shape {array.shape} and tokens {shape}{_first_lack(array.shape, shape)}")
    if array.dtype.kind in "UO":
        labels = array[valid].tolist()
        odd = next((x for x in labels if not (x is None or isinstance(x, str))), None)
        if odd is not None:
            raise RecordingError(f"{where} mixes text with {odd!r}; give numbers only, or strings (None for no label)")
        return TrackRows(labels)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise RecordingError(f"{where} has values of type {array.dtype}; give integers, floats or strings")
    return TrackRows(array[valid])


def _first_lack(given: Sequence[int], wanted: Sequence[int]) -> str:
    """Name the first place where a (batch, steps) array and the tokens disagree, and guess the mistake."""
    if tuple(given) == tuple(reversed(wanted)):
        return "; did you pass (steps, batch)? give it transposed"
    if len(given) != 2:
        return "; give one value a step, (batch, steps)"
    if given[0] != wanted[0]:
        return f": sequence {min(given[0], wanted[0])} is the first that only one of them has; give one row a sequence"
    return f": step {min(given[1], wanted[1])} is the first that only one of them has; give one value a step"


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
