"""The strip of the whole corpus, and the lists of sequences and hits; each held against the Python API."""

from __future__ import annotations

import re

import numpy as np
import pytest

from support.workbench import BRUSHED, DEPTH_4, QUERY, page, part, selected, summed, until

# The strip of the whole corpus


def test_the_strip_shows_the_barcode_and_moves_the_view(bench, parens):
    bench.open(**BRUSHED)
    summed(bench)
    shown = part(bench, "minimap", "p.barcode !== null && p.borders.length > 0")
    frame = parens.barcode(selected(parens, *DEPTH_4))
    assert shown["barcode"]["n_steps_in"] == frame["n_steps"].tolist()
    assert shown["borders"] == parens.sequences["start"].tolist()[1:]
    assert shown["hasBrush"]
    middle = shown["left"] + shown["width"] * (250 / parens.n_steps)
    assert sum(shown["view"]) / 2 == pytest.approx(middle, abs=3)
    assert shown["text"] == "steps 220 to 279 of 20,000"

    bench.page.mouse.click(shown["left"] + shown["width"] / 2, shown["y"])
    at = until(bench, "d.state.at > 9000")["state"]["at"]
    assert at == pytest.approx(parens.n_steps / 2 - 30, abs=parens.n_steps / shown["width"] + 1)
    view = sum(part(bench, "minimap")["view"]) / 2
    at = bench.drag((view, shown["y"]), (shown["left"] + shown["width"] * 0.75, shown["y"]))["state"]["at"]
    assert at == pytest.approx(parens.n_steps * 0.75 - 30, abs=parens.n_steps / shown["width"] * 2)
    bench.page.locator("#lv-minimap [role=slider]").focus()
    for key, to in (("Home", 0), ("ArrowRight", 200), ("PageDown", 2200), ("End", parens.n_steps - 60)):
        bench.page.keyboard.press(key)
        until(bench, "d.state.at === arg", to)
    bench.page.go_back()
    assert until(bench, "d.state.at < 15000")


# Sequences and hits


def test_sequences_are_listed_found_and_gone_to(chromium, tmp_path):
    rng = np.random.default_rng(1)
    lengths = rng.integers(4, 9, 450).tolist()
    n = sum(lengths)
    kinds = ["verse", "prose", "<i>"]
    of = np.repeat(np.arange(450), lengths)
    given = {
        "states": {"a.l0.h": rng.uniform(-1, 1, (n, 4)).astype("float32")},
        "tokens": rng.integers(0, 26, n),
        "vocab": [chr(97 + c) for c in range(26)],
        "lengths": lengths,
        "tracks": {"kind": [kinds[i % 3] for i in of]},
    }
    with page(chromium, tmp_path, **given) as (bench, dump):
        bench.open(source="a.l0.h", at=1000, span=30)
        bench.page.get_by_role("button", name="450 sequences").click()
        here = int(of[1015])
        shown = part(bench, "sequences", "p.rows.some(row => row.index === arg)", here)
        frame = dump.sequences
        for row in shown["rows"]:
            start, stop = frame.iloc[row["index"]][["start", "stop"]]
            assert (row["start"], row["stop"]) == (start, stop)
            assert row["tokens"] == dump.tokens[start:stop]
            assert row["labels"] == {"kind": kinds[row["index"] % 3]}
        assert bench.page.locator(".lv-list-here .lv-list-number").text_content() == str(here)
        bench.page.get_by_label("Find sequences").fill("vers")
        shown = part(bench, "sequences", "p.words.startsWith('150 of 450')")
        assert {row["labels"]["kind"] for row in shown["rows"]} == {"verse"}
        bench.page.get_by_label("Find sequences").fill("333")
        part(bench, "sequences", "p.words.startsWith('1 of 450')")
        bench.page.keyboard.press("ArrowDown")
        bench.page.keyboard.press("Enter")
        assert until(bench, "d.state.at === arg", int(frame["start"][333]))
        assert not part(bench, "sequences")["isOpen"]
        bench.page.get_by_role("button", name="450 sequences").click()
        part(bench, "sequences", "p.rows.length > 0 && p.words === '450 sequences'")
        bench.page.get_by_label("Find sequences").press("ArrowDown")
        bench.page.keyboard.press("End")
        part(bench, "sequences", "p.rows.some(row => row.index === 449)")


