"""The page, driven as a person drives it; what it shows is held against the Python API."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

import lstmviz
from support import browser as browsing
from support.budget import some_of
from support.workbench import BRUSHED, DEPTH_4, QUERY, SOURCE, assert_shows, selected


def test_brush_a_depth_4_stretch_see_units_and_matches_and_come_back_by_the_url(bench, parens):
    bench.open(**QUERY)
    assert set(parens.tracks["depth"][slice(*DEPTH_4)].tolist()) == {4}
    shown = bench.brush(*DEPTH_4)
    pattern, _ = assert_shows(shown, parens, *DEPTH_4)
    assert pattern.n_units > 1
    assert bench.page.locator(".lv-first-offer").is_hidden()  # who brushes is not talked over
    assert bench.page.inner_text("#lv-pair") == ""  # there is one text
    values = parens.states(SOURCE)[220:280].astype(np.float64)[:, [u.unit for u in pattern.units]]
    on = (values >= parens.sources[SOURCE].cut(0.3)).sum(axis=1)
    assert [c["on"] for c in shown["cells"]] == on.tolist()
    assert [c["text"] for c in shown["cells"]] == parens.tokens[220:280]
    assert bench.page.locator("#lv-chips [data-testid=chip]").all_text_contents() == [
        str(u.unit) for u in pattern.units
    ]

    n_full = dict(shown["counts"])[pattern.n_units]
    full = parens.match(pattern, limit=n_full)
    assert (full["n_shared"] == pattern.n_units).all()
    depths = np.concatenate([parens.tracks["depth"][a:b] for a, b in zip(full["start"], full["stop"], strict=True)])
    assert (depths == 4).mean() >= 0.95
    assert f"{n_full:,} matches" in bench.page.locator("#lv-counts").inner_text()

    url = bench.page.url
    bench.reload()
    again = bench.ready()
    keys = ("state", "units", "counts", "rows")
    assert [again[k] for k in keys] == [shown[k] for k in keys]
    assert bench.page.url == url


def test_the_url_opened_elsewhere_shows_the_same_and_two_browsers_never_see_each_others_selection(
    bench, chromium, parens, parens_address
):
    bench.open(**QUERY)
    shown = bench.brush(*DEPTH_4)
    with browsing.workbench(chromium, parens_address, view={"width": 1024, "height": 768}) as other:
        other.page.goto(bench.page.url)
        there = other.ready()
        assert there["units"] == shown["units"]
        assert there["rows"] == shown["rows"]
        assert there["state"] == shown["state"]
        other.page.evaluate("() => lvDebug.openSource('rnn.l0.h')")
        other.page.wait_for_function("() => lvDebug.state.source === 'rnn.l0.h'")
        other.settle()
        other.brush(230, 236)
        assert_shows(bench.ready(), parens, *DEPTH_4)
        assert_shows(other.ready(), parens, 230, 236, source="rnn.l0.h")


def test_a_brush_is_moved_resized_cleared_and_made_by_presses(bench, parens):
    bench.open(**QUERY)
    bench.brush(249, 252)
    middle, end = bench.cell(250), bench.cell(251)
    width = end["right"] - end["left"]
    shown = bench.drag((end["right"] - 1, end["middle"]), (end["right"] - 1 + 3 * width, end["middle"]))
    assert_shows(shown, parens, *DEPTH_4)
    shown = bench.drag((middle["left"] + 6, middle["middle"]), (middle["left"] + 6 + 2 * width, middle["middle"]))
    assert_shows(shown, parens, 251, 257)
    bench.page.keyboard.press("Escape")
    shown = bench.ready()
    assert shown["state"]["start"] is None
    assert shown["rows"] == []
    # A token is brushed by a press, a run by two, and more with Shift.
    depth = parens.tracks["depth"]
    token = bench.cell(252)
    press = (token["left"] + 5, token["middle"])
    bench.page.mouse.click(*press)
    assert_shows(bench.ready(), parens, 252, 253)
    bench.page.mouse.dblclick(*press)
    start = stop = 252
    while depth[start - 1] == depth[252]:
        start -= 1
    while depth[stop] == depth[252]:
        stop += 1
    assert stop - start > 1
    assert_shows(bench.ready(), parens, start, stop)
    other = bench.cell(stop + 2)
    bench.page.keyboard.down("Shift")
    bench.page.mouse.click(other["left"] + 5, other["middle"])
    bench.page.keyboard.up("Shift")
    shown = bench.ready()
    assert [shown["state"]["start"], shown["state"]["stop"]] == [start, stop + 3]


def test_the_wheel_scrolls_the_page_and_pans_with_shift(bench):
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    box = bench.page.locator("#lv-strip").bounding_box()
    bench.page.mouse.move(box["x"] + 300, box["y"] + 10)
    bench.page.mouse.wheel(0, 150)
    bench.page.wait_for_function("() => scrollY > 0")
    assert bench.page.evaluate("() => [lvDebug.state.at, lvDebug.state.start]") == [QUERY["at"], DEPTH_4[0]]
    bench.page.evaluate("() => scrollTo(0, 0)")
    bench.page.keyboard.down("Shift")
    bench.page.mouse.wheel(0, 150)
    bench.page.keyboard.up("Shift")
    bench.page.wait_for_function("at => lvDebug.state.at > at", arg=QUERY["at"])
    assert bench.page.evaluate("() => scrollY") == 0


def test_a_sideways_swipe_on_the_tokens_brushes_and_a_vertical_one_scrolls(chromium, parens_address):
    with browsing.workbench(chromium, parens_address, has_touch=True) as bench:
        bench.open(**BRUSHED)
        touch = bench.page.context.new_cdp_session(bench.page)
        token, last = bench.cell(230), bench.cell(233)
        start, y = (token["left"] + token["right"]) / 2, token["middle"]
        wide = last["left"] - token["left"]

        def swipe(*places):
            for k, (x, y) in enumerate(places):
                kind = "touchMove" if k else "touchStart"
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        swipe(*((start + wide * k / 8, y) for k in range(9)))
        bench.page.wait_for_function("() => lvDebug.state.start === 230 && lvDebug.state.stop === 234")
        swipe(*((start, y - 12 * k) for k in range(20)))
        bench.page.wait_for_function("() => scrollY > 100")
        state = bench.ready()["state"]
        assert [state["start"], state["stop"]] == [230, 234]


def test_handles_and_fields_set_the_constraints_and_the_threshold(bench, parens):
    bench.open(**QUERY)
    shown = bench.brush(*DEPTH_4)
    handle = shown["handles"]["after"]
    width = bench.cell(250)["right"] - bench.cell(250)["left"]
    shown = bench.drag((handle["x"], handle["y"]), (handle["x"] + width, handle["y"]))
    assert shown["state"]["after"] == 1
    assert_shows(shown, parens, *DEPTH_4, after=1)
    bench.page.fill("#lv-before", "0")
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.state.before === 0")
    shown = bench.ready()
    assert_shows(shown, parens, *DEPTH_4, before=0, after=1)
    # So does the threshold, also between the grid.
    handle = shown["threshold"]
    shown = bench.drag((handle["x"], handle["y"]), (handle["x"], handle["y"] - 40))
    dragged = shown["state"]["threshold"]
    assert dragged > 0.4
    assert round(dragged, 2) == dragged
    assert_shows(shown, parens, *DEPTH_4, before=0, after=1, threshold=dragged)
    bench.page.fill("#lv-threshold", "0.305")
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.state.threshold === 0.305")
    shown = bench.ready()
    assert shown["cut"] == parens.sources[SOURCE].cut(0.305)
    assert_shows(shown, parens, *DEPTH_4, before=0, after=1, threshold=0.305)


def test_what_a_field_repeats_late_is_not_taken_for_typed(bench):
    """Dash's number field reports a value that the page gave it again, at times after the next one was given."""
    bench.open(**BRUSHED)
    for threshold in (0.61, 0.6):
        bench.page.evaluate("t => lvDebug.changeState({ threshold: t }, 'settle')", threshold)
        bench.page.wait_for_function("t => document.querySelector('#lv-threshold').value === t", arg=str(threshold))
    bench.page.evaluate("""() => {
      const callbacks = dash_clientside.lstmviz;
      window.repeats = 0;
      const get = (_, name) => (value) => {
        if (name === "field_threshold" && value === 0.61) window.repeats++;
        return callbacks[name](value);
      };
      dash_clientside.lstmviz = new Proxy({}, { get });
    }""")
    bench.page.evaluate("() => dash_clientside.set_props('lv-threshold', { value: 0.61 })")
    bench.page.wait_for_function("() => window.repeats > 0")
    bench.page.wait_for_function("() => document.querySelector('#lv-threshold').value === '0.6'")
    assert bench.ready()["state"]["threshold"] == 0.6


