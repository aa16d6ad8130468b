"""The start page over several recordings, and one recording beside another on the same text."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

import lstmviz
from lstmviz.match.summary.same_text import same_text, text_digest
from lstmviz.opening import glances
from lstmviz.ui.extras import Extras
from lstmviz.ui.serve import make_app
from support import browser as browsing
from support.workbench import DEPTH_4, QUERY, SOURCE, selected, start

LOCAL = {"Host": "127.0.0.1"}
TEXT = [0, 1, 2, 1, 0, 2]


def small(folder, name, text=tuple(TEXT), vocab=("a", "b", "c"), lengths=(4, 2), **more):
    values = np.random.default_rng(len(name)).uniform(-1, 1, (len(text), 3)).astype("float32")
    tokens = {"tokens": np.array(text), "vocab": list(vocab)} if vocab else {}
    return lstmviz.open_dump(
        lstmviz.write_dump(folder / f"{name}.h5", states={"rnn.l0.h": values}, lengths=list(lengths), **tokens, **more)
    )


@pytest.fixture(scope="module")
def address(parens, checkpoints):
    with browsing.serving([parens, *checkpoints]) as served:
        yield served


@pytest.fixture
def bench(chromium, address):
    with browsing.workbench(chromium, address) as page:
        yield page


# The start page


def test_files_that_are_not_shown_are_told_with_the_reason(chromium, tmp_path):
    small(tmp_path, "one"), small(tmp_path, "two")
    (tmp_path / "<b>pointer.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    strays = []
    dumps = glances(tmp_path, on_stray=strays.append)
    with (
        browsing.serving(dumps, extras=Extras(strays=strays)) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        bench.page.goto(bench.address)
        start(bench, "s.drawn === 2")
        bench.page.get_by_text("1 file not shown").click()
        line = bench.page.locator(".lv-start-strays li").inner_text()
        assert line.startswith("<b>pointer.h5 is a Git LFS pointer")
        assert str(tmp_path) not in line


def test_of_many_recordings_some_cards_are_made_and_drawn_and_more_as_one_scrolls(chromium, tmp_path):
    dump = small(tmp_path, "first")
    data, uuid = dump.path.read_bytes(), dump.uuid.encode()
    for k in range(299):
        (tmp_path / f"run_{k:03}.h5").write_bytes(data.replace(uuid, f"{k:032x}".encode()))
    with browsing.serving(glances(tmp_path)) as address, browsing.workbench(chromium, address) as bench:
        asked = []
        bench.page.on("request", lambda r: asked.append(r.url) if "/states/" in r.url else None)
        bench.page.goto(bench.address)
        shown = start(bench, "s.names.length === 240 && s.drawn > 8")
        assert shown["said"] == "300 recordings"
        assert 8 < shown["drawn"] <= len(asked) < 60  # the thumbnails that are seen
        end = bench.page.locator(".lv-start-end")
        assert end.inner_text() == "60 more as you scroll, or search for them"
        end.scroll_into_view_if_needed()
        more = start(bench, f"s.names.length === 300 && s.drawn > {shown['drawn']}")
        assert len(set(more["names"])) == 300
        assert end.inner_text() == ""
        bench.page.locator(".lv-start-field").fill("run_298")
        assert start(bench, "s.names.length === 1")["names"] == ["run_298"]
        bench.page.keyboard.press("Escape")
        start(bench, "s.names.length === 240 && s.drawn > 0")
        bench.open(dump=f"{7:032x}")
        listed = bench.page.locator(".mantine-Select-option:visible")
        bench.page.locator("#lv-dump").click()
        listed.first.wait_for()
        assert listed.count() == 200
        bench.page.locator("#lv-dump").fill("run_298")
        bench.page.get_by_role("option", name="run_298").click()
        bench.page.wait_for_function("uuid => lvDebug.state.dump === uuid", arg=f"{298:032x}")
        bench.settle()


def test_cards_tell_of_every_recording_lead_into_it_and_back_and_are_found(bench, checkpoints):
    bench.page.goto(bench.address)
    assert start(bench, "s.drawn === 3")["names"] == ["parens", "checkpoint-0", "checkpoint-1"]
    late = bench.page.locator(".lv-start-card").nth(2)
    text = late.inner_text()
    assert all(words in text for words in ("<b>Late</b>", "4,000 steps", "2026-03-04", "cut short", "rnn.l0.h"))
    assert "cut short" not in bench.page.locator(".lv-start-card").nth(1).inner_text()
    late.click()
    shown = bench.ready()
    assert shown["state"]["dump"] == checkpoints[1].uuid
    assert parse_qs(urlsplit(bench.page.url).query)["dump"] == [checkpoints[1].uuid]
    assert bench.page.locator("#lv-cut-short").is_visible()
    bench.page.click("#lv-home")
    start(bench)
    assert urlsplit(bench.page.url).query == ""
    bench.page.go_back()
    assert bench.ready()["state"]["dump"] == checkpoints[1].uuid
    bench.page.go_back()
    start(bench)
    # They are found by name, model and source, and opened by keyboard.
    bench.page.keyboard.type("late rnn.l1")  # the search has the focus
    assert start(bench, "s.names.length === 1")["said"] == "1 of 3 recordings"
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.type("nothing of that name")
    assert start(bench, "!s.names.length")["said"].startswith("None of 3 recordings")
    bench.page.keyboard.press("Escape")
    start(bench, "s.names.length === 3")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        bench.page.keyboard.press(key)
    assert bench.ready()["state"]["dump"] == checkpoints[0].uuid


@pytest.mark.long
def test_a_link_leads_past_the_start_page_and_one_recording_has_none(bench, chromium, parens, parens_address):
    bench.open(dump=parens.uuid, **QUERY)
    assert bench.shown()["state"]["at"] == 220
    bench.open(**QUERY)
    assert bench.shown()["state"]["dump"] == parens.uuid  # of before there were several
    with browsing.workbench(chromium, parens_address) as alone:
        alone.open()
        assert alone.shown()["state"]["dump"] == parens.uuid
        alone.page.keyboard.press("End")
        assert alone.ready()["state"]["at"] == 20_000 - 60
        alone.page.click("#lv-home")
        alone.page.wait_for_function("() => lvDebug.state.at === 0")


# One recording beside another


def test_the_server_names_what_holds_the_same_text_and_nothing_else(tmp_path):
    one = small(tmp_path, "one")
    spelled = [{"a": 7, "b": 5, "c": 6}[t] for t in "abcbac"]
    renumbered = small(tmp_path, "renumbered", spelled, ("x", "x", "x", "x", "x", "b", "c", "a"))
    dumps = {
        "one": one,
        "renumbered": renumbered,
        "other text": small(tmp_path, "other text", [0, 1, 2, 1, 0, 0]),
        "other words": small(tmp_path, "other words", vocab=("a", "b", "d")),
        "other borders": small(tmp_path, "other borders", lengths=(3, 3)),
        "longer": small(tmp_path, "longer", [*TEXT, 1], lengths=(4, 3)),
        "numbers": small(tmp_path, "numbers", vocab=()),
    }
    client = make_app(list(dumps.values())).server.test_client()
    for name, expected in (("one", ["one", "renumbered"]), ("longer", ["longer"]), ("numbers", ["numbers"])):
        answer = client.get(f"/d/{dumps[name].uuid}/beside/0", headers=LOCAL)
        assert [d["name"] for d in answer.json["dumps"]] == expected
        assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["dumps"][0]["sources"] == ["rnn.l0.h"]
    assert client.get(f"/d/{one.uuid}/beside/3", headers=LOCAL).status_code == 404
    assert text_digest(one, "text") == text_digest(renumbered, "text")
    assert text_digest(dumps["numbers"], "text") is None


def test_tokens_are_compared_wherever_a_block_of_them_ends(tmp_path, monkeypatch):
    one, two = small(tmp_path, "one"), small(tmp_path, "two")
    apart = small(tmp_path, "apart", [0, 1, 2, 1, 0, 1])
    text_digest.cache_clear()
    whole = text_digest(one, "text")
    text_digest.cache_clear()
    monkeypatch.setattr("lstmviz.match.summary.same_text.BLOCK_STEPS", 4)
    assert text_digest(one, "text") == whole
    assert [d.name for d, _ in same_text(one.axis("text"), one, [one, two, apart])] == ["one", "two"]
    text_digest.cache_clear()


def choose_beside(bench, dump, source):
    bench.page.locator("#lv-show button").first.click()
    options = bench.page.get_by_label("Another recording or source beside this one")
    options.locator(f"option[value='{dump.uuid}/{source}']").wait_for(state="attached")
    options.select_option(f"{dump.uuid}/{source}")
    bench.page.wait_for_function("source => lvDebug.state.beside?.source === source", arg=source)
    bench.page.keyboard.press("Escape")
    bench.page.wait_for_function(
        """() => {
          const { beside, state } = lvDebug.inspectPage();
          return beside && (state.start === null || beside.units);
        }"""
    )
    return bench.ready()


def high(dump, start, stop, **more):
    return [[u.unit, u.side] for u in selected(dump, start, stop, **more).units]


def test_another_recording_stands_beside_with_the_units_that_the_same_brush_picks(bench, checkpoints):
    one, two = checkpoints
    bench.open(dump=one.uuid, **QUERY)
    bench.brush(*DEPTH_4)
    shown = choose_beside(bench, two, SOURCE)
    assert shown["units"] == [u for u, _ in high(one, *DEPTH_4)]
    assert shown["beside"]["units"] == high(two, *DEPTH_4)
    chips = bench.page.locator(".lv-beside-chip")
    assert chips.all_text_contents() == [str(u) for u, _ in high(two, *DEPTH_4)]
    assert shown["beside"]["said"] == f"{chips.count()} units on"
    inked = """() => {
      const canvas = document.querySelector(".lv-beside-plot canvas");
      return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
    }"""
    assert bench.page.evaluate(inked)

    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.8, before: 0 }, 'settle')")
    assert bench.ready()["beside"]["units"] == high(two, *DEPTH_4, threshold=0.8, before=0)
    bench.page.evaluate("() => lvDebug.changeState({ side: 'low' }, 'settle')")
    low = two.select(SOURCE, *DEPTH_4, threshold=0.8, off_before=0, off_after=0, side="low")
    assert bench.ready()["beside"]["units"] == [[u.unit, u.side] for u in low.units]

    beside = bench.shown()["beside"]
    bench.look_again()
    assert bench.ready()["beside"] == beside

    bench.page.get_by_role("button", name="Swap").click()
    bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=two.uuid)
    swapped = bench.ready()
    assert (swapped["state"]["source"], swapped["beside"]["dump"]) == (SOURCE, one.uuid)
    bench.page.keyboard.press("Control+z")
    bench.page.wait_for_function("uuid => lvDebug.state?.dump === uuid", arg=one.uuid)
    bench.page.get_by_role("button", name="Close the second source").click()
    bench.page.wait_for_function("() => lvDebug.inspectPage().beside === null")
    assert "beside" not in bench.page.url


def test_another_source_stands_beside_and_what_cannot_is_said(bench, parens, checkpoints):
    bench.open(dump=parens.uuid, **QUERY)
    bench.brush(*DEPTH_4)
    bench.page.locator("#lv-show button").first.click()
    options = bench.page.get_by_label("Another recording or source beside this one")
    options.locator("optgroup").first.wait_for(state="attached")
    offered = options.locator("option").all_text_contents()
    assert offered == ["nothing", *(s for s in parens.sources if s != SOURCE)]  # the checkpoints hold less text
    bench.page.keyboard.press("Escape")
    shown = choose_beside(bench, parens, "rnn.l0.h")
    assert shown["beside"]["units"] == high(parens, *DEPTH_4, source="rnn.l0.h")

    bench.page.goto(re.sub("beside=[^&]*", f"beside={checkpoints[0].uuid}/{SOURCE}", bench.page.url))
    bench.page.locator("#lv-notice", has_text="cannot be shown beside").wait_for()
    assert bench.ready()["beside"] is None
    assert "beside" not in bench.page.url
    assert bench.page.locator("#lv-notice", has_text="cannot be shown beside").is_visible()
