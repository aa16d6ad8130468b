"""The select view: sides, further sources, chips, pins, mask, bars, tracks, text; each held against the Python API."""

from __future__ import annotations

import re

import numpy as np
import pytest

import lstmviz
from lstmviz.match import Brush, Excluded, Part, brushed
from lstmviz.match.pattern.file import PatternFile
from lstmviz.types import PatternUnit, view_cut
from support import browser as browsing
from support.workbench import DEPTH_4, QUERY, SOURCE, chip, page, two_frames, until

OTHER = "rnn.l0.h"


@pytest.fixture(params=["parens", pytest.param("wide", marks=pytest.mark.long)])
def case(request, chromium, parens, wide, parens_address, wide_address):
    """(bench, dump, plotted source, other source, window, first step in view)."""
    if request.param == "parens":
        given = parens_address, parens, SOURCE, OTHER, DEPTH_4, 220
    else:
        given = wide_address, wide, "rnn.l1.h", "rnn.l0.h", (312, 316), 300
    with browsing.workbench(chromium, given[0]) as bench:
        yield bench, *given[1:]


def key(unit):
    return [unit["source"], unit["unit"], unit["side"], unit["threshold"]]


def units_of(pattern):
    return [[u.source, u.unit, u.side, u.threshold] for u in pattern.units]


def assert_pattern(shown, dump, pattern):
    """The page has these units, and lists and shades what the API finds for them."""
    assert [key(u) for u in shown["chosen"]] == units_of(pattern)
    frame = dump.match(pattern, limit=len(shown["rows"]))
    names = ["start", "stop", "n_shared", "n_union"]
    assert [[r[n] for n in names] for r in shown["rows"]] == frame[names].to_numpy().tolist()
    first, last = shown["cells"][0]["step"], shown["cells"][-1]["step"] + 1
    assert [c["on"] for c in shown["cells"]] == n_on(dump, pattern.units, first, last).tolist()


def n_on(dump, units, first, last):
    total = np.zeros(last - first, int)
    states = {source: dump.states(source)[first:last].astype("float64") for source in {u.source for u in units}}
    for u in units:
        values = states[u.source][:, u.unit]
        cut = dump.source(u.source).cut(u.threshold)
        total += (values <= cut) if u.side == "low" else (values >= cut)
    return total


@pytest.mark.parametrize(
    ("case", "side"),
    [("parens", "low"), *(pytest.param(name, "both", marks=pytest.mark.long) for name in ("parens", "wide"))],
    indirect=["case"],
)
def test_units_on_low_are_selected_shown_and_kept_in_the_address(case, side):
    bench, dump, source, _, window, at = case
    bench.open(source=source, at=at, span=60)
    bench.brush(*window)
    bench.page.locator("#lv-side label", has_text=side).click()
    shown = until(bench, "d.state.side === arg", side)
    pattern = brushed(dump, Brush((Part(source, side),), *window))
    assert {u.side for u in pattern.units} == ({"low"} if side == "low" else {"high", "low"})
    assert_pattern(shown, dump, pattern)
    assert [t["value"] for t in shown["thresholds"]] == ([-0.3] if side == "low" else [0.3, -0.3])
    words = [f"−{u.unit}" if u.side == "low" else str(u.unit) for u in pattern.units]
    assert shown["chips"] == words[: len(shown["chips"])]
    bench.reload()
    assert_pattern(bench.ready(), dump, pattern)
    handle = shown["thresholds"][-1]
    shown = bench.drag((handle["x"], handle["y"]), (handle["x"], handle["y"] + 20))
    assert shown["state"]["threshold"] > 0.3  # the line on low goes down, so the threshold of both goes up
    assert_pattern(shown, dump, brushed(dump, Brush((Part(source, side, shown["state"]["threshold"]),), *window)))


