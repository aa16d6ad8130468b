"""The records that travel between the stages: what a source, a track, a window and a pattern are.

All are frozen and check themselves: a record that exists is valid. ``Name`` and ``Count`` are what a pattern file may
hold, which is read by the fields of these records.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import Field, GetPydanticSchema

from lstmviz.checks import (
    check_constraints,
    check_number,
    check_side,
    check_text,
    check_threshold,
    check_whole,
    set_fields,
    short_repr,
)
from lstmviz.errors import InputError, PatternError, WindowError

Side = Literal["high", "low"]
"""``"high"``: on at or above the threshold. ``"low"``: on at or below it."""
View = Literal["raw", "tanh"]
"""How values are shown and thresholded: as stored (``"raw"``), or through tanh (``"tanh"``)."""
TrackKind = Literal["category", "number"]
"""Whether a track holds labels (``"category"``) or numbers (``"number"``)."""
Per = Literal["step", "sequence"]
"""Whether a track stores one value for each step or for each sequence."""
Concerns = Literal["step", "next"]
"""Whether the value at step t concerns the token at t (``"step"``) or at t + 1 (``"next"``)."""
Over = Literal["characters", "words", "tokens"]
"""What a hit of a search, or of a filter's expression, consists of."""
Name = Annotated[str, Field(pattern=r"^[^/\p{Cc}]{1,200}$")]
"""The name of a source, track or axis: text of 1 to 200 characters without ``/`` and control characters."""
Count = Annotated[int, Field(ge=0, lt=2**53)]
"""A whole number from 0 on, small enough that JavaScript holds it exactly too."""

CountProgress = Callable[[int, int], None]
"""Called with how much is done and how much there is in all: steps, values or arrays."""
ShareProgress = Callable[[float, str], None]
"""Called with the share that is done, 0 to 1, and what is being done."""


@dataclass(frozen=True, slots=True)
class Source:
    """One recorded array of states, (n_steps, n_units).

    Attributes:
        name: Module, layer, direction and state, such as ``rnn.l0.c``.
        axis: Name of the time axis that it lies on.
        n_steps: Number of steps.
        n_units: Number of units.
        dtype: Type of the values as stored.
        view: How the values are shown and thresholded; it never changes them.
        n_nan: Number of NaN values; None if they have not been counted.
        units: The model's own numbers of the units if only some were recorded; None if all were.
        names: Names of the units, such as those of input features; None if they have none.

    Example:
        >>> source = dump.sources["rnn.l1.c"]
        >>> source.n_steps, source.n_units, source.dtype, source.view
        (20000, 50, 'float16', 'tanh')
    """

    name: str
    axis: str
    n_steps: int
    n_units: int
    dtype: Literal["float16", "float32", "float64"]
    view: View = "raw"
    n_nan: int | None = None
    units: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None

    def cut(self, threshold: float) -> float:
        """Convert a threshold in the view to the value that recorded activations are compared with.

        Args:
            threshold: The threshold in the view.

        Returns:
            The float64 value.

        Example:
            >>> round(dump.sources["rnn.l1.c"].cut(0.3), 4)  # atanh(0.3)
            0.3095
        """
        return view_cut(self.view, threshold)

    def check_unit(self, unit: int) -> int:
        """Check that the source has a unit.

        Args:
            unit: Number of the unit.

        Returns:
            The number as a plain int.

        Raises:
            PatternError: The source has no such unit.
        """
        number = check_whole("unit", unit)
        if not 0 <= number < self.n_units:
            raise PatternError(f"{self.name} has no unit {number}; its units are 0 to {self.n_units - 1}")
        return number


def view_cut(view: View, threshold: float) -> float:
    """Map a threshold in a view to a cut on recorded values: itself if raw, ``atanh(threshold)`` if tanh."""
    if view == "raw":
        return float(threshold)
    if abs(threshold) >= 1.0:
        return math.copysign(math.inf, threshold)
    return math.atanh(threshold)


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """What a track holds at each step of its axis: a number, or the index of one of its labels.

    Attributes:
        name: Name of the track.
        axis: Name of the time axis that it lies on.
        kind: Labels or numbers.
        labels: The labels of a category; empty for numbers.
        per: Whether one value is stored for each step or for each sequence, whose steps then all have it.
        concerns: Whether the value at step t concerns that step or, like a prediction, the token at t + 1.
        group: Tracks of one group are drawn together; empty for none.

    Example:
        >>> info = dump.tracks["top1"].info
        >>> info.kind, info.labels, info.concerns, info.group
        ('category', ('0', '1', '2', '3', '4'), 'next', 'predictions')
    """

    name: str
    axis: str
    kind: TrackKind
    labels: tuple[str, ...] = ()
    per: Per = "step"
    concerns: Concerns = "step"
    group: str = ""

    def __post_init__(self) -> None:
        for field, value, known in (("per", self.per, get_args(Per)), ("concerns", self.concerns, get_args(Concerns))):
            if value not in known:
                raise InputError(
                    f"track {self.name!r} has {field}={short_repr(value)}; use {' or '.join(map(repr, known))}"
                )


