"""The page asks for a summary once its rows are there, and again only when another one is wanted."""

from __future__ import annotations

import re

from support.workbench import DEPTH_4, QUERY, selected

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
    bench.ready()
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