def test_a_further_source_is_added_changed_plotted_and_removed(case):
    bench, dump, source, other, window, at = case
    bench.open(source=source, at=at, span=60)
    bench.brush(*window)
    bench.page.get_by_role("button", name="+ source").click()
    offered = bench.page.locator("#lv-unit-tools .lv-panel-item").all_text_contents()
    assert [name.split(" ")[0] for name in offered] == [name for name in dump.sources if name != source]
    bench.page.locator("#lv-unit-tools .lv-panel-item", has_text=other).click()
    shown = until(bench, "d.state.parts.length === 1")
    assert_pattern(shown, dump, brushed(dump, Brush((Part(source), Part(other)), *window)))

    tag = bench.page.locator(f'.lv-part[data-source="{other}"]')
    tag.locator("select").select_option("both")
    until(bench, "d.state.parts[0].side === 'both'")
    tag.locator("input").fill("0.605")
    tag.locator("input").press("Enter")
    shown = until(bench, "d.state.parts[0].threshold === 0.605")
    brush = Brush((Part(source), Part(other, "both", 0.605)), *window)
    assert_pattern(shown, dump, brushed(dump, brush))
    bench.look_again()
    assert_pattern(bench.ready(), dump, brushed(dump, brush))

    tag.locator("button").first.click()  # plots it: the two change places
    shown = until(bench, "d.state.source === arg", other)
    swapped = brushed(dump, Brush((Part(other, "both", 0.605), Part(source)), *window))
    assert_pattern(shown, dump, swapped)
    bench.page.locator(f'.lv-part[data-source="{source}"]').get_by_role("button", name="Take").click()
    shown = until(bench, "d.state.parts.length === 0")
    assert_pattern(shown, dump, brushed(dump, Brush((Part(other, "both", 0.605),), *window)))


def test_a_chip_marks_its_line_and_one_of_another_source_brings_its_lines(bench, parens):
    bench.open(**QUERY, start=249, stop=255, also=f"{OTHER}/high/0.3")
    unit = next(u.unit for u in brushed(parens, Brush((Part(OTHER),), *DEPTH_4)).units)
    assert f"l0.h {unit}" in bench.shown()["chips"]
    # Pointing at a chip and at a line marks the other.
    own = bench.shown()["units"][0]
    chip(bench, own, SOURCE).hover()
    bench.page.wait_for_function("unit => lvDebug.hover.unit === unit", arg=own)
    x, y = line_at(bench, parens, SOURCE, own, 251)
    bench.page.mouse.move(x, y)
    bench.page.wait_for_function("() => document.querySelector('#lv-chips .lv-hovered') !== null")
    chip(bench, unit, OTHER).locator(".lv-chip-name").click()
    shown = until(bench, "d.state.source === arg", OTHER)
    assert shown["state"]["held"] == {"source": OTHER, "unit": unit}
    assert str(unit) in shown["chips"]


def test_units_are_taken_out_brought_back_and_undone(case):
    bench, dump, source, _, window, at = case
    bench.open(source=source, at=at, span=60)
    bench.brush(*window)
    whole = brushed(dump, Brush((Part(source),), *window))
    first, second = (u.unit for u in whole.units[:2])
    chip(bench, first, source).get_by_role("button", name="out", include_hidden=True).click()
    shown = until(bench, "d.state.excluded.length === 1")
    assert_pattern(shown, dump, brushed(dump, Brush((Part(source),), *window, excluded=(Excluded(source, first),))))
    chip(bench, second, source).locator(".lv-chip-name").focus()
    bench.page.keyboard.press("Delete")
    shown = until(bench, "d.state.excluded.length === 2")
    both = Brush((Part(source),), *window, excluded=(Excluded(source, first), Excluded(source, second)))
    assert_pattern(shown, dump, brushed(dump, both))
    bench.look_again()
    assert_pattern(bench.ready(), dump, brushed(dump, both))

    bench.page.get_by_role("button", name="2 taken out").click()
    bench.page.locator("[data-testid=chip-out]").nth(1).wait_for()
    assert bench.page.locator("[data-testid=chip-out]").all_text_contents() == [str(first), str(second)]
    bench.page.locator("[data-testid=chip-out]").first.click()
    shown = until(bench, "d.state.excluded.length === 1")
    assert_pattern(shown, dump, brushed(dump, Brush((Part(source),), *window, excluded=(Excluded(source, second),))))

    bench.page.locator("#lv-plot").focus()
    bench.page.keyboard.press("Control+z")
    assert_pattern(until(bench, "d.state.excluded.length === 2"), dump, brushed(dump, both))
    bench.page.keyboard.press("Control+Shift+z")
    until(bench, "d.state.excluded.length === 1")
    bench.page.click("#lv-undo")
    until(bench, "d.state.excluded.length === 2")
    bench.page.click("#lv-redo")
    until(bench, "d.state.excluded.length === 1")
    shown = bench.brush(window[1] + 8, window[1] + 10)
    assert shown["state"]["excluded"] == []  # a new brush starts whole


