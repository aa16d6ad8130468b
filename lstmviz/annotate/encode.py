"""Values as users have them, made ready to be stored: labels as indices, one a step or one a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.change_tracks import NewTrack, label_dtype
from lstmviz.dump.reader import Axis
from lstmviz.dump.validate import TrackRows, read_sequence_track, read_track
from lstmviz.dump.values import Values, plain
from lstmviz.errors import InputError

REST = "other"  # the label of the steps that nothing was found at
FEW = 8  # labels, each of which is looked for until it is found
BLOCK = 2**16  # values counted at a time: they stay in a core's cache


def new_track(axis: Axis, name: str, values: Values, made: str, rest: str | None = REST) -> NewTrack:
    """Make a track of values: one a step, one a sequence, a list of one a step for each sequence, or a frame of spans.

    A frame has the columns start and stop (steps), and may have a label; other steps get the label ``rest`` (None: no
    value). Raises InputError where the values fit neither the steps nor the sequences.
    """
    if isinstance(values, pd.DataFrame):
        return _of_spans(axis, name, values, made, rest)
    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.CategoricalDtype):
        values = values.array
    if isinstance(values, pd.Categorical):
        return _of_categorical(axis, name, values, made)
    values = _flat(axis, plain(values))
    n = len(values) if hasattr(values, "__len__") else -1
    n_sequences = len(axis.starts)
    if n == axis.n_steps:
        return encoded(axis, read_track(name, values, (n,)), made)
    if n == n_sequences:
        return encoded(axis, read_sequence_track(name, values, n), made, is_per_sequence=True)
    raise InputError(
        f"track {name!r} has {max(n, 0):,} values; give one for each of the {axis.n_steps:,} steps, or one for each of "
        f"the {n_sequences:,} sequences"
    )


def encoded(axis: Axis, rows: TrackRows, made: str, *, is_per_sequence: bool = False) -> NewTrack:
    """Make a track of checked values; labels are in sorted order."""
    per: Any = "sequence" if is_per_sequence else "step"
    if isinstance(rows.values, np.ndarray):
        return NewTrack(axis.name, "number", per, (), rows.values, made)
    labels = tuple(sorted({value for value in rows.values if value is not None}))
    code: dict[str | None, int] = {None: -1, **{label: i for i, label in enumerate(labels)}}
    return NewTrack(axis.name, "category", per, labels, np.array([code[v] for v in rows.values], np.int32), made)


def of_codes(axis: Axis, labels: Sequence[str], codes: NDArray[Any], made: str) -> NewTrack:
    """Make a track of one index of a label a step (-1: none), without the labels that no step has."""
    used = _used(len(labels), codes)
    kept = tuple(labels[i] for i in used.tolist())
    if len(used) < len(labels):
        table = np.full(len(labels) + 1, -1, np.int32)
        table[used] = np.arange(len(used))
        codes = table[codes]
    return NewTrack(axis.name, "category", "step", kept, codes.astype(label_dtype(len(kept)), copy=False), made)


def _used(n_labels: int, codes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the indices of the labels that some step has."""
    blocks = [codes[a : a + BLOCK] for a in range(0, len(codes), BLOCK)]
    if n_labels <= FEW:
        return np.flatnonzero([any((block == code).any() for block in blocks) for code in range(n_labels)])
    is_used = np.zeros(n_labels + 1, np.bool_)
    for block in blocks:
        is_used |= np.bincount(block.astype(np.intp) + 1, minlength=len(is_used)) > 0
    return np.flatnonzero(is_used[1:])


def categorical(codes: NDArray[Any], labels: Sequence[str]) -> pd.Categorical:
    """Return labels by their indices (-1: none)."""
    made: Any = pd.Categorical
    values: pd.Categorical = made.from_codes(codes, categories=list(labels))
    return values


def fill_spans(codes: NDArray[Any], start: NDArray[Any], stop: NDArray[Any], values: NDArray[Any]) -> None:
    """Write a value into each stretch [start, stop) of an array; where they overlap, the later one counts."""
    lengths = stop - start
    offsets = np.cumsum(lengths) - lengths
    places = np.repeat(start - offsets, lengths) + np.arange(int(lengths.sum()))
    codes[places] = np.repeat(values, lengths)


def _flat(axis: Axis, values: Any) -> Any:
    """Return values that come as one list for each sequence as one list for all steps."""
    is_rows = (
        isinstance(values, list)
        and len(values) == len(axis.starts)
        and all(isinstance(row, (list, np.ndarray)) for row in values)
    )
    if not is_rows:
        return values
    misfit = next((i for i, row in enumerate(values) if len(row) != axis.stops[i] - axis.starts[i]), None)
    if misfit is not None:
        n_steps = int(axis.stops[misfit] - axis.starts[misfit])
        n_values = len(values[misfit])
        raise InputError(f"sequence {misfit} has {n_values} values and {n_steps} steps; give one value a step")
    return [value for row in values for value in (row.tolist() if isinstance(row, np.ndarray) else row)]


def _of_categorical(axis: Axis, name: str, values: pd.Categorical, made: str) -> NewTrack:
    labels = [str(label) for label in values.categories]
    codes = np.asarray(values.codes, np.int32)
    if len(codes) == axis.n_steps:
        return of_codes(axis, labels, codes, made)
    if len(codes) == len(axis.starts):
        return NewTrack(axis.name, "category", "sequence", tuple(labels), codes, made)
    raise InputError(f"track {name!r} has {len(codes):,} values; the axis has {axis.n_steps:,} steps, one for each")


def _of_spans(axis: Axis, name: str, frame: pd.DataFrame, made: str, rest: str | None) -> NewTrack:
    """Make a track of stretches of steps, each with a label; "yes" where there is no column of labels."""
    if not {"start", "stop"} <= set(frame.columns):
        columns = ", ".join(map(str, frame.columns))[:200]
        raise InputError(f"track {name!r} is a frame with the columns {columns}; it needs start, stop, and label")
    start, stop = (_steps(name, frame[column]) for column in ("start", "stop"))
    is_odd = (start < 0) | (stop > axis.n_steps) | (start > stop)
    if is_odd.any():
        row = int(np.flatnonzero(is_odd)[0])
        raise InputError(
            f"row {row} of track {name!r} is [{start[row]}, {stop[row]}); steps are 0 to {axis.n_steps:,}, start first"
        )
    given = frame["label"].tolist() if "label" in frame else ["yes"] * len(frame)
    texts = [None if label is None or label != label else str(label) for label in given]
    labels = [*dict.fromkeys([*([] if rest is None else [rest]), *(text for text in texts if text is not None)])]
    code: dict[str | None, int] = {None: -1, **{label: i for i, label in enumerate(labels)}}
    codes = np.full(axis.n_steps, -1 if rest is None else 0, np.int32)
    fill_spans(codes, start, stop, np.array([code[text] for text in texts], np.int32))
    return of_codes(axis, labels, codes, made)


def _steps(name: str, column: Any) -> NDArray[np.int64]:
    steps = np.asarray(column)
    if steps.dtype.kind not in "iu" and len(steps):
        raise InputError(f"start and stop of track {name!r} are {steps.dtype}; give whole numbers, steps from 0")
    return steps.astype(np.int64)
