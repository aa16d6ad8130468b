"""Lessons on the page: each is played by its own buttons, and what it concludes is held against the truth."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest

import lstmviz
from lstmviz.lessons import builtin_lessons, read_lesson
from lstmviz.match.pattern.file import PatternFile
from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from support import browser as browsing
from support.cards import built
from support.workbench import BRUSHED, DEPTH_4, SOURCE, selected

LESSONS = {each.name: each for each in builtin_lessons()}
EVERY_RUN = ("number",)  # it goes on to another recording


@pytest.fixture(scope="module")
def dump_of(tmp_path_factory):
    """The recordings of lessons by their names, each made once it is asked for."""
    folder = tmp_path_factory.mktemp("lessons")

    @cache
    def opened(name):
        if name == "stdlib-1x128":
            return like_stdlib(folder)
        sample, _, variant = name.partition("-")
        return lstmviz.open_dump(built(sample, variant, folder / f"{name}.h5"))

    return opened


def like_stdlib(folder):
    """A stand-in for the sample that every machine trains anew: a unit that is on in strings, and seldom elsewhere."""
    rng = np.random.default_rng(0)
    text = "".join(f'x{k} = "words of {k}"  # don\'t\n' for k in range(300))
    where, kind, is_open = [], "code", False
    for char in text:
        if char == "\n":
            kind, is_open = "code", False
        elif char == "#" and not is_open:
            kind = "comment"
        elif char == '"' and kind != "comment":
            is_open = not is_open
            kind = "string" if is_open else "code"
        where.append(kind)
    states = rng.uniform(-0.2, 0.2, (len(text), 8)).astype("float32")
    states[np.array(where) == "string", 3] = 0.9
    vocab = sorted(set(text))
    tokens = [vocab.index(char) for char in text]
    path = folder / "stdlib-1x128.h5"
    lengths = [len(line) + 1 for line in text.splitlines()]
    lstmviz.write_dump(
        path, states={"rnn.l0.c": states}, tokens=tokens, vocab=vocab, lengths=lengths, join="", tracks={"where": where}
    )
    return lstmviz.open_dump(path)


@contextmanager
def at_the_start_of(lesson, chromium, dump_of):
    """The page on the recordings of a lesson, which begins."""
    dumps = [dump_of(name) for name in lesson.recordings]
    with browsing.serving(dumps) as address, browsing.workbench(chromium, address) as bench:
        bench.open(dump=dumps[0].uuid)
        bench.page.evaluate("name => lvDebug.openLesson(name)", lesson.name)
        band(bench).get_by_text(lesson.title).wait_for()
        yield bench


def band(bench):
    return bench.page.locator("#lv-lesson")


def press(bench, name):
    band(bench).locator(f"[data-lesson={name}]").click()


def play(bench, lesson):
    """Go through a lesson as its buttons do, answering as the page shows; returns the page at the end of each step."""
    seen = []
    for number, step in enumerate(lesson.steps, 1):
        band(bench).get_by_text(f"{number} of {len(lesson.steps)}", exact=True).wait_for()
        opens = band(bench).get_by_role("button", name="Open ")
        if opens.count():
            opens.click()
            bench.page.wait_for_function(
                "() => !document.querySelector('#lv-lesson [data-lesson=do]')?.innerText.startsWith('Open')"
            )
            bench.settle()
        if band(bench).get_by_role("button", name="Next").count():
            pass  # what was opened has it already
        elif step.ask:
            answer(bench, step)
        elif band(bench).locator("[data-lesson=do]").count():
            press(bench, "do")
        else:
            by_hint(bench, step)
        band(bench).get_by_role("button", name="Next").wait_for()
        seen.append(bench.ready())
        press(bench, "next")
    band(bench).get_by_text("the end").wait_for()
    return seen


def answer(bench, step):
    if step.choices:
        wrong = next(each for each in step.choices if each != step.answer)
        band(bench).get_by_role("button", name=wrong, exact=True).click()
        band(bench).get_by_text("Not so; look again.").wait_for()
        band(bench).get_by_role("button", name=step.answer, exact=True).click()
    else:
        band(bench).get_by_role("textbox").fill(f"{step.answer:g}")
        band(bench).get_by_role("button", name="Check").click()


def by_hint(bench, step):
    """What a reader does who follows the step's own words."""
    if "search" in step.until:
        bench.page.locator("#lv-search").fill(step.until["search"])
        bench.page.keyboard.press("Enter")
    elif "unit" in step.until:
        bench.page.locator("#lv-chips .lv-chip-name").first.click()
    elif "shared" in step.until:
        bench.page.locator(".lv-count-first").click()
    elif "track" in step.until:
        bench.page.locator("#lv-carry select").first.select_option(step.until["track"])
    else:
        raise AssertionError(step.until)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] * (name not in EVERY_RUN)) for name in LESSONS if name != "first"],
)
def test_a_lesson_reaches_its_end_by_its_own_buttons(chromium, dump_of, name):
    lesson = LESSONS[name]
    with at_the_start_of(lesson, chromium, dump_of) as bench:
        seen = play(bench, lesson)
        CONCLUDES[name](dump_of, seen)
        press(bench, "close")
        band(bench).get_by_text(lesson.title).wait_for(state="detached")


