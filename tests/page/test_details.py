"""The page where data is not as usual: wide and small ranges, lone values, NaN, numbers, many tracks, less width."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from lstmviz.ui.routes import matches
from lstmviz.ui.rows import match_rows
from support import browser as browsing
from support.budget import is_long
from support.workbench import BRUSHED, DEPTH_4, QUERY, assert_shows, page, two_frames

WORDS = ["the", "international", "organisation", "ran", "away", "quickly", "because", "of", "misunderstandings"]


def levels(n_steps, n_units, reach=1.0, seed=0):
    """States that keep a level for some steps."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(-reach, reach, (n_steps // 4 + 1, n_units)).repeat(4, 0)[:n_steps]).astype("float32")


PIXELS = """
  const pixels = (selector, x, y, width, height) => {
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(document.querySelector(selector), x, y, width, height, 0, 0, width, height);
    return copy.getImageData(0, 0, width, height).data;
  };
"""


def inked(bench, x, y):
    """How many pixels of the lines' canvas are drawn on in a small box around a point of the window."""
    return bench.page.evaluate(
        f"""([x, y]) => {{
          {PIXELS}
          const box = document.querySelector("#lv-plot").getBoundingClientRect();
          const data = pixels("#lv-plot canvas", x - box.left - 3, y - box.top - 3, 7, 7);
          return data.filter((v, k) => k % 4 === 3 && v > 0).length;
        }}""",
        [x, y],
    )


@pytest.mark.parametrize(("reach", "step"), [(0.02, 0.0001), pytest.param(1000, 10, marks=pytest.mark.long)])
def test_the_axis_fits_any_range_and_the_threshold_moves_by_a_share_of_it(chromium, tmp_path, reach, step):
    with page(chromium, tmp_path, states={"a.l0.h": levels(200, 9, reach)}) as (bench, dump):
        bench.open(source="a.l0.h", t=reach / 2, before=0)
        shown = bench.shown()
        assert len(shown["ticks"]) >= 3
        assert all(len(text) <= 5 for text in shown["ticks"])
        bench.page.locator("#lv-plot").focus()
        bench.page.keyboard.press("ArrowUp")
        bench.page.wait_for_function(f"() => lvDebug.state.threshold > {reach / 2}")
        assert bench.ready()["state"]["threshold"] == pytest.approx(reach / 2 + step)
        handle = bench.shown()["threshold"]
        shown = bench.drag((handle["x"], handle["y"]), (handle["x"], handle["y"] + 33))
        dragged = shown["state"]["threshold"]
        assert dragged < reach / 2
        assert dragged / step == pytest.approx(round(dragged / step))
        assert_shows(bench.brush(8, 10), dump, 8, 10, source="a.l0.h", threshold=dragged, before=0)


def test_values_without_neighbours_are_dots(chromium, tmp_path):
    values = np.full((12, 1), 0.5, "float32")
    values[[8, 10]] = np.nan
    with page(chromium, tmp_path, states={"a.l0.h": values}, lengths=[1, 1, 10]) as (bench, _):
        bench.open(source="a.l0.h", at=0, span=12)
        shown = bench.shown()
        box = bench.page.locator("#lv-plot").bounding_box()
        y = box["y"] + 10 + (box["height"] - 20) / 4  # half of the way from 0 to 1
        middles = [(c["left"] + c["right"]) / 2 for c in shown["cells"]]
        dots = [inked(bench, middles[step], y + 0.5) for step in (0, 1, 9)]
        assert min(dots) > inked(bench, middles[8], y + 0.5)
        assert inked(bench, (middles[0] + middles[1]) / 2 + 20, y + 0.5) <= inked(bench, middles[8], y + 0.5)


def test_a_dump_of_one_step_is_shown(chromium, tmp_path):
    with page(chromium, tmp_path, states={"a.l0.h": np.full((1, 1), 0.5, "float32")}) as (bench, dump):
        bench.open()
        shown = bench.shown()
        box = bench.page.locator("#lv-plot").bounding_box()
        cell = shown["cells"][0]
        assert inked(bench, (cell["left"] + cell["right"]) / 2, box["y"] + 10 + (box["height"] - 20) / 4) > 7
        assert "1 step" in bench.page.locator("#lv-dump").input_value()
        assert "1 steps" not in bench.page.locator("#lv-dump").input_value()
        assert_shows(bench.brush(0, 1), dump, 0, 1, source="a.l0.h")


