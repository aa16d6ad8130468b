"""axe-core over every state of the page, in the light and in the dark: no serious or critical violation."""

from __future__ import annotations

import pytest

from support import browser as browsing
from support.axe import OF_COLOURS, check, look, violations
from support.budget import is_long
from support.workbench import DEPTH_4, QUERY, SOURCE, start


@pytest.fixture(scope="module")
def address(parens, checkpoints):
    with browsing.serving([parens, *checkpoints]) as served:
        yield served


@pytest.fixture
def bench(chromium, address):
    with browsing.workbench(chromium, address) as page:
        yield page


def test_the_start_page(bench):
    bench.page.goto(bench.address)
    start(bench, "s.drawn === 3")
    check(bench, "start page")
    bench.page.keyboard.type("no such")
    start(bench, "!s.names.length")
    check(bench, "start page without a hit")


def test_the_workbench_before_and_after_a_brush(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    check(bench, "nothing brushed")
    bench.brush(*DEPTH_4)
    bench.page.locator("#lv-chips .lv-chip-name").first.click()
    bench.page.wait_for_function("() => lvDebug.inspectCards().unitcard.answer")
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() && !lvDebug.isSummaryPending()")
    check(bench, "brushed, with a unit held")
    bench.page.evaluate("() => lvDebug.changeState({ side: 'both', view: 'text', bars: true, mask: true }, 'settle')")
    bench.ready()
    check(bench, "text by unit, bars, mask, both sides")


def test_every_menu(bench, parens):
    bench.open(dump=parens.uuid, **QUERY, start=DEPTH_4[0], stop=DEPTH_4[1])
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() && !lvDebug.isSummaryPending()")
    buttons = bench.page.locator(".lv-menu-button[aria-haspopup]:visible:not(:disabled)").element_handles()
    assert len(buttons) >= 6
    for scheme, rules in (("light", None), ("dark", OF_COLOURS))[: 2 if is_long() else 1]:
        look(bench, scheme)
        for button in buttons:
            button.click()
            assert button.get_attribute("aria-expanded") == "true", button.inner_text()
            assert violations(bench, ".lv-panel:not([hidden])", rules) == [], (button.inner_text(), scheme)
            bench.page.keyboard.press("Escape")
            assert button.get_attribute("aria-expanded") == "false", button.inner_text()
    look(bench, "light")
    bench.page.click("#lv-source")
    bench.page.locator(".mantine-Select-option:visible").first.wait_for()
    check(bench, "list of sources")


def test_help_a_lesson_a_notice_and_what_stands_beside(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    bench.page.keyboard.press("?")
    check(bench, "help")
    bench.page.keyboard.press("Escape")
    bench.page.locator(".lv-first-offer").get_by_role("button", name="Show me").click()
    bench.page.locator("#lv-lesson [data-lesson=hint]").click()
    check(bench, "a lesson")
    bench.page.locator("#lv-lesson [data-lesson=close]").click()
    bench.open(dump=parens.uuid, **QUERY, start=3, stop=3, beside=f"{parens.uuid}/rnn.l0.h")
    bench.page.locator("#lv-notice", has_text="is empty").wait_for()
    check(bench, "a notice, and another source beside")


def test_large_type(bench, parens):
    bench.open(dump=parens.uuid, **QUERY, start=DEPTH_4[0], stop=DEPTH_4[1])
    bench.page.keyboard.press("l")
    bench.page.wait_for_function("() => lvDebug.isProjectorOn()")
    check(bench, f"large type over {SOURCE}")
