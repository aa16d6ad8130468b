"""A pattern and notes on it as a JSON file for the page, the command line and notebooks.

The text is ASCII (other characters are escaped), so that it survives any shell; docs/python.md lists its fields.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetPydanticSchema, ValidationError

from lstmviz.errors import PatternError, WindowError
from lstmviz.system.atomic import replacing
from lstmviz.types import Count, Filter, Pattern, Window

FORMAT = "lstmviz-pattern"
VERSION = 1
MAX_BYTES = 16 * 2**20  # of a pattern file; 100 thousand units take 8 MiB
MAX_NAME = 200  # characters
MAX_TEXT = 100_000  # characters

# A window as a file holds it: [start, stop].
Pair = Annotated[tuple[Count, Count], AfterValidator(lambda pair: Window(*pair))]
Row = Annotated[Window, GetPydanticSchema(lambda _, handler: handler(Pair))]


@dataclass(frozen=True, slots=True)
class Notes:
    """What a user keeps with a pattern: a name, free text, where its units come from, matches hidden or marked.

    Attributes:
        name: At most 200 characters.
        text: At most 100,000 characters.
        dump: The uuid of the dump that the matches belong to, or empty.
        hidden: Matches that are hidden, as windows.
        marked: Matches that are marked, as windows.
        chosen_by: The track whose labels a detector chose the units by, ``"token here"`` for tokens, or empty. The
            share of these labels that its matches carry is then too good.

    Raises:
        PatternError: A field is invalid.

    Example:
        >>> notes = lstmviz.Notes(name="depth 4", dump=dump.uuid, hidden=(lstmviz.Window(249, 255),))
        >>> int(dump.carry(lstmviz.PatternFile(pattern, notes)).n_steps.iloc[4])  # without the hidden match
        2638
    """

    name: str = ""
    text: str = ""
    dump: str = ""
    hidden: tuple[Row, ...] = ()
    marked: tuple[Row, ...] = ()
    chosen_by: str = ""

    def __post_init__(self) -> None:
        for field, limit in (("name", MAX_NAME), ("text", MAX_TEXT), ("dump", MAX_NAME), ("chosen_by", MAX_NAME)):
            n_characters = len(getattr(self, field))
            if n_characters > limit:
                raise PatternError(f"the notes' {field} has {n_characters:,} characters; at most {limit:,} fit")


@dataclass(frozen=True, slots=True)
class PatternFile:
    """A pattern with its notes, as a file holds them.

    Attributes:
        pattern: The pattern.
        notes: The notes.

    Example:
        >>> lstmviz.PatternFile(pattern).write("depth.json")
        >>> lstmviz.PatternFile.read("depth.json").pattern == pattern
        True
    """

    pattern: Pattern
    notes: Notes = Notes()

    def to_json(self) -> str:
        """Write the file as text.

        Returns:
            The JSON, from which ``from_json`` gives back exactly the same.

        Raises:
            PatternError: A name or note cannot be kept in a file.
        """
        bases = [{"source": source, "threshold": threshold} for source, threshold in self.pattern.bases]
        rows = {k: [[w.start, w.stop] for w in getattr(self.notes, k)] for k in ("hidden", "marked")}
        filters = [filter_fields(condition) for condition in self.pattern.filters]
        whole = {
            "format": FORMAT,
            "version": VERSION,
            "pattern": {**asdict(self.pattern), "bases": bases, "filters": filters},
            "notes": {**asdict(self.notes), **rows},
        }
        try:
            json.dumps(whole, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as err:
            raise PatternError(f"a name or note of the pattern is not text: {err.reason}; change it") from err
        text = json.dumps(whole, indent=1, allow_nan=False) + "\n"
        _parse(text)  # what is written can be read
        return text

    @classmethod
    def from_json(cls, text: str | bytes) -> PatternFile:
        """Read the text of a file.

        Args:
            text: The JSON.

        Returns:
            The pattern with its notes.

        Raises:
            PatternError: The text is not a pattern file, or holds what no pattern can.
        """
        return _parse(text)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the file, entirely or not at all. A file that exists is replaced.

        Args:
            path: Where to write.

        Raises:
            PatternError: The file cannot be written.
        """
        target, text = Path(path), self.to_json()
        try:
            with replacing(target) as temporary:
                temporary.write_text(text, encoding="utf-8")
        except OSError as err:
            raise PatternError(f"the pattern cannot be written to {target}: {err.strerror or err}") from err

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> PatternFile:
        """Read a file.

        Args:
            path: The file.

        Returns:
            The pattern with its notes.

        Raises:
            PatternError: The file is missing or not a pattern file.
        """
        try:
            with Path(path).open("rb") as file:
                return _parse(file.read(MAX_BYTES + 1))
        except OSError as err:
            raise PatternError(f"no pattern can be read from {path}: {err.strerror or err}") from err
        except PatternError as err:
            raise PatternError(f"{path}: {err}") from err


