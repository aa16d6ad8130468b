"""The cards beside the page; each held against the Python API."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstmviz.match import Brush, Part, brushed
from lstmviz.types import Filter
from support import browser as browsing
from support.typed_text import settled, write
from support.workbench import (
    BRUSHED,
    DEPTH_4,
    QUERY,
    SOURCE,
    assert_card,
    chip,
    page,
    part,
    selected,
    summed,
    two_frames,
    until,
)

OTHER = "rnn.l0.h"
LARGER = [(1440, 900), (1280, 720)]  # than the smallest screen


def plain(values):
    return [None if isinstance(v, float) and np.isnan(v) else v for v in values]


# The unit card


def test_a_pressed_unit_has_its_card_and_another_is_told_why_it_is_not_selected(bench, parens):
    bench.open(**BRUSHED)
    assert "Press a line or a chip" in part(bench, "unitcard")["words"]
    unit = bench.shown()["units"][0]
    chip(bench, unit, SOURCE).locator(".lv-chip-name").click()
    shown = part(bench, "unitcard", "p.answer !== null && !p.isPending")
    card = assert_card(shown["answer"], parens, SOURCE, unit, 0.3)
    names = bench.page.locator(".lv-card-token-rows .lv-rate-name")
    for place, words in (
        ("token here", "where it is on"),
        ("token before", "just before"),
        ("token after", "just after"),
    ):
        bench.page.get_by_label("Whose tokens").select_option(words)
        two_frames(bench)
        assert names.all_text_contents() == card.tokens[card.tokens["track"] == place]["value"].tolist()
    heading = bench.page.locator("#lv-card h2")
    assert heading.text_content() == f"Unit {unit}"
    bars = bench.page.locator("#lv-card svg").first
    n_on = bars.locator(".lv-svg-on").count()
    assert n_on == int((card.histogram["n_steps"][card.histogram["high"] > 0.3] > 0).sum())
    assert f"On in {round(card.on_rate * 100)} % of steps" in shown["words"]
    rows = bench.page.locator("#lv-card .lv-context")
    texts = ["".join(c.tokens) for c in card.contexts]
    assert rows.all_text_contents() == texts
    row = bench.page.locator("#lv-card .lv-card-head3:has-text('On by depth') + div .lv-rate").last
    depth = parens.unit(SOURCE, unit, 0.3).tracks[0].table
    assert f"on in {round(depth['on_rate'].iloc[-1] * 100)} %" in row.get_attribute("aria-label")
    rows.nth(2).click()
    at = card.contexts[2].step
    shown = until(bench, "d.cells[0].step <= arg && arg <= d.cells.at(-1).step", at)
    assert shown["state"]["start"] == DEPTH_4[0]  # the brush stays
    bench.page.get_by_role("button", name="Close the unit's card").click()
    assert until(bench, "d.state.held === null")
    assert "Press a line or a chip" in part(bench, "unitcard")["words"]
    # Why a unit is not selected is said when it is pointed at or held.
    units = [u for u in range(50) if u not in bench.shown()["units"]]
    bench.page.evaluate("unit => lvDebug.setHover({ unit })", units[0])
    why = part(bench, "adviser", "p.whyAnswer !== null")["why"]
    assert why.lower() == f"{parens.why_not(SOURCE, units[0], *DEPTH_4)}.".lower()
    bench.page.evaluate("() => lvDebug.setHover({ unit: null })")
    assert part(bench, "adviser", "p.whyAnswer === null")["why"].startswith("Point at a line")
    bench.page.evaluate("([source, unit]) => lvDebug.holdUnit(source, unit)", [OTHER, 3])
    why = part(bench, "adviser", "p.whyAnswer !== null")["whyAnswer"]
    assert why["words"] == str(parens.why_not(OTHER, 3, *DEPTH_4))


def test_the_card_follows_the_threshold_and_tells_of_low_units_and_other_sources(bench, parens):
    bench.open(**BRUSHED, side="low", unit=f"{OTHER}/7")
    answer = part(bench, "unitcard", "p.answer !== null && !p.isPending")["answer"]
    assert_card(answer, parens, OTHER, 7, 0.3, "low")
    assert bench.page.locator("#lv-card h2").text_content() == "Unit 7 of l0.h"
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.5 }, 'settle')")
    answer = part(bench, "unitcard", "p.answer.threshold === -0.5")["answer"]
    assert_card(answer, parens, OTHER, 7, 0.5, "low")
    bench.page.locator("#lv-card .lv-card-tools select").select_option("high")
    answer = part(bench, "unitcard", "p.answer.side === 'high'")["answer"]
    assert_card(answer, parens, OTHER, 7, 0.5)


def test_a_card_that_cannot_be_had_says_so_and_tries_again(bench, parens):
    bench.page.route(re.compile("/unit/"), lambda r: r.fulfill(status=500, json={"error": "the disk is gone"}))
    bench.open(**BRUSHED, unit=f"{SOURCE}/15")
    shown = part(bench, "unitcard", "p.problem !== null")
    assert "could not be summarised: the disk is gone." in shown["words"]
    bench.page.unroute(re.compile("/unit/"))
    bench.page.locator("#lv-card").get_by_role("button", name="Try again").click()
    answer = part(bench, "unitcard", "p.answer !== null && !p.isPending")["answer"]
    assert_card(answer, parens, SOURCE, 15, 0.3)
    assert all("500" in trouble for trouble in bench.troubles)
    bench.troubles.clear()  # the browser itself logs the failure


# The threshold adviser


@pytest.mark.parametrize("side", ["both", *(pytest.param(one, marks=pytest.mark.long) for one in ("high", "low"))])
def test_the_curve_is_that_of_the_api_and_sets_the_threshold(bench, parens, side):
    bench.open(**BRUSHED, side=side)
    shown = part(bench, "adviser", "p.curve !== null && !p.isPending")
    window = (SOURCE, *DEPTH_4, 1, 0)
    sides = ["high", "low"] if side == "both" else [side]
    n_units = sum(parens.thresholds(*window, one)["n_units"].to_numpy() for one in sides)
    assert shown["curve"]["n_units"] == n_units.tolist()
    here = n_units[30]
    same = np.flatnonzero(n_units != here)
    a, b = same[same < 30].max(initial=-1) + 1, same[same > 30].min(initial=101) - 1
    assert shown["words"].startswith(f"{here} units from {a / 100:.2f} to {b / 100:.2f}")
    bench.page.mouse.click(shown["x"][62], shown["y"])
    assert until(bench, "Math.abs(d.state.threshold - 0.62) < 0.011")
    threshold = bench.drag((shown["x"][62], shown["y"]), (shown["x"][80], shown["y"]))["state"]["threshold"]
    assert threshold == pytest.approx(0.8, abs=0.011)
    pattern = brushed(parens, Brush((Part(SOURCE, side, threshold),), *DEPTH_4))
    assert len(bench.ready()["chosen"]) == pattern.n_units == n_units[round(threshold * 100)]
    slider = bench.page.locator("#lv-adviser [role=slider]")
    slider.focus()
    bench.page.keyboard.press("ArrowLeft")
    shown = until(bench, "d.state.threshold < arg", threshold)
    assert shown["state"]["threshold"] == pytest.approx(threshold - 0.01)
    assert shown["state"]["at"] == QUERY["at"]  # the arrow is the slider's own
    assert float(slider.get_attribute("aria-valuenow")) == shown["state"]["threshold"]


# What the matches carry


def test_what_matches_carry_and_their_lengths_are_those_of_the_api_and_a_bar_filters(bench, parens):
    bench.open(**BRUSHED)
    summed(bench)
    pattern = selected(parens, *DEPTH_4)
    frame = parens.carry(pattern)
    telling = (frame["share"] - frame["base_rate"]).abs().groupby(frame["track"]).max().sort_values(ascending=False)
    shown = part(bench, "carry", "p.numbers.length > 0")
    is_first = {name: not parens.tracks[name].info.group and telling[name] >= 0.05 for name in telling.index}
    rest = [name for name in telling.index if not is_first[name]]
    tokens = ["token here", "token before", "token after"]
    assert shown["tracks"] == [*filter(is_first.get, telling.index), *tokens, *rest]
    assert shown["track"] == "depth"
    depth = frame[frame["track"] == "depth"]
    assert shown["names"] == depth["value"].tolist()
    assert shown["numbers"] == [f"{share:.2f}" for share in depth["share"]]
    assert "1.00 of the matched steps have depth 4, 0.16 of the corpus: 6.2 times as often." in shown["words"]

    bench.page.locator("#lv-carry select").select_option("loss")
    shown = part(bench, "carry", "p.track === 'loss'")
    loss = frame[frame["track"] == "loss"]
    assert shown["names"] == loss["value"].tolist()
    bar = bench.page.locator("#lv-carry .lv-carry").nth(7)
    bar.click()
    until(bench, "d.state.filters.length === 1")
    low, high = loss.iloc[7][["low", "high"]]
    filters = (Filter("loss", low=low, high=np.nextafter(high, -np.inf)),)
    narrowed = brushed(parens, Brush((Part(SOURCE),), *DEPTH_4, filters=filters))
    summed(bench)
    assert bench.shown()["counts"] == parens.count(narrowed).totals.to_numpy().tolist()
    shown = part(bench, "carry", "p.filters.length === 1")
    assert bar.get_attribute("aria-pressed") == "true"
    assert shown["numbers"] == [f"{s:.2f}" for s in parens.carry(narrowed).query("track == 'loss'")["share"]]
    bench.look_again()
    summed(bench)
    assert part(bench, "carry", "p.filters.length === 1")["filters"][0].startswith(
        "Only matches with loss 1.38 to 1.59"
    )
    bench.page.get_by_role("button", name="Drop the filter").click()
    until(bench, "d.state.filters.length === 0")
    assert bench.ready()["counts"] == parens.count(pattern).totals.to_numpy().tolist()
    # Lengths are those of the API, and filter.
    summed(bench)
    lengths = parens.count(pattern).lengths
    bench.page.locator("#lv-lengths .lv-lengths-fields").scroll_into_view_if_needed()
    shown = part(bench, "lengths", "p.bars.length > 0")
    for bar in shown["bars"]:
        here = lengths[lengths["length"].between(bar["from"], bar["to"])]
        assert bar["fuzzy"] == here["n_matches"].sum()
        assert bar["strict"] == here["n_matches"][here["n_shared"] == pattern.n_units].sum()
    bench.drag((shown["x"][2], shown["y"]), (shown["x"][4], shown["y"]))
    until(bench, "d.state.minLength === 3 && d.state.maxLength === 5")
    summed(bench)
    narrowed = brushed(parens, Brush((Part(SOURCE),), *DEPTH_4, min_length=3, max_length=5))
    assert bench.shown()["counts"] == parens.count(narrowed).totals.to_numpy().tolist()
    after = part(bench, "lengths")
    assert after["bars"] == shown["bars"]  # those that are left out can be brought back
    assert "Kept: 3 to 5 steps." in after["words"]
    field = bench.page.get_by_label("Longest match, in steps")
    field.fill("4")
    field.press("Enter")
    until(bench, "d.state.minLength === 3 && d.state.maxLength === 4")
    bench.page.get_by_role("button", name="any length").click()
    until(bench, "d.state.minLength === 1 && d.state.maxLength === null")
    assert bench.ready()["counts"] == parens.count(pattern).totals.to_numpy().tolist()


def test_labels_filter_one_by_one_and_hostile_ones_are_shown_as_themselves(chromium, tmp_path):
    labels = ["<b>x</b>", "\u202eevil", "plain"]
    states = np.zeros((300, 3), "float32")
    states[np.arange(300) % 6 < 2] = 0.9
    tags = [labels[(i // 6) % 3] for i in range(300)]
    given = {"states": {"a.l0.h": states}, "tokens": np.zeros(300, int), "vocab": ["<i>"], "tracks": {"t<b>": tags}}
    with page(chromium, tmp_path, **given) as (bench, d):
        bench.open(source="a.l0.h", start=12, stop=14, unit="a.l0.h/1")
        summed(bench)
        shown = part(bench, "carry", "p.names.length === 3")
        assert sorted(shown["names"]) == sorted(["<b>x</b>", "\\u202eevil", "plain"])
        for n in (1, 2):
            bench.page.locator("#lv-carry .lv-carry").nth(0 if n == 1 else 2).click()
            until(bench, "(d.state.filters[0] || { labels: [] }).labels.length === arg", n)
            summed(bench)
            kept = bench.shown()["state"]["filters"][0]["labels"]
            pattern = brushed(d, Brush((Part("a.l0.h"),), 12, 14, filters=(Filter("t<b>", tuple(kept)),)))
            assert bench.shown()["counts"] == d.count(pattern).totals.to_numpy().tolist()
        texts = ["".join(context.tokens) for context in d.unit("a.l0.h", 1, n_contexts=5).contexts]
        assert bench.page.locator("#lv-card .lv-context").all_text_contents() == texts


# The column


@pytest.mark.parametrize("size", [(1024, 768), *(pytest.param(one, marks=pytest.mark.long) for one in LARGER)])
def test_nothing_moves_when_the_cards_are_filled(chromium, parens_address, size):
    view = {"width": size[0], "height": size[1]}
    with browsing.workbench(chromium, parens_address, view=view) as bench:
        bench.open(**QUERY)
        places = """() => ["#lv-plot", "#lv-strip", ".lv-matches"].map((name) => {
          const { x, y, width } = document.querySelector(name).getBoundingClientRect();
          return [x, y, width];
        })"""
        before = bench.page.evaluate(places)
        bench.brush(*DEPTH_4)
        summed(bench)
        part(bench, "adviser", "p.curve !== null && !p.isPending")
        after = bench.page.evaluate(places)
        assert after == before
        assert bench.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        card = bench.page.locator("#lv-adviser .lv-card-title")
        for is_open in ("true", "false"):
            assert card.get_attribute("aria-expanded") == is_open
            card.click()


IN_VIEW = """() => [".lv-brushed-row", ".lv-match-row", ".lv-carry"].map((name) =>
  [...document.querySelectorAll(name)].filter((e) => e.getBoundingClientRect().bottom <= innerHeight).length)"""


def test_the_first_answer_is_seen_without_scrolling(chromium, parens_address):
    with browsing.workbench(chromium, parens_address, view={"width": 1280, "height": 720}) as bench:
        bench.open(**QUERY)
        bench.brush(*DEPTH_4)
        summed(bench)
        bench.page.locator("#lv-chips .lv-chip-name").first.click()  # a unit's card pushes nothing out of sight
        part(bench, "unitcard", "p.answer !== null && !p.isPending")
        for width, height in ((1280, 720), (1024, 768), (960, 600), (853, 480)):
            bench.page.set_viewport_size({"width": width, "height": height})
            two_frames(bench)
            bench.settle()
            brushed_row, rows, carried = bench.page.evaluate(IN_VIEW)
            assert (brushed_row, rows >= 1, carried >= 2) == (1, True, True), (width, brushed_row, rows, carried)


def test_a_phone_reads_the_page_without_scrolling_sideways(chromium, parens_address):
    with browsing.workbench(chromium, parens_address, view={"width": 400, "height": 800}) as bench:
        for query in ({}, QUERY | {"start": DEPTH_4[0], "stop": DEPTH_4[1]}):
            bench.open(**query)
            shown = bench.shown()
            assert shown["state"]["span"] == query.get("span", 33)  # letters that can be read
            assert bench.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert bench.page.locator("#lv-carry .lv-card-title").get_attribute("aria-expanded") == "false"
        bench.page.locator("#lv-carry .lv-card-title").click()
        assert bench.page.locator("#lv-carry .lv-carry").first.is_visible()
        write(bench, "((4)")
        settled(bench, "((4)")
        assert bench.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_steps_of_numbers_have_cards_too(chromium, tmp_path):
    rng = np.random.default_rng(2)
    states = {"a.l0.h": (rng.uniform(-20, 20, (100, 5)).repeat(4, 0)).astype("float32")}
    with page(chromium, tmp_path, states=states, tracks={"loss": rng.random(400)}) as (bench, dump):
        bench.open(source="a.l0.h", at=0, span=40, start=8, stop=12, t=1, unit="a.l0.h/2")
        answer = part(bench, "unitcard", "p.answer !== null && !p.isPending")["answer"]
        assert_card(answer, dump, "a.l0.h", 2, 1.0)
        shown = part(bench, "adviser", "p.curve !== null && !p.isPending")
        frame = dump.thresholds("a.l0.h", 8, 12)
        assert shown["curve"] == {"threshold": frame["threshold"].tolist(), "n_units": frame["n_units"].tolist()}
        assert bench.page.locator(".lv-sequences").is_hidden()
