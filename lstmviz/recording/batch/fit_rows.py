"""Compare the tokens given with the rows that a module read, where nothing else shows what those rows are.

A model may be given rows that were looked up outside the batch, or inside code that torch does not show. Equal tokens
then have equal rows, and other tokens others, in the order in which they were read and in no other.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.tokens import TokenGrid
from lstmviz.errors import LayoutError, RecordingError
from lstmviz.recording.batch.fit_tokens import ALIGNED, CHECKED, NOT_CHECKED, Fit
from lstmviz.recording.batch.pass_inputs import CheckedPass
from lstmviz.recording.batch.placement import Placement
from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.follow.by_rows import Marks, are_paired, mark_tolerance

_FEWEST_TWICE = 3  # tokens that occur twice; with fewer, one token could be taken for another


def fit_rows(name: str, given: CheckedPass, kinds_of_marks: Iterable[Marks | None]) -> Fit:
    """Return how the tokens given fit marks (steps, batch) of the rows that a module read, of one kind or another.

    RecordingError where they are paired one step away, or as (steps, batch).
    """
    for marks in kinds_of_marks:
        if marks is not None and given.tokens is not None:
            fit = _fit_of_marks(name, given.tokens, given.valid, marks)
            if fit is not None:
                return fit
    return Fit(NOT_CHECKED)


def _fit_of_marks(name: str, given: TokenGrid, valid: ValidSteps | None, marks: Marks) -> Fit | None:
    tokens = _numbers(given)
    n_sequences, n_steps = tokens.shape
    is_whole = valid is None or valid.mask(n_steps).all()
    if is_whole and n_sequences == n_steps and are_paired(tokens, marks) and not are_paired(tokens, marks.T):
        raise LayoutError(f"{name} read the tokens given the other way round: did you pass (steps, batch)? give ids.T")
    if marks.shape != (n_steps, n_sequences):
        return None
    mask = np.ones(tokens.shape, np.bool_) if valid is None else valid.mask(n_steps)
    inside = tokens[mask]
    if (np.unique(inside, return_counts=True)[1] > 1).sum() < _FEWEST_TWICE:
        return None
    both, read = mask[:, :-1] & mask[:, 1:], marks.T
    tolerance = mark_tolerance(read[mask])
    is_straight = are_paired(inside, read[mask], tolerance)
    is_from_end = bool(is_whole and are_paired(tokens, read[:, ::-1], tolerance))
    is_ahead = are_paired(tokens[:, :-1][both], read[:, 1:][both], tolerance)
    is_behind = are_paired(tokens[:, 1:][both], read[:, :-1][both], tolerance)
    if is_straight + is_from_end + is_ahead + is_behind != 1:
        return None
    if is_from_end:
        steps = np.tile(np.arange(n_steps)[::-1], (n_sequences, 1))
        return Fit(ALIGNED, Placement(steps, np.arange(n_sequences)))
    if is_straight:
        return Fit(CHECKED)
    word = "ahead, as targets are" if is_ahead else "behind"
    raise RecordingError(
        f"{name} read other tokens than were given: those are one step {word}; give those that the model reads"
    )


def _numbers(tokens: TokenGrid) -> NDArray[np.int64]:
    """Return tokens as numbers (batch, steps), equal ones for equal tokens."""
    if tokens.kind == "ids":
        return tokens.as_ids()
    number: dict[str, int] = {}
    rows = [[number.setdefault(word, len(number)) for word in row] for row in tokens.values.tolist()]
    return np.array(rows, np.int64)
