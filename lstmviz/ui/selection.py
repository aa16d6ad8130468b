"""What the page asks, as it comes off the wire: checked before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lstmviz.errors import PatternError

MAX_ROWS = 2_000  # rows of matches in one answer
MAX_CONSTRAINT = 10_000  # steps

MAX_PATTERN = 2**20  # characters of a pattern file that the page opens

Steps = Annotated[int, Field(ge=0, lt=2**53)]


class Selection(BaseModel):
    """One brush (a window, a threshold, off-constraints) or one opened pattern, and how many match rows to show."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str | int | None = None
    dump: Annotated[str, Field(max_length=100)]
    source: Annotated[str, Field(max_length=200)]
    start: Steps | None = None
    stop: Steps | None = None
    threshold: Annotated[float, Field(allow_inf_nan=False)] = 0.3
    before: Annotated[int, Field(ge=0, le=MAX_CONSTRAINT)] = 1
    after: Annotated[int, Field(ge=0, le=MAX_CONSTRAINT)] = 0
    rows: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 50
    pattern: Annotated[str, Field(max_length=MAX_PATTERN)] | None = None  # a pattern file's text, instead of a brush


def parse(raw: Mapping[str, Any]) -> Selection:
    """Return the checked selection; PatternError names the first field that is wrong."""
    try:
        return Selection.model_validate(raw)
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PatternError(f"the selection's {field!r} is {str(first['input'])[:80]!r}: {first['msg']}") from err
