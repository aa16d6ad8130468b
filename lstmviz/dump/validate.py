"""Check a caller's vocabulary, token ids, lengths, tracks and states, and turn them into arrays.

``write_dump`` and ``record`` both use this, so that a mistake gives the same line in both. Every function raises
InputError, naming the first place that does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.schema import STATE_DTYPES, check_name
from lstmviz.errors import InputError

Values = Any
"""A torch tensor, an array of any framework, or nested lists."""
MAX_IDS = 2**32  # token ids are stored as uint32


@runtime_checkable
class HasVocab(Protocol):
    """A tokenizer that has a vocabulary, such as one of Hugging Face's ``tokenizers`` or ``transformers``."""

    def get_vocab(self) -> Mapping[str, int]:
        """Return the id of each token."""


@dataclass(frozen=True, slots=True)
class TrackRows:
    """One track's values: numbers, or strings (None: no value) for a category."""

    values: NDArray[Any] | list[str | None]

    @property
    def is_category(self) -> bool:
        """Whether the steps carry labels, not numbers."""
        return isinstance(self.values, list)


def as_array(name: str, values: Values, shape: str, remedy: str) -> NDArray[Any]:
    """Return a tensor, array or nested lists as one NumPy array; ``shape`` and ``remedy`` go into the error message."""
    try:
        if hasattr(values, "detach"):  # a torch tensor, on any device, with or without a gradient
            values = values.detach().cpu()
            values = values.float() if str(values.dtype) == "torch.bfloat16" else values
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError, OverflowError) as err:
        raise InputError(f"{name} cannot be read as one array of {shape} ({_short(str(err))}); {remedy}") from err


def read_vocab(given: Sequence[str] | Mapping[str, int] | NDArray[Any] | HasVocab | None) -> tuple[str, ...] | None:
    """Return a vocabulary by id, from a list or array of tokens, a mapping from token to id, or a tokenizer.

    An id that a tokenizer leaves out is called, for example, ``[unused 17]``. None where there is no vocabulary.
    """
    if given is None:
        return None
    if isinstance(given, HasVocab):
        given = _without_gaps(given.get_vocab())
    if isinstance(given, (set, frozenset)):
        raise InputError("vocab is a set, which has no order; give a list, the token of each id from 0")
    try:
        words: list[Any] = _by_id(given) if isinstance(given, Mapping) else list(given)
    except TypeError as err:
        raise InputError(f"vocab is a {type(given).__name__}; give a list, the token of each id from 0") from err
    odd = next((i for i, word in enumerate(words) if not isinstance(word, str)), None)
    if odd is not None:
        raise InputError(f"vocab[{odd}] is {_short(words[odd])}, not a string; give the token of each id from 0")
    if not words:
        raise InputError("vocab is empty; give the token of each id, or leave it out to show ids")
    return tuple(map(str, words))


def check_ids(ids: NDArray[Any], n_vocab: int | None, valid: NDArray[np.bool_] | None = None) -> NDArray[np.uint32]:
    """Return the ids of all (or the valid) steps, flat, as uint32; each must be in a vocabulary of ``n_vocab``."""
    if ids.dtype.kind not in "iu":
        raise InputError(f"tokens are {ids.dtype}; give integer ids, and the words as vocab=[...]")
    limit = MAX_IDS if n_vocab is None else n_vocab
    is_wrong = (ids < 0) | (ids >= limit)
    wrong = np.argwhere(is_wrong if valid is None else is_wrong & valid)
    if len(wrong):
        allowed = f"{'ids' if n_vocab is None else 'the vocabulary, ids'} 0 to {limit - 1}"
        remedy = " or leave padding out with lengths=" if ids.ndim == 2 else " or the ids that belong to it"
        raise InputError(
            f"token id {ids[tuple(wrong[0])]} at {_place(wrong[0])} is outside {allowed}; pass the vocabulary it "
            f"belongs to,{remedy}"
        )
    return np.asarray(ids.ravel() if valid is None else ids[valid], np.uint32)


def read_lengths(given: Values, n_sequences: int | None = None) -> tuple[int, ...]:
    """Return the steps of each sequence, whole numbers of 1 or more; ``n_sequences`` of them, if that is known."""
    lengths = as_array("lengths", given, "(n_sequences,)", "give one whole number of steps for each sequence")
    wanted = (len(lengths) if lengths.ndim else 1,) if n_sequences is None else (n_sequences,)
    if lengths.dtype.kind not in "iu" or lengths.shape != wanted:
        of = "sequence" if n_sequences is None else f"of the {n_sequences} sequences"
        raise InputError(
            f"lengths are {lengths.dtype} of shape {lengths.shape}; give one whole number of steps for each {of}"
        )
    short = np.flatnonzero(lengths < 1)
    if len(short):
        raise InputError(f"lengths[{short[0]}] is {lengths[short[0]]}; each sequence needs 1 or more steps")
    return tuple(lengths.tolist())


def read_track(name: str, values: Values, shape: tuple[int, ...], valid: NDArray[np.bool_] | None = None) -> TrackRows:
    """Return a track of a ``shape``, (n_steps,) or (batch, steps), as the rows of all (or the valid) steps."""
    check_name("track", name)
    where = f"track {name!r}"
    array = _track_array(where, values, "give one value a step")
    if array.shape != shape:
        raise InputError(
            f"{where} has shape {array.shape} and {shape} is needed{_first_difference(array.shape, shape)}"
        )
    return _track_rows(where, array, np.ones(shape, np.bool_) if valid is None else valid)


