"""Whether what the matches carry is more than chance, which units say a label best, and a pattern of the fewest."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstmviz.types import Filter
from support.axe import check
from support.workbench import BRUSHED, DEPTH_4, QUERY, page, part, selected, summed, until

SURE = "document.querySelector('.lv-carry-sure')?.textContent"


def rows(bench):
    """The rows of the card: whiskers in shares, and where a dot stands."""
    bench.page.wait_for_function(f"() => {SURE} && !lvDebug.isEvidencePending()")
    return bench.page.evaluate(
        """() => [...document.querySelectorAll(".lv-carry")].map((row) => {
          const whisker = row.querySelector(".lv-whisker");
          const words = document.querySelector("#lv-carry").textContent;
          const full = Number(/A full bar is (0\\.\\d+)/.exec(words)?.[1] ?? 1) / 100;
          const ends = whisker && [whisker.style.left, whisker.style.width].map((text) => full * parseFloat(text));
          return {
            value: row.dataset.value,
            whisker: ends && [ends[0], ends[0] + ends[1]],
            isSure: row.querySelector(".lv-sure") !== null,
            label: row.getAttribute("aria-label"),
          };
        })"""
    )


def test_whiskers_and_dots_are_those_of_the_api_come_after_the_summary_and_are_asked_once(bench, parens):
    asked = []
    bench.page.on("request", lambda r: asked.append(r.url.rsplit("/", 1)[1]))
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    frame = parens.enrichment(selected(parens, *DEPTH_4), "depth").set_index("value")
    shown = rows(bench)
    assert [row["value"] for row in shown] == frame.index.tolist()
    for row in shown:
        evidence = frame.loc[row["value"]]
        np.testing.assert_allclose(row["whisker"], evidence[["share_low", "share_high"]].astype(float), atol=1e-6)
        assert row["isSure"] == (evidence["q"] < 0.05)
        assert f"recall {evidence['recall']:.2f}" in row["label"]
    order = [name for name in asked if name in ("matches", "summary", "enrichment")]
    assert order == ["matches", "summary", "enrichment"]
    words = bench.page.evaluate(f"() => {SURE}")
    four = frame.loc["4"]
    assert words.startswith("Not by chance: p < .001 (adjusted for 5 values) against sequences swapped in tens")
    assert f"95 % interval {four['share_low']:.2f} to {four['share_high']:.2f}." in words
    # Another track is asked once, and a gesture asks nothing.
    enrichments = []
    bench.page.on("request", lambda r: enrichments.append(r.url) if r.url.endswith("/enrichment") else None)
    choice = bench.page.locator("#lv-carry select")
    for track in ("top1", "depth", "top1"):
        choice.select_option(track)
        part(bench, "carry", "p.track === arg", track)
        rows(bench)
    assert len(enrichments) == 1
    assert "concerns the next token" in bench.page.evaluate(f"() => {SURE}")
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.6 }, 'live')")
    bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.3 }, 'live')")
    bench.page.wait_for_timeout(200)
    assert len(enrichments) == 1
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.5 }, 'settle')")
    bench.page.wait_for_function("() => lvDebug.summaryAnswer().key.includes('0.5') && !lvDebug.isSummaryPending()")
    rows(bench)
    assert len(enrichments) == 2


def test_few_sequences_are_told_in_words_without_whiskers(chromium, tmp_path):
    states = np.tile([0.9, 0.9, 0.1, 0.1], 30)[:, None].astype("float32")
    tracks = {"tag": ["a", "a", "b", "b"] * 30}
    with page(
        chromium, tmp_path, states={"r.l0.h": states}, tokens=np.arange(120) % 7, vocab=list("abcdefg"), tracks=tracks
    ) as (bench, _):
        bench.open(source="r.l0.h", at=0, span=60, start=4, stop=6)
        assert all(row["whisker"] is None for row in rows(bench))
        words = bench.page.evaluate(f"() => {SURE}")
        assert "Only one sequence has a match: too few for an interval." in words
        assert "a weaker test, misled by drift" in words


def test_without_tracks_the_tokens_have_whiskers_dots_and_a_sentence(chromium, tmp_path):
    rng = np.random.default_rng(0)
    first = np.append(1, rng.integers(1, 4, 59))[:, None]  # of two steps that are on in each sequence
    on = ((np.arange(6) >= first) & (np.arange(6) < first + 2)).ravel()
    tokens = np.where(on & (rng.random(360) < 0.8), 0, rng.integers(1, 4, 360))
    given = {"states": {"r.l0.h": on[:, None].astype("float32")}, "tokens": tokens, "lengths": [6] * 60}
    with page(chromium, tmp_path, vocab=["the", "a", "of", "to"], **given) as (bench, dump):
        bench.open(source="r.l0.h", at=0, span=60, start=1, stop=3)
        choice = bench.page.locator("#lv-carry select")
        for place in ("token after", "token before", "token here"):
            choice.select_option(place)
            part(bench, "carry", "p.track === arg", place)
            frame = dump.enrichment(selected(dump, 1, 3, source="r.l0.h"), place).set_index("value")
            shown = rows(bench)
            for row in shown:
                low, high, q = frame.loc[row["value"], ["share_low", "share_high", "q"]]
                assert row["whisker"] == pytest.approx([low, high], abs=1e-6)
                assert row["isSure"] == (q < 0.05)
        assert (shown[0]["value"], shown[0]["isSure"]) == ("the", True)
        share, base_rate = frame.loc["the", ["share", "base_rate"]]
        told = f"{share:.2f} of the tokens here are “the”, {base_rate:.2f} of the corpus"
        assert told in part(bench, "carry", "true")["words"]
        words = bench.page.evaluate(f"() => {SURE}")
        assert words.startswith("Not by chance: p < .001 (adjusted for 4 tokens) against sequences swapped in tens")


def test_evidence_that_fails_is_told_and_asked_again(bench):
    bench.page.route(re.compile("/enrichment$"), lambda route: route.fulfill(status=500, json={"error": "no memory"}))
    bench.open(**BRUSHED)
    retry = bench.page.locator("#lv-carry").get_by_role("button", name="Try again")
    retry.wait_for()
    assert "Whether this is chance could not be computed: no memory." in part(bench, "carry", "true")["words"]
    bench.page.unroute(re.compile("/enrichment$"))
    retry.click()
    assert any(row["isSure"] for row in rows(bench))
    assert all("500" in t for t in bench.troubles), bench.troubles
    bench.troubles.clear()  # the browser itself logs the refusal


def test_a_bar_that_is_held_down_as_evidence_comes_still_hears_that_it_is_let_go(bench):
    held = []
    bench.page.route(re.compile("/enrichment$"), lambda route: held.append(route))
    bench.open(**BRUSHED)
    summed(bench)
    bench.page.wait_for_function("() => lvDebug.isEvidencePending()")
    bench.page.locator("#lv-carry .lv-carry").nth(4).hover()
    bench.page.mouse.down()
    held[0].continue_()
    bench.page.wait_for_function("() => !lvDebug.isEvidencePending()")
    bench.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    bench.page.mouse.up()
    bench.page.unroute(re.compile("/enrichment$"))
    assert until(bench, "d.state.filters.length === 1")["state"]["filters"][0]["track"] == "depth"


def found(bench, label="depth 4"):
    """Press the button that finds the units for a label, by keyboard, and wait for their table."""
    rows(bench)
    press = bench.page.get_by_role("button", name=f"Find units for {label}")
    press.focus()
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.presentFinding()?.ranking && document.querySelector('#lv-finding tr')")
    return press


def test_units_for_a_label_are_ranked_as_the_api_does_one_is_held_and_the_fewest_become_the_pattern(bench, parens):
    bench.open(**BRUSHED)
    press = found(bench)
    assert press.get_attribute("aria-expanded") == "true"
    frame = parens.rank_units(Filter("depth", low=4, high=4)).head(10)
    lines = bench.page.locator("#lv-finding tbody tr")
    texts = [line.split("\t") for line in lines.all_inner_texts()]
    assert [cells[0] for cells in texts] == [
        f"{s.removeprefix('rnn.')} {u}" for s, u in zip(frame["source"], frame["unit"], strict=True)
    ]
    assert [cells[2:] for cells in texts] == [
        [f"{f1:.3f}", f"{auc:.3f}"] for f1, auc in zip(frame["f1"], frame["auc"], strict=True)
    ]
    assert [cells[1][0] for cells in texts] == ["≤" if side == "low" else "≥" for side in frame["side"]]
    assert "200 units" in bench.page.locator("#lv-finding [role=status]").inner_text()
    row = lines.nth(1)
    row.get_by_role("button").click()
    unit = {"source": frame["source"].iloc[1], "unit": int(frame["unit"].iloc[1])}
    assert until(bench, "d.state.held !== null")["state"]["held"] == unit
    bench.page.wait_for_function("() => document.querySelectorAll('#lv-finding .lv-finding-held').length === 1")
    assert row.get_by_role("button").get_attribute("aria-pressed") == "true"
    bench.page.get_by_role("button", name="Close the list of units").click()
    bench.page.locator("#lv-finding").wait_for(state="hidden")
    bench.page.wait_for_function("() => document.activeElement.matches('.lv-carry-find')")
    # The fewest units become the pattern, and undo brings the brush back.
    found(bench)
    source = bench.shown()["state"]["source"]
    detector = parens.detector(Filter("depth", low=4, high=4))
    bench.page.get_by_role("button", name="Make it the pattern").click()
    shown = until(bench, "d.state.pattern !== null")
    units = [(u["source"], u["unit"], u["side"], u["threshold"]) for u in shown["chosen"]]
    assert units == [(u.source, u.unit, u.side, u.threshold) for u in detector.pattern.units]
    assert shown["counts"] == parens.count(detector.pattern).totals.to_numpy().tolist()
    assert "“depth 4”" in bench.page.locator("#lv-pattern-note").inner_text()
    assert f"F1 {detector.f1:.3f}" in bench.page.locator("#lv-finding [role=status]").inner_text()
    assert "pattern=" in bench.page.url
    rows(bench)
    told = f"() => {SURE}?.endsWith('chosen by these labels, so the share is too good: trust the F1 of Find units.')"
    bench.page.wait_for_function(told)
    bench.look_again()  # whoever opens the link is told too
    bench.page.wait_for_function(told)
    bench.page.go_back()
    shown = until(bench, "d.state.pattern === null")
    assert (shown["state"]["start"], shown["state"]["stop"], shown["state"]["source"]) == (*DEPTH_4, source)


@pytest.mark.long
def test_whiskers_and_the_table_of_units_are_accessible(bench):
    bench.open(**BRUSHED)
    found(bench)
    bench.page.locator("#lv-finding tbody button").first.click()
    bench.page.wait_for_function("() => document.querySelector('#lv-finding .lv-finding-held')")
    summed(bench)
    rows(bench)
    check(bench, "whiskers, and units for a label")


def test_a_ranking_is_told_while_it_goes_on_and_ends_with_the_next_gesture(bench):
    bench.open(**BRUSHED)
    rows(bench)
    held = []
    bench.page.route(re.compile("/rank$"), lambda route: held.append(route))
    bench.page.locator(".lv-carry-find").last.click()
    status = bench.page.locator("#lv-finding [role=status]")
    status.wait_for()
    assert status.inner_text() == "Ranking …"
    bench.page.wait_for_timeout(100)
    with bench.page.expect_event("requestfailed", lambda r: r.url.endswith("/rank")):
        bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.5 }, 'live')")
    bench.page.locator("#lv-finding").wait_for(state="hidden")
    assert len(held) == 1
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.5 }, 'settle')")
    rows(bench)  # other questions are answered
    bench.page.unroute(re.compile("/rank$"))
