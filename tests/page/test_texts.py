"""No two texts overlap, none is past the edge, and none is cut that would fit: measured over the views of the page.

At the widths of laptops and projectors, with letters, words and numbers. How texts are measured:
``tests/support/measured_texts.js``.
"""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz.classroom import Room
from lstmviz.lessons import builtin_lessons
from lstmviz.ui.place import Place
from support import browser as browsing
from support.budget import is_long
from support.measured_texts import SCRIPT, crowded
from support.reversed_texts import TEXTS, record_reversed
from support.workbench import BRUSHED, QUERY

SIZES = [(1920, 1080), (1440, 900), (1280, 720), (1024, 768)]
PROJECTORS = [(1920, 1080), (1280, 720)]
TIGHTEST = ((1024, 768), False, False)  # in every run
ODDEST = [TIGHTEST, ((1440, 900), False, True), ((1280, 720), True, False)]  # of one view, in every run
LEFT_HALF = [[-9, -9], [0, -9], [0, 9], [-9, 9]]  # of a map
LONG = [
    "internationalisation",
    "unquestionably",
    "I",
    "a",
    "of",
    "the",
    "dog",
    "understanding",
    ",",
    ".",
    "Massachusetts",
]


def change(bench, **changes):
    bench.page.evaluate("changes => lvDebug.changeState(changes, 'settle')", changes)
    bench.settle()


def settled(bench):
    """Wait until what follows from the selection is there, and the page drew it."""
    bench.settle()
    bench.page.wait_for_function("() => !lvDebug.isSummaryPending()")
    bench.page.evaluate("() => document.fonts.ready")


def switch(bench, button, is_on):
    """Turn large type or the dark theme on or off."""
    present = "() => [lvDebug.isProjectorOn(), document.documentElement.dataset.mantineColorScheme === 'dark']"
    if bench.page.evaluate(present)[button == "#lv-theme"] != is_on:
        bench.page.evaluate("(button) => document.querySelector(button).click()", button)


def looks(sizes=SIZES, least=(TIGHTEST,)):
    """How a view is looked at, (size, is large, is dark): as least in every run, in the long form in all ways."""
    if not is_long():
        return least
    every = [(size, False, size == (1440, 900)) for size in sizes]
    return every + [(size, True, False) for size in PROJECTORS if size in sizes]


def look_at(bench, size, is_large, is_dark):
    bench.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    switch(bench, "#lv-projector", is_large)
    switch(bench, "#lv-theme", is_dark)
    bench.page.wait_for_timeout(120)  # what is asked anew for another width


def wrong(bench, look, within=None, least=10):
    """What is wrong with the texts of a view as it is looked at."""
    measured = crowded(bench, within)
    assert measured["n"] >= least, (measured["n"], within)
    return [(*look, line) for line in measured["found"]]


def faults(bench, least=10, sizes=SIZES, in_every_run=(TIGHTEST,)):
    """What is wrong with the texts of a view at several sizes, on projectors, and in the dark."""
    found = []
    for look in looks(sizes, in_every_run):
        look_at(bench, *look)
        settled(bench)
        found += wrong(bench, look, least=least)
    look_at(bench, (browsing.VIEW["width"], browsing.VIEW["height"]), False, False)
    return found


