"""Where a brush selects no unit the page offers what would, with counts that are the API's."""

from __future__ import annotations

from lstmviz.dump.reader import DumpReader
from lstmviz.ui.describe import about
from support import browser as browsing
from support.workbench import SOURCE, assert_shows

EMPTY = (4402, 4406)
OPEN = {"source": SOURCE, "at": 4380, "span": 60}


def suggestions(bench):
    return bench.page.evaluate("() => lvDebug.presentSuggestions()")


def test_buttons_say_how_many_units_the_api_selects_draw_them_and_select_them(bench, parens):
    bench.open(**OPEN)
    bench.brush(*EMPTY)
    offered = suggestions(bench)
    assert len(offered) >= 2
    for one in offered:
        window = [one["changes"].get(name, at) for name, at in zip(("start", "stop"), EMPTY, strict=True)]
        rest = {name: value for name, value in one["changes"].items() if name not in ("start", "stop")}
        asked = {"threshold": 0.3, "before": 1, "after": 0, "side": "high", **rest}
        off = {f"off_{name}": asked.pop(name) for name in ("before", "after")}
        assert one["n"] == len(parens.select(SOURCE, *window, **asked, **off).units) > 0, one["label"]
    buttons = bench.page.locator(".lv-suggestion")
    assert buttons.all_inner_texts() == [f"{one['label']}\n{one['n']}" for one in offered]
    assert bench.page.locator("#lv-message").inner_text() == "No unit fits. Try:"
    # What one would select is drawn while it is pointed at or has the focus.
    plot = bench.page.locator("#lv-plot canvas").last
    picture = "canvas => canvas.toDataURL()"
    bench.page.mouse.move(5, 5)
    before = plot.evaluate(picture)
    one = buttons.first
    one.hover()
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert plot.evaluate(picture) != before
    bench.page.mouse.move(5, 5)
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert plot.evaluate(picture) == before
    one.focus()
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert plot.evaluate(picture) != before
    # A press selects them, and undo goes back.
    bench.page.keyboard.press("Enter")
    shown, first = bench.ready(), offered[0]
    changes = {"threshold": 0.3, "before": 1, **first["changes"]}
    pattern, _ = assert_shows(
        shown,
        parens,
        shown["state"]["start"],
        shown["state"]["stop"],
        threshold=changes["threshold"],
        before=changes["before"],
    )
    assert len(pattern.units) == first["n"]
    assert bench.page.locator("#lv-suggestions").is_hidden()
    bench.page.keyboard.press("Control+z")
    assert bench.ready()["units"] == []
    assert bench.page.locator(".lv-suggestion").count() > 0


def test_a_new_recording_opens_where_brushes_work_and_an_old_link_as_it_was_made(chromium, small):
    [source] = about(DumpReader(small.path))["sources"]
    threshold = source["opening"]["threshold"]
    with browsing.serving([small]) as address, browsing.workbench(chromium, address) as bench:
        bench.open()
        assert bench.shown()["state"]["threshold"] == threshold < 0.1
        assert f"select a unit at {threshold}" in bench.page.locator("#lv-adviser").inner_text()
        bench.open(source="a.l0.h", start=20, stop=24, at=0)
        assert bench.shown()["state"]["threshold"] == 0.3


def test_another_recording_opens_with_its_own_unless_one_was_chosen(chromium, small, parens):
    [source] = about(DumpReader(small.path))["sources"]
    with browsing.serving([small, parens]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(dump=small.uuid)
        assert bench.shown()["state"]["threshold"] == source["opening"]["threshold"]
        opened(bench, parens, 0.3)
        bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.42 }, 'settle')")
        opened(bench, small, 0.42)


def opened(bench, dump, threshold):
    bench.page.evaluate("uuid => lvDebug.openDump(uuid)", dump.uuid)
    bench.page.wait_for_function("uuid => lvDebug.state.dump === uuid", arg=dump.uuid)
    assert bench.ready()["state"]["threshold"] == threshold
