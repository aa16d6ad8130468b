"""What a student's page is told of the class.

It never learns who the others are, and what they answered only once the teacher shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstmviz.classroom.records import Answer, Asked, Bar, View


@dataclass(frozen=True, slots=True)
class QuestionNews:
    """The question before the class.

    Attributes:
        key: Names it.
        text: The question.
        choices: Its choices; empty where one types the answer.
        given: What this student answered, and how sure; None before that.
        bars: How many gave each answer; None until the teacher shows them.
        because: Said once the answers are shown.
        answer: The right one, once the answers are shown.
    """

    key: str
    text: str
    choices: tuple[str, ...]
    given: Answer | None
    bars: tuple[Bar, ...] | None = None
    because: str = ""
    answer: str | float | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a page shows of the class; where ``view`` is None, nothing has changed since ``version``.

    ``follows`` is what the page said last, and ``call`` counts how often the teacher had everybody follow.
    """

    version: int
    nickname: str = ""
    follows: bool = False
    call: int = 0
    view: View | None = None
    question: QuestionNews | None = None


def asked_news(asked: Asked, bars: Sequence[Bar], given: Answer | None) -> QuestionNews:
    """Return what a student sees of a question, the answers only where they are shown."""
    question = asked.question
    seen = QuestionNews(question.key, question.text, question.choices, given)
    if not asked.is_shown:
        return seen
    return QuestionNews(
        question.key, question.text, question.choices, given, tuple(bars), question.because, question.answer
    )
