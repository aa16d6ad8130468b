"""Tracks of one's own on the page: saved from what was found, ready-made, painted, changed, undone; and who may."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz.ui.extras import Extras
from support import browser as browsing
from support.axe import check_further
from support.workbench import two_frames

WORDS = ["the", "old", "dog", "barks", "and", "a", "young", "cat", "sleeps", "."]
N = 400
QUERY = {"source": "rnn.l0.h", "at": 0, "span": 20}


@pytest.fixture
def dump(tmp_path):
    rng = np.random.default_rng(4)
    values = rng.uniform(-1, 1, (40, 6)).astype("float32").repeat(10, axis=0)
    path = lstmviz.write_dump(
        tmp_path / "words.h5",
        states={"rnn.l0.h": values},
        tokens=np.arange(N) % len(WORDS),
        vocab=WORDS,
        lengths=[100] * 4,
        tracks={"depth": np.arange(N) % 3},
    )
    return lstmviz.open_dump(path)


@pytest.fixture
def bench(chromium, dump):
    with browsing.serving([dump]) as address, browsing.workbench(chromium, address) as bench:
        yield bench


def labels(dump, name):
    track = lstmviz.open_dump(dump.path).tracks[name]
    return [track.labels[code] if code >= 0 else None for code in track[:].tolist()]


def opened(bench):
    """Open the menu of labels, and wait until it is filled."""
    if not bench.page.locator(".lv-labels-panel").is_visible():
        bench.page.click("#lv-labels .lv-menu-button")
    bench.page.wait_for_selector(".lv-labels .lv-panel-head, .lv-labels .lv-panel-note:not(:has-text('Looking'))")


def told(bench, words):
    bench.page.wait_for_function(
        "words => document.querySelector('.lv-labels-status').textContent.includes(words)", arg=words
    )
    return bench.ready()


def tracks(bench):
    return bench.ready()["tracks"]


def save(bench, name, words):
    opened(bench)
    bench.page.locator(".lv-labels .lv-labels-name").first.fill(name)
    bench.page.locator(".lv-labels-save", has_text=words).click()
    told(bench, f"Saved {words} as {name}")


def test_hits_matches_marked_rows_and_a_region_become_tracks(bench, dump):
    bench.open(**QUERY, start=10, stop=20)
    threshold = bench.ready()["state"]["threshold"]
    bench.page.fill("#lv-search", "old dog")
    bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === '40 hits'")
    save(bench, "pets", "40 hits of “old dog”")
    assert tracks(bench) == ["depth", "pets"]
    assert [i for i, label in enumerate(labels(dump, "pets")) if label == "yes"][:4] == [1, 2, 11, 12]
    bench.page.locator(".lv-labels .lv-labels-label").fill("hit")
    save(bench, "places", "the matches of the pattern")
    pattern = dump.select("rnn.l0.h", 10, 20, threshold)
    assert pattern.units
    full = dump.match(pattern, 1000).query("n_shared == @pattern.n_units")
    steps = {step for row in full.itertuples() for step in range(row.start, row.stop)}
    assert {i for i, label in enumerate(labels(dump, "places")) if label == "hit"} == steps
    bench.page.keyboard.press("Escape")
    bench.page.evaluate("lvDebug.changeState({ marked: [[30, 33]] }, 'settle')")
    bench.settle()
    save(bench, "mine", "1 marked row")
    assert labels(dump, "mine")[29:34] == ["other", "yes", "yes", "yes", "other"]
    everything = "{ view: 'map', lasso: [[-9, -9], [9, -9], [9, 9], [-9, 9]], start: null, stop: null }"
    bench.page.evaluate(f"lvDebug.changeState({everything}, 'settle')")
    bench.page.keyboard.press("Escape")
    bench.page.wait_for_function("() => lvDebug.summaryAnswer()?.is_region")
    save(bench, "region", "the region of the map")
    assert set(labels(dump, "region")) == {"yes"}
    carried = bench.page.evaluate("lvDebug.summaryAnswer().carry.tracks.map((track) => track.name)")
    assert {"pets", "places", "mine"} <= set(carried)


def test_ready_made_by_name_by_expression_renamed_removed_and_undone(bench, dump):
    bench.open(**QUERY)
    opened(bench)
    bench.page.select_option(".lv-labels .lv-choice", "distance since")
    bench.page.fill(".lv-labels-token", "dog")
    bench.page.click(".lv-labels-add")
    told(bench, "Added since dog")
    assert lstmviz.open_dump(dump.path).tracks["since dog"][2:5].tolist() == [0, 1, 2]
    form = bench.page.locator("form:has(.lv-labels-regex)")
    form.locator(".lv-labels-name").fill("age")
    form.locator(".lv-labels-regex").fill("(?P<adult>old dog)|(?P<child>young")
    form.locator("button").click()
    told(bench, "is not a regular expression")
    form.locator(".lv-labels-name").fill("age")
    form.locator(".lv-labels-regex").fill("(?P<adult>old (dog|hound|terrier|poodle))|(?P<child>young)|(?P<young>puppy)")
    form.locator("button").click()
    told(bench, "Added age")
    panel = bench.page.locator(".lv-labels-panel").evaluate("panel => [panel.scrollWidth, panel.clientWidth]")
    assert panel[0] == panel[1]  # a long expression pushes nothing out of it
    assert labels(dump, "age")[:7] == ["other", "adult", "adult", "other", "other", "other", "child"]
    check_further(bench, "the menu of labels")
    row = bench.page.locator('.lv-labels-row[data-track="age"]')
    row.locator(".lv-labels-rename").click()
    bench.page.fill(".lv-labels-new-name", "how old")
    bench.page.keyboard.press("Enter")
    told(bench, "Renamed to how old")
    assert tracks(bench) == ["depth", "since dog", "how old"]
    bench.page.locator('.lv-labels-row[data-track="how old"] .lv-labels-remove').click()
    told(bench, "Removed how old")
    assert tracks(bench) == ["depth", "since dog"]
    bench.page.click(".lv-labels-undo")
    told(bench, "Undone: removed 'how old'")
    assert tracks(bench) == ["depth", "since dog", "how old"]
    bench.look_again()
    assert tracks(bench) == ["depth", "since dog", "how old"]


def test_the_painter_by_pointer_and_by_key_and_what_others_see(bench, chromium, dump):
    bench.open(**QUERY, start=12, stop=15)
    opened(bench)
    bench.page.locator(".lv-panel-row:has(.lv-labels-paint) .lv-labels-name").fill("role")
    bench.page.click(".lv-labels-paint")
    shown = bench.ready()
    cells = shown["cells"]
    bench.page.mouse.move((cells[0]["left"] + cells[0]["right"]) / 2, cells[0]["middle"])
    bench.page.mouse.down()
    bench.page.mouse.move((cells[2]["left"] + cells[2]["right"]) / 2, cells[2]["middle"], steps=4)
    bench.page.mouse.up()
    assert bench.page.evaluate("lvDebug.inspectPainter().stretch") == [0, 3]
    assert [bench.ready()["state"][k] for k in ("start", "stop")] == [12, 15]  # the brush stays
    bench.page.fill(".lv-painter-new input", "subject")
    bench.page.keyboard.press("Enter")
    painted(bench)
    assert labels(dump, "role")[:5] == ["subject"] * 3 + [None] * 2
    for key in ("ArrowRight", "1", "ArrowRight"):  # 3, which goes on to 4, then 5
        bench.page.keyboard.press(key)
    painted(bench)
    assert labels(dump, "role")[:5] == ["subject"] * 4 + [None]
    assert bench.page.evaluate("lvDebug.inspectPainter().stretch") == [5, 6]
    bench.page.keyboard.press("Shift+ArrowRight")
    bench.page.keyboard.press("1")
    painted(bench)
    assert labels(dump, "role")[4:8] == [None, "subject", "subject", None]
    with browsing.serving([lstmviz.open_dump(dump.path)]) as address, browsing.workbench(chromium, address) as other:
        other.open(**QUERY)
        assert tracks(other) == ["depth", "role"]
        bench.page.keyboard.press("Control+z")
        bench.page.wait_for_function("() => lvDebug.inspectPainter().words.startsWith('Undone')")
        assert labels(dump, "role")[4:8] == [None] * 4
        other.page.evaluate("lvDebug.changeState({ start: 3, stop: 6 }, 'push')")  # asks, and learns of it by the way
        other.page.wait_for_function("() => lvDebug.model.value(lvDebug.model.tracks[1], 5) === -1")
    check_further(bench, "the painter")
    bench.page.keyboard.press("Escape")
    assert bench.page.evaluate("lvDebug.inspectPainter().isOn") is False
    assert bench.page.locator(".lv-painter").is_hidden()
    two_frames(bench)


def painted(bench):
    bench.page.wait_for_function("() => !lvDebug.isChangingTracks()")
    return bench.ready()


def test_a_server_for_others_shows_why_nothing_can_be_changed(chromium, dump):
    dump.add_track("theirs", ready="number")
    with (
        browsing.serving([dump], extras=Extras(allow_labels=False)) as address,
        browsing.workbench(chromium, address) as bench,
    ):
        bench.open(**QUERY)
        opened(bench)
        assert "lets no visitor change tracks" in bench.page.locator(".lv-labels").inner_text()
        assert bench.page.locator(".lv-labels-row").inner_text().startswith("theirs")
        assert not bench.page.locator(".lv-labels button").count()


PAINTED = """(places) => {
  const canvas = document.querySelector(".lv-minimap-track canvas");
  const x = Math.round(places[7] * canvas.clientWidth) * (canvas.width / canvas.clientWidth);
  const [r, g, b] = canvas.getContext("2d").getImageData(Math.ceil(x), 1, 1, 1).data;
  return "#" + [r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("");
}"""


def test_a_search_shows_hits_while_one_types_and_the_next_key_stops_it(bench):
    bench.open(**QUERY)
    bench.settle()
    asked = []
    bench.page.on("request", lambda request: "/search/" in request.url and asked.append(request.url))
    bench.page.locator("#lv-search").press_sequentially("young", delay=30)
    bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === '40 hits'")
    assert len(asked) < len("young")  # on a busy machine a key may come later than the page waits for it
    assert asked[-1].endswith("q=young&after=0&limit=500")
    shown = bench.ready()
    assert shown["state"]["at"] == 0
    assert bench.page.evaluate("lvDebug.presentHits()") == {"text": "young", "total": 40, "present": None}
    two_frames(bench)
    places = [(6 + 10 * k) / 400 for k in range(40)]
    assert bench.page.evaluate("lvDebug.inspectCards().minimap.hits") == places
    assert bench.page.evaluate(PAINTED, places) == bench.page.evaluate("lvDebug.themeColours().text").lower()
    bench.page.keyboard.press("Enter")
    bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === '1 of 40'")
    bench.page.keyboard.press("Shift+Enter")
    bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === '40 of 40'")
    assert bench.ready()["state"]["at"] > 300
    bench.page.fill("#lv-search", "zebra")
    bench.page.wait_for_function("() => document.querySelector('#lv-hit-count').textContent === 'no hits'")
