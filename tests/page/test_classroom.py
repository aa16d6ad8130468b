"""A class in three browsers, on `lstmviz classroom` in a process of its own: a teacher and two students."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

from lstmviz.classroom import Room
from lstmviz.classroom.records import View
from lstmviz.lessons import builtin_lessons
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from lstmviz.ui.place import Place
from support import browser as browsing
from support.axe import check, check_further
from support.budget import is_long, some_of
from support.workbench import BRUSHED, DEPTH_4, two_frames

COUNTING = next(lesson for lesson in builtin_lessons() if lesson.name == "counting")
STEP = next(k for k, step in enumerate(COUNTING.steps) if step.choices)
QUESTION = COUNTING.steps[STEP]
SIZES = [(1440, 900), (1280, 720), (1024, 768), (1920, 1080)]
TEXT = "((1(2))"
ASLEEP = 4  # seconds, once the page has told that there is no answer


class Class:
    """The command, its links, and the pages on it."""

    def __init__(self, process, chromium, stack):
        said = ""
        while "(code " not in said:
            said += process.stdout.readline()
        self.teachers_link = re.search(r"http://\S+token=\S+", said)[0]
        self.link, self.code = re.search(r"(http://\S+)\s+\(code (\w+)\)", said).groups()
        self.address = self.link.partition("/join")[0]
        self.process, self._chromium, self._stack = process, chromium, stack

    def page(self, address):
        bench = self._stack.enter_context(browsing.workbench(self._chromium, self.address))
        bench.page.goto(address)
        return bench

    def teacher(self):
        bench = self.page(self.teachers_link)
        bench.settle()
        return bench

    def student(self, name):
        bench = self.page(self.link)
        bench.page.fill("#name", name)
        bench.page.get_by_role("button", name="Join").click()
        bench.page.wait_for_function("() => window.lvDebug?.classNews()")
        bench.settle()
        return bench


@contextmanager
def lesson_of(chromium, dump):
    command = [sys.executable, "-u", "-m", "lstmviz.cli", "classroom", str(dump.path), "--no-browser"]
    with subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=subprocess.PIPE, text=True) as process:
        try:
            with ExitStack() as stack:
                yield Class(process, chromium, stack)
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


def until(bench, condition, arg=None):
    bench.page.wait_for_function(
        f"arg => {{ const s = lvDebug.state, n = lvDebug.classNews(); return {condition}; }}", arg=arg
    )


def change(bench, **changes):
    bench.page.evaluate("changes => lvDebug.changeState(changes, 'settle')", changes)


def press(bench, name):
    bench.page.locator(f"[data-class={name}]").click()


def shows(bench, start):
    until(bench, "s.start === arg", start)
    bench.settle()


def bars(bench, within):
    rows = bench.page.locator(f"{within} .lv-class-bars li:visible").all()
    return {
        row.locator(".lv-class-bar-text").inner_text(): row.locator(".lv-class-bar-count").inner_text() for row in rows
    }


def test_a_class_of_two_from_the_link_to_the_end(chromium, parens):
    with lesson_of(chromium, parens) as lesson:
        teacher = lesson.teacher()
        ana, bo = lesson.student("Ana"), lesson.student("Bo <b>")
        assert bo.page.locator(".lv-class-name").inner_text() == "Bo <b>"

        # What the teacher shows is what the students see, until one does something.
        change(teacher, start=249, stop=255, at=220)
        for one in (ana, bo):
            shows(one, 249)
            assert one.shown()["units"] == teacher.shown()["units"]
        ana.brush(230, 234)
        assert ana.page.evaluate("() => lvDebug.isFollowing()") is False
        change(teacher, start=260, stop=263)
        shows(bo, 260)
        assert ana.shown()["state"]["start"] == 230
        press(ana, "follow")
        shows(ana, 260)
        press(ana, "back")
        shows(ana, 230)

        # Everybody predicts before the answer is shown.
        teacher.page.evaluate("step => lvDebug.openLesson('counting', step)", STEP)
        teacher.page.locator("#lv-lesson [data-lesson=class]").click()
        for one, choice, sure in ((ana, 0, 2), (bo, QUESTION.choices.index(QUESTION.answer), 0)):
            press(one, f"choice{choice}")
            press(one, f"sure{sure}")
            until(one, "n.question.given?.sure === arg", sure)
            assert one.page.locator(".lv-class-bars").count() == 0
        check(ana, "a student's page with a question")
        teacher.page.locator(".lv-class-opener").click()
        teacher.page.get_by_text("2 of 2 students answered").wait_for()
        teacher.page.wait_for_function("() => lvDebug.classRoom().questions[0].n === 2")
        counted = bars(teacher, ".lv-class-panel")
        assert counted == {
            choice: "1 · 50 %" if choice in (QUESTION.choices[0], QUESTION.answer) else "0 · 0 %"
            for choice in QUESTION.choices
        }
        check(teacher, "the teacher's panel with a question")
        press(teacher, "large")
        check_further(teacher, "a question for the room")
        teacher.page.keyboard.press("Escape")
        press(teacher, "link")
        teacher.page.locator(".lv-class-stage[open]").get_by_text(lesson.code).first.wait_for()
        check_further(teacher, "the class link for the room")
        teacher.page.keyboard.press("Escape")
        press(teacher, "tell")
        for one in (ana, bo):
            one.page.locator(".lv-class-band .lv-class-bars").wait_for()
            assert f"✓ right: {QUESTION.answer}" in bars(one, ".lv-class-band")
            assert ("Ana" in one.page.content()) is (one is ana)

        # The teacher sees who is where, and saves what was answered.
        teacher.page.get_by_text("Who is where").click()
        where = teacher.page.locator(".lv-class-person").all_inner_texts()
        assert [line.split("\n")[0] for line in where] == ["Ana", "Bo <b>"]
        assert "on their own" in where[0]
        assert f"step {ana.shown()['state']['at']}" in where[0]
        teacher.page.get_by_text("Save, close, end").click()
        with teacher.page.expect_download() as saved:
            teacher.page.get_by_text("Save the answers").click()
        with sqlite3.connect(saved.value.path()) as base:
            answers = base.execute(
                "SELECT nickname, text, sure FROM answers JOIN students ON student = number"
            ).fetchall()
        base.close()
        assert answers == [(None, QUESTION.choices[0], "sure"), (None, QUESTION.answer, "a guess")]

        # A student who reloads is where they were, also by the class link.
        ana.reload()
        ana.page.wait_for_function("() => window.lvDebug?.classNews()")
        ana.settle()
        assert ana.shown()["state"]["start"] == 230
        ana.page.locator(".lv-class-band .lv-class-bars").wait_for()
        if is_long():
            ana.page.goto(lesson.link)
            ana.page.wait_for_function("() => window.lvDebug?.classNews()")
            shows(ana, 230)

        # The laptop sleeps, and nothing is lost.
        teacher.page.locator(".lv-class-panel").get_by_text("Ask a question of your own").click()
        teacher.page.fill(".lv-class-ask textarea >> nth=0", "What will removing this unit do?")
        teacher.page.fill(".lv-class-ask textarea >> nth=1", "nothing\n\nmore brackets\n")
        teacher.page.locator(".lv-class-ask button").click()
        bo.page.locator("[data-class=choice1]").wait_for()
        os.kill(lesson.process.pid, signal.SIGSTOP)
        press(bo, "choice1")
        bo.page.get_by_text("does not answer").wait_for(timeout=20_000)
        if is_long():
            time.sleep(ASLEEP)
        os.kill(lesson.process.pid, signal.SIGCONT)
        teacher.page.get_by_text("1 of 2 students answered").wait_for(timeout=20_000)
        bo.page.get_by_text("does not answer").wait_for(state="detached", timeout=20_000)
        until(bo, "n.question.given?.text === 'more brackets'")

        # Everyone back to the teacher, and the end.
        press(teacher, "call")
        shows(ana, 260)
        teacher.page.get_by_text("End the class …").click()
        teacher.page.get_by_text("End it").click()
        for one in (ana, bo):
            one.page.get_by_text("The class is over").wait_for()


def test_a_copied_link_leads_a_stranger_into_the_class_and_on_to_what_it_shows(chromium, parens):
    with (
        class_of_parens(parens) as (room, address),
        browsing.workbench(chromium, address) as teacher,
        browsing.workbench(chromium, address) as student,
    ):
        teacher.page.goto(f"{address}/?token=s3cret&{urlencode(BRUSHED)}")
        teacher.settle()
        change(teacher, text=TEXT)
        teacher.settle()
        teacher.page.locator("#lv-copy-link").click()
        copied = teacher.page.evaluate("() => navigator.clipboard.readText()")
        assert "#text=" in copied
        student.page.goto(copied)
        assert "Join the class" in student.page.inner_text("h1")  # instead of a bare refusal
        student.page.fill("#code", "AAAAAA")
        student.page.fill("#name", "Eve")
        student.page.get_by_role("button", name="Join").click()
        student.page.get_by_text("not the code").wait_for()
        student.troubles.clear()  # the browser itself logs the refusals
        student.page.fill("#code", room.code.lower())
        student.page.get_by_role("button", name="Join").click()
        student.page.wait_for_function("() => window.lvDebug?.classNews()")
        student.settle()
        assert student.shown()["state"]["start"] == DEPTH_4[0]
        assert student.shown()["state"]["text"] == TEXT
        assert student.page.evaluate("() => lvDebug.isFollowing()") is False


def test_a_page_without_a_clipboard_for_scripts_copies_its_link(bench):
    """As in a room: an address of a network without TLS."""
    bench.open(**BRUSHED)
    bench.page.evaluate("() => { Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined }); }")
    bench.page.locator("#lv-copy-link").click()
    bench.page.get_by_text("Copied").wait_for()
    bench.page.locator("#lv-search").focus()
    bench.page.keyboard.press("Control+V")
    assert bench.page.locator("#lv-search").input_value() == bench.page.url


@contextmanager
def class_of_parens(parens, **more):
    room = Room()
    with browsing.serving([parens], room=room, place=Place(token="s3cret"), **more) as address:
        yield room, address


COVERED = """() => {
  const panel = document.querySelector(".lv-class-panel").getBoundingClientRect();
  const shown = [...document.querySelectorAll(".lv-aside > .lv-card, .lv-column > *, .lv-lesson button")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }));
  const isUnder = ({ left, right, bottom }) => right > panel.left && left < panel.right && bottom > panel.top;
  return { n: shown.length, under: shown.filter((one) => isUnder(one.getBoundingClientRect())).map((one) => one.id) };
}"""


def test_the_panel_lies_over_no_card(chromium, parens):
    with class_of_parens(parens) as (_, address), browsing.workbench(chromium, address) as teacher:
        teacher.page.goto(f"{address}/?token=s3cret&{urlencode(BRUSHED)}")
        teacher.settle()
        teacher.page.evaluate("() => lvDebug.openLesson('counting', 1)")
        card, plot = teacher.page.locator("#lv-carry"), teacher.page.locator("#lv-plot")
        for width, height in some_of(SIZES, 3):
            teacher.page.set_viewport_size({"width": width, "height": height})
            two_frames(teacher)
            lines = plot.bounding_box()
            teacher.page.locator(".lv-class-opener").click()
            for is_large in (False, True):
                covered = teacher.page.evaluate(COVERED)
                assert covered["n"] >= 6
                assert covered["under"] == [], (width, is_large)
                assert teacher.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
                teacher.page.locator("#lv-projector").click()
            assert card.is_visible() == (width == 1920)  # room for both
            press(teacher, "close")
            assert card.is_visible()
            assert plot.bounding_box() == lines


def test_the_link_is_read_from_the_last_row(chromium, parens):
    with class_of_parens(parens) as (room, address), browsing.workbench(chromium, address) as teacher:
        teacher.page.goto(f"{address}/?token=s3cret")
        teacher.settle()
        teacher.page.locator(".lv-class-opener").click()
        press(teacher, "link")
        teacher.page.locator(".lv-class-qr").wait_for()
        assert teacher.page.locator(".lv-class-code").inner_text() == room.code
        for width, height in ((1280, 720), (1920, 1080)):
            teacher.page.set_viewport_size({"width": width, "height": height})
            two_frames(teacher)
            boxes = {n: teacher.page.locator(f".lv-class-{n}").bounding_box() for n in ("qr", "code", "address")}
            assert boxes["qr"]["height"] > 0.6 * height
            assert boxes["code"]["height"] > 0.12 * height
            assert boxes["address"]["height"] > 0.05 * height
            assert boxes["address"]["height"] < 0.1 * height  # on one line
            for box in boxes.values():
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width


def test_a_student_on_a_phone_reads_and_answers(chromium, parens):
    with (
        class_of_parens(parens) as (room, address),
        browsing.workbench(chromium, address, view={"width": 400, "height": 800}) as phone,
    ):
        phone.page.goto(f"{address}/join/{room.code}")
        phone.page.fill("#name", "M" * 24)
        phone.page.get_by_role("button", name="Join").click()
        phone.page.wait_for_function("() => window.lvDebug?.classNews()")
        key = room.ask("Which of these do you expect? " * 6, ["a short one", "quite a long answer " * 6]).key
        press(phone, "choice1")
        press(phone, "sure1")
        until(phone, "n.question?.given?.sure === 1")
        wide = phone.page.evaluate(
            """() => {
              const isCut = one => one.clientWidth && one.scrollWidth > one.clientWidth + 1;
              const isOut = one => one.getBoundingClientRect().right > 400;
              const all = [...document.querySelectorAll(".lv-class-band *:not(.lv-unseen)")];
              return all.filter(one => isCut(one) || isOut(one)).map(one => one.outerHTML);
            }"""
        )
        assert wide == []
        ((question, answers),) = room.answered()
        assert (question.key, len(answers)) == (key, 1)


def test_a_student_builds_nothing_and_opens_a_lesson_of_their_own(chromium, parens):
    with (
        class_of_parens(parens, extras=Extras(gallery=Gallery())) as (room, address),
        browsing.workbench(chromium, address) as student,
    ):
        room.show(View())  # the teacher is at the start page
        student.page.goto(f"{address}/join/{room.code}")
        student.page.fill("#name", "Ana")
        student.page.get_by_role("button", name="Join").click()
        student.page.get_by_text("the teacher can build it").first.wait_for()
        assert student.page.locator(".lv-offer-build").count() == 0
        until(student, "n && lvDebug.isFollowing()")
        student.page.locator(".lv-start-lesson").first.click()
        student.page.locator("#lv-lesson").get_by_text("1 of").wait_for()
        assert student.page.evaluate("() => lvDebug.isFollowing()") is False