def test_hits_are_listed_with_their_text_and_gone_to(bench, parens):
    bench.open(**QUERY)
    assert not part(bench, "hitlist")["isOffered"]
    bench.page.fill("#lv-search", "(44444")
    bench.page.press("#lv-search", "Enter")
    part(bench, "hitlist", "p.isOffered")
    bench.page.get_by_role("button", name="List the hits").click()
    hits = parens.search("(44444")
    shown = part(bench, "hitlist", "p.rows.length > 5")
    assert shown["words"] == f"{len(hits)} hits of “(44444”"
    for row in shown["rows"]:
        start, stop = row["start"], row["stop"]
        assert (start, stop) in set(zip(hits["start"], hits["stop"], strict=True))
        assert row["tokens"] == parens.tokens[row["first"] : row["first"] + len(row["tokens"])]
        assert row["first"] <= start
    here = bench.page.locator("#lv-hit-list .lv-list-here")
    assert here.locator(".lv-hit").text_content() == "(44444"
    bench.page.keyboard.press("End")
    last = hits.iloc[-1]
    part(bench, "hitlist", "p.rows.some(row => row.start === arg)", int(last["start"]))
    bench.page.keyboard.press("Enter")
    shown = until(bench, "d.cells[0].step <= arg && arg <= d.cells.at(-1).step", int(last["start"]))
    assert bench.page.locator("#lv-hit-count").text_content() == f"{len(hits)} of {len(hits)}"
    assert not part(bench, "hitlist")["isOpen"]


PIECES = ["[CLS]", "the", "play", "##ing", "##s", "went", "on"]


def test_pieces_of_words_are_joined_in_the_lists_and_on_the_map(chromium, tmp_path):
    ids = [0, 1, 2, 3, 4, 5, 6] * 6
    states = {"h": np.random.default_rng(0).normal(size=(len(ids), 4)).astype("float32")}
    with page(chromium, tmp_path, tokens=ids, vocab=PIECES, lengths=[21, 21], states=states) as (bench, dump):
        bench.open(source="h")
        bench.page.fill("#lv-search", "ing")
        bench.page.press("#lv-search", "Enter")
        part(bench, "hitlist", "p.isOffered")
        bench.page.get_by_role("button", name="List the hits").click()
        part(bench, "hitlist", "p.rows.length === 6")
        row = bench.page.locator("#lv-hit-list [role=option]").first
        assert row.locator(".lv-hit-before").text_content() == "[CLS] the play"
        assert row.locator(".lv-hit").text_content() == "ing"
        assert row.locator(".lv-hit-after").text_content().startswith("ings went on [CLS] the playings")
        bench.page.keyboard.press("Escape")
        bench.page.evaluate("() => lvDebug.changeState({ view: 'map' }, 'settle')")
        bench.page.wait_for_function("() => lvDebug.inspectMap().n === 42")
        bench.page.mouse.move(*bench.page.evaluate("() => lvDebug.inspectMap().screen[3]"))
        tip = bench.page.locator(".lv-tip")
        tip.wait_for()
        bench.page.wait_for_function("() => !document.querySelector('.lv-tip').textContent.includes('…')")
        text, step = tip.inner_text(), int(re.search(r"step (\d+)", tip.inner_text())[1])
        assert text.splitlines()[0].replace("[", "").replace("]", "") == dump.first.text(
            max(0, step - 8), step + 9
        ).replace("[", "").replace("]", "")
