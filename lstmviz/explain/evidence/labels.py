"""What each step of an axis is said to be: the value of a track, or yes, no and unknown for what a filter allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import Track
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.engine.filters import BLOCK_STEPS, allowed_steps
from lstmviz.match.order.bins import bins_of, blocks
from lstmviz.types import Filter

Mask = NDArray[np.bool_]

UNKNOWN = -1
NO, YES = 0, 1


@dataclass(frozen=True, eq=False)
class StepLabels:
    """The label of every step of an axis: an index into ``names``, or -1 where it is unknown.

    What a filter asks is labelled 0 for no and 1 for yes. A step without a value is unknown: neither yes nor no.
    """

    axis: Axis
    names: tuple[str, ...]
    codes: NDArray[np.int32]

    @property
    def known(self) -> Mask:
        """Which steps have a label, shape (n_steps,)."""
        return np.asarray(self.codes >= 0)

    def is_(self, label: int) -> Mask:
        """Which steps have this label, shape (n_steps,)."""
        return np.asarray(self.codes == label)


def labels_of(dump: DumpReader, question: str | Filter, axis: Axis) -> StepLabels:
    """Return what a track says of each step, one label a value as ``carry`` has them, or what a filter says: no or yes.

    ``axis`` is that of the tokens, for a filter on them. Raises UnknownName for a track or label that the dump does not
    have, PatternError for a filter that does not fit.
    """
    if isinstance(question, Filter):
        return answers(dump, question, axis)
    if not isinstance(question, str):
        raise PatternError(f"a {type(question).__name__} is not a track's name or a Filter; give one, such as 'depth'")
    axis, track = find_track(dump, question)
    bins = bins_of(dump, axis.name, track.info.name)
    codes = np.empty(axis.n_steps, np.int32)
    for first, values in blocks(track):
        place = bins.place(values)
        codes[first : first + len(values)] = np.where(place < len(bins), place, UNKNOWN)
    return StepLabels(axis, bins.names, codes)


def token_labels(axis: Axis) -> StepLabels:
    """Return the token at each step of an axis, counted by what is shown: two ids may be shown alike.

    PatternError where the axis has no tokens.
    """
    if axis.tokens is None:
        raise PatternError(f"axis {axis.name!r} has no tokens; ask about a track, or record it with its tokens")
    ids, codes = np.unique(axis.tokens.ids[:], return_inverse=True)
    vocab = axis.tokens.vocab
    index: dict[str, int] = {}
    of_id = [index.setdefault(str(i) if vocab is None else vocab[i], len(index)) for i in ids.tolist()]
    return StepLabels(axis, tuple(index), np.array(of_id, np.int32)[codes])


def answers(dump: DumpReader, hypothesis: Filter, axis: Axis) -> StepLabels:
    """Return for each step whether a hypothesis holds: 1 where its filter allows the step, 0 where not, -1 unknown.

    ``axis`` is that of the tokens, for a filter on them; their steps are all known. Raises PatternError where the
    hypothesis is not a Filter, and where no known step, or every one, is a yes.
    """
    if not isinstance(hypothesis, Filter):
        raise PatternError(
            f"a hypothesis is a Filter, not a {type(hypothesis).__name__}; such as Filter('depth', low=2)"
        )
    known = np.ones(axis.n_steps, np.bool_)
    if hypothesis.track:
        axis, track = find_track(dump, hypothesis.track)
        known = has_value(track)
    allowed = allowed_steps(dump, axis, [hypothesis])
    codes = np.where(known, np.asarray(allowed, np.int32), UNKNOWN).astype(np.int32)
    n_yes, n_known = int((codes == YES).sum()), int(known.sum())
    if n_yes in (0, n_known):
        how_many = "none" if n_yes == 0 else "every one"
        raise PatternError(f"{hypothesis.subject}: of the {n_known:,} steps with a value {how_many} is a yes")
    return StepLabels(axis, ("no", "yes"), codes)


def step_answers(axis: Axis, steps: NDArray[np.int64], among: NDArray[np.int64] | None = None) -> StepLabels:
    """Return yes for some steps of an axis and no for the others ``among`` which they are (None: all).

    PatternError where no step, or every one, is a yes.
    """
    codes = np.full(axis.n_steps, NO if among is None else UNKNOWN, np.int32)
    if among is not None:
        codes[among] = NO
    codes[steps] = YES
    n_yes, n_known = int((codes == YES).sum()), int((codes != UNKNOWN).sum())
    if n_yes in (0, n_known):
        how_many = "none" if n_yes == 0 else "every one"
        raise PatternError(f"of {n_known:,} steps {how_many} is meant, which nothing sets apart; choose some of them")
    return StepLabels(axis, ("no", "yes"), codes)


def find_track(dump: DumpReader, name: str) -> tuple[Axis, Track]:
    """Return a track and the axis it lies on; UnknownName lists the tracks there are."""
    for axis in dump.axes.values():
        if name in axis.tracks:
            return axis, axis.tracks[name]
    known = ", ".join(track for axis in dump.axes.values() for track in axis.tracks) or "none"
    raise UnknownName(f"no track {name!r} in {dump.path.name}; it has {known}")


def has_value(track: Track) -> Mask:
    """Return which steps of a track's axis have a value: a label that it lists, or a number that is not NaN."""
    known = np.empty(track.n_steps, np.bool_)
    for start in range(0, track.n_steps, BLOCK_STEPS):
        values = track[start : start + BLOCK_STEPS]
        here = known[start : start + len(values)]
        if track.info.kind == "category":
            here[:] = (values >= 0) & (values < len(track.labels))
        else:
            here[:] = ~np.isnan(values) if values.dtype.kind == "f" else True
    return known