def test_units_are_pinned_by_number_by_line_and_by_key_also_without_a_brush(case):
    bench, dump, source, other, window, at = case
    bench.open(source=source, at=at, span=60)
    bench.page.get_by_role("button", name="+ pin").click()
    panel = bench.page.locator("#lv-unit-tools .lv-panel:not([hidden])")
    panel.locator("input").fill("999999")
    panel.locator("input").press("Enter")
    panel.locator("p", has_text=re.compile(r"has units 0 to \d+")).wait_for()
    panel.locator("select").first.select_option(other)
    panel.locator("select").last.select_option("low")
    panel.locator("input").fill("7")
    panel.locator("input").press("Enter")
    shown = until(bench, "d.state.pinned.length === 1")
    pins = (PatternUnit(other, 7, "low", -0.3),)
    assert_pattern(shown, dump, brushed(dump, Brush((Part(source),), pinned=pins)))
    bench.page.keyboard.press("Escape")
    bench.brush(*window)
    pattern = brushed(dump, Brush((Part(source),), *window, pinned=pins))
    assert_pattern(bench.ready(), dump, pattern)

    first = pattern.units[0].unit
    chip(bench, first, source).locator(".lv-chip-name").focus()
    bench.page.keyboard.press("p")
    shown = until(bench, "d.state.pinned.length === 2")
    assert chip(bench, first, source).locator(".lv-chip-pin").is_visible()
    bench.page.fill("#lv-threshold", "0.9")
    bench.page.keyboard.press("Enter")
    shown = until(bench, "d.state.threshold === 0.9")
    pins = (*pins, PatternUnit(source, first, "high", 0.3))
    brush = Brush((Part(source, "high", 0.9),), *window, pinned=pins)
    assert_pattern(shown, dump, brushed(dump, brush))
    bench.look_again()
    assert_pattern(bench.ready(), dump, brushed(dump, brush))


def line_at(bench, dump, source, unit, step):
    """Where a unit's line passes in the window at a step."""
    box = bench.page.locator("#lv-plot").bounding_box()
    value = float(dump.states(source)[step : step + 1][0, unit])
    value = np.tanh(value) if dump.source(source).view == "tanh" else value
    cell = bench.cell(step)
    return (cell["left"] + cell["right"]) / 2, box["y"] + 10 + (1 - (value + 1) / 2) * (box["height"] - 20)


def alone(dump, source, first, last):
    """A unit and step in [first, last) whose line is farthest from every other there."""
    values = dump.states(source)[first:last].astype("float64")
    values = np.tanh(values) if dump.source(source).view == "tanh" else values
    best = (0, 0, 0)
    for k, row in enumerate(values):
        order = np.argsort(row)
        gaps = np.diff(row[order])
        room = np.minimum(np.append(gaps, 9), np.insert(gaps, 0, 9))
        far = int(np.argmax(room))
        best = max(best, (float(room[far]), int(order[far]), first + k))
    return best[1], best[2]


