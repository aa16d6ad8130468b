"""What a class consists of: students, the teacher's view, questions and answers."""

from __future__ import annotations

from dataclasses import dataclass

SURE = ("a guess", "rather sure", "sure")  # how sure somebody is, from 0


@dataclass(slots=True)
class Student:
    """Somebody who joined.

    Attributes:
        number: Counts the students of the class, from 1.
        secret: What this student's browser has; shown to nobody.
        nickname: As it is shown.
        joined: When, in seconds since 1970.
        seen: When the page was last heard of, by the clock of the room.
        follows: Whether the teacher's view is mirrored.
        place: The address of what the page shows, from its ``?`` on.
        lesson: The lesson that is open and its step from 0, such as ``("key", 2)``.
        recording: The name of the recording that is shown; empty on the start page.
        step: The first step in view.
    """

    number: int
    secret: str
    nickname: str
    joined: float
    seen: float
    follows: bool = True
    place: str = ""
    lesson: tuple[str, int] | None = None
    recording: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """What the teacher's page shows, for those who follow.

    Attributes:
        address: From its ``?`` on; empty for the start page.
        lesson: The lesson that is open and its step, as in ``Student``.
        title: The title of that lesson.
        say: What its step says to do.
    """

    address: str = ""
    lesson: tuple[str, int] | None = None
    title: str = ""
    say: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the class.

    Attributes:
        key: Names it: ``lesson/step`` for one of a lesson, ``own/1`` for one that the teacher wrote.
        text: The question.
        choices: Answers to choose from; empty where one types the answer.
        answer: The right one; None where there is none.
        within: How far a number may be off.
        because: Said once the answer is shown.
        title: The title of the lesson; empty for one that the teacher wrote.
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    answer: str | float | None = None
    within: float = 0
    because: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A student's answer: the first one counts, for it is the prediction.

    Attributes:
        text: What was chosen or typed.
        sure: How sure, an index of ``SURE``; None where that was not said.
        at: When, in seconds since 1970.
        is_told: Whether the student has learned what is right, so that the answer cannot be changed.
    """

    text: str
    sure: int | None
    at: float
    is_told: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave one answer.

    Attributes:
        text: The answer.
        n: How many gave it.
        n_sure: How many of them said each of ``SURE``.
        is_right: Whether it is right; None where nobody says what is.
    """

    text: str
    n: int
    n_sure: tuple[int, ...]
    is_right: bool | None


@dataclass(slots=True)
class Asked:
    """The question that the class has before it; ``is_shown`` once everybody sees the answers."""

    question: Question
    is_shown: bool = False
