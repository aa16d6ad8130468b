"""The box for a text of one's own in the browser: typed into, edited and brushed."""

from __future__ import annotations

BOX = ".lv-typed-box"


def settled(bench, text):
    """Wait until a text is what is drawn, and give what is shown of it."""
    bench.page.wait_for_function("text => lvDebug.inspectPage().typed?.text === text", arg=text)
    return bench.ready()["typed"]


def write(bench, text, by_key=False):
    """Open the box where it is folded, and put a text into it at once or key by key."""
    if not bench.shown()["typed"]["isOpen"]:
        bench.page.click(".lv-typed-fold")
    box = bench.page.locator(BOX)
    box.press_sequentially(text) if by_key else box.fill(text)
    return settled(bench, bench.page.locator(BOX).input_value())


def replace(bench, old, new):
    """Select a stretch of the box's text, and type over it."""
    box = bench.page.locator(BOX)
    start = box.input_value().index(old)
    box.evaluate("(box, ends) => { box.focus(); box.setSelectionRange(...ends); }", [start, start + len(old)])
    bench.page.keyboard.type(new) if new else bench.page.keyboard.press("Delete")
    return settled(bench, box.input_value())


def brush(bench, start, stop):
    """Drag over tokens [start, stop) of the typed text."""
    bench.page.locator(".lv-typed-strip").scroll_into_view_if_needed()
    tokens = bench.shown()["typed"]["tokens"]
    first, last = tokens[start], tokens[stop - 1]
    return bench.drag((first["left"] + 3, first["middle"]), (last["right"] - 3, last["middle"]))
