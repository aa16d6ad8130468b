"""Two thousand units: the cards and the match view, each held against the Python API."""

from __future__ import annotations

import csv
import io

import pytest

from lstmviz.match import Brush, Part, brushed
from lstmviz.types import Filter
from support import browser as browsing
from support.workbench import assert_card, chip, compared, part, pick, spans, spans_of, summed, until

PLOTTED = "rnn.l1.h"
WINDOW = (312, 316)
BRUSHED = {"source": PLOTTED, "at": 300, "span": 60, "start": WINDOW[0], "stop": WINDOW[1]}

pytestmark = pytest.mark.long


@pytest.fixture
def bench(chromium, wide_address):
    with browsing.workbench(chromium, wide_address) as bench:
        yield bench


def brushed_on(dump, threshold=0.3, **more):
    return brushed(dump, Brush((Part(PLOTTED, threshold=threshold),), *WINDOW, **more))


def test_matches_of_hundreds_of_units_are_ordered_grouped_and_filtered(bench, wide):
    bench.open(**BRUSHED)
    shown = bench.shown()
    pattern = brushed_on(wide)
    assert pattern.n_units > 300
    assert shown["counts"] == wide.count(pattern).totals.to_numpy().tolist()
    assert spans(shown["rows"]) == spans_of(wide.match(pattern, len(shown["rows"])))
    for words, order in (("longest first", "-length"), ("step", "step"), ("loss, falling", "-track:loss")):
        shown = pick(bench, "order", words)
        assert spans(shown["rows"]) == spans_of(wide.match(pattern, len(shown["rows"]), order=order))
    shown = pick(bench, "group", "tag")
    groups = wide.groups(pattern, "track:tag")
    laid = bench.page.evaluate("lvDebug.laidItems().items.filter((i) => i.kind === 'group').map((i) => i.group)")
    assert [(g["name"], g["n"]) for g in laid] == list(groups.itertuples(index=False, name=None))[: len(laid)]
    bench.page.evaluate("() => lvDebug.changeState({ filters: [{ track: 'tag', labels: ['noun'] }] }, 'settle')")
    shown = until(bench, "d.state.filters.length === 1")
    narrowed = brushed_on(wide, filters=(Filter("tag", labels=("noun",)),))
    assert shown["counts"] == wide.count(narrowed).totals.to_numpy().tolist()
    shown = pick(bench, "group", "nothing")
    assert spans(shown["rows"]) == spans_of(wide.match(narrowed, len(shown["rows"]), order="-track:loss"))
    assert {wide.tracks["tag"].labels[r["tracks"]["tag"][r["start"] - r["first"]]] for r in shown["rows"]} == {"noun"}


def test_the_cards_tell_what_the_api_tells(bench, wide):
    bench.open(**BRUSHED)
    shown = bench.shown()
    pattern = brushed_on(wide)
    summed(bench)
    unit = shown["units"][1]
    chip(bench, unit, PLOTTED).locator(".lv-chip-name").click()
    answer = part(bench, "unitcard", "p.answer !== null && !p.isPending")["answer"]
    assert_card(answer, wide, PLOTTED, unit, 0.3)
    curve = part(bench, "adviser", "p.curve !== null && !p.isPending")["curve"]
    told = wide.thresholds(PLOTTED, *WINDOW, 1, 0)
    assert (curve["threshold"], curve["n_units"]) == (told["threshold"].tolist(), told["n_units"].tolist())
    assert curve["n_units"][30] == pattern.n_units
    missing = next(u for u in range(2000) if u not in {one.unit for one in pattern.units})
    bench.page.evaluate("unit => lvDebug.setHover({ unit, source: null, side: 'high' })", missing)
    why = part(bench, "adviser", "p.whyAnswer !== null")["whyAnswer"]
    assert why["words"] == str(wide.why_not(PLOTTED, missing, *WINDOW))
    frame = wide.carry(pattern)
    carried = part(bench, "carry", "p.numbers.length > 0")
    here = frame[frame["track"] == carried["track"]]
    assert (carried["names"], carried["numbers"]) == (here["value"].tolist(), [f"{s:.2f}" for s in here["share"]])
    lengths = wide.count(pattern).lengths
    for bar in part(bench, "lengths", "p.bars.length > 0")["bars"]:
        inside = lengths[lengths["length"].between(bar["from"], bar["to"])]
        assert bar["fuzzy"] == inside["n_matches"].sum()
    barcode = part(bench, "minimap", "p.barcode !== null")["barcode"]
    assert barcode["n_steps_in"] == wide.barcode(pattern)["n_steps"].tolist()


def test_two_patterns_of_hundreds_of_units_are_compared_and_rows_saved(bench, wide, tmp_path):
    bench.open(**BRUSHED)
    one = brushed_on(wide)
    bench.page.get_by_role("button", name="Pin as A").click()
    bench.page.fill("#lv-threshold", "0.6")
    bench.page.keyboard.press("Enter")
    until(bench, "d.state.threshold === 0.6 && !lvDebug.inspectCompare().isPending")
    two = brushed_on(wide, 0.6)
    compared(bench, wide.compare(one, two))
    bench.page.get_by_role("button", name="Export").click()
    with bench.page.expect_download() as download:
        row = bench.page.locator(".lv-export-panel .lv-panel-row", has_text="Matches")
        row.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "saved.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "saved.csv").read_text(encoding="utf-8"), newline="")))
    assert [[int(r["start"]), int(r["stop"])] for r in rows] == spans_of(wide.match(two, 100_000))
