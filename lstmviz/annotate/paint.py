"""Labels painted by hand: a label on some stretches of steps, beside what was painted before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lstmviz.annotate.encode import fill_spans
from lstmviz.dump.change_tracks import NewTrack, change_track
from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import DumpReader
from lstmviz.dump.schema import check_name
from lstmviz.errors import InputError

MADE = "painted by hand"


def paint(dump: DumpReader, name: str, axis: str, spans: Sequence[tuple[int, int]], label: str | None) -> None:
    """Give the steps of some stretches [start, stop) a label of an added track (None: take theirs away).

    A track that is not there yet is begun, without a value elsewhere. Two who paint one track at a time both keep what
    they painted. Raises InputError for steps that are not there, a label that cannot be stored, or a track that cannot
    be painted; and what ``change_track`` raises.
    """
    n_steps = dump.axis(axis).n_steps
    edges = np.array(spans, np.int64).reshape(-1, 2)
    if (edges[:, 0] < 0).any() or (edges[:, 1] > n_steps).any() or (edges[:, 0] >= edges[:, 1]).any():
        raise InputError(f"a stretch to paint is empty or outside the {n_steps:,} steps of axis {axis!r}")
    if label is not None:
        check_name("label", label)

    def painted(before: Track | None) -> NewTrack:
        codes, labels = _present(name, axis, n_steps, before)
        if label is not None and label not in labels:
            labels.append(label)
        code = -1 if label is None else labels.index(label)
        fill_spans(codes, edges[:, 0], edges[:, 1], np.full(len(edges), code, np.int32))
        return NewTrack(axis, "category", "step", tuple(labels), codes, MADE)

    change_track(dump, name, painted)


def _present(
    name: str, axis: str, n_steps: int, track: Track | None
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], list[str]]:
    """Return the codes and labels of a track as it is, to be changed."""
    if track is None:
        return np.full(n_steps, -1, np.int32), []
    if track.info.kind != "category" or track.info.axis != axis:
        raise InputError(
            f"track {name!r} holds no labels of axis {axis!r}, so it cannot be painted; choose another name"
        )
    return np.array(track[:], np.int32), list(track.labels)
