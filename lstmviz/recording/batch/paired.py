"""Attention of one axis over another: its rows are brought to the steps of the paired sequences of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_batch import AxisRows
from lstmviz.recording.batch.axis_state import AxisState, is_thinned
from lstmviz.recording.batch.forward_pass import AttentionRows


def pair_attention(rows: Mapping[str, AxisRows], axes: Mapping[str, AxisState]) -> dict[str, AxisRows]:
    """Return the rows of a batch with every weight of an attention at the step of the paired sequence that it is for.

    A logged row has a weight for each step of the padded batch on the other axis, so that padding on the left is cut
    off here; what is beyond the end of the paired sequence is cut off when the dump is assembled. Raises
    RecordingError where the sequences of the two axes are no pairs, or steps of theirs have no weight.
    """
    paired = dict(rows)
    for name, given in rows.items():
        if not given.attention:
            continue
        attention = {
            attention_name: _at_steps(attention_name, weights, (name, given), rows.get(weights.over), axes)
            for attention_name, weights in given.attention.items()
        }
        paired[name] = replace(given, attention=attention)
    return paired


def _at_steps(
    name: str,
    weights: AttentionRows,
    attending: tuple[str, AxisRows],
    other: AxisRows | None,
    axes: Mapping[str, AxisState],
) -> AttentionRows:
    axis, given = attending
    if other is None:
        raise RecordingError(f"{name} is over axis {weights.over!r}, on which nothing ran in this batch; run it too")
    for each, rows in ((axis, given), (weights.over, other)):
        if is_thinned(axes[each].every, rows.given) or rows.places[:, 1].any() or rows.positions.any():
            raise RecordingError(
                f"{name} pairs whole sequences, and those of axis {each!r} are parts of some (every=, where=, starts= "
                "or continues=); leave these out, or do not log attention"
            )
    if not np.array_equal(given.places[:, 0], other.places[:, 0]):
        raise RecordingError(
            f"{name} pairs sequence i of axis {axis!r} with sequence i of {weights.over!r}, and this batch has "
            f"{len(given.lengths)} and {len(other.lengths)}, or other documents=; run both texts of each pair together"
        )
    n_columns, end = weights.rows.shape[1], other.valid.end
    if n_columns < end:
        raise RecordingError(
            f"{name} was logged with {n_columns} weights a step, and axis {weights.over!r} has {end} steps; give one "
            "weight for each, (batch, steps, steps attended to)"
        )
    starts = np.repeat(other.valid.starts, given.lengths)
    columns = starts[:, None] + np.arange(max(other.lengths))
    values = np.take_along_axis(weights.rows, columns.clip(max=n_columns - 1), axis=1)
    values[columns >= n_columns] = 0
    return replace(weights, rows=values)