@dataclass(frozen=True, slots=True)
class Window:
    """Steps [start, stop) of one time axis, counted from 0; never empty.

    Attributes:
        start: First step.
        stop: Step after the last one.

    Raises:
        WindowError: The window is empty or begins before step 0.

    Example:
        >>> len(lstmviz.Window(249, 255))
        6
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        set_fields(
            self, start=check_whole("start", self.start, WindowError), stop=check_whole("stop", self.stop, WindowError)
        )
        if self.stop <= self.start:
            raise WindowError(f"the window [{self.start}, {self.stop}) is empty; stop must be greater than start")
        if self.start < 0:
            raise WindowError(f"the window [{self.start}, {self.stop}) starts before step 0")

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, order=True)
class PatternUnit:
    """One unit of a pattern.

    Attributes:
        source: Name of the source.
        unit: Number of the unit.
        side: On where ``value >= threshold`` (``"high"``) or ``value <= threshold`` (``"low"``).
        threshold: The threshold in the view of the source.

    Raises:
        PatternError: A field is invalid.

    Example:
        >>> pattern.units[0]
        PatternUnit(source='rnn.l1.c', unit=15, side='high', threshold=0.3)
    """

    source: Name
    unit: Count
    side: Side = "high"
    threshold: float = 0.3

    def __post_init__(self) -> None:
        check_side(self.side)
        check_text("source", self.source)
        set_fields(self, unit=check_whole("unit", self.unit), threshold=check_threshold(self.threshold))
        if self.unit < 0:
            raise PatternError(f"unit {self.unit} is negative; units count from 0")


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a track or on the tokens, that every step of a match must meet; also a hypothesis about steps.

    On a track it allows some labels, or a range of numbers; a step without a value is never allowed. ``Filter.tokens``
    and ``Filter.regex`` make conditions on the tokens themselves, for which a dump needs no track.

    Attributes:
        track: Name of the track; empty for the tokens.
        labels: The allowed labels of a category, or the allowed tokens.
        low: Least allowed number; None for no limit.
        high: Greatest allowed number; None for no limit.
        expression: A regular expression for the tokens, or empty.
        over: What the expression matches, as in ``Dump.search``.

    Raises:
        PatternError: Not exactly one of labels, a range and an expression is given, or it does not suit the track or
            the tokens, or the range is empty.

    Example:
        >>> from dataclasses import replace
        >>> deep = replace(pattern, filters=(lstmviz.Filter("depth", low=4, high=4),))
        >>> dump.count(deep).totals
           n_shared  n_matches
        0         4        689
        1         3        151
    """

    track: Name | Literal[""] = ""
    labels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    expression: str = ""
    over: Over = "tokens"

    @classmethod
    def tokens(cls, tokens: Iterable[str]) -> Filter:
        """Allow the steps at which one of some tokens stands.

        Args:
            tokens: The allowed tokens, each spelled exactly as the vocabulary has it.

        Returns:
            The filter.

        Raises:
            PatternError: No token is given, or one of them is not text.

        Example:
            >>> lstmviz.Filter.tokens(("(", ")")).labels
            ('(', ')')
        """
        return cls(labels=_records("tokens of the filter", tokens, str))

    @classmethod
    def regex(cls, expression: str, over: Over = "tokens") -> Filter:
        """Allow the steps that a regular expression matches.

        Args:
            expression: The regular expression.
            over: ``"tokens"`` for tokens that it matches from end to end, ``"words"`` for whole words of the text,
                ``"characters"`` for any stretch of the text, such as a quotation; see ``Dump.search``.

        Returns:
            The filter.

        Raises:
            PatternError: The expression is empty or not text, or ``over`` is unknown. An expression that is not valid
                is reported when it is first used.

        Example:
            >>> lstmviz.Filter.regex("[0-4]").expression
            '[0-4]'
        """
        check_text("the filter's expression", expression)
        if not expression:
            raise PatternError("the filter's expression is empty; give one such as Filter.regex('k.*')")
        return cls(expression=expression, over=over)

    @property
    def subject(self) -> str:
        """What the filter is on, in words: ``track 'depth'`` or ``the tokens``."""
        return f"track {self.track!r}" if self.track else "the tokens"

    def __post_init__(self) -> None:
        check_text("the filter's track", self.track)
        check_text("the filter's expression", self.expression)
        if self.over not in get_args(Over):
            raise PatternError(f"over={short_repr(self.over)} is not known; use 'characters', 'words' or 'tokens'")
        name = f"filter on {self.track!r}" if self.track else "filter on the tokens"
        set_fields(self, labels=_records(f"labels of the {name}", self.labels, str))
        if not self.track or self.expression:
            self._check_tokens()
            return
        is_range = self.low is not None or self.high is not None
        if bool(self.labels) == is_range:
            raise PatternError(f"the {name} needs either labels or a range low to high")
        for end in ("low", "high"):
            if (value := getattr(self, end)) is not None:
                set_fields(self, **{end: check_number(f"{end} of the {name}", value, "omit an open end")})
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise PatternError(
                f"the filter on {self.track!r} allows {self.low} to {self.high}, a range without a number"
            )

    def _check_tokens(self) -> None:
        if self.track or self.low is not None or self.high is not None or bool(self.labels) == bool(self.expression):
            raise PatternError(
                "a filter on the tokens needs either tokens or an expression, and nothing else; such as "
                "Filter.tokens(('a', 'b')) or Filter.regex('k.*')"
            )


