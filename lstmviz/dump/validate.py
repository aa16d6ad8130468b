"""Check a caller's token ids, lengths, tracks and states, and turn them into arrays.

``write_dump`` and ``record`` both use this, so that a mistake gives the same line in both. Every function raises
InputError, naming the first place that does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import short_repr
from lstmviz.dump.schema import STATE_DTYPES, check_name
from lstmviz.dump.values import Values, as_array, is_number, is_whole, with_numbers
from lstmviz.errors import InputError

MAX_IDS = 2**32  # token ids are stored as uint32


@dataclass(frozen=True, slots=True)
class TrackRows:
    """One track's values: numbers, or strings (None: no value) for a category."""

    values: NDArray[Any] | list[str | None]

    @property
    def is_category(self) -> bool:
        """Whether the steps carry labels, not numbers."""
        return isinstance(self.values, list)


def check_ids(ids: NDArray[Any], n_vocab: int | None, valid: NDArray[np.bool_] | None = None) -> NDArray[np.uint32]:
    """Return the ids of all (or the valid) steps, flat, as uint32; each must be in a vocabulary of ``n_vocab``."""
    given = ids.ravel() if valid is None else ids[valid]
    if ids.dtype.kind not in "iuf":
        raise InputError(f"tokens are {ids.dtype}; give integer ids, and the words as vocab=[...]")
    limit = MAX_IDS if n_vocab is None else n_vocab
    with np.errstate(invalid="ignore"):
        is_wrong = ~((ids >= 0) & (ids < limit) & (ids == np.floor(ids)))
    wrong = np.argwhere(is_wrong if valid is None else is_wrong & valid)
    if len(wrong):
        raise InputError(_wrong_id(ids[tuple(wrong[0])], wrong[0], limit, n_vocab))
    return np.asarray(given, np.uint32)


def _wrong_id(token_id: Any, place: NDArray[np.intp], limit: int, n_vocab: int | None) -> str:
    """Say what is wrong with an id, and what to do."""
    where = _place(place)
    if token_id != np.floor(token_id):
        guess = (
            "leave padding out with lengths= or mask="
            if np.isnan(token_id)
            else "are these the model's inputs? then inputs="
        )
        return f"token id {token_id} at {where} is not a whole number; {guess}"
    allowed = f"{'ids' if n_vocab is None else 'the vocabulary, ids'} 0 to {limit - 1}"
    remedy = " or leave padding out with lengths=" if len(place) == 2 else " or the ids that belong to it"
    return f"token id {token_id:g} at {where} is outside {allowed}; pass the vocabulary it belongs to,{remedy}"


def read_lengths(given: Values, n_sequences: int | None = None) -> tuple[int, ...]:
    """Return the steps of each sequence, whole numbers of 0 or more; ``n_sequences`` of them, if that is known."""
    lengths = as_array("lengths", given, "(n_sequences,)", "give one whole number of steps for each sequence")
    wanted = (len(lengths) if lengths.ndim else 1,) if n_sequences is None else (n_sequences,)
    if not is_whole(lengths) or lengths.shape != wanted:
        of = "sequence" if n_sequences is None else f"of the {n_sequences} sequences"
        problem = f"lengths are {lengths.dtype} of shape {lengths.shape}"
        if lengths.dtype.kind == "f" and lengths.shape == wanted:
            index = int(np.flatnonzero(~(lengths == np.round(lengths)))[0])
            problem = f"lengths[{index}] is {lengths[index]:g}, not a whole number"
        raise InputError(f"{problem}; give one whole number of steps for each {of}")
    short_ones = np.flatnonzero(lengths < 0)
    if len(short_ones):
        raise InputError(f"lengths[{short_ones[0]}] is {lengths[short_ones[0]]:g}; give 0 or more steps")
    return tuple(map(int, lengths.tolist()))


def read_mask(argument: str, given: Values | None) -> NDArray[np.bool_] | None:
    """Return a mask (batch, steps) of True and False, or of ones and zeros of any type; None where there is none."""
    if given is None:
        return None
    mask = as_array(argument, given, "(batch, steps)", "give True or False for each step")
    if mask.ndim != 2 or 0 in mask.shape:
        raise InputError(f"{argument} has shape {mask.shape}; give True or False for each step, (batch, steps)")
    is_flag = mask == mask.astype(bool) if mask.dtype.kind in "iuf" else np.full(mask.shape, mask.dtype.kind == "b")
    if not is_flag.all():
        place = np.argwhere(~is_flag)[0]
        raise InputError(
            f"{argument} holds {short_repr(mask[tuple(place)])} at {_place(place)}; give True or False, or 1 or 0"
        )
    return mask.astype(np.bool_)


