"""What the pages of a class post, checked before it is used."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lstmviz.errors import ClassError

MOST_VIEW = 200_000  # characters of the teacher's address: a pattern or a typed text is part of it
MOST_PLACE = 4_000  # of a student's

Whole = Annotated[int, Field(ge=0, lt=2**53)]
LessonStep = tuple[Annotated[str, Field(max_length=60)], Annotated[int, Field(ge=0, le=100)]]


class _Post(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)


class Place(_Post):
    """What a student's page shows."""

    address: Annotated[str, Field(max_length=MOST_PLACE, pattern=r"^(\?.*)?$")] = ""
    lesson: LessonStep | None = None
    recording: Annotated[str, Field(max_length=300)] = ""
    step: Whole = 0


class Beat(_Post):
    """What a student's page says every second: the version that it knows, and what has changed on it."""

    version: Annotated[int, Field(ge=-1, lt=2**53)] = -1
    follows: bool | None = None
    place: Place | None = None


class GivenAnswer(_Post):
    """A student's answer."""

    key: Annotated[str, Field(max_length=80)]
    text: Annotated[str, Field(max_length=1_000)]
    sure: Annotated[int, Field(ge=0, le=2)] | None = None
    is_told: Annotated[bool, Field(alias="isTold")] = False


class Shown(_Post):
    """What the teacher's page shows."""

    address: Annotated[str, Field(max_length=MOST_VIEW, pattern=r"^(\?[\s\S]*)?$")] = ""
    lesson: LessonStep | None = None


class OwnQuestion(_Post):
    """A question that the teacher wrote, or the step of a lesson that asks one."""

    text: Annotated[str, Field(max_length=2_000)] = ""
    choices: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=8)] = ()
    lesson: LessonStep | None = None


class Numbered(_Post):
    """A student, by number."""

    number: Whole


class Switch(_Post):
    """Something that is turned on or off."""

    on: bool


T = TypeVar("T", bound=BaseModel)


def read(kind: type[T], body: dict[str, Any]) -> T:
    """Return what was posted; ClassError, with the field at fault, where it does not fit."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ClassError(f"{where[:80]!r} does not fit: {first['msg']}") from error
