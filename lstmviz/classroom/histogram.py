"""The answers to a question, counted."""

from __future__ import annotations

from collections.abc import Iterable

from lstmviz.classroom.records import SURE, Answer, Bar, Question
from lstmviz.lessons.answers import is_right

MOST_BARS = 10  # of typed answers; the rest are one bar
OTHERS = "other answers"


def histogram(question: Question, answers: Iterable[Answer]) -> list[Bar]:
    """Return how many gave each answer.

    Args:
        question: The question.
        answers: Its answers, one of each student.

    Returns:
        A bar for each choice, in their order; where answers are typed, one for each that was given, whatever its case,
        the most frequent first, and one for all beyond the tenth.
    """
    given: dict[str, list[Answer]] = {choice: [] for choice in question.choices}
    spelled: dict[str, str] = {choice.casefold(): choice for choice in question.choices}
    for answer in answers:
        text = spelled.setdefault(answer.text.casefold(), answer.text)
        given.setdefault(text, []).append(answer)
    if question.choices:
        return [_bar(question, text, some) for text, some in given.items()]
    ordered = sorted(given.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    bars = [_bar(question, text, some) for text, some in ordered[:MOST_BARS]]
    rest = [answer for _, some in ordered[MOST_BARS:] for answer in some]
    return bars if not rest else [*bars, Bar(OTHERS, len(rest), _count_sure(rest), None)]


def _bar(question: Question, text: str, answers: list[Answer]) -> Bar:
    known = None if question.answer is None else is_right(question.answer, question.within, text)
    return Bar(text, len(answers), _count_sure(answers), known)


def _count_sure(answers: list[Answer]) -> tuple[int, ...]:
    return tuple(sum(answer.sure == k for answer in answers) for k in range(len(SURE)))