def test_a_press_on_a_line_holds_its_unit_with_shift_takes_it_out_and_pins_while_pinning(bench, parens):
    bench.open(**QUERY)
    unit, step = alone(parens, SOURCE, 225, 275)
    x, y = line_at(bench, parens, SOURCE, unit, step)
    bench.page.mouse.click(x, y)
    until(bench, "d.state.held !== null")
    assert bench.shown()["state"]["held"] == {"source": SOURCE, "unit": unit}
    assert bench.page.evaluate("() => lvDebug.state.held") == {"source": SOURCE, "unit": unit}
    assert f"unit={SOURCE}/{unit}" in bench.page.url
    bench.page.mouse.click(x, y)
    until(bench, "d.state.held === null")
    bench.page.get_by_role("button", name="+ pin").click()
    bench.page.mouse.click(x, y)
    shown = until(bench, "d.state.pinned.length === 1")
    assert shown["chosen"][0]["unit"] == unit
    bench.page.keyboard.press("Escape")
    bench.page.keyboard.down("Shift")
    bench.page.mouse.click(x, y)
    bench.page.keyboard.up("Shift")
    until(bench, "d.state.pinned.length === 0")


def test_bars_say_where_each_unit_is_on(case):
    bench, dump, source, other, window, at = case
    bench.open(source=source, at=at, span=60, start=window[0], stop=window[1], side="both", also=f"{other}/low/0.5")
    assert bench.shown()["bars"] == []
    bench.page.locator("#lv-show button").first.click()
    bench.page.locator("label", has_text="Bars").click()
    shown = until(bench, "d.state.bars && d.bars.length > 0")
    pattern = brushed(dump, Brush((Part(source, "both"), Part(other, "low", 0.5)), *window))
    for bar, unit in zip(shown["bars"], pattern.units, strict=True):
        assert [bar["source"], bar["unit"], bar["side"]] == [unit.source, unit.unit, unit.side]
        assert bar["on"] == (at + np.flatnonzero(n_on(dump, [unit], at, at + 60))).tolist()
    assert "bars=1" in bench.page.url


PIXEL = """([selector, x, y]) => {
  const place = document.querySelector(selector).getBoundingClientRect();
  const canvases = document.querySelectorAll(selector + " canvas");
  const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  for (const canvas of canvases) copy.drawImage(canvas, x - place.left, y - place.top, 1, 1, 0, 0, 1, 1);
  return Array.from(copy.getImageData(0, 0, 1, 1).data);
}"""


def test_the_mask_fades_steps_by_how_few_units_are_on(bench):
    bench.open(**QUERY, start=249, stop=255)
    shown = bench.ready()
    grounds = {}
    for masked in (False, True):
        if masked:
            bench.page.locator("#lv-show button").first.click()
            bench.page.locator("label", has_text="Mask").click()
            until(bench, "d.state.mask")
            bench.page.keyboard.press("Escape")
        bench.page.mouse.move(5, 5)  # where the menu was lies the strip, and would mark the step under the pointer
        until(bench, "lvDebug.hover.step === null")
        two_frames(bench)
        shown = bench.ready()
        for wanted in (0, max(c["on"] for c in shown["cells"])):
            cell = next(c for c in shown["cells"][40:] if c["on"] == wanted)
            y = cell["middle"] + 45  # the row of the first track
            grounds[masked, wanted] = bench.page.evaluate(PIXEL, ["#lv-strip", cell["left"] + 2, y])
    full = max(k[1] for k in grounds)
    assert grounds[True, full] == grounds[False, full]
    assert sum(grounds[True, 0][:3]) > sum(grounds[False, 0][:3])  # towards the white of the page


