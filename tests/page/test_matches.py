"""The match view: orders, groups, filters, colours, rows by the thousand and by hand, two patterns, exports."""

from __future__ import annotations

import csv
import io
import json
import re

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz.figures.strips import units_on
from lstmviz.match.engine import find
from lstmviz.match.pattern.file import PatternFile
from lstmviz.types import Filter, Window
from lstmviz.ui import queries as asked
from support import browser as browsing
from support.budget import is_long
from support.workbench import (
    BRUSHED,
    DEPTH_4,
    QUERY,
    SOURCE,
    assert_shows,
    compared,
    pick,
    selected,
    spans,
    spans_of,
    two_frames,
    until,
)

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "=1+1",
    "\u202eright to left",
    "a\u0000b",
    "\u200b",
    "",
    "   ",
    "x" * 10_000,
    "é漢",
]
MANY_ROWS = 1000 if is_long() else 450  # of which at most 400 are in the page
LABELS = ["<b>bold</b>", '"/><script>', "a/b%2Fc", "\u202erl"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Hostile tokens and labels; predictions of the next token with their probabilities; every second step a match."""
    n, kinds = 400, len(HOSTILE)
    rng = np.random.default_rng(5)
    likely = rng.integers(0, kinds, n)
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("odd") / "<odd> & “dump”.h5",
        states={"rnn.l0.h": np.stack([np.arange(n) % 2, rng.uniform(-1, 1, n)], 1).astype("float32")},
        tokens=np.arange(n) % kinds,
        vocab=HOSTILE,
        lengths=[100] * 4,
        join=" ",
        tracks={
            "top1": [HOSTILE[i] for i in likely],
            "p1": rng.random(n).astype("float32"),
            "<i>kind": [LABELS[i % 4] for i in range(n)],
        },
    )
    with h5py.File(path, "r+") as file:
        for name in ("top1", "p1"):
            file[f"tracks/{name}"].attrs["concerns"] = np.bytes_("next")
            file[f"tracks/{name}"].attrs["group"] = np.bytes_("predictions")
    return lstmviz.open_dump(path)


@pytest.fixture(scope="module")
def odd_bench(chromium, odd):
    with browsing.serving([odd]) as address, browsing.workbench(chromium, address) as bench:
        yield bench


def test_orders_and_groups_are_those_of_the_api(bench, parens):
    bench.open(**BRUSHED)
    pattern = selected(parens, *DEPTH_4)
    for words, order in (("longest first", "-length"), ("step", "step"), ("loss, falling", "-track:loss")):
        shown = pick(bench, "order", words)
        assert shown["state"]["order"] == order
        assert spans(shown["rows"]) == spans_of(parens.match(pattern, len(shown["rows"]), order=order))
    for words, by in (("length", "length"), ("sequence", "sequence"), ("depth", "track:depth")):
        shown = pick(bench, "group", words)
        groups = parens.groups(pattern, by)
        laid = bench.page.evaluate("lvDebug.laidItems().items.filter((i) => i.kind === 'group').map((i) => i.group)")
        assert [(g["name"], g["n"]) for g in laid] == list(groups.itertuples(index=False, name=None))[: len(laid)]
        heading = bench.page.locator(".lv-match-group").first
        assert f"{groups['n_matches'][0]:,} match" in heading.inner_text()
    bench.page.get_by_role("button", name="fold all").click()
    bench.page.wait_for_function("() => !document.querySelector('.lv-match-row')")
    assert bench.page.locator(".lv-match-group").count() == len(groups)
    last = bench.page.locator(".lv-match-group").last
    last.click()
    n_last = int(groups["n_matches"].iloc[-1])
    until(bench, "document.querySelectorAll('.lv-match-row').length > 0")
    first = int(groups["n_matches"].iloc[:-1].sum())
    shown = bench.page.evaluate(
        "lvDebug.laidItems().items.filter((i) => i.kind === 'row' && i.place >= 0).map((i) => i.row)"
    )
    assert 0 < len(shown) <= n_last
    tracks = {r["tracks"]["depth"][r["start"] - r["first"]] for r in shown}
    assert tracks == {float(groups["group"].iloc[-1])}
    whole = bench.page.evaluate(
        "lvDebug.laidItems().items.filter((i) => i.kind === 'row' && i.place >= 0).map((i) => i.place)"
    )
    assert whole[0] == first
    url = bench.page.url
    bench.look_again()
    assert bench.ready()["state"]["group"] == "track:depth"
    assert bench.page.url == url


def test_each_count_lists_the_matches_with_so_many_units(bench, parens):
    bench.open(**BRUSHED)
    pattern = selected(parens, *DEPTH_4)
    totals = dict(parens.count(pattern).totals.to_numpy().tolist())
    bench.page.locator(".lv-count[data-shared='3']").click()
    shown = until(bench, "d.state.shared === 3")
    assert f"listed: {totals[3]:,} with 3 " in bench.page.locator("#lv-counts").inner_text()
    bench.page.goto(f"{bench.page.url}&rows={totals[3] + 10}")
    shown = bench.ready()
    only = parens.match(pattern, 10_000, min_shared=3).query("n_shared == 3")
    assert spans(shown["rows"]) == spans_of(only)
    bench.page.wait_for_function("() => !lvDebug.isSummaryPending()")
    listed_at = bench.page.evaluate("() => lvDebug.summaryAnswer().barcode.n_matches")
    assert sum(listed_at) == totals[3]
    assert bench.page.locator("#lv-more").inner_text() == ""
    bench.page.locator(".lv-count-first").click()
    shown = until(bench, "d.state.shared === 4")
    assert {r["n_shared"] for r in shown["rows"]} == {4}
    bench.page.get_by_role("button", name="list all", exact=True).click()
    assert until(bench, "d.state.shared === null")["rows"]


def test_rows_are_listed_before_all_matches_are_counted(bench, parens):
    totals = dict(parens.count(selected(parens, *DEPTH_4)).totals.to_numpy().tolist())
    bench.open(**QUERY)
    held, counts = [], bench.page.locator("#lv-counts")
    bench.page.route(re.compile("/summary$"), lambda route: held.append(route))
    for kept in (asked._search, asked._listing):
        kept.cache_clear()
    bench.page.evaluate("window => lvDebug.changeState(window, 'push')", {"start": DEPTH_4[0], "stop": DEPTH_4[1]})
    counts.get_by_text("counting …").wait_for()
    early = counts.inner_text().removesuffix(" · counting …")
    shown = bench.shown()
    assert (len(shown["rows"]), shown["isReady"]) == (50, False)
    assert early.startswith(f"{totals[4]:,} matches with all 4 units on")
    assert shown["counts"] == list(map(list, totals.items()))[: len(shown["counts"])]
    assert len(shown["counts"]) < len(totals)
    held[0].continue_()
    assert_shows(bench.ready(), parens, *DEPTH_4)
    assert counts.inner_text().startswith(early)
    assert re.search(r"exact, [\d.]+ m?s$", counts.inner_text())


@pytest.mark.long
def test_a_first_question_tells_how_far_the_reading_is(bench, parens):
    bench.open(**QUERY)
    held = []
    bench.page.route(re.compile("/matches$"), lambda route: held.append(route))
    share = {"sources": [{"source": SOURCE, "share": 0.437}]}
    bench.page.route(re.compile("/indexing.json$"), lambda route: route.fulfill(json=share))
    first, last = (bench.cell(step) for step in (DEPTH_4[0], DEPTH_4[1] - 1))
    bench.page.mouse.move(first["left"] + 3, first["middle"])
    bench.page.mouse.down()
    bench.page.mouse.move(last["right"] - 3, last["middle"], steps=4)
    bench.page.mouse.up()
    bench.page.locator("#lv-counts", has_text="Reading all states once, for this and later questions: 43 %").wait_for()
    bench.page.unroute(re.compile("/matches$"))
    for route in held:
        route.continue_()
    assert_shows(bench.ready(), parens, *DEPTH_4)
    assert "Reading" not in bench.page.locator("#lv-counts").inner_text()


def test_counts_that_do_not_come_are_not_waited_for(bench, parens):
    bench.open(**QUERY)
    for kept in (asked._search, asked._listing):
        kept.cache_clear()
    bench.page.route(re.compile("/summary$"), lambda route: route.fulfill(status=500, body="{}"))
    shown = bench.brush(*DEPTH_4)
    assert len(shown["rows"]) == 50
    assert "lower levels not counted" in bench.page.locator("#lv-counts").inner_text()
    assert len(bench.more()["rows"]) == 100
    bench.page.unroute(re.compile("/summary$"))
    bench.page.get_by_role("button", name="Try again").first.click()
    bench.page.locator("#lv-counts", has_text=" with 1 ").or_(bench.page.locator(".lv-counts-more")).first.wait_for()
    bench.troubles.clear()  # the browser itself logs the refusal


def test_where_finding_all_takes_long_the_page_says_what_it_lists_and_lists_all_when_asked(bench, parens, monkeypatch):
    pattern = selected(parens, *DEPTH_4)
    totals = dict(parens.count(pattern).totals.to_numpy().tolist())
    for kept in (asked._search, asked._listing):
        kept.cache_clear()
    monkeypatch.setattr(find, "COUNT_ALL", 0)
    monkeypatch.setattr(asked, "ENOUGH", totals[4] + 1)
    bench.open(**BRUSHED, order="step")
    shown = bench.shown()
    n_first = totals[4] + totals[3]
    assert f"listed: {n_first:,} with 3 or more" in bench.page.locator("#lv-counts").inner_text()
    assert spans(shown["rows"]) == spans_of(parens.match(pattern, len(shown["rows"]), order="step", min_shared=3))
    bench.page.get_by_role("button", name="list all", exact=True).click()
    shown = until(bench, "d.state.shared === 1")
    assert spans(shown["rows"]) == spans_of(parens.match(pattern, len(shown["rows"]), order="step"))
    assert "listed:" not in bench.page.locator("#lv-counts").inner_text()


def test_filters_are_tags_and_the_rows_are_the_filtered_ones(bench, parens, odd, odd_bench):
    bench.open(**BRUSHED)
    pattern = selected(parens, *DEPTH_4)
    bench.page.click("#lv-match-filter .lv-menu-button")
    bench.page.get_by_label("Shortest match", exact=True).fill("2")
    bench.page.get_by_label("Shortest match", exact=True).press("Enter")
    until(bench, "d.state.minLength === 2")
    bench.page.click("#lv-match-filter .lv-menu-button")
    bench.page.get_by_label("Track to filter by").select_option("depth")
    bench.page.get_by_label("Least depth").fill("3")
    bench.page.get_by_label("Least depth").press("Enter")
    shown = until(bench, "d.state.filters.length === 1")
    assert bench.page.locator(".lv-tag-name").all_inner_texts() == ["depth from 3", "2 steps or more"]
    narrow = lstmviz.Pattern(**{**fields(pattern), "min_length": 2, "filters": (Filter("depth", low=3),)})
    assert spans(shown["rows"]) == spans_of(parens.match(narrow, len(shown["rows"])))
    assert shown["counts"] == parens.count(narrow).totals.to_numpy().tolist()
    bench.page.get_by_role("button", name="Drop the filter depth from 3").click()
    bench.page.get_by_role("button", name="Drop the filter 2 steps or more").click()
    shown = until(bench, "d.state.minLength === 1 && !d.state.filters.length")
    assert spans(shown["rows"]) == spans_of(parens.match(pattern, len(shown["rows"])))

    odd_bench.open(start=1, stop=2, before=0)
    odd_bench.page.click("#lv-match-filter .lv-menu-button")
    odd_bench.page.get_by_label("Track to filter by").select_option("<i>kind")
    odd_bench.page.get_by_role("checkbox", name='"/><script>').check()
    shown = until(odd_bench, "d.state.filters.length === 1")
    assert odd_bench.page.locator(".lv-tag-name").all_inner_texts() == ['<i>kind "/><script>']
    given = odd.select("rnn.l0.h", 1, 2, 0.3, 0, 0)
    narrow = lstmviz.Pattern(**{**fields(given), "filters": (Filter("<i>kind", (LABELS[1],)),)})
    assert spans(shown["rows"]) == spans_of(odd.match(narrow, len(shown["rows"])))


def fields(pattern):
    return {name: getattr(pattern, name) for name in pattern.__slots__}


def test_hundreds_of_rows_come_as_one_scrolls_and_few_are_in_the_page(bench, parens):
    bench.open(**BRUSHED)
    bench.page.mouse.move(400, 700)
    for _ in range(400):
        bench.page.mouse.wheel(0, 30_000)
        bench.page.wait_for_timeout(50)
        if bench.page.evaluate("lvDebug.matchRows().length") >= MANY_ROWS:
            break
    shown = bench.ready()
    n_rows = len(shown["rows"])
    assert n_rows >= MANY_ROWS
    frame = parens.match(selected(parens, *DEPTH_4), n_rows)
    names = ["start", "stop", "n_shared", "n_union"]
    assert [[r[n] for n in names] for r in shown["rows"]] == frame[names].to_numpy().tolist()
    assert 0 < bench.page.locator(".lv-match-row").count() <= 400
    head = bench.page.locator(".lv-match-head").bounding_box()
    assert 0 < head["y"] < 100  # it stays under the header
    bench.page.evaluate("scrollTo(0, 6000)")
    bench.page.wait_for_timeout(200)
    seen = bench.page.evaluate("""() => [...document.querySelectorAll(".lv-match-row")].map((e) =>
      [Number(e.dataset.place), e.querySelector("a").textContent, e.getBoundingClientRect().top])""")
    assert any(100 < top < 900 for _, _, top in seen)
    assert all(text == f"{frame['start'][place]:,}" for place, text, _ in seen)


def test_the_rows_are_walked_by_keys_and_more_of_them_fetched(bench, parens):
    bench.open(**BRUSHED)
    bench.page.locator("[data-place='45'] a").focus()
    for k in range(15):
        bench.page.keyboard.press("ArrowDown")
        if k % 5 == 4:
            bench.settle()
    place = bench.page.evaluate("document.activeElement.closest('[data-place]')?.dataset.place")
    if place is None:  # the button after the rows
        bench.page.keyboard.press("Enter")
        bench.page.wait_for_function("() => document.activeElement.closest('[data-place]')")
    assert len(bench.ready()["rows"]) >= 100
    box = bench.page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 < box < 900
    start = bench.page.evaluate("document.activeElement.textContent")
    bench.page.keyboard.press("Enter")
    shown = until(bench, "d.state.at !== 220")
    at = int(start.replace(",", ""))
    assert shown["state"]["at"] <= at < shown["state"]["at"] + 60


def test_rows_hidden_and_marked_by_hand_are_kept_in_the_address_and_the_pattern_file(bench, parens, tmp_path):
    bench.open(**BRUSHED)
    shown = bench.shown()
    first, second, third = spans(shown["rows"])[:3]
    bench.page.locator("[data-place='1']").hover()
    bench.page.get_by_role("button", name=f"Hide this match (Delete): step {second[0]:,}").click()
    until(bench, "d.state.hidden.length === 1")
    assert bench.page.locator("[data-place='1']").count() == 0
    link = bench.page.locator("[data-place='0'] a")
    link.press("Delete")
    until(bench, "d.state.hidden.length === 2")
    assert bench.page.evaluate("document.activeElement.closest('[data-place]').dataset.place") == "2"
    bench.page.keyboard.press("m")
    shown = until(bench, "d.state.marked.length === 1")
    assert shown["state"]["marked"] == [third]
    assert sorted(shown["state"]["hidden"]) == sorted([first, second])
    n_full = dict(shown["counts"])[4]
    assert f"{n_full:,} matches" in bench.page.locator("#lv-counts").inner_text()  # hidden ones count
    with bench.page.expect_download() as download:
        bench.page.get_by_role("button", name="Export").click()
        bench.page.locator(".lv-export-panel .lv-panel-row", has_text="Pattern").get_by_role(
            "button", name="JSON"
        ).click()
    download.value.save_as(tmp_path / "p.json")
    notes = PatternFile.read(tmp_path / "p.json").notes
    assert set(notes.hidden) == {Window(*first), Window(*second)}
    assert notes.marked == (Window(*third),)

    bench.reload()
    bench.settle()
    assert bench.page.locator("[data-place='0']").count() == 0
    bench.page.get_by_role("button", name="show 2 hidden").click()
    back = bench.page.get_by_role("button", name=f"Bring this match back (Delete): step {first[0]:,}")
    back.click()
    shown = until(bench, "d.state.hidden.length === 1")
    assert shown["state"]["hidden"] == [second]
    bench.page.keyboard.press("Escape")


def test_the_brush_is_the_first_row_whatever_the_order_and_a_row_is_brushed_where_it_is(bench, parens):
    bench.open(**BRUSHED)
    shown = bench.shown()
    for order in ("best", "-length"):
        shown = until(bench, "d.state.order === arg", order)
        first = bench.page.evaluate("lvDebug.laidItems().items[0].row")
        assert [first["start"], first["stop"], first["n_shared"]] == [*DEPTH_4, len(shown["units"])]
        at = first["start"] - first["first"]
        assert first["tokens"][at : at + first["length"]] == parens.tokens[slice(*DEPTH_4)]
        assert bench.page.locator(".lv-brushed-row").inner_text().split() == ["brush", str(DEPTH_4[0])]
        bench.page.evaluate("() => lvDebug.changeState({ order: '-length' }, 'settle')")
    bench.page.keyboard.press("Escape")
    bench.page.locator("[data-testid=brushed-link]").press("Delete")  # it is no match to be hidden
    assert bench.ready()["state"]["hidden"] == []
    # Another row is brushed where it is.
    bench.page.evaluate("() => lvDebug.changeState({ order: 'best' }, 'settle')")
    shown = until(bench, "d.state.order === 'best'")
    row = shown["rows"][3]
    bench.page.locator('[data-place="3"] [data-act="brush"]').dispatch_event("click")
    until(bench, f"d.state.start === {row['start']} && d.state.stop === {row['stop']}")
    assert_shows(bench.ready(), parens, row["start"], row["stop"])
    bench.page.keyboard.press("Control+z")
    shown = until(bench, f"d.state.start === {DEPTH_4[0]}")
    other = shown["rows"][2]
    bench.page.locator('[data-place="2"] a').press("b")
    until(bench, f"d.state.start === {other['start']} && d.state.stop === {other['stop']}")


def test_any_heatmap_or_unit_colours_the_tokens(bench, parens):
    bench.open(**BRUSHED)
    assert heading(bench, "matched units") == "true"
    bench.page.locator(".lv-match-name", has_text="depth").click()
    shown = until(bench, "d.state.colour === 'track:depth'")
    assert heading(bench, "depth") == "true"
    row = shown["rows"][2]
    expected = bench.page.evaluate(
        "([row]) => lvDebug.trackColour(lvDebug.model.tracks.find((t) => t.name === 'depth'), row.tracks.depth[13])",
        [row],
    )
    assert ground(bench, 2, 13) == rgb(expected)
    unit = selected(parens, *DEPTH_4).units[1].unit
    bench.page.locator(f'#lv-chips [data-unit="{unit}"] .lv-chip-name').click()
    shown = until(bench, "d.state.held && d.rows[0].values")
    assert shown["state"]["colour"] == f"unit:{SOURCE}:{unit}"
    for row in shown["rows"][:5]:
        steps = [row["first"] + c for c, on in enumerate(row["on"]) if on is not None]
        values = np.tanh(parens.states(SOURCE)[steps[0] : steps[-1] + 1][:, unit].astype(float))
        np.testing.assert_allclose([v for v in row["values"] if v is not None], values, atol=1e-6)
    heads = bench.page.locator(".lv-match-head span").all_inner_texts()
    assert f"unit {unit}" in heads
    assert ground(bench, 1, 13) == rgb(
        bench.page.evaluate("v => lvDebug.themeColours().diverge(0.5 + v / 2)", shown["rows"][1]["values"][13])
    )
    bench.more()
    bench.page.locator(f'#lv-chips [data-unit="{unit}"] .lv-chip-name').click()  # let go of
    assert until(bench, "d.state.held === null")["state"]["colour"] == "shared"
    pick(bench, "colour", "nothing")
    bench.page.evaluate("scrollTo(0, 0)")
    assert ground(bench, 1, 13) == rgb(bench.page.evaluate("lvDebug.themeColours().bg")) or ground(bench, 1, 13)[3] == 0
    bench.page.click("#lv-match-colour .lv-menu-button")
    bench.page.get_by_placeholder("number").fill("7")
    bench.page.get_by_placeholder("number").press("Enter")
    until(bench, f"d.state.colour === 'unit:{SOURCE}:7' && d.rows[0].values")


@pytest.mark.long
def test_some_units_shade_the_tokens_and_a_track_underlines_them(bench, parens):
    bench.open(**BRUSHED)
    units = selected(parens, *DEPTH_4).units
    bench.page.click("#lv-match-colour .lv-menu-button")
    ticks = bench.page.get_by_role("group", name="Units that shade the tokens").locator("input")
    for k in range(1, len(units)):
        ticks.nth(k).uncheck()
    shown = until(bench, "d.state.shaded.length === 1 && d.rows[0].shades")
    assert_shades(parens, shown, units[:1])
    assert ground(bench, 2, 13) == rgb(bench.page.evaluate("() => lvDebug.themeColours().shade(1)"))
    ticks.nth(0).click()  # without the last one, all of them shade again
    row = until(bench, "d.state.shaded.length === 0")["rows"][2]
    all_of_them = bench.page.evaluate("share => lvDebug.themeColours().shade(share)", row["on"][13] / len(units))
    assert ground(bench, 2, 13) == rgb(all_of_them)
    bench.page.get_by_label("What underlines the tokens").select_option("track:depth")
    shown = until(bench, "d.state.underline === 'track:depth'")
    depth = bench.page.evaluate(
        "row => lvDebug.trackColour(lvDebug.model.tracks.find((t) => t.name === 'depth'), row.tracks.depth[13])",
        shown["rows"][2],
    )
    assert ground(bench, 2, 13, below=16) == rgb(depth)
    assert ground(bench, 2, 13) != rgb(depth)
    bench.page.get_by_label("How many tokens a row shows").select_option("32")
    until(bench, "lvDebug.tableColumns().list.find((column) => column.kind === 'text').n === 32")
    assert {"under=track%3Adepth", "cells=32"} <= set(bench.page.url.split("?")[1].split("&"))
    bench.open(**BRUSHED, shade=f"{SOURCE}/{units[1].unit}/high")  # as a link has it
    shown = bench.shown()
    assert_shades(parens, shown, units[1:2])


def assert_shades(dump, shown, units):
    for row in shown["rows"][:5]:
        steps = [row["first"] + c for c, on in enumerate(row["on"]) if on is not None]
        view = Window(steps[0], steps[-1] + 1)
        pattern = lstmviz.Pattern(axis="text", units=tuple(units), bases=((SOURCE, 0.3),), length=1)
        assert [n for n in row["shades"] if n is not None] == units_on(dump, pattern, view).tolist()


def heading(bench, name):
    return bench.page.locator(".lv-match-name", has_text=name).first.get_attribute("aria-pressed")


def ground(bench, place, cell, below=3):
    """The colour under a token of a match row, beside its letter, so many px below its top."""
    return bench.page.evaluate(
        """([place, cell, below]) => {
          lvDebug.redrawAll();
          return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const row = document.querySelector(`[data-place="${place}"]`);
            const canvas = row.closest(".lv-match-block").querySelector("canvas");
            const text = lvDebug.tableColumns().list.find((column) => column.kind === "text");
            const x = text.left + (cell - text.from) * (text.width / text.n) + 2;
            const y = row.offsetTop + below;
            const scale = canvas.width / canvas.clientWidth;
            const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
            copy.drawImage(canvas, -Math.round(x * scale), -Math.round(y * scale));
            done(Array.from(copy.getImageData(0, 0, 1, 1).data));
          })));
        }""",
        [place, cell, below],
    )


def rgb(colour):
    if colour.startswith("#"):
        return [int(colour[i : i + 2], 16) for i in (1, 3, 5)] + [255]
    return [int(v) for v in re.findall(r"\d+", colour)[:3]] + [255]


def test_a_pinned_pattern_is_compared_with_the_next_one(bench, parens):
    bench.open(**BRUSHED)
    one = selected(parens, *DEPTH_4)
    bench.page.get_by_role("button", name="Pin as A").click()
    bench.page.fill("#lv-threshold", "0.6")
    bench.page.keyboard.press("Enter")
    until(bench, "d.state.threshold === 0.6 && !lvDebug.inspectCompare().isPending")
    two = selected(parens, *DEPTH_4, threshold=0.6)
    compared(bench, parens.compare(one, two))
    rows = bench.page.locator(".lv-compare-row")
    assert (
        f"{one.n_units} units of {SOURCE}: {', '.join(str(u.unit) for u in one.units)} at 0.30"
        in rows.nth(0).inner_text()
    )
    assert "at 0.60" in rows.nth(1).inner_text()
    assert_pictured(bench, parens, one, two)
    assert len(bench.page.url) < 300  # of which the recordings' names are 120
    bench.page.locator(".lv-compare-letter", has_text="A").click()
    shown = until(bench, "d.state.lists === 'A'")
    assert spans(shown["rows"]) == spans_of(parens.match(one, len(shown["rows"])))
    assert f"{parens.compare(one, two).n_first:,} matches" in bench.page.locator("#lv-counts").inner_text()
    bench.reload()
    shown = bench.ready()
    assert spans(shown["rows"]) == spans_of(parens.match(one, len(shown["rows"])))
    bench.page.locator(".lv-compare-letter", has_text="B").click()
    shown = until(bench, "d.state.lists === null")
    assert spans(shown["rows"]) == spans_of(parens.match(two, len(shown["rows"])))

    bench.page.get_by_role("button", name="A's units as B").click()  # on another source
    bench.page.get_by_label("Threshold of every unit").fill("0.4")
    bench.page.get_by_label("Source of the units").select_option("rnn.l0.h")
    bench.page.get_by_role("button", name="Look").click()
    shown = until(bench, "d.state.source === 'rnn.l0.h' && !lvDebug.inspectCompare().isPending")
    moved = PatternFile.from_json(shown["state"]["pattern"]).pattern
    assert [(u.source, u.unit, u.threshold) for u in moved.units] == [("rnn.l0.h", u.unit, 0.4) for u in one.units]
    assert spans(shown["rows"]) == spans_of(parens.match(moved, len(shown["rows"])))
    compared(bench, parens.compare(one, moved))
    bench.page.get_by_role("button", name="Let go of A").click()
    until(bench, "d.state.versus === null")
    assert bench.page.locator(".lv-compare-row").count() == 0


def assert_pictured(bench, dump, one, two):
    """The bars are as long as the counts say, and the matches in only one are those that Python finds."""
    both = dump.compare(one, two)
    grown = """(name) => [...document.querySelectorAll(name)].map((e) => Number(e.style.flexGrow))"""
    met = [both.n_first_met, both.n_first - both.n_first_met, both.n_second_met, both.n_second - both.n_second_met]
    assert bench.page.evaluate(grown, ".lv-compare-bar > *") == met
    steps = [both.n_first_steps - both.n_both_steps, both.n_both_steps, both.n_second_steps - both.n_both_steps]
    assert bench.page.evaluate(grown, ".lv-compare-steps > *") == steps
    assert bench.page.locator(".lv-compare-lengths svg").count() == 2
    for which, alone in (("A", dump.unmet(one, two)), ("B", dump.unmet(two, one))):
        toggle = bench.page.get_by_role("button", name=f"{len(alone):,} only in {which}")
        if not len(alone):
            assert toggle.is_disabled()
            continue
        toggle.click()
        listed = bench.page.locator(".lv-compare-row-of")
        listed.first.wait_for()
        assert [int(text.replace(",", "")) for text in listed.locator(".lv-list-number").all_text_contents()] == (
            alone["start"][:50].tolist()
        )
        texts = ["".join(dump.tokens[a:b]) for a, b in zip(alone["start"][:50], alone["stop"][:50], strict=True)]
        assert listed.locator(".lv-hit").all_text_contents() == texts
        listed.first.click()
        start = int(alone["start"][0])
        until(bench, "d.state.at <= arg && arg < d.state.at + d.state.span", start)
        toggle.click()


@pytest.mark.long
def test_patterns_of_two_recordings_are_compared_and_a_failure_is_told(chromium, parens, tmp_path):
    rng = np.random.default_rng(1)
    states = {SOURCE: rng.uniform(-2, 2, (parens.n_steps // 4, 50)).repeat(4, axis=0).astype("float16")}
    lengths = (parens.sequences["stop"] - parens.sequences["start"]).tolist()
    tokens = parens.axis("text").tokens
    path = lstmviz.write_dump(
        tmp_path / "other.h5",
        states=states,
        tokens=tokens.ids[:],
        vocab=tokens.vocab,
        lengths=lengths,
        views={SOURCE: "tanh"},
    )
    other = lstmviz.open_dump(path)
    with browsing.serving([parens, other]) as address, browsing.workbench(chromium, address) as bench:
        bench.open(**BRUSHED | {"dump": parens.uuid})
        bench.page.get_by_role("button", name="Pin as A").click()
        bench.page.evaluate("uuid => lvDebug.openDump(uuid)", other.uuid)
        until(bench, "d.state.dump === arg", other.uuid)
        bench.page.get_by_role("button", name="A's units as B").click()
        bench.page.get_by_role("button", name="Look").click()
        until(bench, "d.state.pattern && !lvDebug.inspectCompare().isPending")
        pattern = selected(parens, *DEPTH_4)
        compared(bench, parens.compare(pattern, pattern, other))
        bench.page.locator(".lv-compare-letter", has_text="A").click()  # opens A's recording, B pinned
        shown = until(bench, "d.state.dump === arg && d.rows.length > 0", parens.uuid)
        assert spans(shown["rows"]) == spans_of(parens.match(pattern, len(shown["rows"])))
        assert shown["state"]["versus"]["dump"] == other.uuid
        bench.page.wait_for_function("() => !lvDebug.inspectCompare().isPending")
        bench.page.route(re.compile("/compare$"), lambda route: route.fulfill(status=500, body='{"error": "no luck"}'))
        bench.page.evaluate("lvDebug.changeState({ minLength: 3 }, 'settle'), lvDebug.refreshComparison(true)")
        bench.page.locator(".lv-compare .lv-warn", has_text="no luck").wait_for()
        bench.settle()
        bench.troubles.clear()  # the browser itself logs the refusal


def test_the_next_rows_that_do_not_come_are_told_and_asked_for_again(bench, parens):
    bench.open(**BRUSHED)
    bench.page.route(re.compile("/matches$"), lambda route: route.fulfill(status=500, body="{}"))
    bench.page.locator("[data-testid=more]").scroll_into_view_if_needed()
    bench.page.locator("#lv-more .lv-warn", has_text="could not be loaded").wait_for()
    assert len(bench.shown()["rows"]) == 50
    bench.page.unroute(re.compile("/matches$"))
    bench.page.locator("[data-testid=more]", has_text="Try again").click()
    shown = until(bench, "d.rows.length >= 100")
    assert spans(shown["rows"]) == spans_of(parens.match(selected(parens, *DEPTH_4), len(shown["rows"])))
    assert bench.page.locator("#lv-more .lv-warn").count() == 0
    bench.page.wait_for_timeout(100)
    bench.troubles.clear()


def test_everything_is_exported_and_a_failure_is_told(bench, parens, tmp_path):
    bench.open(**BRUSHED | {"order": "step"})
    shown = bench.shown()
    pattern = selected(parens, *DEPTH_4)
    bench.page.get_by_role("button", name="Export").click()

    def saved(row, name):
        with bench.page.expect_download() as download:
            bench.page.locator(".lv-export-panel .lv-panel-row", has_text=row).get_by_role("button", name=name).click()
        bench.page.locator(".lv-export-status", has_text="Saved").wait_for()
        download.value.save_as(tmp_path / "saved")
        return download.value.suggested_filename, (tmp_path / "saved").read_bytes()

    name, data = saved("Matches", "CSV")
    assert name == "parens-matches.csv"
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [[int(r["start"]), int(r["stop"])] for r in rows] == spans_of(parens.match(pattern, 100_000, order="step"))
    whole = json.loads(saved("Matches", "JSON")[1])
    assert spans(whole["matches"]) == spans_of(parens.match(pattern, 100_000, order="step"))
    name, data = saved("This view", "HTML page")
    assert data.startswith(b"<!")
    assert b"<script" not in data
    bench.page.get_by_label("Which figure").select_option("lengths")
    name, data = saved("Figure", "SVG")
    assert name == "parens-lengths.svg"
    assert data.lstrip().startswith(b"<svg")
    bench.page.locator(".lv-export-panel").get_by_role("button", name="Python").click()
    bench.page.locator(".lv-export-status", has_text="Copied").wait_for()
    text = bench.page.evaluate("() => navigator.clipboard.readText()")
    scope = {}
    exec(compile(text.replace("print(", "(lambda *a: None)("), "copied", "exec"), scope)
    bench.page.locator(".lv-export-panel").get_by_role("button", name="command").click()
    bench.page.locator(".lv-export-status", has_text="a command").wait_for()
    assert "lstmviz match" in bench.page.evaluate("() => navigator.clipboard.readText()")

    bench.page.route(
        re.compile("/export/"), lambda route: route.fulfill(status=400, body='{"error": "kaleido is missing"}')
    )
    bench.page.locator(".lv-export-panel").get_by_role("button", name="PDF").click()
    bench.page.locator(".lv-export-status.lv-warn", has_text="kaleido is missing").wait_for()
    bench.troubles.clear()
    assert shown["rows"]


def test_tracks_that_speak_of_the_next_token_stand_over_it(odd_bench, odd):
    odd_bench.open(start=1, stop=2, before=0, at=80, span=40)
    shown = odd_bench.shown()
    recorded = odd.tracks["top1"][:]
    drawn = odd_bench.page.evaluate(
        "lvDebug.inspectPage().cells.map(({ step }) => lvDebug.model.value(lvDebug.model.tracks[0], step))"
    )
    steps = [c["step"] for c in shown["cells"]]
    assert drawn == [None if s % 100 == 0 else int(recorded[s - 1]) for s in steps]
    assert shown["tracks"] == ["top1", "<i>kind"]  # the probabilities are the colour of the predictions
    row = shown["rows"][3]
    cells = odd_bench.page.evaluate(
        "(row) => row.on.map((_, c) => lvDebug.trackValueInRow(lvDebug.model.tracks[0], row, c))", row
    )
    for c, value in enumerate(cells):
        step = row["first"] + c
        inside = row["on"][c] is not None and step % 100 != 0 and c > 0
        assert value == (int(recorded[step - 1]) if inside else None)
    assert "one step after" in odd_bench.page.locator(".lv-track-name", has_text="top1").get_attribute("title")
    assert "one step after" in odd_bench.page.locator(".lv-match-name", has_text="top1").get_attribute("title")


@pytest.mark.long
def test_hostile_tokens_and_labels_are_only_text_in_rows_groups_tags_and_files(odd_bench, odd, tmp_path):
    odd_bench.open(start=1, stop=2, before=0, group="track:<i>kind", colour="track:<i>kind")
    names = odd_bench.page.locator(".lv-match-group-name").all_inner_texts()
    assert names[0].startswith("<i>kind ")
    assert odd_bench.page.locator("#lv-match-table img, #lv-match-table script, #lv-match-table b").count() == 0
    row = odd_bench.shown()["rows"][0]
    assert row["tokens"][row["start"] - row["first"]] == HOSTILE[row["start"] % len(HOSTILE)]
    box = odd_bench.page.locator(".lv-match-block canvas").first.bounding_box()
    odd_bench.page.mouse.move(box["x"] + 480, box["y"] + 60)
    odd_bench.page.locator(".lv-tip").wait_for()
    odd_bench.page.get_by_role("button", name="Pin as A").click()
    odd_bench.page.wait_for_function("() => lvDebug.inspectCompare().given")
    odd_bench.page.get_by_role("button", name="Export").click()
    with odd_bench.page.expect_download() as download:
        odd_bench.page.locator(".lv-export-panel .lv-panel-row", has_text="Matches").get_by_role(
            "button", name="CSV"
        ).click()
    download.value.save_as(tmp_path / "m.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "m.csv").read_text("utf-8"), newline="")))
    assert len(rows) == len(odd.match(odd.select("rnn.l0.h", 1, 2, 0.3, 0, 0), 10_000))
    assert not any(r["text"].startswith("=") for r in rows)
    odd_bench.settle()


WORDS_IN_VIEW = """() => {
  const column = lvDebug.tableColumns().list.find((one) => one.kind === "text");
  return lvDebug.matchRows().slice(0, 40).map((row) => {
    const places = lvDebug.cellPlaces(column, row);
    const cells = places.map(([cell]) => cell);
    const isWhole = row.on[Math.min(...cells) - 1] !== null && row.on[Math.max(...cells) + 1] !== null;
    const [left, right] = [column.left, column.left + column.width];
    return { isWhole, n: cells.length, isInside: places.every(([, [x, wide]]) => x >= left && x + wide <= right + 1) };
  });
}"""


@pytest.mark.long
def test_twenty_words_about_a_match_are_in_view(words):
    words.open(source="rnn.l0.h", at=0, span=30, start=6, stop=8, threshold=0.1, before=0)
    for width, height in ((1440, 900), (1280, 720), (1024, 768)):
        words.page.set_viewport_size({"width": width, "height": height})
        two_frames(words)
        words.settle()
        rows = words.page.evaluate(WORDS_IN_VIEW)
        counts = [row["n"] for row in rows if row["isWhole"]]  # neither end is that of its sequence
        assert len(counts) > 5
        assert np.median(counts) >= 20
        assert all(row["isInside"] for row in rows)