@pytest.fixture(scope="module")
def long_words(tmp_path_factory):
    """Words of very unequal length, labels longer than their cells, and units that are sometimes on."""
    rng = np.random.default_rng(5)
    n = 1200
    ids = rng.integers(0, len(LONG), n)
    states = np.tanh(rng.normal(0, 1.2, (n, 20))).repeat(1, 0).astype("float32")
    states[:, 0] = np.where(ids < 2, 0.9, -0.5)
    kinds = np.array(["determiner", "noun", "punctuation"])[ids % 3]
    return lstmviz.open_dump(
        lstmviz.write_dump(
            tmp_path_factory.mktemp("long") / "long-words.h5",
            states={"encoder.rnn.l0.h": states, "encoder.rnn.l1.h": states[:, ::-1].copy()},
            tokens=ids,
            vocab=LONG,
            lengths=[12] * 100,
            tracks={"part of speech": kinds, "surprise": rng.random(n).astype("float32")},
        )
    )


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Numbers in place of a text."""
    t = np.linspace(0, 60, 1200)
    states = np.stack([np.tanh(np.sin(t * (k + 1) / 3)) for k in range(12)], 1).astype("float32")
    given = {"heart rate": np.sin(t), "pressure of the blood": 100 + 20 * np.cos(t), "switch": np.sign(np.sin(t / 3))}
    return lstmviz.open_dump(
        lstmviz.write_dump(
            tmp_path_factory.mktemp("numbers") / "numbers.h5",
            states={"lstm.l0.h": states},
            lengths=[300] * 4,
            tracks={name: values.astype("float32") for name, values in given.items()},
        )
    )


@pytest.fixture(scope="module")
def reversed_texts(tmp_path_factory):
    """Pairs of texts."""
    return lstmviz.open_dump(record_reversed(tmp_path_factory.mktemp("pairs") / "reversed.h5", [TEXTS]))


@pytest.fixture(scope="module")
def measured_address(parens, long_words, numbers, reversed_texts):
    with browsing.serving([parens, long_words, numbers, reversed_texts]) as address:
        yield address


@pytest.fixture
def bench(chromium, measured_address):
    with browsing.workbench(chromium, measured_address, script=SCRIPT) as page:
        yield page


def test_the_measure_sees_what_it_should(bench, parens):
    bench.open(dump=parens.uuid, **BRUSHED)
    measured = crowded(bench)
    assert measured["found"] == []
    assert measured["n_drawn"] > 100
    bench.page.evaluate(
        """() => {
          const note = (style, words) => {
            const made = document.createElement("div");
            made.style.cssText = `position: absolute; z-index: 9; ${style}`;
            made.textContent = words;
            document.querySelector(".lv-plot").append(made);
          };
          note("left: 200px; top: 60px", "one over");
          note("left: 210px; top: 64px", "the other");
          const cut = "overflow: hidden; text-overflow: ellipsis; white-space: nowrap";
          note(`left: 400px; top: 60px; width: 60px; ${cut}`, "needlessly cut");
          const ctx = document.querySelector("#lv-plot canvas").getContext("2d");
          ctx.fillStyle = "#ff0";
          ctx.fillRect(500, 60, 200, 20);
          ctx.fillStyle = "#000";
          ctx.textAlign = "left";
          ctx.fillText("cut on a canv…", 510, 74);
        }"""
    )
    found = bench.page.evaluate("() => crowdedTexts(null)")["found"]
    assert [line.split(":")[0] for line in found] == ["overlap", "cut", "cut"], found


# Letters: every view


def test_letters(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    assert faults(bench, least=100) == []
    change(bench, start=249, stop=255)
    assert faults(bench, least=200, in_every_run=ODDEST) == []
    bench.page.locator("#lv-chips .lv-chip-name").first.click()
    change(bench, bars=True, group="length")
    assert faults(bench, least=200) == []
    change(bench, view="text", group="none")
    assert faults(bench, least=100) == []


def test_a_typed_text_and_what_stands_beside(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    change(bench, text="0(11(2)1)0(1(22(33(4444)3)2)1)0", was="0(11(2)1)0(1(222(33(444)3)2)1)0")
    change(bench, beside={"dump": parens.uuid, "source": "rnn.l0.h"})
    assert faults(bench, least=200) == []


@pytest.mark.long
def test_two_patterns_and_all_units(bench, parens):
    bench.open(dump=parens.uuid, **BRUSHED)
    bench.page.get_by_role("button", name="Pin as A").click()
    change(bench, threshold=0.8)
    bench.page.wait_for_function("() => lvDebug.inspectCompare()")
    assert faults(bench, least=200) == []
    bench.page.locator(".lv-survey-fold").click()
    bench.page.locator(".lv-survey-list .lv-list-row").first.wait_for()
    bench.page.locator(".lv-survey").scroll_into_view_if_needed()
    assert faults(bench, least=100) == []


@pytest.mark.long
def test_a_map_and_its_region(bench, parens):
    bench.open(dump=parens.uuid, view="map", **BRUSHED)
    bench.page.wait_for_function("() => lvDebug.inspectMap().n && lvDebug.inspectMap().colour")
    assert faults(bench, least=100, sizes=SIZES[1:]) == []
    change(bench, lasso=LEFT_HALF, mapOf=BRUSHED["source"])
    bench.page.wait_for_function("() => lvDebug.summaryAnswer()?.is_region && !lvDebug.isSummaryPending()")
    bench.page.get_by_role("button", name="Units that set it apart").click()
    bench.page.locator(".lv-finding-units tbody tr").first.wait_for()
    assert faults(bench, least=100, sizes=SIZES[1:]) == []


@pytest.mark.long
def test_lessons(bench, parens):
    bench.open(dump=parens.uuid, **BRUSHED)
    steps = next(lesson for lesson in builtin_lessons() if lesson.name == "counting").steps
    for look in looks():
        look_at(bench, *look)
        for k in range(len(steps)):
            bench.page.evaluate("(k) => lvDebug.openLesson('counting', k)", k)
            bench.page.get_by_role("button", name="Hint").click()
            assert wrong(bench, look, "#lv-lesson", 5) == [], k


@pytest.mark.long
def test_a_class(chromium, parens):
    room = Room()
    question = room.ask("What will removing this unit do?", ["nothing", "more brackets that do not fit " * 3])
    for k in range(12):
        room.answer(room.join(room.code, f"Student {k} of a long name"), question.key, question.choices[k % 2], k % 3)
    with (
        browsing.serving([parens], room=room, place=Place(token="s3cret")) as address,
        browsing.workbench(chromium, address, script=SCRIPT) as bench,
    ):
        bench.page.goto(f"{address}/?token=s3cret")
        bench.open(dump=parens.uuid, **BRUSHED)
        bench.page.locator(".lv-class-opener").click()
        bench.page.locator(".lv-class-panel .lv-class-bars").first.wait_for()
        assert faults(bench, least=100) == []
        for fold in bench.page.locator(".lv-class-panel summary").all():
            fold.click()
        for look in looks():
            look_at(bench, *look)
            assert wrong(bench, look, ".lv-class-panel") == []


def test_a_pair_of_texts(bench, reversed_texts):
    bench.open(dump=reversed_texts.uuid, source="decoder.l0.h", at=0, span=18, t=0, before=0, start=6, stop=8)
    bench.page.wait_for_function("() => lvDebug.inspectPair().isShown && lvDebug.inspectPair().lanes[0].units.length")
    assert faults(bench, least=60) == []


@pytest.mark.long
def test_help_and_menus(bench, parens):
    bench.open(dump=parens.uuid, **BRUSHED)
    for look in looks(least=ODDEST[2:]):
        look_at(bench, *look)
        settled(bench)
        if look[0] in SIZES[1:3]:
            assert wrong_in_menus(bench, look) == []
        bench.page.keyboard.press("?")
        assert wrong(bench, look, "dialog", 60) == []
        bench.page.keyboard.press("Escape")


def wrong_in_menus(bench, look):
    found = []
    for name in ("order", "group", "colour", "filter"):
        bench.page.locator(f"#lv-match-{name} .lv-menu-button").click()
        found += wrong(bench, look, f"#lv-match-{name} .lv-panel", 2)
        bench.page.keyboard.press("Escape")
    for name in ("show", "labels", "export"):
        button = bench.page.locator(f"#lv-{name} .lv-menu-button, #lv-{name}.lv-menu-button").first
        button.click()
        panel = button.get_attribute("aria-controls")
        found += wrong(bench, look, f"#{panel}" if panel else ".lv-panel:not([hidden])", 1)
        bench.page.keyboard.press("Escape")
    return found


# Words, and numbers


def test_words(bench, long_words):
    source = "encoder.rnn.l1.h"
    bench.open(dump=long_words.uuid, source=source, at=0, span=46)
    assert faults(bench, least=80) == []
    change(bench, start=26, stop=28, threshold=0.5)
    assert faults(bench, least=90) == []
    change(bench, span=14, held={"source": source, "unit": 0}, bars=True, colour="track:part of speech")
    assert faults(bench, least=90) == []
    change(bench, start=3, stop=12, threshold=0.95, before=1)  # where no unit fits
    assert faults(bench, least=60) == []


def test_numbers(bench, numbers):
    bench.open(dump=numbers.uuid, source="lstm.l0.h", at=0)
    assert faults(bench, least=30) == []
    change(bench, start=20, stop=24)
    assert faults(bench, least=50) == []


def test_the_start_page(bench):
    bench.page.goto(bench.address)
    bench.page.wait_for_function("() => window.lvDebug?.inspectPage().start?.drawn === 4")
    for width, height in SIZES:
        bench.page.set_viewport_size({"width": width, "height": height})
        bench.page.wait_for_timeout(150)
        measured = crowded(bench)
        assert measured["n"] > 15
        assert measured["found"] == [], (width, height)
