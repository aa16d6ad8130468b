"""Rooms that come when they are first needed: not before, by a press or by the address, and again after a failure."""

from __future__ import annotations

import re
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from support import browser as browsing
from support.typed_text import BOX, settled
from support.workbench import BRUSHED, QUERY, SOURCE, two_frames

# What a room is known by among the modules, the press that opens it, and what the address says where it is open.
ROOMS = {
    "map": ("map/panel.mjs", "#lv-map-button button", "&view=map"),
    "typed": ("typed/panel.mjs", ".lv-typed-fold", "#text=(1)"),
    "survey": ("survey/table.mjs", ".lv-survey-fold", None),
}
OTHERS = ("pair/panel.mjs", "corpus/moments-chart.mjs", "corpus/second-source.mjs", "classroom/class.mjs")
SHOWN = {
    "map": "() => lvDebug.inspectMap().n > 0",
    "typed": f"() => document.activeElement?.matches('{BOX}') && lvDebug.inspectTyped().note",
    "survey": "() => lvDebug.inspectSurvey().rows.length > 5",
}


@contextmanager
def watched(chromium, address):
    """A page, and the modules that it asks for from now on."""
    with browsing.workbench(chromium, address) as bench:
        asked = []

        def note(request):
            if "/page/" in request.url:
                asked.append(re.sub(r".*/page/\w+/", "", request.url))

        bench.page.on("request", note)
        try:
            yield bench, asked
        finally:
            bench.page.remove_listener("request", note)


def opens(bench, room):
    _, press, _ = ROOMS[room]
    bench.page.click(press)
    bench.page.wait_for_function(SHOWN[room])
    bench.settle()


def test_a_room_comes_with_the_press_that_opens_it_and_once(chromium, parens_address):
    with watched(chromium, parens_address) as (bench, asked):
        bench.open(**BRUSHED)
        assert "main.mjs" in asked
        late = {module for module, *_ in ROOMS.values()}
        assert not {*late, *OTHERS} & set(asked)
        for room, (module, press, _) in ROOMS.items():
            opens(bench, room)
            assert module in asked
            bench.page.click(press)
            two_frames(bench)
            opens(bench, room)
            assert asked.count(module) == 1
        assert not set(OTHERS) & set(asked)


@pytest.mark.parametrize("room", [name for name, (_, _, address) in ROOMS.items() if address])
def test_a_room_that_the_address_opens_comes_by_itself(chromium, parens_address, room):
    module, _, said = ROOMS[room]
    with watched(chromium, parens_address) as (bench, asked):
        bench.page.goto(f"{parens_address}/?{urlencode(QUERY)}{said}")
        bench.settle()
        assert module in asked
        if room == "map":
            bench.page.wait_for_function(SHOWN["map"])
        else:
            assert settled(bench, "(1)")["tokens"]


def test_a_second_source_that_the_address_names_comes_by_itself(chromium, parens, parens_address):
    with watched(chromium, parens_address) as (bench, asked):
        bench.open(**BRUSHED, beside=f"{parens.uuid}/rnn.l0.h")
        assert "corpus/second-source.mjs" in asked
        assert bench.shown()["beside"]["source"] == "rnn.l0.h"


def test_nothing_moves_between_the_press_and_what_it_opens(chromium, parens_address):
    top = "() => document.getElementById('lv-survey').getBoundingClientRect().top + scrollY"
    with browsing.workbench(chromium, parens_address) as bench:
        bench.open(source=SOURCE)
        held = []
        bench.page.route(re.compile("(map|typed)/panel.mjs$"), lambda route: held.append(route))
        folded = bench.page.evaluate(top)
        bench.page.click(ROOMS["map"][1])
        two_frames(bench)
        assert bench.page.locator("#lv-plot").is_visible()  # until the map takes its place
        assert bench.page.evaluate(top) == folded
        bench.page.click(ROOMS["typed"][1])
        two_frames(bench)
        awaited = bench.page.evaluate(top)
        held.pop().continue_()
        bench.page.wait_for_function("() => lvDebug.inspectTyped().note !== undefined")
        two_frames(bench)
        assert folded < awaited == bench.page.evaluate(top)
        held.pop().continue_()
        bench.page.wait_for_function(SHOWN["map"])
        assert bench.page.locator("#lv-plot").is_hidden()


def test_what_is_typed_before_the_lines_can_be_drawn_is_kept(chromium, parens_address):
    with browsing.workbench(chromium, parens_address) as bench:
        bench.open(source=SOURCE)
        held = []
        bench.page.route("**/typed/panel.mjs", lambda route: held.append(route))
        bench.page.keyboard.press("y")
        bench.page.keyboard.type("(12)")
        assert bench.page.locator(BOX).input_value() == "(12)"
        assert bench.shown()["typed"]["isOpen"]
        assert not bench.page.evaluate("() => lvDebug.isPageReady()")
        for route in held:
            route.continue_()
        assert [token["token"] for token in settled(bench, "(12)")["tokens"]] == list("(12)")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_that_does_not_come_is_said_and_comes_with_the_next_press(chromium, parens_address, room):
    module, press, _ = ROOMS[room]
    with browsing.workbench(chromium, parens_address) as bench:
        bench.open(source=SOURCE)
        bench.page.route(f"**/{module}", lambda route: route.abort())
        bench.page.click(press)
        notice = bench.page.locator("#lv-notice", has_text="Something failed while loading")
        notice.wait_for()
        assert {"map": "the map", "typed": "your text", "survey": "the table of units"}[room] in notice.inner_text()
        assert bench.page.locator("#lv-plot").is_visible()
        bench.settle()  # the rest is there
        bench.page.unroute(f"**/{module}")
        bench.page.click(press)
        two_frames(bench)
        opens(bench, room)
        bench.troubles.clear()  # the browser itself reports the module
