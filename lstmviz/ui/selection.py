"""A selection as the page posts it, checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lstmviz.errors import PatternError
from lstmviz.maps.projection import MAX_CORNERS, Method
from lstmviz.match.pattern.brush import Brush, BrushSide, Excluded, Part
from lstmviz.types import Filter, Pattern, PatternUnit, Side, Window

MAX_ROWS = 2_000  # rows of matches in one answer
MAX_CONSTRAINT = 10_000  # steps
MAX_PATTERN = 2**20  # characters of a pattern file that the page opens
MAX_PARTS = 64  # sources of one brush
MAX_UNITS = 5_000  # units excluded, or pinned
MAX_FILTERS = 32
MAX_LABELS = 1_000  # of one filter
MAX_BY_HAND = 20_000  # rows hidden or marked
MAX_TEXT = 40_000  # characters of a typed text
MAX_TEXTS = 3  # in one question: what is read with units held, without, and the text before
MAX_HELD = 200  # units
MAX_MOMENTS = 400  # dumps of one training
MAX_CARRIED = 400  # tokens whose values are carried over

WholeNumber = Annotated[int, Field(ge=0, lt=2**53)]
Length = Annotated[int, Field(ge=1, lt=2**53)]
Name = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]
TypedText = Annotated[str, Field(max_length=MAX_TEXT)]
Rows = Annotated[tuple[tuple[WholeNumber, WholeNumber], ...], Field(max_length=MAX_BY_HAND)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class PinnedUnit(_Frozen):
    """A pinned unit, with a threshold of its own or that of the plotted source."""

    source: Name
    unit: WholeNumber
    side: Side = "high"
    threshold: Number | None = None


def _few_labels(filter_: Filter) -> Filter:
    if len(filter_.labels) > MAX_LABELS:
        raise PatternError(
            f"the filter on {filter_.subject} has {len(filter_.labels):,} labels; give {MAX_LABELS:,} or fewer"
        )
    return filter_


FewLabels = Annotated[Filter, AfterValidator(_few_labels)]


class TypedWindow(_Frozen):
    """A window of a typed text: its tokens ``start`` to ``stop``."""

    text: TypedText
    start: WholeNumber
    stop: WholeNumber


class Selection(_Frozen):
    """One brush or one opened pattern, which of its matches to show, and in what order.

    ``source``, ``side`` and ``threshold`` are those of the plotted source, ``parts`` those of further sources.
    ``typed`` is a brush on a typed text, and ``pattern`` the text of an opened pattern file: either replaces the brush
    on the corpus. The answer has ``rows`` rows, from ``offset`` on; with ``counted`` it waits until all matches are
    counted. Listed are matches that share at least ``shared`` units, or ``exact``-ly so many. A ``lasso``, the corners
    of a region on the map of ``map_of`` ("": the plotted source) by ``map_method``, replaces any pattern.
    ``map_colour`` is the track that colours that map: None the first, "" none. The tokens of the rows are coloured by
    how many of the ``shaded`` units are on, where there are some, and underlined by a track ("track:NAME").
    ``map_paths`` is the track by which mean paths are drawn on the map: "" one of all sequences, None none.
    ``pair_with`` names the attention, or the axis, by which texts are paired; "" the first.
    """

    dump: Annotated[str, Field(max_length=100)]
    source: Name
    start: WholeNumber | None = None
    stop: WholeNumber | None = None
    threshold: Number = 0.3
    side: BrushSide = "high"
    before: Annotated[int, Field(ge=0, le=MAX_CONSTRAINT)] = 1
    after: Annotated[int, Field(ge=0, le=MAX_CONSTRAINT)] = 0
    parts: Annotated[tuple[Part, ...], Field(max_length=MAX_PARTS)] = ()
    excluded: Annotated[tuple[Excluded, ...], Field(max_length=MAX_UNITS)] = ()
    pinned: Annotated[tuple[PinnedUnit, ...], Field(max_length=MAX_UNITS)] = ()
    filters: Annotated[tuple[FewLabels, ...], Field(max_length=MAX_FILTERS)] = ()
    min_length: Annotated[Length, Field(alias="minLength")] = 1
    max_length: Annotated[Length | None, Field(alias="maxLength")] = None
    hidden: Rows = ()
    marked: Rows = ()
    order: Name = "best"
    group: Name = ""
    shared: Annotated[int, Field(ge=1)] | None = None
    exact: bool = False
    colour: Annotated[str, Field(max_length=300)] = "shared"
    shaded: Annotated[tuple[PinnedUnit, ...], Field(max_length=MAX_UNITS)] = ()
    underline: Annotated[str, Field(max_length=300)] = ""
    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 50
    counted: bool = False
    offset: WholeNumber = 0
    pattern: Annotated[str, Field(max_length=MAX_PATTERN)] | None = None
    lasso: Annotated[tuple[tuple[Number, Number], ...], Field(max_length=MAX_CORNERS)] | None = None
    map_of: Annotated[Name, Field(alias="mapOf")] = ""
    map_method: Annotated[Method, Field(alias="mapMethod")] = "pca"
    map_colour: Annotated[Name | None, Field(alias="mapColour")] = None
    map_paths: Annotated[Name | None, Field(alias="mapPaths")] = None
    pair_with: Annotated[Name, Field(alias="pairWith")] = ""
    typed: TypedWindow | None = None

    @property
    def min_shared(self) -> int:
        """The fewest units that a listed match shares."""
        return self.shared or 1

    @property
    def max_shared(self) -> int | None:
        """The most units that a listed match shares; None for no such limit."""
        return self.shared if self.exact else None

    def brush(self) -> Brush:
        """Return the brush, on the typed text if that is brushed. Raises PatternError or WindowError."""
        window = self if self.typed is None else self.typed
        return Brush(
            parts=(Part(self.source, self.side, self.threshold), *self.parts),
            start=window.start,
            stop=window.stop,
            off_before=self.before,
            off_after=self.after,
            excluded=self.excluded,
            pinned=tuple(self._pin(pin) for pin in self.pinned),
            filters=self.filters,
            min_length=self.min_length,
            max_length=self.max_length,
        )

    def by_hand(self) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
        """Return the matches hidden and marked by hand; WindowError where one is empty."""
        hidden, marked = (tuple(Window(*row) for row in rows) for rows in (self.hidden, self.marked))
        return hidden, marked

    def shading(self, pattern: Pattern) -> Pattern | None:
        """Return the pattern of the ``shaded`` units alone; None where it has none of them, or no others."""
        wanted = {(unit.source, unit.unit, unit.side) for unit in self.shaded}
        units = tuple(unit for unit in pattern.units if (unit.source, unit.unit, unit.side) in wanted)
        return replace(pattern, units=units) if 0 < len(units) < pattern.n_units else None

    @property
    def map_source(self) -> str:
        """The source whose map is shown."""
        return self.map_of or self.source

    def _pin(self, pin: PinnedUnit) -> PatternUnit:
        base = self.threshold if pin.side == "high" else -self.threshold
        return PatternUnit(pin.source, pin.unit, pin.side, base if pin.threshold is None else pin.threshold)


class TrackQuestion(Selection):
    """A selection, and the track whose values are compared at its matches."""

    track: Name


class UnitName(_Frozen):
    """A unit of a source."""

    source: Name
    unit: WholeNumber


class Carried(_Frozen):
    """Units that take the values which they have in another text, at the tokens ``start`` to ``stop`` of both."""

    donor: TypedText
    units: Annotated[tuple[UnitName, ...], Field(min_length=1, max_length=MAX_HELD)]
    start: WholeNumber = 0
    stop: WholeNumber = MAX_CARRIED


class TextRun(_Frozen):
    """A text that the model reads, with some units held at their mean or at zero, or at another text's values.

    A text alone, with nothing held, may be given as a string.
    """

    text: TypedText
    held: Annotated[tuple[UnitName, ...], Field(max_length=MAX_HELD)] = ()
    to: Literal["mean", "zero"] = "mean"
    carried: Carried | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return given if isinstance(given, dict) else {"text": given}


class TextsQuestion(_Frozen):
    """The texts to run, and the sources whose states the answer has; it has all tokens of each text."""

    texts: Annotated[tuple[TextRun, ...], Field(min_length=1, max_length=MAX_TEXTS)]
    sources: Annotated[tuple[Name, ...], Field(max_length=64)] = ()


class InfluenceQuestion(_Frozen):
    """A typed text, a step of it, and the units on which each token's influence is asked for; none: all."""

    text: TypedText
    source: Name
    units: Annotated[tuple[WholeNumber, ...], Field(max_length=MAX_UNITS)] = ()
    step: WholeNumber


class HypothesisQuestion(_Frozen):
    """What a unit or a pattern is to detect, and the source that is plotted."""

    hypothesis: FewLabels
    source: Name


class MomentsQuestion(Selection):
    """The moments of a training, as dumps, and what is followed through them besides the selection's pattern."""

    dumps: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_MOMENTS)]
    hypothesis: FewLabels | None = None
    unit: UnitName | None = None
    effect: bool = False


Record = TypeVar("Record", bound=BaseModel)


def parse(raw: Mapping[str, Any]) -> Selection:
    """Return the checked selection; PatternError names the first field that is wrong."""
    return checked(Selection, raw)


def checked(record: type[Record], raw: Mapping[str, Any]) -> Record:
    """Return what was posted as a record; PatternError names the first field that is wrong."""
    try:
        return record.model_validate(raw)
    except ValidationError as err:
        first = err.errors()[0]
        if first["type"] == "value_error":  # the message of a record that checks itself
            raise PatternError(str(first["ctx"]["error"])) from err
        field = ".".join(str(part) for part in first["loc"])
        raise PatternError(
            f"the question's {field or 'body'!r} is {str(first['input'])[:80]!r}: {first['msg']}"
        ) from err
