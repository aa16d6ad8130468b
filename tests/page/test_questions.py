"""The questions of docs/samples.md: each step that is told there shows on the page what is told there."""

from __future__ import annotations

import pytest

import lstmviz
from support import browser as browsing
from support.cards import built
from support.workbench import chip, summed


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    wanted = [
        ("parens", "2x50"),
        ("agreement", "1x50"),
        ("agreement", "1x100"),
        ("sentiment", "bidirectional-1x32"),
        ("recall", "1x32"),
    ]
    paths = {f"{name}-{v}": built(name, v, folder / f"{name}-{v}.h5") for name, v in wanted}
    return {title: lstmviz.open_dump(path) for title, path in paths.items()}


@pytest.fixture(scope="module")
def address(dumps):
    with browsing.serving(list(dumps.values())) as served:
        yield served


@pytest.fixture
def bench(chromium, address):
    with browsing.workbench(chromium, address) as page:
        yield page


def carried(bench, track, value):
    """The share that the card beside the page shows for a value of a track."""
    summed(bench)
    choice = bench.page.locator("#lv-carry select")
    if choice.count():
        choice.first.select_option(track)
        bench.page.evaluate("() => new Promise(requestAnimationFrame)")
    return bench.page.locator(f"#lv-carry .lv-carry[data-value='{value}'] .lv-carry-number").text_content()


def on_by(bench, track, value):
    """How often the held unit is on at a value of a track, in the words of its card."""
    bench.page.wait_for_function("() => lvDebug.inspectCards().unitcard.answer")
    rows = bench.page.locator(f"#lv-card .lv-card-head3:has-text('On by {track}') + div .lv-rate")
    return {row.locator("bdi").text_content(): row.locator(".lv-rate-number").text_content() for row in rows.all()}[
        value
    ]


def test_does_it_count(bench, dumps):
    bench.open(dump=dumps["parens-2x50"].uuid)
    bench.page.locator("#lv-step").fill("220")
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => lvDebug.state.at === 220")
    bench.settle()
    assert bench.brush(249, 255)["units"] == [15, 18, 45, 49]
    assert carried(bench, "depth", "4") == "1.00"
    chip(bench, 45, "rnn.l1.c").locator(".lv-chip-name").click()
    assert (on_by(bench, "depth", "4"), on_by(bench, "depth", "3")) == ("100 %", "0 %")


def test_a_unit_of_depth_3_does_not_look_at_the_last_bracket(bench, dumps):
    dump = dumps["parens-2x50"]
    bench.open(dump=dump.uuid, source="rnn.l1.h", at=220, span=60, t=0.5, unit="rnn.l1.h/25")
    assert (on_by(bench, "depth", "3"), on_by(bench, "depth", "4"), on_by(bench, "depth", "2")) == (
        "100 %",
        "0 %",
        "0 %",
    )
    on = dump.states("rnn.l1.h")[:, [25]][:, 0] >= 0.5
    for text in (")3", "(3"):
        hits = dump.search(text)
        assert len(hits)
        assert on[hits["stop"].to_numpy() - 1].all()


@pytest.mark.long
def test_who_remembers_the_number(bench, dumps):
    bench.open(dump=dumps["agreement-1x50"].uuid, at=44, t=0.6, side="low")
    assert bench.brush(53, 62)["units"] == [23]
    assert carried(bench, "number", "singular") == "1.00"
    assert carried(bench, "last_noun", "plural") == "0.28"
    bench.open(dump=dumps["agreement-1x100"].uuid, at=44, t=0.5)
    assert bench.brush(53, 62)["units"] == [83, 96]
    assert carried(bench, "number", "singular") == "0.99"


@pytest.mark.long
def test_which_direction_knows_first(bench, dumps):
    uuid = dumps["sentiment-bidirectional-1x32"].uuid
    bench.open(dump=uuid, source="rnn.l0.reverse.h", at=30, t=0.3, side="both")
    assert len(bench.brush(36, 39)["units"]) == 12
    assert carried(bench, "label", "positive") == "1.00"
    bench.open(dump=uuid, source="rnn.l0.h", at=30, t=0.3, side="both")
    assert bench.brush(36, 39)["units"] == []
    bench.open(dump=uuid, source="rnn.l0.h", at=30, t=0.1, side="both")
    assert len(bench.brush(36, 39)["units"]) == 1
    assert carried(bench, "label", "positive") == "0.41"


@pytest.mark.long
def test_how_the_key_is_written(bench, dumps):
    bench.open(dump=dumps["recall-1x32"].uuid, source="rnn.l0.c", t=0.3, side="both", before=0)
    shown = bench.brush(0, 11)
    assert sorted(one["side"] for one in shown["chosen"]) == ["high"] * 4 + ["low"] * 6
    assert carried(bench, "key", "F") == "1.00"
    bench.open(dump=dumps["recall-1x32"].uuid, source="rnn.l0.c", t=0.3, side="high", before=0)
    bench.brush(0, 11)
    assert carried(bench, "key", "F") != "1.00"


@pytest.mark.long
def test_who_is_a_bystander(bench, dumps):
    bench.open(dump=dumps["agreement-1x100"].uuid, source="rnn.l0.c", at=44, span=60, t=0.8, unit="rnn.l0.c/60")
    assert (on_by(bench, "number", "singular"), on_by(bench, "number", "plural")) == ("96 %", "0.94 %")
    bench.open(dump=dumps["recall-1x32"].uuid, source="rnn.l0.c", t=0.3, side="high", before=0)
    assert bench.brush(0, 11)["units"] == [1, 12, 14, 17]