def read_track(name: str, values: Values, shape: tuple[int, ...], valid: NDArray[np.bool_] | None = None) -> TrackRows:
    """Return a track of a ``shape``, (n_steps,) or (batch, steps), as the rows of all (or the valid) steps."""
    check_name("track", name)
    where = f"track {name!r}"
    array = as_array(where, values, "numbers or strings", "give one value a step")
    if array.shape != shape:
        raise InputError(
            f"{where} has shape {array.shape} and {shape} is needed{_first_difference(array.shape, shape)}"
        )
    return _track_rows(where, array, np.ones(shape, np.bool_) if valid is None else valid)


def read_sequence_track(name: str, values: Values, n_sequences: int) -> TrackRows:
    """Return a track of one value a sequence, shape (n_sequences,)."""
    check_name("track", name)
    where = f"track {name!r}"
    array = as_array(where, values, "numbers or strings", "give one value a sequence")
    if array.shape != (n_sequences,):
        raise InputError(
            f"{where} has shape {array.shape} and ({n_sequences},) is needed; give one value for each sequence"
        )
    return _track_rows(where, array, np.ones(n_sequences, np.bool_), "sequence")


def _track_rows(where: str, array: NDArray[Any], steps: NDArray[np.bool_], unit: str = "step") -> TrackRows:
    if array.dtype.kind == "O":
        return TrackRows(_of_objects(where, array, steps, unit))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.dtype.kind == "M":
        raise InputError(f"{where} holds dates; give them as text (.astype(str)), or as numbers such as seconds")
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise InputError(f"{where} has values of type {array.dtype}; give integers, floats or strings")
    return TrackRows(array[steps])


def _of_objects(
    where: str, array: NDArray[Any], steps: NDArray[np.bool_], unit: str
) -> NDArray[Any] | list[str | None]:
    """Return the values of some steps as labels, or as numbers where padding alone is text."""
    given = array[steps]
    is_text = np.array([isinstance(value, str) for value in given], np.bool_)
    is_none = np.array([value is None or (isinstance(value, float) and value != value) for value in given], np.bool_)
    if not is_text.any() and not is_none.all() and all(is_number(value) or value is None for value in given):
        return with_numbers(given)
    is_odd = ~(is_text | is_none)
    if not is_odd.any():
        return [None if none else str(value) for value, none in zip(given, is_none, strict=True)]
    are_numbers = [is_number(value) for value in given[is_odd]]
    is_mixed = bool(is_text.any()) and all(are_numbers)
    if is_mixed and is_text.sum() < is_odd.sum():
        is_odd = is_text  # the few among the many
    elif not all(are_numbers):
        is_odd[is_odd] = ~np.array(are_numbers)
    place = int(np.flatnonzero(is_odd)[0])
    among = " among " + ("numbers" if is_odd is is_text else "text") if is_mixed else ""
    at = _place(np.argwhere(steps)[place], unit)
    if isinstance(given[place], bytes):
        raise InputError(f"{where} holds {short_repr(given[place])} at {at}, which is not UTF-8; decode it to text")
    raise InputError(
        f"{where} holds {short_repr(given[place])}{among} at {at}; give numbers only "
        "(None or NaN for no value), or strings only (None for no value; str(x) makes one of a number)"
    )


def read_states(name: str, values: Values) -> NDArray[Any]:
    """Return states, (n_steps, n_units) or (batch, steps, n_units), in a stored type: floats as given, else float32."""
    check_name("source", name)
    states = f"states of {name!r}"
    array = as_array(states, values, "(n_steps, n_units)", "give every step the same number of units")
    if array.dtype.kind == "O" and array.size:
        bad_value = next(value for value in array.flat if not is_number(value))
        raise InputError(f"{states} hold {short_repr(bad_value)}; give numbers, such as float32")
    if array.dtype.kind not in "iufb":
        raise InputError(f"{states} are of type {array.dtype}; give numbers, such as float32")
    if array.ndim not in (2, 3):
        remedy = "array[:, None] for one unit" if array.ndim == 1 else "or (batch, steps, n_units) with lengths="
        raise InputError(f"{states} have shape {array.shape}; they need (n_steps, n_units), {remedy}")
    return array if array.dtype.name in STATE_DTYPES else array.astype(np.float32)


def check_mapping(argument: str, given: object) -> None:
    """Raise InputError unless an argument is a mapping, or None."""
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{argument} is a {type(given).__name__}; give a dict, such as {argument}={{'name': ...}}")


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