def test_rapid_changes_ask_the_server_once_more_at_most(chromium, parens, monkeypatch):
    may_answer, asked = threading.Event(), []

    def slow(dump, question):
        asked.append(question.threshold)
        assert may_answer.wait(30)
        return match_rows(dump, question)

    monkeypatch.setattr(matches, "match_rows", slow)
    with browsing.serving([parens]) as address, browsing.workbench(chromium, address) as bench:
        bench.page.goto(f"{address}/?source={QUERY['source']}&at=220&span=60&start=249&stop=255")
        bench.page.wait_for_function("() => window.lvDebug?.inspectPage().units?.length > 0")
        bench.page.locator("#lv-plot").focus()
        for press in range(1, 6):
            bench.page.keyboard.press("ArrowUp")
            text = f"t=0.{30 + press}"
            bench.page.wait_for_function("text => location.search.includes(text) && lvDebug.isResting()", arg=text)
        may_answer.set()
        bench.page.wait_for_function("() => lvDebug.isPageReady()")
        assert asked == [0.3, 0.35]
        assert_shows(bench.shown(), parens, *DEPTH_4, threshold=0.35)


def test_rows_asked_for_survive_a_reload(bench, parens):
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    n_rows = len(bench.more()["rows"])
    assert parse_qs(urlsplit(bench.page.url).query)["rows"] == [str(n_rows)]
    bench.reload()
    shown = bench.ready()
    assert len(shown["rows"]) >= n_rows
    assert_shows(shown, parens, *DEPTH_4)


@pytest.mark.long
def test_what_a_link_cannot_have_is_said(bench):
    bench.open(**QUERY, before=1000)
    assert "before=1000 is more than the 99 steps" in bench.page.locator("#lv-notice").inner_text()
    assert bench.shown()["state"]["before"] == 99


def test_brushed_nan_is_said_to_be_nan(chromium, tmp_path):
    values = levels(60, 4)
    values[20:26] = np.nan
    with page(chromium, tmp_path, states={"a.l0.h": values}) as (bench, _):
        bench.open(source="a.l0.h", at=0, span=40)
        bench.brush(21, 24)
        words = bench.page.locator("#lv-message").inner_text()
        assert "NaN" in words
        assert "threshold" not in words


def test_a_dump_of_numbers_is_called_steps_and_has_nothing_to_search(chromium, tmp_path):
    with page(chromium, tmp_path, states={"a.l0.h": levels(300, 6)}, lengths=[30] * 10) as (bench, dump):
        bench.open(source="a.l0.h", at=0, span=60, before=0)
        field = bench.page.locator("#lv-search")
        assert field.is_disabled()
        assert "No text" in field.get_attribute("placeholder")
        assert_shows(bench.brush(10, 12), dump, 10, 12, source="a.l0.h", before=0)
        heads = bench.page.locator(".lv-match-head span").all_inner_texts()
        assert heads == ["step", "units", "matched units"]


def test_many_tracks_leave_room_for_the_matches(chromium, tmp_path):
    names = ["a rather long name of a track", *(f"track {i}" for i in range(1, 25))]
    with page(
        chromium,
        tmp_path,
        "a recording whose name is long enough to need the room that there is",
        states={"encoder.block.recurrent.lstm.l0.h": levels(300, 9)},
        tokens=np.arange(300) % len(WORDS),
        vocab=WORDS,
        join=" ",
        tracks={name: np.arange(300) % (k + 3) - 2 for k, name in enumerate(names)},
        provenance={"complete": False},
    ) as (bench, dump):
        bench.open(at=0, span=24, before=0)
        shown = bench.shown()
        assert shown["tracks"] == names[:4]
        assert shown["left"] > 100  # the gutter takes the long name
        bench.brush(8, 10)
        assert bench.page.locator("#lv-match-table").bounding_box()["y"] < 780
        note = bench.page.locator("#lv-match-note").inner_text()
        heads = bench.page.locator(".lv-match-head span").all_inner_texts()
        assert heads[3:] == [names[0]]  # the colours of the words say which units are on
        assert "24 tracks not shown" in note
        bench.page.get_by_role("button", name="+21 more").click()
        assert bench.ready()["tracks"] == names
        bench.page.get_by_role("button", name="track 20").click()
        bench.settle()
        assert bench.page.locator(".lv-match-head span").all_inner_texts()[3] == "track 20"
        bench.page.get_by_role("button", name="fewer", exact=True).click()
        assert bench.ready()["tracks"] == names[:4]
        assert dump.name in bench.page.locator("#lv-dump").get_attribute("title")
        assert "encoder.block.recurrent.lstm.l0.h" in bench.page.locator("#lv-source").get_attribute("title")
        assert bench.page.locator("#lv-cut-short").inner_text() == "recording was cut short"


