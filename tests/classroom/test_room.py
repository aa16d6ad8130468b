"""The class: who gets in, what the first answer is, what students learn of each other, and what a file of it has."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.classroom import Room, saved
from lstmviz.classroom.histogram import OTHERS, histogram
from lstmviz.classroom.names import CODE_LENGTH, LETTERS, MOST_NAME, new_code, nickname, plain, same_code
from lstmviz.classroom.news import News
from lstmviz.classroom.records import Answer, Question, View
from lstmviz.classroom.room import JOINS, MOST_STUDENTS, WRONG_CODES_OF_ONE
from lstmviz.errors import ClassError, UnknownName
from lstmviz.lessons import builtin_lessons
from lstmviz.lessons.answers import is_right
from support.budget import examples

ASKED = next(
    (lesson, number) for lesson in builtin_lessons() for number, step in enumerate(lesson.steps) if step.choices
)


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(clock):
    return Room(clock=clock)


def joined(room, *names):
    return [room.join(room.code, name) for name in names]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ana", "Ana"),
        ("  Ana \n Maria\t", "Ana Maria"),
        ("\u202egnp.exe", "gnp.exe"),  # right to left
        ("A\u200bna\x00\x1b[31m", "Ana[31m"),
        ("Z\u0301\u0302\u0303\u0304\u0305a", "\u0179\u0302\u0303a"),  # marks on marks
        ("<b>Bo</b>", "<b>Bo</b>"),  # text, and shown as text
        ("🦊", "🦊"),
        ("x" * 200, "x" * MOST_NAME),
        ("é", "é"),
    ],
)
def test_a_nickname_is_one_short_line_of_what_can_be_seen(typed, shown):
    assert nickname(typed) == shown


ODD_TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("a é\u0301\u0302\u200b\u202e\u2028\n\t\x00\ud800")))


@examples(2_000)
@given(ODD_TEXTS, st.integers(1, 40))
def test_whatever_is_typed_is_shown_on_one_line_and_stays_as_it_is(text, most):
    shown = plain(text, most)
    assert len(shown) <= most
    assert shown == shown.strip()
    for char in shown:
        assert char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    assert not re.search("[\u0300-\u036f]{4}", shown)
    assert plain(shown, most) == shown


@pytest.mark.parametrize("typed", ["", "   ", "\n", "\u200b\u2060", "\u0301"])
def test_a_nickname_that_shows_nothing_is_refused(typed):
    with pytest.raises(ClassError, match="nickname"):
        nickname(typed)


def test_equal_nicknames_are_told_apart(room):
    assert [one.nickname for one in joined(room, "Ana", "ana", "ANA", "x" * 40, "x" * 40)] == [
        "Ana",
        "ana 2",
        "ANA 3",
        "x" * MOST_NAME,
        "x" * (MOST_NAME - 2) + " 2",
    ]


def test_a_code_is_typed_as_people_type():
    code = new_code()
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(LETTERS)
    for typed in (code, code.lower(), f" {code[:3]}-{code[3:]} "):
        assert same_code(typed, code), typed
    for typed in ("", code[:-1], code + code[0], "1" * CODE_LENGTH, "\0", "é" * 500):
        assert not same_code(typed, code), typed
    assert len({new_code() for _ in range(200)}) == 200


def test_wrong_codes_run_out_for_their_address_alone_and_come_back(room, clock):
    for _ in range(WRONG_CODES_OF_ONE):
        with pytest.raises(ClassError, match="not the code"):
            room.join("WRONG", "Eve", "10.0.0.66")
    with pytest.raises(ClassError, match="wait a minute"):
        room.join(room.code, "Eve", "10.0.0.66")  # also the right one: no guess tells anything
    assert room.join(room.code, "Ana", "10.0.0.7").nickname == "Ana"
    clock.now += 60
    assert room.join(room.code, "Bo", "10.0.0.66").nickname == "Bo"


def test_joins_are_bounded_in_number_and_in_a_minute(room, clock):
    joined(room, *map(str, range(JOINS)))
    with pytest.raises(ClassError, match="many are joining"):
        joined(room, "one more")
    clock.now += 600
    joined(room, *map(str, range(MOST_STUDENTS - JOINS)))
    clock.now += 600
    with pytest.raises(ClassError, match="full"):
        joined(room, "one too many")


def test_a_class_can_be_closed_to_more(room):
    room.let_in(False)
    with pytest.raises(ClassError, match="closed"):
        joined(room, "Ana")
    room.let_in(True)
    assert joined(room, "Ana")


def test_the_news_are_told_once_and_show_the_teachers_view(room):
    (ana,) = joined(room, "Ana")
    first = room.news(ana, -1)
    assert (first.nickname, first.follows, first.question) == ("Ana", True, None)
    assert room.news(ana, first.version) == News(version=first.version)
    room.show(View("?dump=1&at=3"))
    second = room.news(ana, first.version)
    assert second.view == View("?dump=1&at=3")
    room.show(View("?dump=1&at=3"))  # as before: nothing to tell
    assert room.news(ana, second.version).view is None
    room.call()
    assert room.news(ana, second.version).call == second.call + 1


def test_nobody_learns_of_the_others_before_the_teacher_shows_it(room):
    ana, bo = joined(room, "Ana", "Bohumil")
    key = room.ask("What will happen?", ["up", "down"]).key
    room.answer(bo, key, "up", 2)
    before = room.news(ana, -1)
    assert before.question.bars is None
    assert before.question.answer is None
    assert "Bohumil" not in repr(before)
    room.tell()
    after = room.news(ana, before.version)
    assert [(bar.text, bar.n) for bar in after.question.bars] == [("up", 1), ("down", 0)]
    assert "Bohumil" not in repr(after)
    assert room.news(bo, -1).question.given.text == "up"


def test_a_prediction_can_be_changed_until_the_answers_are_shown(room):
    ana, bo = joined(room, "Ana", "Bo")
    key = room.ask("What will happen?", ["up", "down"]).key
    for text, sure in (("up", None), ("down", None), ("down", 1)):
        room.answer(ana, key, text, sure)
    room.tell()
    room.answer(ana, key, "up", 2)
    ((question, answers),) = room.answered()
    assert (answers[ana.number].text, answers[ana.number].sure) == ("down", 1)
    room.answer(bo, key, "up")  # a late one is still taken
    assert len(room.answered()[0][1]) == 2
    assert question.key == key
    room.put_away()
    assert room.news(ana, -1).question is None


def test_of_a_lesson_the_first_answer_counts_whether_the_teacher_asks_or_not(room):
    lesson, number = ASKED
    ana, bo = joined(room, "Ana", "Bo")
    key, right = f"{lesson.name}/{number}", lesson.steps[number].answer
    wrong = next(choice for choice in lesson.steps[number].choices if choice != right)
    room.answer(ana, key, wrong, is_told=True)
    room.answer(ana, key, right, is_told=True)
    assert room.ask_of_lesson(lesson.name, number).answer == right
    room.answer(ana, key, right, 2)  # told before, so it stays
    room.answer(bo, key, right, 2)
    ((question, answers),) = room.answered()
    bars = {bar.text: bar for bar in histogram(question, answers.values())}
    assert (bars[wrong].n, bars[wrong].is_right) == (1, False)
    assert (bars[right].n, bars[right].is_right, bars[right].n_sure) == (1, True, (0, 0, 1))


@pytest.mark.parametrize(
    ("key", "text", "error"),
    [
        ("own/9", "up", UnknownName),
        ("", "up", UnknownName),
        ("no/0", "up", UnknownName),
        ("key/" + "9" * 90, "up", UnknownName),
        ("key/-1", "up", UnknownName),
        ("own/1", "sideways", ClassError),
        ("own/1", "", ClassError),
        ("own/1", "\u200b", ClassError),
    ],
)
def test_an_answer_that_fits_no_question_is_refused(room, key, text, error):
    (ana,) = joined(room, "Ana")
    room.ask("What will happen?", ["up", "down"])
    with pytest.raises(error):
        room.answer(ana, key, text)
    assert all(not answers for _, answers in room.answered())


@pytest.mark.parametrize(
    ("text", "choices"), [("", ["a", "b"]), ("What?", ["a"]), ("What?", ["a", " a\n"]), ("\0", [])]
)
def test_a_question_of_the_teachers_own_has_a_text_and_choices_that_differ(room, text, choices):
    with pytest.raises(ClassError, match="a question has a text"):
        room.ask(text, choices)


def test_typed_answers_are_counted_whatever_their_case_and_the_rare_ones_together():
    question = Question("own/1", "How many?", answer=4, within=0.5)
    given = ["4", "4", "Four", "four", *map(str, range(10, 25))]
    bars = histogram(question, [Answer(text, None, 0, False) for text in given])
    assert [(bar.text, bar.n, bar.is_right) for bar in bars[:2]] == [("4", 2, True), ("Four", 2, False)]
    assert (bars[-1].text, sum(bar.n for bar in bars)) == (OTHERS, len(given))


@pytest.mark.parametrize(
    ("answer", "within", "given", "expected"),
    [  # as tests/js/lesson.test.mjs has them
        *[(1, 0.005, text, True) for text in ("1", "1.00", "1,00", " 0.995 ")],
        *[(1, 0.005, text, False) for text in ("0.99", "", "one", "1.0.0", "nan", "inf", "1_0", "١", "9" * 400)],
        (96, 0.5, "96 %", True),
        ("After both", 0, "after both", True),
        ("After both", 0, "both", False),
    ],
)
def test_an_answer_is_right_as_the_page_says(answer, within, given, expected):
    assert is_right(answer, within, given) is expected


def test_a_silent_page_counts_as_away_and_loses_nothing(room, clock):
    ana, _ = joined(room, "Ana", "Bo")
    room.hear(ana, False, "?dump=1&at=7", ("first", 2), "parens", 7)
    clock.now += 60
    room.hear(ana)
    (one, is_here), (_, is_other_here) = room.students()
    assert (is_here, is_other_here) == (True, False)
    assert (one.follows, one.place, one.lesson, one.recording, one.step) == (
        False,
        "?dump=1&at=7",
        ("first", 2),
        "parens",
        7,
    )


def test_a_student_who_is_removed_is_gone_with_the_answers(room):
    ana, bo = joined(room, "Ana", "Bo")
    key = room.ask("What?", ["a", "b"]).key
    for one in (ana, bo):
        room.answer(one, key, "a")
    room.remove(ana.number)
    assert room.student(ana.secret) is None
    assert [one.nickname for one, _ in room.students()] == ["Bo"]
    assert list(room.answered()[0][1]) == [bo.number]


def test_the_end_of_a_class_forgets_all_of_it(room):
    (ana,) = joined(room, "Ana")
    code, key = room.code, room.ask("What?", ["a", "b"]).key
    room.answer(ana, key, "a")
    room.end()
    assert room.student(ana.secret) is None
    assert (room.students(), room.answered(), room.asked()) == ([], [], None)
    with pytest.raises(ClassError):
        room.join(code, "Ana")


def table(base, query):
    return base.execute(query).fetchall()


@pytest.mark.parametrize("with_names", [True, False])
def test_a_saved_class_is_one_sqlite_file_with_or_without_names(room, with_names):
    ana, bo = joined(room, "Ana", 'B"o; DROP TABLE answers')
    own = room.ask("What will happen?", ["up", "down"]).key
    room.answer(ana, own, "up", 0)
    lesson, number = ASKED
    room.answer(bo, f"{lesson.name}/{number}", str(lesson.steps[number].answer), is_told=True)
    content = saved(room, with_names)
    assert content.startswith(b"SQLite format 3\0")
    assert (b"Ana" in content) is with_names
    base = sqlite3.connect(":memory:")
    base.deserialize(content)
    names = [(1, "Ana"), (2, bo.nickname)] if with_names else [(1, None), (2, None)]
    assert table(base, "SELECT number, nickname FROM students") == names
    assert table(base, "SELECT question, student, text, sure, is_right FROM answers ORDER BY student") == [
        (own, 1, "up", "a guess", None),
        (f"{lesson.name}/{number}", 2, str(lesson.steps[number].answer), None, 1),
    ]
    assert json.loads(table(base, f"SELECT choices FROM questions WHERE key = '{own}'")[0][0]) == ["up", "down"]
    assert ana.secret.encode() not in content
    base.close()


def test_sixty_at_once_are_each_counted_once():
    room = Room()
    key = room.ask("What?", ["a", "b"]).key

    def take_part(k):
        one = room.join(room.code, "Ana")
        for _ in range(5):
            room.hear(one, True, "?at=1")
            room.answer(one, key, "ab"[k % 2])
            room.news(one, -1)

    threads = [threading.Thread(target=take_part, args=(k,)) for k in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((question, answers),) = room.answered()
    assert [bar.n for bar in histogram(question, answers.values())] == [30, 30]
    assert len({one.nickname for one, _ in room.students()}) == 60
