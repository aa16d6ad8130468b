"""Rows of a batch that hold several episodes: where each begins, and the place of its steps (``starts=``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import RowPlaces
from lstmviz.recording.batch.valid_steps import ValidSteps

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StepPlaces:
    """Where every step of a batch stands, (batch, steps): its document, its position there, whether it is the first.

    ``after`` says where the rows of a batch that continues this one stand.
    """

    documents: Ints
    positions: Ints
    begins: NDArray[np.bool_]
    after: RowPlaces


def step_places(starts: NDArray[np.bool_], valid: ValidSteps, places_of: Callable[..., RowPlaces]) -> StepPlaces:
    """Cut the rows of a batch where ``starts`` (batch, steps) is True; starts in padding do not count.

    ``places_of(begins=, n_later=)`` says where the rows stand, of which some begin documents and have later episodes.
    """
    if starts.shape[0] != valid.n_sequences or starts.shape[1] < valid.end:
        raise RecordingError(
            f"starts has (batch, steps) {starts.shape} and {valid.n_sequences} sequences x {valid.end} steps ran; give "
            "True or False for each step"
        )
    steps = np.arange(starts.shape[1])
    inside = valid.mask(starts.shape[1])
    is_first = inside & (steps == valid.starts[:, None])
    later = starts & inside & ~is_first
    rows = places_of(begins=(starts & is_first).any(1), n_later=later.sum(1))
    n_before = later.cumsum(1)  # later episodes of the row that have begun
    began = np.maximum.accumulate(np.where(later, steps, -1), axis=1)
    first = rows.positions[:, None] + steps - valid.starts[:, None]
    positions = np.where(n_before > 0, steps - began, first)
    documents = np.where(n_before > 0, rows.later[:, None] + n_before - 1, rows.documents[:, None])
    last = np.maximum(valid.stops - 1, 0)[:, None]
    end_documents, end_positions = (np.take_along_axis(grid, last, 1)[:, 0] for grid in (documents, positions))
    after = RowPlaces(
        end_documents, np.where(valid.stops > valid.starts, end_positions + 1, rows.positions), rows.later
    )
    return StepPlaces(documents, positions, later | is_first, after)