def test_tracks_are_added_ordered_removed_and_drawn_as_asked(case):
    bench, dump, source, _, _, at = case
    bench.open(source=source, at=at, span=60)
    shown = bench.shown()
    names = list(dump.tracks) if source == "rnn.l1.h" else ["depth", "top1", "loss", "right"]
    assert shown["tracks"] == names  # the corpus's own first; of predictions the likeliest alone
    bench.page.locator("#lv-show button").first.click()
    rows = bench.page.locator(".lv-track-list [data-track]")
    rows.nth(1).get_by_role("button", name="up").click()
    assert until(bench, "d.state.tracks !== null")["tracks"] == [names[1], names[0], *names[2:]]
    grip, first = rows.nth(1).locator(".lv-grip").bounding_box(), rows.nth(0).bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    bench.page.mouse.move(x, y)
    bench.page.mouse.down()
    bench.page.mouse.move(x, first["y"] + 3, steps=4)
    bench.page.mouse.up()
    assert until(bench, "arg === d.tracks[0]", names[0])["tracks"] == names
    rows.nth(1).get_by_role("button", name="up").press("Enter")
    until(bench, "arg === d.tracks[0]", names[1])
    rows.nth(1).locator("input").click()
    assert until(bench, "d.tracks.length === arg", len(names) - 1)["tracks"] == names[1:]
    bench.page.locator('.lv-track-list [data-track="loss"] input').set_checked(True)
    bench.page.locator('.lv-track-list [data-track="loss"] select').select_option("line")
    shown = until(bench, "d.state.looks.loss === 'line'")
    assert "track=loss/line" in bench.page.url
    seen = shown["tracks"]
    bench.reload()
    shown = bench.ready()
    assert (shown["tracks"], shown["state"]["looks"]) == (seen, {"loss": "line"})
    for name in seen:
        bench.page.locator("#lv-show button").first.click()
        bench.page.locator(f'.lv-track-list [data-track="{name}"] input').click()
        bench.page.keyboard.press("Escape")
    assert until(bench, "d.tracks.length === 0")["state"]["tracks"] == []


def test_the_text_of_a_sequence_is_coloured_by_the_unit_that_is_held(case):
    bench, dump, source, other, window, at = case
    unit = 3
    bench.open(source=source, at=at, span=60, start=window[0], stop=window[1], unit=f"{other}/{unit}", view="text")
    shown = until(bench, "d.text && d.text.isHere && d.text.grounds.length > 0")
    text = shown["text"]
    sequence = dump.sequences.iloc[dump.first.sequence_of(window[0])]
    assert (text["from"], text["to"]) == (sequence["start"], sequence["stop"])
    assert (text["source"], text["unit"]) == (other, unit)
    assert text["texts"] == dump.tokens[text["from"] : text["to"]]
    values = dump.states(other)[text["from"] : text["to"]][:, unit].astype("float64")
    values = np.tanh(values) if dump.source(other).view == "tanh" else values
    colours = np.array([[int(v) for v in re.findall(r"\d+", ground)] for ground in text["grounds"]], float)
    leaning = colours[:, 2] - colours[:, 0]  # blue on high, red-purple on low
    assert np.corrcoef(values, leaning)[0, 1] > 0.9
    assert (np.sign(leaning[np.abs(values) > 0.5]) == np.sign(values[np.abs(values) > 0.5])).all()
    assert bench.page.locator("#lv-plot").is_hidden()
    bench.page.locator(f'#lv-unit-text [data-step="{text["to"] - 1}"]').click()
    shown = until(bench, "d.state.at > arg", at)
    assert shown["state"]["at"] <= text["to"] - 1 < shown["state"]["at"] + 60
    bench.page.locator("#lv-show button").first.click()
    bench.page.locator("label", has_text="Text coloured").click()
    assert until(bench, "d.state.view === 'lines'")["text"] is None
    assert bench.page.locator("#lv-plot").is_visible()