def test_another_source_selects_again(bench, parens):
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    for source in some_of(parens.sources, 3):
        bench.page.click("#lv-source")
        bench.page.get_by_role("option", name=source).click()
        bench.page.wait_for_function("name => lvDebug.state?.source === name", arg=source)
        assert_shows(bench.ready(), parens, *DEPTH_4, source=source)


def test_pan_zoom_step_and_search_by_keys_wheel_and_buttons(bench, parens):
    bench.open(**QUERY)
    box = bench.page.locator("#lv-plot").bounding_box()
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def until(condition):
        bench.page.wait_for_function(f"() => {{ const {{ at, span }} = lvDebug.state; return {condition}; }}")
        return bench.ready()["state"]

    bench.page.click("#lv-page-right")
    at = until("at > 220")["at"]
    bench.page.click("#lv-pan-left")
    at = until(f"at < {at}")["at"]
    bench.page.click("#lv-zoom-in")
    span = until("span < 60")["span"]
    bench.page.click("#lv-zoom-out")
    until(f"span > {span}")
    bench.page.mouse.move(*centre)
    bench.page.keyboard.down("Shift")
    bench.page.mouse.wheel(0, 400)
    bench.page.keyboard.up("Shift")
    at = until(f"at !== {at}")["at"]
    bench.drag(centre, (centre[0] - 200, centre[1]))
    until(f"at > {at}")
    bench.page.locator("#lv-plot").focus()
    bench.page.keyboard.press("Home")
    until("at === 0")
    bench.page.keyboard.press("ArrowRight")
    until("at > 0")
    bench.page.keyboard.press("End")
    until("at + span === 20000")
    bench.page.fill("#lv-step", "1234")
    bench.page.keyboard.press("Enter")
    at = until("at <= 1234 && 1234 < at + span")["at"]
    # Search jumps from hit to hit.
    hits = parens.search("(4444444)")["start"].tolist()
    bench.page.fill("#lv-search", "(4444444)")
    later = [h for h in hits if h >= at] + hits
    for hit in later[:3]:
        bench.page.locator("#lv-search").press("Enter")
        text = f"{hits.index(hit) + 1} of {len(hits)}"
        bench.page.locator("#lv-hit-count", has_text=text).wait_for()
        shown = bench.ready()["state"]
        assert shown["at"] <= hit < shown["at"] + shown["span"]
    bench.page.fill("#lv-search", "no such text")
    bench.page.locator("#lv-search").press("Enter")
    bench.page.locator("#lv-hit-count", has_text="0").or_(bench.page.locator("#lv-hit-count", has_text="no")).wait_for()