def read_sequence_track(name: str, values: Values, n_sequences: int) -> TrackRows:
    """Return a track of one value a sequence, shape (n_sequences,)."""
    check_name("track", name)
    where = f"track {name!r}"
    array = _track_array(where, values, "give one value a sequence")
    if array.shape != (n_sequences,):
        raise InputError(
            f"{where} has shape {array.shape} and ({n_sequences},) is needed; give one value for each sequence"
        )
    return _track_rows(where, array, np.ones(n_sequences, np.bool_), "sequence")


def _track_array(where: str, values: Values, remedy: str) -> NDArray[Any]:
    array = as_array(where, values, "numbers or strings", remedy)
    if array.dtype.kind in "US" and not hasattr(values, "dtype"):
        # NumPy's strings lose a NUL at their end, and turn numbers beside them into text.
        array = np.array(values, object)
    return array


def _track_rows(where: str, array: NDArray[Any], steps: NDArray[np.bool_], unit: str = "step") -> TrackRows:
    if array.dtype.kind in "USO":
        return TrackRows(_labels(where, array, steps, unit))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise InputError(f"{where} has values of type {array.dtype}; give integers, floats or strings")
    return TrackRows(array[steps])


def read_states(name: str, values: Values) -> NDArray[Any]:
    """Return the states of a source, (n_steps, n_units), in a stored type: floats as given, others as float32."""
    check_name("source", name)
    states = f"states of {name!r}"
    array = as_array(states, values, "(n_steps, n_units)", "give every step the same number of units")
    if array.dtype.kind not in "iufb":
        raise InputError(f"{states} are of type {array.dtype}; give numbers, such as float32")
    if array.ndim != 2:
        raise InputError(f"{states} have shape {array.shape}; they need (n_steps, n_units)")
    return array if array.dtype.name in STATE_DTYPES else array.astype(np.float32)


def check_mapping(argument: str, given: object) -> None:
    """Raise InputError unless an argument is a mapping, or None."""
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{argument} is a {type(given).__name__}; give a dict, such as {argument}={{'name': ...}}")


def _without_gaps(vocab: Mapping[str, int]) -> Mapping[str, int]:
    """Name the ids that a tokenizer leaves out; InputError if those are most of the ids."""
    is_valid = isinstance(vocab, Mapping) and all(isinstance(i, int) and i >= 0 for i in vocab.values())
    ids = set(vocab.values()) if is_valid else set()
    if not ids or max(ids) >= 2 * len(ids) + 1000:
        raise InputError("the tokenizer's get_vocab() is not a vocabulary; give a list, the token of each id from 0")
    return {**vocab, **{f"[unused {i}]": i for i in range(max(ids)) if i not in ids}}


def _by_id(given: Mapping[str, int]) -> list[Any]:
    """Turn a mapping from token to id into a list by id."""
    by_id: dict[int, str] = {}
    for word, index in given.items():
        if index in by_id:
            raise InputError(f"vocab gives id {index} to {by_id[index]!r} and {word!r}; give each its own")
        by_id[index] = word
    missing = next((i for i in range(len(by_id)) if i not in by_id), None)
    if missing is not None:
        guess = "; did you pass id -> token?" if all(isinstance(i, str) for i in by_id) else ""
        raise InputError(
            f"vocab has {len(by_id)} entries and none for id {missing}; ids run from 0 without gaps{guess}"
        )
    return [by_id[i] for i in range(len(by_id))]


def _labels(where: str, array: NDArray[Any], steps: NDArray[np.bool_], unit: str) -> list[str | None]:
    labels: list[str | None] = []
    given = array[steps].tolist()
    for i, value in enumerate(given):
        label = _label(value)
        if label is ...:
            verb = "mixes text with" if any(isinstance(_label(x), str) for x in given) else "holds"
            raise InputError(
                f"{where} {verb} {_short(value)} at {_place(np.argwhere(steps)[i], unit)}; give numbers only (NaN "
                "for no value), or UTF-8 strings (None for no value)"
            )
        labels.append(label)
    return labels


def _label(value: Any) -> Any:
    """Return a value as a label, None for no value (None or NaN, as pandas has it), ... for anything else."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ...
    if isinstance(value, str):
        return str(value)
    return None if value is None or (isinstance(value, float) and value != value) else ...


def _first_difference(given: Sequence[int], wanted: Sequence[int]) -> str:
    """Name the first place where an array and the steps differ, and guess the mistake."""
    if len(wanted) == 2 and tuple(given) == tuple(reversed(wanted)):
        return "; did you pass (steps, batch)? give it transposed"
    if len(given) != len(wanted):
        return f"; give one value a step, {'(batch, steps)' if len(wanted) == 2 else '(n_steps,)'}"
    if given[0] != wanted[0] and len(wanted) == 2:
        return f": sequence {min(given[0], wanted[0])} is the first that only one of them has; give one row a sequence"
    return f": step {min(given[-1], wanted[-1])} is the first that only one of them has; give one value a step"


def _place(index: NDArray[np.intp], unit: str = "step") -> str:
    *sequence, step = index.tolist()
    return f"{unit} {step}" + (f" of sequence {sequence[0]}" if sequence else "")


def _short(value: object) -> str:
    """Return a value, or a message, as at most 80 characters in one line."""
    return " ".join((value if isinstance(value, str) else repr(value)).split())[:80]
