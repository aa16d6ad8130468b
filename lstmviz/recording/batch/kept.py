"""The tokens, states and tracks of passes, at the steps that are kept, joined to those of one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.validate import TrackRows, read_track
from lstmviz.errors import RecordingError
from lstmviz.recording.batch.axis_state import check_types, types_of
from lstmviz.recording.batch.forward_pass import AttentionRows, ForwardPass, PassLayout, PredictionTrack, StateRows
from lstmviz.recording.batch.pass_inputs import CheckedPass, PassTrack


def kept_tokens(given: CheckedPass, layout: PassLayout) -> NDArray[Any] | None:
    """Return the tokens of a pass at the steps that are kept, if it has any."""
    return None if given.tokens is None else given.tokens.values[layout.segments.rows]


def kept_tracks(forward: ForwardPass, layout: PassLayout) -> list[PassTrack]:
    """Return every track of a pass, only at the steps, or segments, that are kept."""
    given = forward.given
    shape = None if given.n_padded is None else (layout.valid.n_sequences, given.n_padded)
    mask = np.ones(shape or (0, 0), np.bool_) if given.valid is None else given.valid.mask(given.n_padded or 0)
    tracks = [_kept_values(track, mask, layout) for track in given.tracks]
    for prediction in forward.predictions:
        _check_shape(prediction, layout, given.n_padded)
        valid = None if prediction.per == "sequence" else layout.valid.mask(prediction.values.shape[1])
        rows = read_track(prediction.name, prediction.values, prediction.values.shape, valid)
        track = PassTrack(prediction.name, rows, prediction.per, prediction.concerns, prediction.group)
        tracks.append(_kept_values(track, np.ones((0, 0), np.bool_) if valid is None else valid, layout))
    return tracks


def _check_shape(track: PredictionTrack, layout: PassLayout, n_padded: int | None) -> None:
    """Raise RecordingError unless a track has a value for each sequence, or for each step as they are padded."""
    n_sequences, n_steps = layout.valid.n_sequences, layout.valid.end
    shape = track.values.shape
    is_fitting = track.per == "sequence" or (
        shape[1] >= n_steps if n_padded is None else shape[1] in (n_steps, n_padded)
    )
    if shape[0] == n_sequences and is_fitting:
        return
    wanted = (n_sequences,) if track.per == "sequence" else (n_sequences, n_steps)
    guess = "did you pass (steps, batch)? give it transposed"
    if shape != wanted[::-1] or len(shape) == 1:
        guess = f"give one value for each {track.per}"
    raise RecordingError(f"track {track.name!r} has shape {shape} and {wanted} ran; {guess}")


def _kept_values(track: PassTrack, mask: NDArray[np.bool_], layout: PassLayout) -> PassTrack:
    """Reduce a track to the steps (or segments) that are kept; it has a value for each True of ``mask``."""
    values = track.rows.values
    if track.is_by_step:
        index = _at_begins(track, mask, layout)
    elif track.per == "sequence":
        index = layout.segments.sequence
    elif layout.segments.n_rows == len(values):
        return track
    else:
        index = (np.cumsum(mask) - 1).reshape(mask.shape)[layout.segments.rows]
    kept = values[index] if isinstance(values, np.ndarray) else [values[i] for i in index]
    return replace(track, rows=TrackRows(kept))


def _at_begins(track: PassTrack, mask: NDArray[np.bool_], layout: PassLayout) -> NDArray[np.int64]:
    """Return which value of a sequence track that was given for each step is that of each segment."""
    values = np.array(track.rows.values, object)
    goes_on = layout.valid.mask(mask.shape[1])
    goes_on = goes_on if layout.begins is None else goes_on & ~layout.begins
    sequence, step = (a[1:] for a in np.nonzero(mask))
    changes = np.flatnonzero((values[1:] != values[:-1]) & goes_on[mask][1:])
    if len(changes):
        at = changes[0]
        raise RecordingError(
            f"{track.name!r} changes from {values[at]!r} to {values[at + 1]!r} at step {step[at]} of sequence "
            f"{sequence[at]}, where starts= marks no episode; give each episode one value"
        )
    segments = layout.segments
    index: NDArray[np.int64] = (np.cumsum(mask) - 1).reshape(mask.shape)[segments.sequence, segments.first]
    return index


def join_tokens(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Return the tokens of several passes, one after another."""
    given = [part for part in parts if part is not None]
    if len(given) not in (0, len(parts)):
        raise RecordingError("some passes have tokens and some have none; give them to all")
    return given[0] if len(given) == 1 else np.concatenate(given) if given else None


def join_states(parts: Sequence[StateRows]) -> StateRows:
    """Return the rows of one source of several passes, one after another."""
    if len(parts) == 1:
        return parts[0]
    return replace(parts[0], rows=np.concatenate([part.rows for part in parts]))


def join_attention(parts: Sequence[AttentionRows]) -> AttentionRows:
    """Return the weights of several passes, one after another, all as wide as the widest."""
    if len(parts) == 1:
        return parts[0]
    width = max(part.rows.shape[1] for part in parts)
    even = [np.pad(part.rows, ((0, 0), (0, width - part.rows.shape[1]))) for part in parts]
    return replace(parts[0], rows=np.concatenate(even))


def join_tracks(parts: Sequence[Sequence[PassTrack]]) -> tuple[PassTrack, ...]:
    """Return the tracks of several passes, one after another; RecordingError unless all have the same."""
    if len(parts) == 1:
        return tuple(parts[0])
    for other in parts[1:]:
        check_types(types_of(other), types_of(parts[0]), "the first pass", "this pass", "every pass")
    joined = []
    for track, *others in zip(*parts, strict=True):
        values = [track.rows.values, *(o.rows.values for o in others)]
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        rows = TrackRows(np.concatenate(arrays) if arrays else [label for v in values for label in v])
        joined.append(replace(track, rows=rows))
    return tuple(joined)
