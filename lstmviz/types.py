"""The records that travel between the stages: what a source, a track, a window and a pattern are.

All are frozen and check themselves: a record that exists is valid.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from lstmviz.errors import PatternError, WindowError

Side = Literal["high", "low"]
View = Literal["raw", "tanh"]
TrackKind = Literal["category", "number"]


@dataclass(frozen=True, slots=True)
class Source:
    """One recorded array of states, shape (n_steps, n_units), such as ``rnn.l0.c``.

    ``view`` says how its values are shown and thresholded: ``tanh`` (a cell state c) or ``raw``. The stored values
    are never changed by it. ``n_nan`` counts NaN values, or is None where nobody has counted yet.
    """

    name: str
    axis: str
    n_steps: int
    n_units: int
    dtype: Literal["float16", "float32", "float64"]
    view: View = "raw"
    n_nan: int | None = None

    def cut(self, threshold: float) -> float:
        """Return the float64 value that a recorded activation is compared with for a threshold in the view."""
        return view_cut(self.view, threshold)


def view_cut(view: View, threshold: float) -> float:
    """Map a threshold in a view to a cut on recorded values: itself if raw, ``atanh(threshold)`` if tanh."""
    if view == "raw":
        return float(threshold)
    if abs(threshold) >= 1.0:
        return math.copysign(math.inf, threshold)
    return math.atanh(threshold)


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """What a track carries at each step of its axis: a number, or the index of one of its ``labels``."""

    name: str
    axis: str
    kind: TrackKind
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """Steps [start, stop) of one time axis, counted from 0; never empty. Raises WindowError where it would be."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if self.stop <= self.start:
            raise WindowError(f"the window [{self.start}, {self.stop}) is empty; stop must be greater than start")
        if self.start < 0:
            raise WindowError(f"the window [{self.start}, {self.stop}) starts before step 0")

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, order=True)
class PatternUnit:
    """One unit of a pattern: on where ``value >= threshold`` (side high) or ``value <= threshold`` (side low)."""

    source: str
    unit: int
    side: Side = "high"
    threshold: float = 0.3

    def __post_init__(self) -> None:
        if self.side not in ("high", "low"):
            raise PatternError(f"side {self.side!r} is not known; use 'high' or 'low'")
        if self.unit < 0:
            raise PatternError(f"unit {self.unit} is negative; units count from 0")
        check_threshold(self.threshold)


@dataclass(frozen=True, slots=True)
class Filter:
    """Steps that a track allows: those with one of ``labels`` (category), or a number in [low, high].

    An open end is None. A step without a value (NaN, or -1 for a category) is never allowed.
    """

    track: str
    labels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        is_range = self.low is not None or self.high is not None
        if bool(self.labels) == is_range:
            raise PatternError(f"the filter on {self.track!r} needs either labels or a range low to high")
        if not all(math.isfinite(end) for end in (self.low, self.high) if end is not None):
            raise PatternError(f"the range {self.low} to {self.high} of {self.track!r} is not finite; omit an open end")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise PatternError(f"the filter on {self.track!r} allows {self.low} to {self.high}, which is nothing")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Units that are on together, and how long: what ``select`` finds and ``match`` looks for.

    ``bases`` holds each source's base threshold, by which the non-pattern units of that source are counted for
    ``n_union``. ``length`` is the brushed number of steps. ``off_before`` and ``off_after`` ask each unit to be off
    for that many steps before and after (steps outside the sequence count as off). All units lie on ``axis``.
    A match outside ``min_length`` to ``max_length``, or with a step that a filter does not allow, is dropped.
    """

    axis: str
    units: tuple[PatternUnit, ...]
    bases: tuple[tuple[str, float], ...]
    length: int
    off_before: int = 0
    off_after: int = 0
    min_length: int = 1
    max_length: int | None = None
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        check_constraints(self.off_before, self.off_after)
        if self.min_length < 1 or (self.max_length is not None and self.max_length < self.min_length):
            raise PatternError(f"lengths {self.min_length} to {self.max_length} hold no match; give 1 or more")
        if self.length < 1:
            raise PatternError(f"length {self.length} is not a number of steps; it must be at least 1")
        keys = [(u.source, u.unit, u.side) for u in self.units]
        if len(set(keys)) < len(keys):
            twice = next(k for k, n in Counter(keys).items() if n > 1)
            raise PatternError(f"unit {twice[1]} of {twice[0]} (side {twice[2]}) is in the pattern twice; drop one")
        missing = {u.source for u in self.units} - {name for name, _ in self.bases}
        if missing:
            raise PatternError(f"source {min(missing)!r} has no base threshold; add it to bases")

    @property
    def n_units(self) -> int:
        """Number of units in the pattern."""
        return len(self.units)

    def to_json(self) -> str:
        """Return the pattern as the text of a pattern file without notes (``lstmviz.PatternFile`` keeps those)."""
        from lstmviz.match.pattern_file import PatternFile

        return PatternFile(self).to_json()

    @staticmethod
    def from_json(text: str | bytes) -> Pattern:
        """Return the pattern of a pattern file's text, leaving its notes; PatternError where it is none."""
        from lstmviz.match.pattern_file import PatternFile

        return PatternFile.from_json(text).pattern


def check_threshold(threshold: float) -> None:
    """Raise PatternError unless the threshold is a finite number."""
    if not math.isfinite(threshold):
        raise PatternError(f"threshold {threshold} is not a finite number; thresholds are values such as 0.3")


def check_constraints(off_before: int, off_after: int) -> None:
    """Raise PatternError unless both off-constraints are step counts."""
    for name, steps in (("off_before", off_before), ("off_after", off_after)):
        if steps < 0:
            raise PatternError(f"{name}={steps} is negative; it is a number of steps, 0 for no constraint")
