"""The pair of texts: both stand together, a brush on one shows what the other does, and matches have the other text."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import lstmviz
from lstmviz.rerun.live.attach import offer_live
from support import browser as browsing
from support.axe import check_further
from support.models.reverser import Reverser
from support.reversed_texts import TEXTS, record_reversed, true_attention

BEGIN = 6  # of the third text, "abcdef", on either axis
QUERY = {"source": "decoder.l0.h", "at": 0, "span": 18, "t": 0, "before": 0}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    return lstmviz.open_dump(record_reversed(tmp_path_factory.mktemp("pairs") / "a.h5", [TEXTS]))


@pytest.fixture(scope="module")
def address(dump):
    with browsing.serving([dump]) as served:
        yield served


@pytest.fixture
def bench(chromium, address):
    with browsing.workbench(chromium, address) as page:
        yield page


def pair(bench, condition="true"):
    """What the view shows, once it is shown and a condition on it (``p``) holds."""
    bench.page.wait_for_function(f"() => {{ const p = lvDebug.inspectPair(); return p.isShown && ({condition}); }}")
    return json.loads(bench.page.evaluate("() => JSON.stringify(lvDebug.inspectPair())"))


def drag(bench, lane, first, last):
    """Drag over tokens of a lane, 0 the upper one."""
    bench.page.locator(".lv-pair-body").scroll_into_view_if_needed()
    places = pair(bench)["lanes"][lane]["places"]
    at = [(places[k]["x"], places[k]["y"]) for k in (first, last)]
    return bench.drag(*at)


def units_on(dump, source, start, stop):
    return [unit.unit for unit in dump.select(source, start, stop, 0.0, off_before=0).units]


def test_that_no_text_can_be_typed_is_said_in_a_line(chromium, dump, tmp_path):
    own = lstmviz.open_dump(shutil.copy(dump.path, tmp_path))
    assert offer_live(own, lstmviz.LiveModel(Reverser())) is not None
    with browsing.serving([own]) as served, browsing.workbench(chromium, served) as bench:
        bench.open(**QUERY)
        line = bench.page.locator(".lv-typed-reason").inner_text()
        assert line.startswith(f"{own.path.name} has several texts at once (source, target)")
        assert bench.page.locator(".lv-typed-fold").is_disabled()


def test_a_brush_on_what_is_written_shows_what_was_read(bench, dump):
    bench.open(**QUERY)
    shown = pair(bench)
    assert (shown["sequence"], shown["focus"]) == (0, None)  # the first text that begins in view
    assert ["".join(lane["tokens"]) for lane in shown["lanes"]] == ["abc", "-cb"]
    bench.brush(BEGIN, BEGIN + 2)
    shown = pair(bench, "p.sequence === 2 && p.lanes[0].units.length")
    assert ["".join(lane["tokens"]) for lane in shown["lanes"]] == ["abcdef", "-fedcb"]
    weights = np.array(shown["weights"])
    assert np.allclose(weights / weights.sum(), true_attention(6)[:2].mean(axis=0), atol=5e-3)
    assert shown["run"]["from"] == 4
    assert shown["said"].startswith("-f attends most to ef (")
    assert [one["unit"] for one in shown["lanes"][0]["units"]] == units_on(dump, "encoder.l0.h", 10, 12)
    assert [one["unit"] for one in shown["lanes"][1]["units"]] == bench.shown()["units"]
    rows = bench.shown()["rows"]
    assert [row["pair"]["tokens"] for row in rows] == [list(TEXTS[row["sequence"]]) for row in rows]
    columns = bench.page.evaluate("() => lvDebug.tableColumns().list.map((one) => [one.kind, one.name])")
    assert ["pair", "source"] in columns
    check_further(bench, "a pair of texts, brushed")


def test_a_brush_on_what_was_read_shows_where_it_is_written_and_goes_there(bench, dump):
    bench.open(**QUERY, start=BEGIN, stop=BEGIN + 1)
    pair(bench, "p.sequence === 2")
    drag(bench, 0, 1, 2)  # "bc"
    shown = pair(bench, "p.focus && !p.focus.isHere && p.lanes[1].units.length")
    weights = np.array(shown["weights"])
    assert np.allclose(weights / weights.sum(), true_attention(6)[:, 1:3].sum(axis=1) / 2, atol=0.03)
    assert shown["said"].startswith("bc is attended to most by dc (")
    assert bench.shown()["state"]["start"] == BEGIN  # the page's own brush stays
    bench.open(**dict(part.split("=") for part in bench.page.url.partition("?")[2].split("&")))
    assert pair(bench, "p.focus && !p.focus.isHere")["said"] == shown["said"]  # a link holds it
    bench.page.click("[data-act=brush]")
    state = bench.ready()["state"]
    assert (state["start"], state["stop"], state["pairBrush"]) == (BEGIN + 3, BEGIN + 5, None)
    bench.page.click("[data-act=brush]")  # from there to what is read, whose source is plotted then
    state = bench.ready()["state"]
    assert (state["source"], state["start"], state["stop"]) == ("encoder.l0.h", BEGIN + 1, BEGIN + 3)
    shown = pair(bench, "p.focus?.isHere && p.sequence === 2")
    assert [lane["isHere"] for lane in shown["lanes"]] == [True, False]
    assert bench.shown()["units"] == units_on(dump, "encoder.l0.h", BEGIN + 1, BEGIN + 3)


def test_the_token_that_is_pointed_at_the_heat_map_its_rows_and_the_pairs_beside(bench):
    bench.open(**QUERY)
    bench.page.locator(".lv-pair-body").scroll_into_view_if_needed()
    places = pair(bench)["lanes"][1]["places"]
    bench.page.mouse.move(places[2]["x"], places[2]["y"])
    bench.page.wait_for_function("() => lvDebug.hover.step === 2")  # pointing at a token is seen in the strip
    assert bench.page.inner_text(".lv-tip") == "target, step 2\nb"
    bench.page.click("[data-act=heat]")
    pair(bench, "p.look === 'heat'")
    drag(bench, 1, 1, 2)
    assert bench.shown()["state"]["start"] == 1
    assert "pair=heat" in bench.page.url
    bench.page.click(".lv-pair-head [data-act=on]")
    shown = pair(bench, "p.sequence === 1")
    assert "".join(shown["lanes"][0]["tokens"]) == "fed"
    assert bench.ready()["state"]["start"] is None
    bench.page.click("[data-act=fold]")
    bench.page.wait_for_function("() => !lvDebug.inspectPair().isShown && lvDebug.state.pair === 'off'")


def test_by_keyboard_from_one_text_to_the_other(bench):
    bench.open(**QUERY)
    pair(bench)
    bench.page.locator(".lv-pair-lane").nth(1).focus()
    for key in ("Enter", "ArrowRight", "Shift+ArrowRight"):
        bench.page.keyboard.press(key)
    assert (bench.ready()["state"]["start"], bench.shown()["state"]["stop"]) == (1, 3)
    bench.page.keyboard.press("ArrowUp")
    label = bench.page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert label.startswith("source: a b c. ")
    bench.page.keyboard.press("Enter")
    pair(bench, "p.focus && !p.focus.isHere")
    bench.page.locator(".lv-pair-said", has_text=re.compile(r"^\s*a is attended to most by b \(")).wait_for()
    bench.page.keyboard.press("Escape")
    pair(bench, "p.focus?.isHere")
    bench.page.keyboard.press("Control+z")
    assert bench.ready()["state"]["pairBrush"] == {"start": 0, "stop": 1}


def test_what_is_taken_away_has_the_pair_as_it_is_shown(bench, dump):
    def copied():
        bench.page.get_by_role("button", name="Export").click()
        bench.page.get_by_role("button", name="Python", exact=True).click()
        bench.page.get_by_text("Copied: Python").wait_for()
        bench.page.keyboard.press("Escape")
        ran = {}
        exec(bench.page.evaluate("() => navigator.clipboard.readText()"), ran)
        return ran

    bench.open(**QUERY)
    pair(bench, "p.sequence === 0")
    bench.page.click(".lv-pair-head [data-act=on]")
    pair(bench, "p.sequence === 1")
    assert np.allclose(copied()["figure"].data[0].z, dump.attention["attention"][1])  # nothing is brushed
    bench.brush(BEGIN, BEGIN + 2)
    pair(bench, "p.sequence === 2 && p.focus")
    ran = copied()
    assert np.allclose(ran["figure"].data[0].z, dump.attention["attention"][2])
    assert max(ran["figure"].data[1].y) == 1.5  # the brushed rows are outlined
    shown = bench.shown()["rows"]
    assert ["".join(row["pair"]["tokens"]) for row in shown] == ran["matches"]["pair"].tolist()[: len(shown)]
    bench.page.get_by_role("button", name="Export").click()
    with bench.page.expect_download() as saved:
        bench.page.get_by_role("button", name="HTML page").click()
    html = Path(saved.value.path()).read_text("utf-8")
    assert "attention of pair 2" in html
    assert html.count("<td class=pair") == 2 * len(shown)


def test_a_link_s_wrong_parts_are_told(bench):
    bench.open(**QUERY, **{"with": "heads", "lines": "decoder.l0.h", "pairBrush": "40-90"})
    told = bench.page.inner_text("#lv-notice")
    assert "pairs the texts by heads" in told
    assert "lines of decoder.l0.h" in told
    assert "brush on the other text is outside" in told
    assert pair(bench)["focus"] is None


@pytest.mark.long
def test_of_long_texts_what_is_attended_to_comes_into_view(chromium, tmp_path):
    long = lstmviz.open_dump(record_reversed(tmp_path / "long.h5", [["abcdef" * 40, "fed"]]))
    with browsing.serving([long]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(**{**QUERY, "start": 2, "stop": 4, "pair": "lines"})
        for look in ("lines", "heat"):
            if look == "heat":
                bench.page.click("[data-act=heat]")
            shown = pair(bench, f"p.run && p.look === '{look}'")
            assert shown["run"]["from"] > 230
            first, second = ([lane["places"][k] for k in (0, -1)] for lane in shown["lanes"])
            width = bench.page.evaluate("() => document.querySelector('.lv-pair-stage').clientWidth")
            left = shown["lanes"][0]["places"][shown["run"]["from"]]["x"]
            assert first[0]["x"] < 0 < left < first[1]["x"] < width + 120  # the end of what was read
            if look == "lines":
                assert 0 < second[0]["x"] < width < second[1]["x"]  # the beginning of what is written
        bench.page.locator(".lv-pair-body").scroll_into_view_if_needed()
        at = pair(bench)["lanes"][1]["places"][5]
        bench.page.mouse.move(left, at["y"])
        told = bench.page.inner_text(".lv-tip").splitlines()
        assert told[1] == f"weight {float(long.attention['attention'][0][5, shown['run']['from']]):.3f}"
        bench.page.keyboard.down("Shift")
        bench.page.mouse.wheel(0, 120)
        bench.page.keyboard.up("Shift")
        bench.page.wait_for_function("y => lvDebug.inspectPair().lanes[1].places[5].y < y - 50", arg=at["y"])
