"""The class itself: who is in it, what the teacher shows and asks, and what was answered.

Everything is in memory, behind one lock. A version counts the changes that students see, so that a page which asks
every second is told what changed and nothing else.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from lstmviz.classroom.histogram import histogram
from lstmviz.classroom.names import new_code, nickname, plain, same_code
from lstmviz.classroom.news import News, asked_news
from lstmviz.classroom.rates import Rate
from lstmviz.classroom.records import Answer, Asked, Bar, Question, Student, View
from lstmviz.errors import ClassError, UnknownName
from lstmviz.lessons.lesson import Lesson, builtin_lessons

MOST_STUDENTS = 200
MOST_QUESTIONS = 300
MOST_TEXT = 200  # characters of an answer
JOINS = 100  # at once, and a minute
WRONG_CODES = 120  # a minute, of all
WRONG_CODES_OF_ONE = 30  # a minute, of one address: that of a whole school, where it is behind one
AWAY = 10.0  # seconds without a word from a page


class Room:
    """A class. Its methods may be called from several threads.

    Args:
        lessons: Lessons beside those that come with lstmviz.
        clock: Returns seconds, from any beginning.

    Attributes:
        code: What joins the class; a new one once a class has ended.
        is_open: Whether more may join.
    """

    def __init__(self, lessons: Sequence[Lesson] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._lessons = {lesson.name: lesson for lesson in (*builtin_lessons(), *lessons)}
        self._lock, self._clock = threading.Lock(), clock
        self._version = secrets.randbelow(2**40)  # so that no page takes another server's news for known
        self._joins, self._wrong = Rate(JOINS, clock), Rate(WRONG_CODES, clock)
        self._wrong_of_one = Rate(WRONG_CODES_OF_ONE, clock)
        self._begin()

    def _begin(self) -> None:
        self.code, self.is_open, self.began = new_code(), True, time.time()
        self._students: dict[str, Student] = {}  # by their secrets
        self._count = self._call = 0
        self._view = View()
        self._asked: Asked | None = None
        self._questions: dict[str, Question] = {}
        self._answers: dict[str, dict[int, Answer]] = {}  # of each question, by the student's number
        self._version += 1

    # Students

    def join(self, code: str, name: str, address: str = "") -> Student:
        """Let somebody in.

        Args:
            code: The code of the class, as it was typed.
            name: A nickname.
            address: Where the request came from: wrong codes are counted by that.

        Raises:
            ClassError: For a wrong code, a nickname that shows nothing, a class that is full or closed, or too many
                who join at once.
        """
        with self._lock:
            if not (self._wrong.has_room() and self._wrong_of_one.has_room(address)):
                raise ClassError("too many wrong codes; wait a minute, then type the code that the teacher shows")
            if not same_code(code, self.code):
                self._wrong.note()
                self._wrong_of_one.note(address)
                raise ClassError("that is not the code of this class; type the one that the teacher shows")
            if not self.is_open:
                raise ClassError("the teacher has closed the class to further students; ask them to open it")
            if len(self._students) >= MOST_STUDENTS:
                raise ClassError(f"the class is full: it has {MOST_STUDENTS} students; ask the teacher")
            if not self._joins.has_room():
                raise ClassError("many are joining just now; try again in a moment")
            shown = nickname(name, frozenset(one.nickname for one in self._students.values()))
            self._joins.note()
            self._count += 1
            made = Student(self._count, secrets.token_urlsafe(24), shown, time.time(), self._clock())
            self._students[made.secret] = made
            return made

    def student(self, secret: str) -> Student | None:
        """Return whose secret this is; None for nobody's."""
        with self._lock:
            return self._students.get(secret)

    def hear(
        self,
        student: Student,
        follows: bool | None = None,
        place: str | None = None,
        lesson: tuple[str, int] | None = None,
        recording: str = "",
        step: int = 0,
    ) -> None:
        """Note that a student's page is there, and, where it says so, whether it follows and what it shows."""
        with self._lock:
            student.seen = self._clock()
            student.follows = student.follows if follows is None else follows
            if place is not None:
                student.place, student.recording, student.step = place, plain(recording, MOST_TEXT), step
                student.lesson = lesson if lesson and lesson[0] in self._lessons else None

    def answer(self, student: Student, key: str, text: str, sure: int | None = None, is_told: bool = False) -> None:
        """Take an answer.

        The first one counts; it can be changed while its question is open to the class and nobody was told what is
        right. ``is_told``: the student's page has said so already, as a lesson's does.

        Raises:
            UnknownName: Where there is no such question.
            ClassError: For an answer that is empty or none of the choices.
        """
        with self._lock:
            question = self._question(key)
            text = plain(text, MOST_TEXT)
            if question.choices and text not in question.choices:
                raise ClassError(f"{text[:40]!r} is none of the choices of this question")
            if not text:
                raise ClassError("the answer is empty; type one")
            given = self._answers.setdefault(question.key, {})
            before = given.get(student.number)
            is_asked = self._asked is not None and self._asked.question.key == key and not self._asked.is_shown
            if before is not None and (before.is_told or not is_asked):
                return
            self._questions.setdefault(question.key, question)
            given[student.number] = Answer(text, sure, time.time(), is_told)

    def news(self, student: Student, known: int) -> News:
        """Return what a student's page shows of the class; of version ``known``, only that nothing has changed."""
        with self._lock:
            if known == self._version:
                return News(version=known)
            asked, question = self._asked, None
            if asked is not None:
                question = asked_news(asked, self._bars(asked.question), self._given(asked, student))
            return News(
                version=self._version,
                nickname=student.nickname,
                follows=student.follows,
                call=self._call,
                view=self._view,
                question=question,
            )

    # The teacher

    def show(self, view: View) -> None:
        """Take what the teacher's page shows."""
        with self._lock:
            if view != self._view:
                self._view = view
                self._version += 1

    def ask(self, text: str, choices: Sequence[str] = ()) -> Question:
        """Ask the class a question that the teacher typed. Raises ClassError where it is empty, or has one choice."""
        text, choices = plain(text, 500), tuple(dict.fromkeys(filter(None, (plain(one, MOST_TEXT) for one in choices))))
        if not text or len(choices) == 1:
            raise ClassError("a question has a text, and two choices or more; or none, where one types the answer")
        with self._lock:
            number = 1 + sum(key.startswith("own/") for key in self._questions)
            return self._put(Question(f"own/{number}", text, choices))

    def ask_of_lesson(self, lesson: str, step: int) -> Question:
        """Ask the class the question of a lesson's step. Raises UnknownName where there is none."""
        with self._lock:
            return self._put(self._question(f"{lesson}/{step}"))

    def tell(self) -> None:
        """Show everybody the answers to the present question, and what is right."""
        with self._lock:
            if self._asked is not None:
                self._asked.is_shown = True
                self._version += 1

    def put_away(self) -> None:
        """Take the present question away; its answers are kept."""
        with self._lock:
            self._asked = None
            self._version += 1

    def call(self) -> None:
        """Have every page follow again."""
        with self._lock:
            self._call += 1
            self._version += 1

    def let_in(self, is_open: bool) -> None:
        """Say whether more may join."""
        with self._lock:
            self.is_open = is_open

    def remove(self, number: int) -> None:
        """Take a student out of the class, with what that student answered."""
        with self._lock:
            self._students = {secret: one for secret, one in self._students.items() if one.number != number}
            for given in self._answers.values():
                given.pop(number, None)

    def end(self) -> None:
        """End the class: everything about it is forgotten, and a new one begins, with a code of its own."""
        with self._lock:
            self._begin()

    def students(self) -> list[tuple[Student, bool]]:
        """Return everybody in the class as they are now, and whether their page was heard of just now."""
        with self._lock:
            now = self._clock()
            return [(replace(one), now - one.seen < AWAY) for one in self._students.values()]

    def asked(self) -> Asked | None:
        """Return the present question."""
        with self._lock:
            return self._asked and replace(self._asked)

    def answered(self) -> list[tuple[Question, dict[int, Answer]]]:
        """Return every question that was asked or answered, with its answers by the students' numbers."""
        with self._lock:
            return [(one, dict(self._answers.get(key, {}))) for key, one in self._questions.items()]

    def title_of(self, lesson: str) -> tuple[str, int]:
        """Return the title of a lesson and its number of steps; UnknownName where there is none."""
        entry = self._lesson(lesson)
        return entry.title, len(entry.steps)

    def step_of(self, place: tuple[str, int]) -> tuple[str, str]:
        """Return the title of a lesson and what its step says to do; empty for a question, and for the end."""
        lesson = self._lesson(place[0])
        return lesson.title, lesson.steps[place[1]].say if place[1] < len(lesson.steps) else ""

    def _lesson(self, name: str) -> Lesson:
        if name not in self._lessons:
            raise UnknownName(f"no lesson {name[:40]!r}; there is {', '.join(self._lessons)}")
        return self._lessons[name]

    def _put(self, question: Question) -> Question:
        if len(self._questions) >= MOST_QUESTIONS:
            raise ClassError(f"a class has at most {MOST_QUESTIONS} questions; save it, end it and begin another")
        self._questions.setdefault(question.key, question)
        self._asked = Asked(question)
        self._version += 1
        return question

    def _question(self, key: str) -> Question:
        """Return a question by its key: one that was asked, or any of a lesson."""
        if key in self._questions:
            return self._questions[key]
        name, _, number = key.rpartition("/")
        lesson = self._lessons.get(name)
        if lesson is None or not (number.isdecimal() and number.isascii() and int(number[:4]) < len(lesson.steps)):
            raise UnknownName(f"no question {key[:40]!r} here; the teacher may have begun another class")
        step = lesson.steps[int(number[:4])]
        if not step.ask:
            raise UnknownName(f"step {int(number) + 1} of {lesson.title!r} asks nothing")
        return Question(key, step.ask, step.choices, step.answer, step.within, step.because, lesson.title)

    def _bars(self, question: Question) -> list[Bar]:
        return histogram(question, self._answers.get(question.key, {}).values())

    def _given(self, asked: Asked, student: Student) -> Answer | None:
        return self._answers.get(asked.question.key, {}).get(student.number)
