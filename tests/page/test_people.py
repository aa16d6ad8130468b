"""For people: keys, focus, what is said, large type, lessons, waiting, a lost server, and several people at once."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from itertools import product
from urllib.parse import urlencode

import pytest
from werkzeug.serving import make_server

from lstmviz.samples.gallery import Gallery
from lstmviz.ui.extras import Extras
from lstmviz.ui.serve import make_app
from support import browser as browsing
from support.budget import some_of
from support.paths import ROOT
from support.workbench import BRUSHED, DEPTH_4, QUERY, assert_shows, start, two_frames

SIZES = [(1440, 900), (1280, 720), (1024, 768)]


def focused(bench):
    return bench.page.evaluate("() => { const e = document.activeElement; return e.id || e.className || e.tagName; }")


# Keys


def test_help_lists_every_key_says_what_words_mean_and_gives_the_focus_back(bench):
    bench.open(**BRUSHED)
    bench.page.locator("#lv-plot").focus()
    bench.page.keyboard.press("?")
    dialog = bench.page.get_by_role("dialog", name="Keys and help")
    table = bench.page.evaluate("() => lvDebug.KEY_TABLE")
    for part in table:
        section = dialog.get_by_role("region", name=part["title"], exact=True)
        assert section.locator("dd").all_text_contents() == [words for _, _, words in part["keys"]]
    assert dialog.locator("dt", has_text="Ctrl+Shift+Z or Ctrl+Y").is_visible()
    bench.page.keyboard.press("ArrowRight")  # of the dialog, not of the page under it
    bench.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert focused(bench) == "lv-plot"
    assert bench.shown()["state"]["at"] == 220
    bench.page.get_by_role("button", name="Keys and help").click()
    dialog.wait_for()
    # It says what words and colours mean.
    concepts = bench.page.locator(".lv-concept")
    assert [text.split(".")[0] for text in concepts.all_inner_texts()] == [
        "Unit",
        "Threshold",
        "Brush and off",
        "Match",
        "Rank",
    ]
    assert concepts.locator("svg").evaluate_all("all => all.every((e) => e.childElementCount > 0)")
    colours = bench.page.evaluate(
        "() => [...document.querySelectorAll('.lv-colour-legend .lv-swatch')].map((e) => e.style.background)"
    )
    assert len(set(colours)) == len(colours) == 7
    wide = bench.page.locator(".lv-keys-list dd").evaluate_all("all => all.every((e) => e.clientWidth > 60)")
    assert wide
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="hidden")


def test_a_brush_and_its_matches_need_no_pointer(bench, parens):
    bench.open(**QUERY)
    bench.page.keyboard.press("Tab")
    skip = bench.page.get_by_role("link", name="Skip to the tokens")
    assert skip.bounding_box()["y"] >= 0
    bench.page.keyboard.press("Enter")
    assert focused(bench) == "lv-strip"
    assert "#" not in bench.page.url
    for key in ("Enter", *["ArrowRight"] * 9, *["Shift+ArrowRight"] * 3):
        bench.page.keyboard.press(key)
    shown = bench.ready()
    assert_shows(shown, parens, *DEPTH_4)
    bench.page.locator("#lv-said", has_text="Brushed 6 steps from 249: ( 4 4 4 4 4. 4 units: 15, 18, 45, 49.").wait_for(
        state="attached"
    )
    assert bench.page.locator("#lv-counts").get_attribute("role") == "status"
    bench.page.keyboard.press("m")
    row = shown["rows"][0]["start"]
    assert f"{row:,}" in bench.page.evaluate("() => document.activeElement.textContent")
    bench.page.keyboard.press("/")
    assert focused(bench).startswith("lv-search") or "lv-search" in bench.page.evaluate(
        "() => document.activeElement.id"
    )
    bench.page.keyboard.type("444")
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.presentHits()?.present !== null")
    bench.page.locator("#lv-plot").focus()
    bench.page.keyboard.press("t")
    assert focused(bench) == "lv-strip"
    bench.page.keyboard.press("Escape")
    bench.page.locator("#lv-said", has_text="No brush.").wait_for(state="attached")


def test_wherever_the_keyboard_is_it_is_seen(bench):
    bench.open(**BRUSHED)
    bench.page.evaluate("() => document.activeElement.blur()")
    seen = []
    for _ in range(70):
        bench.page.keyboard.press("Tab")
        one = bench.page.evaluate(
            """() => {
              const e = document.activeElement;
              if (e === document.body) return null;
              const drawn = e.type === "radio" ? e.nextElementSibling : e; // a switch's label stands for it
              const style = getComputedStyle(drawn);
              const box = drawn.getBoundingClientRect();
              const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
              const isRinged = isOutlined || style.boxShadow !== "none";
              const label = e.labels?.[0]?.textContent || "";
              const name = e.getAttribute("aria-label") || e.title || e.textContent.trim() || label;
              return { what: e.outerHTML.slice(0, 120), isSeen: box.width > 0 && box.height > 0, isRinged, name };
            }"""
        )
        if one is None:
            break
        seen.append(one)
    assert len(seen) > 30
    assert [s["what"] for s in seen if not s["isRinged"]] == []
    assert [s["what"] for s in seen if not s["isSeen"]] == []
    assert [s["what"] for s in seen if not s["name"]] == []


# Large type

CROWDED = """() => {
  const bars = [".lv-header", ".lv-select-bar", ".lv-matches .lv-bar", ".lv-match-tools"];
  const rows = [...bars, ".lv-units", ".lv-beside-head"];
  const seen = [...document.querySelectorAll([...rows.map((row) => `${row} > *`), ".lv-card-head"].join())]
    .filter((e) => e.offsetWidth && e.offsetHeight && !e.matches(".lv-spacer"));
  const name = (e) => (e.id || e.className || e.tagName) + ": " + e.textContent.trim().slice(0, 30);
  const found = [];
  for (const one of seen) {
    const a = one.getBoundingClientRect();
    if (a.right > innerWidth + 1) found.push(["past the edge", name(one)]);
    for (const other of seen) {
      const isApart = one.closest(".lv-header") !== other.closest(".lv-header"); // which sticks over the rest
      if (isApart || one.contains(other) || other.contains(one)) continue;
      const b = other.getBoundingClientRect();
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1.5 && down > 1.5) found.push([name(one), name(other), across, down]);
    }
  }
  for (const e of document.querySelectorAll(".lv-menu-button, .lv-button, .lv-chip, .lv-square")) {
    const isCut = e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 3;
    if (e.offsetWidth && isCut) found.push(["cut", name(e)]);
  }
  return found;
}"""


@pytest.mark.long
def test_nothing_overlaps_or_is_cut(bench, parens):
    bench.open(**BRUSHED, beside=f"{parens.uuid}/rnn.l0.h")
    for is_large, (width, height) in product((False, True), SIZES):
        if is_large is not bench.page.evaluate("() => lvDebug.isProjectorOn()"):
            bench.page.keyboard.press("l")
        bench.page.set_viewport_size({"width": width, "height": height})
        bench.page.wait_for_timeout(250)
        assert bench.page.evaluate(CROWDED) == [], (width, height, is_large)
        assert bench.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (width, height)


def test_large_type_is_remembered_and_brushes_as_well(bench, parens):
    bench.open(**QUERY)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.lv-counts')).fontSize)"
    usual = bench.page.evaluate(size)
    button = bench.page.locator("#lv-projector")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert bench.page.evaluate(size) == usual * 1.25
    bench.open(**QUERY)
    assert bench.page.evaluate(size) == usual * 1.25
    assert_shows(bench.brush(*DEPTH_4), parens, *DEPTH_4)
    bench.page.keyboard.press("l")
    assert bench.page.evaluate(size) == usual
    bench.look_again()
    assert bench.page.evaluate(size) == usual


ROWS_IN_SIGHT = """() => [...document.querySelectorAll(".lv-brushed-row, .lv-match-row")].filter((row) => {
  const { left, right, top, bottom } = row.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return bottom <= innerHeight && document.elementFromPoint(x, y)?.closest(".lv-brushed-row, .lv-match-row") === row;
}).length"""


@pytest.mark.long
def test_in_large_type_matches_are_in_sight_under_the_question_of_a_sample(chromium, agreement):
    with (
        browsing.serving([agreement], extras=Extras(gallery=Gallery())) as address,
        browsing.workbench(chromium, address, view={"width": 1280, "height": 720}) as bench,
    ):
        bench.open(dump=agreement.uuid, at=0, span=40, start=8, stop=10)
        bench.page.locator("#lv-projector").click()
        question = bench.page.locator(".lv-lesson-question")
        question.wait_for()
        for width, height in ((1280, 720), (1920, 1080)):
            bench.page.set_viewport_size({"width": width, "height": height})
            two_frames(bench)
            bench.settle()
            assert bench.page.evaluate(ROWS_IN_SIGHT) >= 3  # the brush's own place, and two matches
            folded = [bench.page.locator(name).bounding_box() for name in (".lv-typed-fold", ".lv-survey-fold")]
            assert folded[0]["x"] + folded[0]["width"] < folded[1]["x"]  # one row for both
            bottom = bench.page.locator(".lv-lesson").evaluate("e => e.getBoundingClientRect().bottom")
            aside = bench.page.locator(".lv-aside").evaluate("e => e.getBoundingClientRect().top")
            assert bottom == aside  # as high as the band is in this type


# The first lesson


def test_the_first_lesson_is_offered_until_it_is_declined_and_covers_nothing(bench):
    bench.open(**BRUSHED)
    offer = bench.page.locator(".lv-first-offer")
    assert offer.is_hidden()  # a link that shows something is not talked over
    bench.open(**QUERY)
    box = offer.bounding_box()
    under = """([x, y]) => {
      const offer = document.querySelector(".lv-first-offer");
      const there = document.elementsFromPoint(x, y).filter((e) => !e.contains(offer) || e === offer);
      return there.filter((e) => !offer.contains(e)).map((e) => e.outerHTML.slice(0, 80));
    }"""
    assert bench.page.evaluate(under, [box["x"] + 5, box["y"] + box["height"] / 2]) == []
    offer.get_by_role("button", name="No, thanks").click()
    offer.wait_for(state="hidden")
    bench.open(**QUERY)
    assert offer.is_hidden()


def test_the_first_lesson_opens_from_the_help_and_stays_in_sight(bench):
    bench.open(**QUERY)
    bench.page.keyboard.press("?")
    bench.page.locator("dialog").get_by_role("button", name="Show me").click()
    lesson = bench.page.locator("#lv-lesson")
    lesson.get_by_text("What is there to see?").wait_for()
    for size in SIZES:
        bench.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        two_frames(bench)
        bench.page.evaluate("() => scrollTo(0, 10_000)")
        bench.page.wait_for_function("() => scrollY > 0")
        box, header = lesson.bounding_box(), bench.page.locator(".lv-header").bounding_box()
        assert box["y"] == pytest.approx(header["y"] + header["height"], abs=1)
        assert box["x"] + box["width"] <= size[0]
        assert lesson.evaluate("e => e.scrollWidth <= e.clientWidth")
        assert bench.page.locator(".lv-first-offer").is_hidden()


# Waiting, and a server that stops


def test_what_takes_longer_than_a_moment_is_said(bench):
    held = []
    bench.page.route(re.compile("/d/.*about.json"), lambda route: held.append(route))
    bench.page.goto(f"{bench.address}/?at=3", wait_until="commit")
    bench.page.locator("#lv-busy", has_text="Opening the recording").wait_for()
    held[0].continue_()
    bench.settle()
    assert bench.page.locator("#lv-busy").inner_text() == ""


def hold_one(bench):
    bench.page.evaluate("unit => lvDebug.holdUnit('rnn.l1.c', unit)", bench.shown()["units"][0])


def hold_another(bench):
    units = bench.shown()["units"]
    bench.page.evaluate("unit => lvDebug.holdUnit('rnn.l1.c', unit)", next(k for k in range(50) if k not in units))


def look_for(bench):
    bench.page.fill("#lv-search", "444")
    bench.page.press("#lv-search", "Enter")


def open_menu(place):
    return lambda bench: bench.page.locator(f"#{place} button").first.click()


REQUESTS = (
    ("/unit/", hold_one, "This unit could not be summarised", "button"),
    ("/thresholds/", lambda bench: bench.brush(249, 254), "The thresholds could not be compared", "button"),
    ("/whynot/", hold_another, "Why it is not selected could not be found out", "held anew"),
    ("/search/", look_for, "The search failed", "act"),
    ("/sequences/", open_menu("lv-minimap"), "The sequences could not be listed", "button"),
    ("/beside/", open_menu("lv-show"), "The sources to show beside this one could not be listed", "reopened"),
)


def test_every_request_that_fails_is_told_and_asked_again(bench):
    bench.open(**BRUSHED)
    for route, act, words, again in REQUESTS:
        bench.page.route(
            re.compile(route),
            lambda one: one.fulfill(status=500, json={"error": "the disk is gone"}, content_type="application/json"),
        )
        act(bench)
        told = bench.page.get_by_text(f"{words}: the disk is gone").first
        told.wait_for()
        bench.page.unroute(re.compile(route))
        if again == "button":
            bench.page.get_by_role("button", name="Try again").first.click()
        elif again == "reopened":
            bench.page.keyboard.press("Escape")
            act(bench)
        elif again == "held anew":
            bench.page.evaluate("() => lvDebug.holdUnit(null, null)")
            bench.page.wait_for_timeout(400)
            act(bench)
        else:
            act(bench)
        told.wait_for(state="detached")
        bench.page.keyboard.press("Escape")  # a menu
        assert all("500" in trouble for trouble in bench.troubles), bench.troubles
        bench.troubles.clear()  # the browser itself reports each
        bench.settle()


@contextmanager
def stoppable(dumps):
    """A server that can be stopped and started again at its address: gives the address, stop and start."""
    app = make_app(dumps).server
    running = []

    def begin(port):
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return server.port

    def end():
        server, thread = running.pop()
        server.shutdown()
        thread.join()
        server.server_close()

    port = begin(0)
    yield f"http://127.0.0.1:{port}", end, lambda: begin(port)
    while running:
        end()


def test_a_stopped_server_is_told_in_words_and_the_page_goes_on_once_it_is_back(chromium, parens):
    with stoppable([parens]) as (address, end, begin), browsing.workbench(chromium, address) as bench:
        bench.open(**QUERY)
        end()
        bench.page.evaluate("() => lvDebug.changeState({ start: 249, stop: 255, at: 9000 }, 'settle')")
        notice = bench.page.locator("#lv-notice", has_text="The server does not answer")
        notice.wait_for()
        assert "Start it again" in notice.inner_text()
        bench.page.locator("#lv-counts.lv-warn").wait_for()
        begin()
        notice.wait_for(state="hidden", timeout=20_000)
        shown = bench.ready()
        assert shown["state"]["at"] == 9000
        assert_shows(shown, parens, *DEPTH_4)
        assert bench.troubles  # the browser itself reports each request that found nobody
        assert all("ERR_CONNECTION" in t or "Failed to fetch" in t or "Callback" in t for t in bench.troubles), (
            bench.troubles
        )
        bench.troubles.clear()


# Nothing jumps, nothing has to move

JUMP = 0.03  # of the layout, in all: 0.1 is what is held to be little

SHIFTS = """() => new Promise((done) => {
  const found = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
      found.push([one.value, one.sources.map(({ node }) => node?.id || node?.className || node?.nodeName)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(found), 300);
})"""


def shift(bench):
    found = bench.page.evaluate(SHIFTS)
    return sum(value for value, _ in found), found


def test_nothing_jumps_while_the_page_comes_up(chromium, parens_address):
    with browsing.workbench(chromium, parens_address, view={"width": 1280, "height": 720}) as bench:
        for query in some_of((BRUSHED, QUERY, {}), 3):
            bench.open(**query)
            bench.page.wait_for_timeout(500)
            total, found = shift(bench)
            assert total < JUMP, f"{query}: {found}"  # as text it is not cut


def test_the_matches_come_where_they_are_awaited(chromium, parens_address):
    top = "() => document.getElementById('lv-match-table').getBoundingClientRect().top"
    with browsing.workbench(chromium, parens_address, view={"width": 1280, "height": 720}) as bench:
        held, go = [], threading.Event()
        asked = re.compile("/matches$")
        bench.page.route(asked, lambda route: route.continue_() if go.is_set() else held.append(route))
        bench.page.goto(f"{parens_address}/?{urlencode(BRUSHED)}")
        bench.page.locator("#lv-counts", has_text="Searching").wait_for()
        bench.page.wait_for_function("() => window.lvDebug?.pageReadiness().areStatesHere")
        awaited = bench.page.evaluate(top)
        go.set()
        for route in held:
            route.continue_()
        bench.ready()
        assert bench.page.evaluate(top) == pytest.approx(awaited, abs=2.5)  # the marks of the lanes come last


@pytest.mark.long
def test_nothing_jumps_when_matches_come(chromium, parens_address):
    with browsing.workbench(chromium, parens_address, view={"width": 1280, "height": 720}) as bench:
        bench.open(**QUERY)
        top = """() => ["lv-plot", "lv-strip", "lv-units", "lv-match-table"].map(
          (id) => document.getElementById(id).getBoundingClientRect().top)"""
        before = bench.page.evaluate(top)
        bench.brush(*DEPTH_4)
        bench.page.wait_for_function("() => lvDebug.summaryAnswer() && !lvDebug.isSummaryPending()")
        bench.page.wait_for_timeout(300)
        assert bench.page.evaluate(top) == before
        assert shift(bench)[0] < JUMP, shift(bench)


def test_the_start_page_does_not_jump(chromium, parens, checkpoints):
    with (
        browsing.serving([parens, *checkpoints]) as address,
        browsing.workbench(chromium, address, view={"width": 1280, "height": 720}) as bench,
    ):
        bench.page.goto(address)
        start(bench, "s.drawn === 3")
        total, found = shift(bench)
        assert total < JUMP, found


def test_who_wants_no_motion_gets_none(bench):
    bench.page.emulate_media(reduced_motion="reduce")
    bench.open(**QUERY)
    moving = """() => [...document.querySelectorAll("*")].filter((e) => {
      const style = getComputedStyle(e);
      const durations = [style.transitionDuration, style.animationDuration].flatMap((text) => text.split(","));
      return durations.some((one) => parseFloat(one) > 0);
    }).map((e) => e.className)"""
    assert bench.page.evaluate(moving) == []


# Several people


@contextmanager
def workers(path):
    """The app under gunicorn with two workers; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "app:server", "-b", f"127.0.0.1:{port}", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--threads", "2"],
        cwd=ROOT,
        env={**os.environ, "LSTMVIZ_DUMPS": str(path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
                break
            except OSError:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


@pytest.mark.long
def test_two_browsers_on_two_workers_never_see_each_others_selection(chromium, parens):
    with (
        workers(parens.path) as address,
        browsing.workbench(chromium, address) as one,
        browsing.workbench(chromium, address) as two,
    ):
        one.open(**QUERY)
        two.open(source="rnn.l0.h", at=30, span=60)
        for k in range(4):  # in turns, so that each worker has answered both
            one.page.evaluate("([a, b]) => lvDebug.changeState({ start: a, stop: b }, 'settle')", [249, 253 + k % 3])
            two.page.evaluate("([a, b]) => lvDebug.changeState({ start: a, stop: b }, 'settle')", [30 + k, 36])
            assert_shows(one.ready(), parens, 249, 253 + k % 3)
            assert_shows(two.ready(), parens, 30 + k, 36, source="rnn.l0.h")
        assert_shows(one.ready(), parens, 249, 253)
        assert one.page.url != two.page.url