def test_words_too_wide_for_their_cells_are_not_written(chromium, tmp_path):
    tokens = {"tokens": np.arange(800) % len(WORDS), "vocab": WORDS, "join": " "}
    with page(chromium, tmp_path, states={"a.l0.h": levels(800, 3)}, **tokens) as (bench, _):

        def has_ink():  # does any column of pixels through the cells hold more than its ground?
            script = f"""() => {{
              {PIXELS}
              const [width, height] = [400, 18];
              const data = pixels("#lv-strip canvas", lvDebug.inspectPage().left + 2, 8, width, height);
              const all = new Uint32Array(data.buffer);
              return all.some((colour, k) => colour !== all[k % width]);
            }}"""
            return bench.page.evaluate(script)

        bench.open(at=0, span=24)
        assert has_ink()
        bench.page.evaluate("() => lvDebug.changeState({ span: 200 }, 'settle')")
        bench.settle()
        two_frames(bench)
        assert not has_ink()


@pytest.mark.long
def test_nothing_wraps_alone_or_hides_at_any_width(chromium, tmp_path):
    name = "a recording whose name is long enough to need the room that there is"
    states = {"encoder.block.recurrent_layer.lstm.l0.h": levels(300, 200)}
    with page(chromium, tmp_path, name, states=states) as (bench, _):
        bench.open(at=0, span=60)

        def middle(selector):
            box = bench.page.locator(selector).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            return box["y"] + box["height"] / 2

        for width, height in ((1440, 900), (1280, 720), (1024, 768), (800, 600)):
            bench.page.set_viewport_size({"width": width, "height": height})
            two_frames(bench)
            bench.settle()
            select_row = {
                round(middle(f"#lv-{part}"))
                for part in ("before", "after", "map-button", "show", "pan-left", "zoom-out", "zoom-in")
            }
            assert max(select_row) - min(select_row) <= 2
            top_row = [middle(selector) for selector in (".lv-wordmark", "#lv-dump", "#lv-copy-link", "#lv-theme")]
            assert max(top_row) - min(top_row) <= 3
            note = bench.page.locator("#lv-select-note")
            assert note.evaluate("e => e.scrollWidth <= e.clientWidth")
        bench.page.get_by_role("button", name="Copy link").click()
        bench.page.locator("#lv-copy-link.lv-copied").wait_for()
        assert bench.page.evaluate("() => navigator.clipboard.readText()") == bench.page.url


def test_labels_of_a_track_are_written_where_a_cell_has_room_for_words(chromium, tmp_path):
    labels = np.array(["singular", "plural", "."])[np.arange(300) % 3]
    with page(
        chromium,
        tmp_path,
        states={"rnn.l0.h": levels(300, 5)},
        tokens=np.arange(300) % len(WORDS),
        vocab=WORDS,
        tracks={"number": labels},
    ) as (bench, _):
        bench.open(at=0, span=26)
        wide, narrow = (written(bench, span) for span in (26, 100))
        assert [text for text in wide if text in labels] == labels[:26].tolist()
        assert not [text for text in narrow if text in ("singular", "plural")]


WRITTEN = """() => {
  window.written = new Map(); // by the time of the frame
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const frame = document.timeline.currentTime;
    if (!window.written.has(frame)) window.written.set(frame, []);
    if (this.canvas.closest("#lv-strip")) window.written.get(frame).push(text);
    return fillText.call(this, text, ...rest);
  };
}"""


def written(bench, span):
    """The texts of one drawing of the strip, in its order."""
    bench.page.evaluate("span => lvDebug.changeState({ span }, 'settle')", span)
    bench.settle()
    bench.page.evaluate(WRITTEN)
    bench.page.evaluate("() => lvDebug.redraw('strip')")
    two_frames(bench)
    return bench.page.evaluate("() => [...window.written.values()].find((texts) => texts.length)")


def test_menus_are_whole_or_scroll(bench):
    bench.open(**BRUSHED)
    for size in [(1440, 900), (1280, 720)][0 if is_long() else 1 :]:
        bench.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        bench.settle()
        for word in ("order", "colour by", "filter", "show"):
            bench.page.locator(".lv-menu-button", has_text=word).first.click()
            panel = bench.page.locator(".lv-panel:visible")
            box = panel.bounding_box()
            assert box["y"] >= 0, word
            assert box["y"] + box["height"] <= size[1], word
            items = panel.locator(".lv-panel-item, .lv-tick, button, input")
            assert items.count(), word
            assert items.evaluate_all("all => all.every((e) => e.scrollHeight <= e.clientHeight + 1)"), word
            bench.page.keyboard.press("Escape")
