"""axe-core over the page: no serious or critical violation in any state, in the light and in the dark."""

from __future__ import annotations

import pytest

from support import browser as browsing
from support.axe import OF_COLOURS, check, check_further, look, violations
from support.budget import is_long, some_of
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
    check(bench, "start page", is_dark_too=True)
    bench.page.keyboard.type("no such")
    start(bench, "!s.names.length")
    check_further(bench, "start page without a hit")


def test_the_workbench_before_and_after_a_brush(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    check_further(bench, "nothing brushed")
    bench.brush(*DEPTH_4)
    bench.page.locator("#lv-chips .lv-chip-name").first.click()
    bench.page.wait_for_function("() => lvDebug.inspectCards().unitcard.answer")
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() && !lvDebug.isSummaryPending()")
    check(bench, "brushed, with a unit held", is_dark_too=True)
    bench.page.evaluate("() => lvDebug.changeState({ side: 'both', view: 'text', bars: true, mask: true }, 'settle')")
    bench.settle()
    check_further(bench, "text by unit, bars, mask, both sides")


def test_every_menu(bench, parens):
    bench.open(dump=parens.uuid, **QUERY, start=DEPTH_4[0], stop=DEPTH_4[1])
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() && !lvDebug.isSummaryPending()")
    buttons = bench.page.locator(".lv-menu-button[aria-haspopup]:visible:not(:disabled)").element_handles()
    assert len(buttons) >= 6
    for scheme, rules in (("light", None), ("dark", OF_COLOURS))[: 2 if is_long() else 1]:
        look(bench, scheme)
        for button in some_of(buttons, 3):
            button.click()
            assert button.get_attribute("aria-expanded") == "true", button.inner_text()
            assert violations(bench, ".lv-panel:not([hidden])", rules) == [], (button.inner_text(), scheme)
            bench.page.keyboard.press("Escape")
            assert button.get_attribute("aria-expanded") == "false", button.inner_text()
    look(bench, "light")
    bench.page.click("#lv-source")
    bench.page.locator(".mantine-Select-option:visible").first.wait_for()
    check_further(bench, "list of sources")


def test_help_and_a_lesson(bench, parens):
    bench.open(dump=parens.uuid, **QUERY)
    bench.page.keyboard.press("?")
    check(bench, "help", is_dark_too=True)
    bench.page.keyboard.press("Escape")
    bench.page.locator(".lv-first-offer").get_by_role("button", name="Show me").click()
    bench.page.locator("#lv-lesson [data-lesson=hint]").click()
    check_further(bench, "a lesson")


@pytest.mark.long
def test_a_notice_and_what_stands_beside(bench, parens):
    bench.open(dump=parens.uuid, **QUERY, start=3, stop=3, beside=f"{parens.uuid}/rnn.l0.h")
    bench.page.locator("#lv-notice", has_text="is empty").wait_for()
    check(bench, "a notice, and another source beside")


@pytest.mark.long
def test_large_type(bench, parens):
    bench.open(dump=parens.uuid, **QUERY, start=DEPTH_4[0], stop=DEPTH_4[1])
    bench.page.keyboard.press("l")
    bench.page.wait_for_function("() => lvDebug.isProjectorOn()")
    check(bench, f"large type over {SOURCE}")