def test_more_rows_and_a_row_that_opens_its_place(bench, parens):
    bench.open(**QUERY)
    shown = bench.brush(*DEPTH_4)
    assert len(shown["rows"]) == 50
    bench.more()
    pattern, frame = assert_shows(bench.ready(), parens, *DEPTH_4)
    bench.page.evaluate("scrollTo(0, 0)")
    link = bench.page.locator("[data-place='7'] a")
    target = parse_qs(urlsplit(link.get_attribute("href")).query)
    assert int(target["at"][0]) <= frame["start"][7] < int(target["at"][0]) + 60
    link.click()
    bench.page.wait_for_function("at => lvDebug.state.at === at", arg=int(target["at"][0]))
    shown = bench.ready()
    assert shown["units"] == [u.unit for u in pattern.units]
    assert shown["state"]["start"] is not None
    bench.page.go_back()
    bench.page.wait_for_function("() => lvDebug.state.at === 220")
    assert_shows(bench.ready(), parens, *DEPTH_4)


def test_a_brush_stops_at_a_sequence_border(bench, parens):
    bench.open(source=SOURCE, at=180, span=40)
    assert bench.shown()["borders"] == [200]
    first, beyond = bench.cell(196), bench.cell(206)
    shown = bench.drag((first["left"] + 3, first["middle"]), (beyond["right"], first["middle"]))
    assert (shown["state"]["start"], shown["state"]["stop"]) == (196, 200)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"dump": "0" * 32}, "another recording"),
        ({"start": 195, "stop": 205}, "border"),
        pytest.param({"source": "rnn.l9.h"}, "rnn.l9.h", marks=pytest.mark.long),
        pytest.param({"t": "abc"}, "abc", marks=pytest.mark.long),
        pytest.param({"at": "-5"}, "-5", marks=pytest.mark.long),
    ],
)
def test_a_bad_address_is_said_in_words(bench, query, words):
    bench.open(**query)
    bench.page.locator("#lv-notice:visible, #lv-counts.lv-warn").get_by_text(words).first.wait_for()


def test_a_failed_request_is_never_silent(bench, parens):
    bench.open(**QUERY)
    bench.page.route(re.compile("/matches$"), lambda route: route.abort())
    first, last = bench.cell(249), bench.cell(254)
    bench.page.mouse.move(first["left"] + 3, first["middle"])
    bench.page.mouse.down()
    bench.page.mouse.move(last["right"] - 3, last["middle"], steps=5)
    bench.page.mouse.up()
    bench.page.locator("#lv-counts.lv-warn", has_text="the server does not answer").wait_for()
    bench.page.unroute(re.compile("/matches$"))
    bench.page.get_by_role("button", name="Try again").click()
    assert_shows(bench.ready(), parens, *DEPTH_4)
    bench.troubles.clear()  # the browser itself reports the aborted request


