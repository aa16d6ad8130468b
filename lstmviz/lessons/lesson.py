"""A lesson as its file says it: steps that the reader does or answers, checked before they are used."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lstmviz.errors import InputError
from lstmviz.system.plain_yaml import read_plain_yaml

MAX_BYTES = 200_000  # of a lesson's file
# The fields of a page's link that a step may set.
LINK_FIELDS = frozenset(
    """
    source at span start stop t side before after also out pin only min max order group shared exact colour rows track
    view map by dye mask bars unit ablate ablateTo
    """.split()  # noqa: SIM905  names are read more easily than a list of strings
)
# What a step may wait for, beside the fields of its link.
FACTS = frozenset(
    """
    recording source step start stop threshold side before after view order group colour shared unit units matches
    track text search
    """.split()  # noqa: SIM905
)

Text = Annotated[str, Field(max_length=2_000)]
Line = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Strict):
    """Something to do on the page, or a question with a checked answer.

    Attributes:
        say: What to do, in words; a step has this or ``ask``.
        ask: A question.
        recording: The recording that the step is on; empty for that of the step before.
        link: What *Do it for me* sets, as the query of a page's link: ``"source=rnn.l1.c&start=249&stop=255"``. Unless
            ``until`` says otherwise, the step is done once the page shows this.
        until: What has to be so on the page, each a value, a list of values, or ``{least:, most:}``:
            ``{start: 249, units: {least: 1}}``.
        act: ``"brush"``: what *Do it for me* does on any recording, to brush four steps that select units.
        hint: Help, shown on request.
        choices: Answers to choose from.
        answer: The right answer: one of the choices, a word, or a number.
        within: How far a number may be off.
        because: Said once the answer is right.
    """

    say: Text = ""
    ask: Text = ""
    recording: Line = ""
    link: Text = ""
    until: dict[str, Any] = Field(default_factory=dict)
    act: Annotated[str, Field(pattern="^(brush)?$")] = ""
    hint: Text = ""
    choices: Annotated[tuple[Line, ...], Field(max_length=8)] = ()
    answer: Number | Line | None = None
    within: Annotated[Number, Field(ge=0)] = 0
    because: Text = ""

    @field_validator("link")
    @classmethod
    def _known_fields(cls, link: str) -> str:
        names = [name for name, _ in parse_qsl(link.lstrip("?"), keep_blank_values=True)]
        unknown = [name for name in names if name not in LINK_FIELDS]
        if unknown or (link and not names):
            known = ", ".join(sorted(LINK_FIELDS))
            raise ValueError(f"the link's {(unknown or [link])[0][:40]!r} is no field of a page's link; use {known}")
        return link.lstrip("?")

    @field_validator("until")
    @classmethod
    def _known_facts(cls, until: dict[str, Any]) -> dict[str, Any]:
        for name, wanted in until.items():
            if name not in FACTS:
                raise ValueError(f"until: {name[:40]!r} is not known; use {', '.join(sorted(FACTS))}")
            _check_wanted(name, wanted)
        return until

    @model_validator(mode="after")
    def _is_one_thing(self) -> Step:
        if bool(self.say) == bool(self.ask):
            raise ValueError("a step says what to do (say) or asks a question (ask): one of them")
        if self.ask and self.answer is None:
            raise ValueError("a question needs its answer")
        if self.choices and self.answer not in self.choices:
            raise ValueError(f"the answer {str(self.answer)[:40]!r} is none of the choices")
        return self


class Lesson(_Strict):
    """A lesson.

    Attributes:
        name: A short name for links and lists; that of the file.
        title: The question that it answers.
        about: What it is about, in a sentence or two.
        recording: The recording that it begins on; empty for whichever is open.
        minutes: How long it takes.
        steps: Its steps, in order.
        end: What is said at the end: how sure one may be.
    """

    name: Annotated[str, Field(pattern=r"^[\w-]{1,60}$")]
    title: Line
    about: Text = ""
    recording: Line = ""
    minutes: Annotated[int, Field(ge=1, le=120)] = 10
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=60)]
    end: Text = ""

    @property
    def recordings(self) -> tuple[str, ...]:
        """The names of the recordings that it needs, in the order in which it uses them."""
        names = [self.recording, *(step.recording for step in self.steps)]
        return tuple(dict.fromkeys(filter(None, names)))


def read_lesson(path: str | Path) -> Lesson:
    """Read a lesson from a YAML file.

    Raises InputError where the file cannot be read or is no lesson: one line for each fault, with the step it is in.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path.name} is a folder, a pipe or a device; give a lesson's file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror or error})") from error
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path.name} has more than {MAX_BYTES:,} bytes, which no lesson has")
    try:
        given = read_plain_yaml(raw)
    except ValueError as error:
        raise InputError(f"{path.name} is not YAML: {error}") from error
    if not isinstance(given, dict):
        raise InputError(f"{path.name} is no lesson: a lesson is a mapping with title and steps")
    try:
        return Lesson.model_validate({"name": path.stem, **given})
    except ValidationError as error:
        raise InputError("\n".join(f"{path.name}: {_fault(each)}" for each in error.errors())) from error


@cache
def builtin_lessons() -> tuple[Lesson, ...]:
    """Return the lessons that come with lstmviz, in the order in which they are offered."""
    folder = Path(__file__).parent / "builtin"
    lessons = [read_lesson(path) for path in sorted(folder.glob("*.yaml"))]
    return tuple(lesson.model_copy(update={"name": lesson.name.partition("-")[2]}) for lesson in lessons)


def _check_wanted(name: str, wanted: Any) -> None:
    if isinstance(wanted, dict):
        if not wanted or set(wanted) - {"least", "most"} or not all(map(_is_number, wanted.values())):
            raise ValueError(f"until: {name} takes a value, a list of values, or numbers as {{least:, most:}}")
        return
    for value in wanted if isinstance(wanted, list) else [wanted]:
        if not (_is_number(value) or isinstance(value, str | bool)):
            raise ValueError(f"until: {name} cannot be compared with {str(value)[:40]!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fault(error: Any) -> str:
    place = [part for part in error["loc"] if not isinstance(part, str) or part.isidentifier()]
    words = str(error["msg"]).removeprefix("Value error, ")
    if place and place[0] == "steps" and len(place) > 1:
        where = f"step {int(place[1]) + 1}" + (f", {place[2]}" if len(place) > 2 else "")
    else:
        where = ".".join(map(str, place))
    return f"{where}: {words}" if where else words