def counting(dump_of, seen):
    dump = dump_of("parens-2x50")
    depth = dump.tracks["depth"][:]
    on = dump.states("rnn.l1.c")[:, [45]][:, 0] >= dump.sources["rnn.l1.c"].cut(0.3)
    assert seen[0]["units"] == [15, 18, 45, 49]
    assert set(depth[on]) == {4}
    assert on[depth == 4].all()


def learning(dump_of, seen):
    last, first = seen[0]["units"], seen[2]["units"]
    assert 44 in last
    assert 44 not in first


def strings(dump_of, seen):
    assert seen[0]["units"]


def number(dump_of, seen):
    assert (seen[0]["units"], seen[3]["units"]) == ([23], [83, 96])


def direction(dump_of, seen):
    assert [len(seen[k]["units"]) for k in (0, 3, 5)] == [12, 0, 1]


def key(dump_of, seen):
    assert len(seen[0]["units"]) == 10
    assert len(seen[3]["units"]) == 4


def bystander(dump_of, seen):
    dump = dump_of("agreement-1x100")
    number, labels = dump.tracks["number"][:], dump.tracks["number"].labels
    is_singular, is_plural = number == labels.index("singular"), number == labels.index("plural")
    on = dump.states("rnn.l0.c")[:, [60]][:, 0] >= dump.sources["rnn.l0.c"].cut(0.8)
    assert round(100 * on[is_singular].mean()) == 96
    assert on[is_plural].mean() < 0.02


CONCLUDES = {each.__name__: each for each in (counting, learning, strings, number, direction, key, bystander)}


def test_the_first_lesson_works_on_any_recording(chromium, tmp_path):
    states = np.repeat(np.random.default_rng(1).uniform(-1, 1, (60, 12)).astype("float32"), 5, axis=0)
    own = lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "own.h5", states={"h": states}, tokens=[0, 1] * 150, vocab=["a", "b"])
    )
    with browsing.serving([own]) as served, browsing.workbench(chromium, served) as bench:
        bench.open()
        bench.page.locator("#lv-first-lesson").get_by_role("button", name="Show me").click()
        play(bench, LESSONS["first"])
        press(bench, "done")
        band(bench).wait_for(state="hidden")


def test_a_step_done_by_hand_counts_and_a_reload_goes_on_where_one_was(chromium, dump_of):
    with at_the_start_of(LESSONS["counting"], chromium, dump_of) as bench:
        bench.page.locator("#lv-source").click()
        bench.page.get_by_role("option", name=SOURCE).click()
        bench.page.locator("#lv-step").fill("220")
        bench.page.keyboard.press("Enter")
        bench.page.wait_for_function("() => lvDebug.state.at === 220")
        bench.settle()
        assert band(bench).get_by_role("button", name="Skip").count() == 1
        bench.brush(*DEPTH_4)
        band(bench).get_by_role("button", name="Next").click()
        bench.reload()
        bench.settle()
        band(bench).get_by_text("2 of 7").wait_for()
        press(bench, "hint")
        band(bench).get_by_text(LESSONS["counting"].steps[1].hint).wait_for()
        press(bench, "back")
        assert "✓" in bench.page.locator(".lv-lesson-done").evaluate("e => getComputedStyle(e, '::before').content")


def test_a_lesson_and_a_pattern_of_ones_own_open_with_the_page(chromium, parens, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\nsteps:\n- ask: 'Is <b>it</b>?'\n  answer: yes it is\n", "utf-8")
    pattern = PatternFile(selected(parens, *DEPTH_4))
    extras = Extras(lessons=[read_lesson(path)], pattern=pattern)
    with browsing.serving([parens], extras=extras) as served, browsing.workbench(chromium, served) as bench:
        bench.page.goto(served)
        shown = bench.ready()
        assert shown["units"] == [unit.unit for unit in pattern.pattern.units]
        band(bench).get_by_text("Is <b>it</b>?").wait_for()
        band(bench).get_by_role("textbox").fill("Yes it is")
        bench.page.keyboard.press("Enter")
        band(bench).get_by_text("Right.").wait_for()
        press(bench, "next")
        press(bench, "close")
        bench.reload()
        bench.settle()
        bench.page.wait_for_timeout(300)
        assert band(bench).is_hidden()  # closed is closed
        bench.open(**BRUSHED)
        assert bench.shown()["state"]["pattern"] is None


def test_every_sample_has_a_lesson_on_its_card(chromium):
    gallery = Gallery()
    with browsing.serving([], extras=Extras(gallery=gallery)) as served, browsing.workbench(chromium, served) as bench:
        bench.page.goto(served)
        shown = bench.page.locator(".lv-start-lesson")
        shown.nth(len(gallery.entries) - 1).wait_for()
        for button in shown.all():
            button.scroll_into_view_if_needed()
            assert button.evaluate(
                """button => {
                  const { left, top, width, height } = button.getBoundingClientRect();
                  return document.elementFromPoint(left + width / 2, top + height / 2) === button;
                }"""
            )
        shown.last.click()
        bench.page.locator("#lv-lesson").get_by_text("inside a string").first.wait_for()
        bench.page.locator("#lv-lesson [data-lesson=close]").click()
    gallery.stop()
