"""The steps that all units of a source are looked at on (all, or even stretches of a long corpus), and their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.explain.evidence.labels import UNKNOWN, labels_of
from lstmviz.match.order.bins import bins_of

MOST_VALUES = 2**27  # steps x units that are looked at; about five seconds
BLOCK_VALUES = 2**22  # in memory at a time
FEWEST_BLOCKS = 16  # so that the strongest places of a unit do not all stand together
N_STRETCHES = 64  # of a corpus that is not looked at as a whole
MOST_LABELS = 32  # of a track that is looked at
MOST_SETS = 8  # tracks
MOST_TOKENS = 48  # different ones, the most frequent first

Codes = NDArray[np.int32]
Stretch = tuple[int, int]


@dataclass(frozen=True, eq=False)
class LabelSet:
    """The values of a track, or the most frequent tokens ("" as the name), and which of them each step has.

    ``codes`` are indices into ``labels``, -1 for a step with none of them. ``known``: which steps have a value at all.
    """

    name: str
    labels: tuple[str, ...]
    codes: Codes
    known: NDArray[np.bool_]


def stretches(n_steps: int, n_units: int) -> list[Stretch]:
    """Return the stretches of steps [start, stop) that are looked at, in order."""
    n_looked = min(n_steps, max(1, MOST_VALUES // n_units))
    size = max(1, min(BLOCK_VALUES // n_units, -(-n_looked // FEWEST_BLOCKS)))
    if n_looked == n_steps:
        return [(start, min(start + size, n_steps)) for start in range(0, n_steps, size)]
    size = max(1, n_looked // N_STRETCHES)
    starts = np.unique(np.linspace(0, n_steps - size, N_STRETCHES).astype(np.int64)).tolist()
    return [(start, start + size) for start in starts]


def label_sets(dump: DumpReader, axis: Axis) -> list[LabelSet]:
    """Return the tokens of an axis and its tracks that have few values and are no predictions, as sets of labels."""
    sets = [] if axis.tokens is None else [_tokens(axis)]
    fitting = (name for name, track in axis.tracks.items() if _is_label(dump, axis, track))
    for name, _ in zip(fitting, range(MOST_SETS), strict=False):
        given = labels_of(dump, name, axis)
        sets.append(LabelSet(name, given.names, given.codes, given.known))
    return sets


def sequence_ends(axis: Axis, steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the sequence of each step ends."""
    ends: NDArray[np.int64] = axis.stops[np.searchsorted(axis.stops, steps, side="right")]
    return ends


def _tokens(axis: Axis) -> LabelSet:
    assert axis.tokens is not None  # noqa: S101  whoever asks has tokens
    ids = np.asarray(axis.tokens.ids[:], np.int64)
    different, counts = np.unique(ids, return_counts=True)
    kept = different[np.argsort(-counts, kind="stable")[:MOST_TOKENS]]
    place = np.full(int(different[-1]) + 1, UNKNOWN, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    firsts = [int(np.argmax(ids == one)) for one in kept.tolist()]
    labels = tuple(str(axis.tokens[step : step + 1][0]) for step in firsts)
    return LabelSet("", labels, place[ids], np.ones(len(ids), np.bool_))


def _is_label(dump: DumpReader, axis: Axis, track: Track) -> bool:
    info = track.info
    if info.group or info.concerns == "next":
        return False
    if info.kind == "category":
        return 2 <= len(track.labels) <= MOST_LABELS
    bins = bins_of(dump, axis.name, info.name)
    return 2 <= len(bins) <= MOST_LABELS and bool((bins.low == bins.high).all())
