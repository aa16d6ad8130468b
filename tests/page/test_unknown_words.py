"""Words that the model does not know: the page shows them as they were written, with a mark, and so do the exports."""

from __future__ import annotations

import pytest
import torch

import lstmviz
from lstmviz import figures
from support import browser as browsing
from support.word_texts import NUMBERS, WORDS, Words

SOURCE = "rnn.l1.c"
VOCAB = ["<unk>", *WORDS[1:]]
TEXTS = ["the wombat saw a dog", "it ran", "and the dog ran home", "a quokka ran", "the dog saw it and it ran"] * 4


def encode(text):
    return [NUMBERS.get(word, 0) for word in text.split()]


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("unknown") / "zoo.h5"
    return lstmviz.open_dump(lstmviz.record_corpus(Words(), TEXTS, encode=encode, vocab=VOCAB, path=path))


@pytest.fixture(scope="module")
def address(dump):
    with browsing.serving([dump]) as address:
        yield address


def test_words_that_the_model_does_not_know_are_marked_and_found(chromium, address, dump):
    with browsing.workbench(chromium, address) as bench:
        bench.open(source=SOURCE, at=0, span=15, start=2, stop=4, threshold=0.01, before=0)
        shown = bench.ready()
        cells = shown["cells"]
        assert [cell["text"] for cell in cells] == dump.tokens[:15]
        assert [cell["isUnknown"] for cell in cells] == [word not in VOCAB for word in dump.tokens[:15]]
        rows = shown["rows"]
        assert any("wombat" in row["tokens"] for row in rows)
        for row in rows:
            odd = [k for k, word in enumerate(row["tokens"]) if word is not None and word not in VOCAB]
            assert row["unknown"] == odd
        step = dump.tokens[:].index("wombat")
        cell = bench.cell(step)
        bench.page.mouse.move((cell["left"] + cell["right"]) / 2, cell["middle"])
        bench.page.wait_for_selector(".lv-tip:visible")
        tip = bench.page.locator(".lv-tip").inner_text()
        assert "wombat" in tip
        assert "unknown to the model: read as its unknown token" in tip
        bench.page.fill("#lv-search", "quokka")
        bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === '4 hits'")
        box = "(e) => e.clientWidth - parseFloat(getComputedStyle(e).paddingRight)"
        assert bench.page.locator("#lv-search").evaluate(box) > 80  # px, for the word itself
        bench.page.keyboard.press("Enter")
        bench.page.wait_for_function("step => lvDebug.state.at <= step", arg=dump.tokens[:].index("quokka"))


def test_they_are_marked_in_lists_and_on_the_map_too(chromium, address, dump):
    odd = [word for word in dump.tokens[:] if word not in VOCAB]
    with browsing.workbench(chromium, address) as bench:
        bench.open(source=SOURCE, at=0, span=15, view="map")
        bench.page.fill("#lv-search", "<unk>")  # what the model read in their place
        bench.page.wait_for_function(f"() => document.querySelector('#lv-hit-count').textContent === '{len(odd)} hits'")
        bench.page.get_by_role("button", name="List the hits").click()
        hits = bench.page.locator("#lv-hit-list .lv-hit")
        hits.nth(3).wait_for()
        assert hits.locator(".lv-text-unknown").all_text_contents() == odd[: hits.count()]
        bench.page.keyboard.press("Escape")
        bench.page.wait_for_function("() => lvDebug.inspectMap().screen?.length")
        shown = bench.page.evaluate("() => lvDebug.inspectMap()")
        bench.page.mouse.move(*shown["screen"][shown["ids"].index(dump.tokens[:].index("wombat"))])
        tip = bench.page.locator(".lv-tip")
        tip.get_by_text("unknown to the model: read as its unknown token").wait_for()
        assert "the [wombat] saw" in tip.inner_text()
        unit = next(n for n in range(7) if "wombat" in str(dump.unit(SOURCE, n, 0.3, n_contexts=5).contexts))
        bench.open(source=SOURCE, at=0, span=15, unit=f"{SOURCE}/{unit}")
        cells = bench.page.locator("#lv-card .lv-context bdi")
        cells.first.wait_for()
        marks = cells.evaluate_all("all => all.map((one) => one.classList.contains('lv-text-unknown'))")
        assert any(marks)
        assert marks == [word not in VOCAB for word in cells.all_text_contents()]


def test_exports_show_and_mark_them(dump):
    pattern = dump.select(SOURCE, 2, 4, 0.01, 0, 0)
    page = figures.page(dump, SOURCE, 0, 15, pattern=pattern)
    assert "wombat" in page
    assert 'unknown"><title>wombat' in page
    lines = figures.units(dump, SOURCE, 0, 15, pattern)
    assert "<u>wombat</u>" in str(lines.to_plotly_json())
    rows = figures.matches(dump, pattern)
    assert "<u>wo" in str(rows.to_plotly_json())
    flow = figures.text(dump, SOURCE, 0, 0, 15)
    assert "<u>wombat</u>" in str(flow.to_plotly_json())
