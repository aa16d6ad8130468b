"""What a page posts to change tracks, checked before it is used."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lstmviz.ui.selection import Selection

MAX_SPANS = 10_000  # painted at a time

Place = Annotated[int, Field(ge=0, lt=2**53)]
Words = Annotated[str, Field(max_length=500)]
TrackName = Annotated[str, Field(min_length=1, max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class OneTrack(_Frozen):
    """A track that was added."""

    name: TrackName


class Renaming(OneTrack):
    """A track that was added, and its new name."""

    to: TrackName


class UndoQuestion(_Frozen):
    """The revision of the tracks that the page shows: what came later is not undone unseen."""

    revision: Annotated[str, Field(max_length=32)]


class PaintQuestion(OneTrack):
    """Stretches of steps of an axis, and the label that they get in a track (None: theirs is taken away)."""

    axis: Annotated[int, Field(ge=0, lt=1000)]
    spans: Annotated[tuple[tuple[Place, Place], ...], Field(min_length=1, max_length=MAX_SPANS)]
    label: TrackName | None


class NewTrackQuestion(OneTrack):
    """What a track is made of.

    ``text`` is the name of a ready-made track, an expression, or what was searched; ``selection`` the page's own for
    matches, a region of the map, and rows marked by hand. Their steps get ``label``, all others ``rest``.
    """

    of: Literal["ready", "regex", "search", "matches", "region", "marked"]
    axis: Annotated[int, Field(ge=0, lt=1000)] = 0
    text: Words = ""
    selection: Selection | None = None
    label: TrackName = "yes"
    rest: TrackName | None = "other"
    overwrite: bool = False