def beyond_advice(asked):
    """What was asked besides the curve of thresholds and the evidence of what matches carry, which follow later."""
    later = ("favicon", "/thresholds/", "/whynot/", "/enrichment")
    return [url for url in asked if not any(word in url for word in later)]


def test_a_brush_needs_no_round_trip(bench, parens):
    bench.open(**QUERY)
    bench.page.wait_for_load_state("networkidle")  # what the page asks for once it is open
    asked = []
    bench.page.on("request", lambda request: asked.append(request.url))
    first, last = bench.cell(249), bench.cell(254)
    bench.page.mouse.move(first["left"] + 3, first["middle"])
    bench.page.mouse.down()
    bench.page.mouse.move(last["right"] - 3, last["middle"], steps=5)
    bench.page.wait_for_function("() => lvDebug.inspectPage().units.length > 0")
    assert bench.shown()["units"] == [u.unit for u in selected(parens, *DEPTH_4).units]
    assert beyond_advice(asked) == []
    bench.page.mouse.up()
    bench.settle()
    assert len(beyond_advice(asked)) <= 2  # the rows, and then what sums them up


HOSTILE = [
    "<b>bold</b>",
    "<script>window.hacked=1</script>",
    "javascript:alert(1)",
    "\u202eright",
    "a\u0000b",
    "\u200b",
]
HOSTILE += ["", "   ", "\n", "\t", "x" * 10_000, "naïve", "日本語", "مرحبا"]


@pytest.mark.long
def test_hostile_tokens_are_shown_as_themselves(chromium, tmp_path):
    n = 3 * len(HOSTILE)
    values = np.zeros((n, 3), "float32")
    values[5:9] = values[20:24] = 0.9
    path = lstmviz.write_dump(
        tmp_path / "<img src=x onerror=window.hacked=1>.h5",
        states={"<i>.l0.h": values},
        tokens=np.arange(n) % len(HOSTILE),
        vocab=HOSTILE,
        join=" ",
        tracks={"<b>track": [HOSTILE[i % len(HOSTILE)] for i in range(n)]},
    )
    dump = lstmviz.open_dump(path)
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(source="<i>.l0.h", at=0, span=30)
        shown = bench.brush(5, 9)
        assert_shows(shown, dump, 5, 9, source="<i>.l0.h")
        widths = {round(c["right"] - c["left"], 3) for c in shown["cells"]}
        assert len(widths) == 1
        assert bench.page.evaluate("() => window.hacked") is None
        assert bench.page.locator("#lv-root b, #lv-root i, #lv-root img").count() == 0
        for cell in shown["cells"]:
            bench.page.mouse.move((cell["left"] + cell["right"]) / 2, cell["middle"])
        assert bench.page.evaluate("() => window.hacked") is None


def test_nan_states_and_a_dump_of_numbers_are_shown(chromium, tmp_path):
    values = np.full((80, 4), 0.9, "float32")
    values[::2, 0] = np.nan
    values[9:10] = -0.9
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "numbers.h5", states={"rnn.l0.h": values}))
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(source="rnn.l0.h", at=0, span=40)
        shown = bench.brush(10, 14)
        assert shown["units"] == [1, 2, 3]
        assert_shows(shown, dump, 10, 14, source="rnn.l0.h")
        assert "40 NaN" in bench.page.locator("body").inner_text().replace("\u00a0", " ")


@pytest.mark.long
def test_two_dumps_are_switched_between(chromium, parens, tmp_path):
    values = np.tile(np.array([[0.9], [0.1]], "float32"), (50, 2))
    small = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "small.h5", states={"gru.l0.h": values}))
    with browsing.serving([parens, small]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(dump=parens.uuid)
        bench.page.click("#lv-dump")
        bench.page.get_by_role("option", name="small").click()
        bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=small.uuid)
        shown = bench.ready()
        assert shown["state"]["source"] == "gru.l0.h"
        assert_shows(bench.brush(2, 3), small, 2, 3, source="gru.l0.h")


def test_what_a_page_asks_of_another_machine_fails_its_test(chromium, parens_address):
    def asks():
        with browsing.workbench(chromium, parens_address, bypass_csp=True) as bench:
            bench.page.goto(f"{parens_address}/health")
            bench.page.evaluate("() => fetch('http://other.invalid/seen', { mode: 'no-cors' }).catch(() => null)")

    with pytest.raises(AssertionError, match=r"left the machine: GET http://other\.invalid/seen"):
        asks()