def filter_fields(condition: Filter) -> dict[str, Any]:
    """Return the fields of a filter as a file holds them: those of an expression only if there is one."""
    fields = asdict(condition)
    return fields if condition.expression else {k: v for k, v in fields.items() if k not in ("expression", "over")}


def as_pattern(value: object) -> Pattern:
    """Return a pattern that is given as a Pattern, a PatternFile or its JSON text; PatternError for anything else."""
    if isinstance(value, Pattern):
        return value
    if isinstance(value, PatternFile):
        return value.pattern
    if isinstance(value, str | bytes):
        return PatternFile.from_json(value).pattern
    raise PatternError(f"a {type(value).__name__} is not a pattern; give a Pattern, a PatternFile or its JSON text")


def hidden_in(pattern: object, uuid: str) -> tuple[Window, ...]:
    """Return the matches in a dump that the notes of a pattern file or its text hide; a Pattern hides none."""
    notes = notes_of(pattern)
    return notes.hidden if notes.dump in ("", uuid) else ()


def notes_of(pattern: object) -> Notes:
    """Return the notes of a pattern file or its text; empty ones of a Pattern."""
    file = PatternFile.from_json(pattern) if isinstance(pattern, str | bytes) else pattern
    return file.notes if isinstance(file, PatternFile) else Notes()


class _Header(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    format: Literal["lstmviz-pattern"]
    version: Annotated[int, Field(ge=1)]


class _Whole(BaseModel):
    """A whole file; pydantic applies its configuration to the records in it too."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal["lstmviz-pattern"]
    version: Literal[1]
    pattern: Pattern
    notes: Notes = Notes()


def _parse(text: str | bytes) -> PatternFile:
    if len(text) > MAX_BYTES:
        raise PatternError(f"a pattern file has at most {MAX_BYTES:,} bytes, and this one has more")
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text))
        text = text.removeprefix("\ufeff").encode("utf-8")
    except UnicodeError as err:
        raise PatternError(f"a pattern file is text in UTF-8, and this one is not ({err})") from err
    try:
        version = _Header.model_validate_json(text).version
        if version > VERSION:
            raise PatternError(
                f"the pattern file is version {version} and this lstmviz reads up to {VERSION}; upgrade lstmviz"
            )
        whole = _Whole.model_validate_json(text)
    except ValidationError as err:
        raise PatternError(_first_line(err)) from err
    except WindowError as err:
        raise PatternError(f"a row of the pattern file's notes is not a window: {err}") from err
    return PatternFile(whole.pattern, whole.notes)


def _first_line(err: ValidationError) -> str:
    first: Any = err.errors(include_url=False)[0]
    if first["type"] == "value_error":  # raised by a record
        return str(first["ctx"]["error"])
    place = ".".join(str(part) for part in first["loc"])
    if not place:
        return f"this is not a pattern file: {first['msg'][:120]}; write one with lstmviz select --format json"
    if place == "format":
        return f'this is not a pattern file: it needs "format": "{FORMAT}"; write one with lstmviz select --format json'
    value = "" if first["type"] == "missing" else f" is {str(first['input'])[:60]!r}"
    return f"the pattern file's {place[:120]!r}{value}: {first['msg'][:120]}"