class _Base(NamedTuple):
    """A source's base threshold, as a pattern file holds it."""

    source: Name
    threshold: float


_Bases = Annotated[tuple[tuple[str, float], ...], GetPydanticSchema(lambda _, handler: handler(tuple[_Base, ...]))]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Units that are on together, and for how long: what ``select`` returns and ``match`` looks for.

    Attributes:
        axis: Name of the time axis that all units lie on.
        units: The units.
        bases: Each source with its base threshold, which decides when units outside the pattern are on.
        length: Number of steps that were brushed.
        off_before: Number of steps before a match at which each of its units must be off.
        off_after: Number of steps after a match at which each of its units must be off.
        min_length: Least number of steps of a match.
        max_length: Greatest number of steps of a match; None for no limit.
        filters: Conditions that every step of a match must meet.

    Raises:
        PatternError: A field is invalid, a unit appears twice, or a source has no base threshold.

    Example:
        >>> unit = lstmviz.PatternUnit("rnn.l1.c", 45, threshold=0.3)
        >>> lone = lstmviz.Pattern(axis="text", units=(unit,), bases=(("rnn.l1.c", 0.3),), length=6)
        >>> dump.count(lone).totals
           n_shared  n_matches
        0         1        840
    """

    axis: Name
    units: tuple[PatternUnit, ...]
    bases: _Bases
    length: Count
    off_before: Count = 0
    off_after: Count = 0
    min_length: Count = 1
    max_length: Count | None = None
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        check_text("axis", self.axis)
        off_before, off_after = check_constraints(self.off_before, self.off_after)
        set_fields(
            self,
            units=_records("units", self.units, PatternUnit),
            bases=_checked_bases(self.bases),
            filters=_records("filters", self.filters, Filter),
            length=check_whole("length", self.length),
            off_before=off_before,
            off_after=off_after,
            min_length=check_whole("min_length", self.min_length),
            max_length=None if self.max_length is None else check_whole("max_length", self.max_length),
        )
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


def _records(name: str, values: Any, kind: type) -> tuple[Any, ...]:
    """Return records as a tuple; PatternError unless all are of one kind."""
    records = tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else None
    if records is None or not all(isinstance(record, kind) for record in records):
        raise PatternError(f"{name} are {short_repr(values)}; give a tuple of {kind.__name__}")
    return records


def _checked_bases(values: Any) -> tuple[tuple[str, float], ...]:
    """Return (source, base threshold) pairs; PatternError for anything else, or for a source that has two."""
    bases = tuple(values) if isinstance(values, Iterable) else (values,)
    if not all(isinstance(base, (tuple, list)) and len(base) == 2 for base in bases):
        raise PatternError(f"bases are {short_repr(values)}; give (source, threshold) pairs")
    for source, _ in bases:
        check_text("the source of a base", source)
    twice = next((s for s, n in Counter(source for source, _ in bases).items() if n > 1), None)
    if twice is not None:
        raise PatternError(f"source {twice!r} has two base thresholds; give each source one")
    return tuple((source, check_threshold(threshold)) for source, threshold in bases)
