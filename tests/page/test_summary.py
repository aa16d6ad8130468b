"""The page asks for a summary once its rows are there, and again only when another one is wanted."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

import lstmviz
from support.workbench import DEPTH_4, QUERY, page, part, selected, spans, spans_of

WAIT = "() => lvDebug.summaryAnswer() !== null && !lvDebug.isSummaryPending()"


def summary(bench):
    bench.page.wait_for_function(WAIT)
    return bench.page.evaluate("() => lvDebug.summaryAnswer()")


def test_a_brush_is_summed_up_as_the_api_does(bench, parens):
    asked = []
    bench.page.on("request", lambda r: asked.append(r) if r.url.endswith("/summary") else None)
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    given, pattern = summary(bench), selected(parens, *DEPTH_4)
    assert "error" not in given
    assert given["lengths"] == parens.count(pattern).lengths.to_numpy().tolist()
    assert given["barcode"]["n_matches"] == parens.barcode(pattern)["n_matches"].tolist()
    (depth,) = (t for t in given["carry"]["tracks"] if t["name"] == "depth")
    assert [v["share"] for v in depth["values"]] == [1.0 if v["value"] == "4" else 0.0 for v in depth["values"]]
    n_asked = len(asked)
    assert n_asked
    row = given and bench.shown()["rows"][0]
    bench.page.evaluate("() => lvDebug.changeState({ order: 'step' }, 'settle')")
    bench.settle()
    assert bench.page.evaluate("() => lvDebug.isSummaryPending()") is False
    assert len(asked) == n_asked
    bench.page.evaluate("span => lvDebug.changeState({ hidden: [span] }, 'settle')", [row["start"], row["stop"]])
    bench.page.wait_for_function("() => lvDebug.summaryAnswer().n_hidden === 1")
    assert summary(bench)["carry"]["n_matches"] == given["n_full"] - 1
    bench.page.evaluate("() => lvDebug.changeState({ start: null, stop: null, hidden: [] }, 'settle')")
    bench.page.wait_for_function("() => lvDebug.summaryAnswer() === null")


def test_a_summary_that_fails_is_kept_in_words_and_the_rows_stay(bench):
    bench.page.route(re.compile("/summary$"), lambda route: route.fulfill(status=500, body="{}"))
    bench.open(**QUERY)
    bench.brush(*DEPTH_4)
    assert "500" in summary(bench)["error"]
    assert bench.shown()["rows"]
    bench.page.wait_for_timeout(200)
    assert all("500" in t for t in bench.troubles), bench.troubles
    bench.troubles.clear()  # the browser itself logs the refusal


def test_without_tracks_the_tokens_are_the_evidence(chromium, tmp_path):
    values = np.tile(np.array([0, 0, 1, 1, 0], dtype="float32"), 40)[:, None]
    tokens = list("xyabz") * 20 + list("xyacz") * 20
    with page(chromium, tmp_path, states={"rnn.l0.h": values}, tokens=tokens, lengths=[5] * 40) as (bench, dump):
        bench.open(source="rnn.l0.h", start=2, stop=4, at=0)
        bench.settle()
        pattern = dump.select("rnn.l0.h", 2, 4)
        frame = dump.carry(pattern, tokens=20)
        assert frame["track"].drop_duplicates().tolist() == ["token here", "token before", "token after"]
        for place in ("token here", "token before", "token after"):
            card = part(bench, "carry", "p.names.length")
            assert card["tracks"] == ["token here", "token before", "token after"]
            bench.page.locator("#lv-carry select").select_option(place)
            shown = part(bench, "carry", f"p.track === '{place}'")
            rows = frame[frame["track"] == place]
            assert dict(zip(shown["names"], shown["numbers"], strict=True)) == {
                row.value: f"{row.share:.2f}" for row in rows.itertuples()
            }
        bench.page.locator("#lv-carry select").select_option("token here")
        bench.page.locator("#lv-carry .lv-carry", has_text="a").click()
        shown = bench.ready()
        kept = dump.match(replace(pattern, filters=(lstmviz.Filter.tokens(["a"]),)), limit=len(shown["rows"]))
        assert spans(shown["rows"]) == spans_of(kept)