def test_an_opened_pattern_is_edited_in_place(bench, parens):
    pattern = brushed(parens, Brush((Part(SOURCE, "both"), Part(OTHER)), *DEPTH_4))
    bench.open(**QUERY)
    bench.page.evaluate(
        "text => lvDebug.changeState({ pattern: text, start: null, stop: null }, 'push')",
        PatternFile(pattern).to_json(),
    )
    assert_pattern(bench.ready(), parens, pattern)
    gone = pattern.units[0]
    chip(bench, gone.unit, SOURCE).locator(".lv-chip-name").focus()
    bench.page.keyboard.press("Delete")
    shown = until(bench, "d.state.excluded.length === 1")
    rest = lstmviz.match.without(pattern, SOURCE, gone.unit, gone.side)
    assert_pattern(shown, parens, rest)
    assert PatternFile.from_json(shown["state"]["pattern"]).pattern == rest
    bench.page.evaluate("() => lvDebug.pinUnit({ source: 'rnn.l0.c', unit: 5, side: 'low', threshold: -0.5 })")
    shown = until(bench, "d.chosen && d.chosen.at(-1).unit === 5")
    more = lstmviz.match.with_unit(rest, "rnn.l0.c", 5, "low", -0.5, base=0.5)
    assert PatternFile.from_json(shown["state"]["pattern"]).pattern == more
    assert_pattern(shown, parens, more)
    bench.page.evaluate(
        "() => lvDebug.changeLimits({ filters: [{ track: 'depth', low: 4 }], minLength: 2, maxLength: 9 })"
    )
    shown = until(bench, "JSON.parse(d.state.pattern).pattern.max_length === 9")
    edited = PatternFile.from_json(shown["state"]["pattern"]).pattern
    assert (edited.min_length, edited.max_length) == (2, 9)
    assert edited.filters == (lstmviz.Filter("depth", low=4),)
    assert_pattern(shown, parens, edited)
    bench.page.evaluate("() => lvDebug.changeByHand({ hidden: [[3, 5]] })")
    shown = until(bench, "JSON.parse(d.state.pattern).notes.hidden.length === 1")
    notes = PatternFile.from_json(shown["state"]["pattern"]).notes
    assert notes.hidden == (lstmviz.Window(3, 5),)
    assert notes.dump == parens.uuid


def test_what_is_undone_comes_back_into_view(bench):
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    bench.page.fill("#lv-threshold", "0.5")
    bench.page.keyboard.press("Enter")
    until(bench, "d.state.threshold === 0.5")
    bench.page.click("#lv-undo")
    assert until(bench, "d.state.threshold === 0.3")["state"]["at"] == 220
    bench.page.click("#lv-undo")
    until(bench, "d.state.start === null")
    bench.page.locator("#lv-plot").focus()
    bench.page.keyboard.press("End")
    until(bench, "d.state.at > 19000")
    bench.page.click("#lv-redo")
    shown = until(bench, "d.state.start !== null")
    assert shown["state"]["at"] <= DEPTH_4[0] < DEPTH_4[1] <= shown["state"]["at"] + 60
    assert bench.page.locator("#lv-redo").is_enabled()


def test_numbers_stand_where_there_are_no_tokens(chromium, tmp_path):
    values = np.sin(np.arange(200) / 7).astype("float32")
    states = np.stack([values, -values], 1)
    with page(chromium, tmp_path, states={"a.l0.h": states}, tracks={"height": values}) as (bench, dump):
        bench.open(source="a.l0.h", at=0, span=60, view="text", unit="a.l0.h/0")
        shown = until(bench, "d.text && d.text.isHere && d.text.texts[0] !== '…'")
        numbers = [float(text.replace("−", "-")) for text in shown["text"]["texts"]]
        assert numbers == pytest.approx(dump.tracks["height"][0:200].tolist(), abs=6e-3)


@pytest.mark.long
def test_a_negative_threshold_selects_by_the_negative_cut(bench, parens):
    assert view_cut("tanh", -0.35) == -view_cut("tanh", 0.35)
    bench.open(**QUERY, start=249, stop=255, side="both", t=-0.5, before=0)
    shown = bench.shown()
    assert_pattern(shown, parens, brushed(parens, Brush((Part(SOURCE, "both", -0.5),), *DEPTH_4, off_before=0)))


def test_sequences_are_told_by_number_and_label_where_they_start(chromium, tmp_path):
    names = ["first", "<b>second</b>", "third"]
    labels = [name for name in names for _ in range(30)]
    states = np.zeros((90, 2), "float32")
    given = {"states": {"a.l0.h": states}, "lengths": [30] * 3, "tracks": {"title": labels, "n": np.arange(90)}}
    with page(chromium, tmp_path, **given) as (bench, dump):
        bench.open(source="a.l0.h", at=10, span=60)
        shown = until(bench, "d.labels.every((one) => one.text.includes(' · '))")
        starts = dump.sequences["start"].tolist()[1:]
        assert shown["labels"] == [
            {"border": starts[0], "text": "sequence 1 · <b>second</b>"},
            {"border": starts[1], "text": "sequence 2 · third"},
        ]
