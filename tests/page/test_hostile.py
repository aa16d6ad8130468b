"""Tokens, labels and names that try to be something else: shown as themselves in every view and every export."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import lstmviz
from lstmviz.match.pattern.file import PatternFile
from lstmviz.visible import visible_text
from support import browser as browsing
from support.budget import is_long, some_of
from support.workbench import part, summed, two_frames, until

ATTACK = "window.hacked=1"
HOSTILE = [
    f"<img src=x onerror={ATTACK}>",
    f"<script>{ATTACK}</script>",
    f"javascript:{ATTACK}",
    f'<a href="javascript:{ATTACK}">k</a>',
    f'"onmouseover={ATTACK} x="',
    "</style></script><!--",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "שלום",
    "مرحبا(",
    "\u202eright to left",
    "\u2066isolate",
    "zero\u200bwidth",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1b[31mred",
    "a\nb",
    "\n",
    "\t",
    "\r\n",
    "",
    " ",
    "     ",
    "\u3000",
    "\u0301mark",
    "\ud800",
    "x" * 10_000,
    "👨\u200d👩\u200d👧",
    "日本語",
    "__proto__",
    "constructor",
    "{{7*7}}${1}%{x}",
    "$x^2$ \\alpha",
    "&lt;b&gt;",
]
LABELS = [*HOSTILE[:14], "__proto__", "toString", "a/b%2Fc", "", "   "]
PLOTTED, OTHER = f"<b onclick={ATTACK}>\u202ernn.l1.c", "__proto__"
KIND, DOC, LOSS, ODD = "<i>kind\u202e", f"<img src=x onerror={ATTACK}>doc", "l$o$ss & <b>", "__proto__"
MODEL = f"<script>{ATTACK}</script>\u202emodel\x00"
N, SEQUENCE, WINDOW = 1050, 105, (214, 217)


def write(folder, name, seed):
    """A dump of a hostile text: every third step from the fourth on is a stretch of three that units 0 to 3 are on."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    states = rng.uniform(-0.6, 0.2, (N, 6)).astype("float32")
    states[np.arange(N) % 7 >= 4, :4] = 0.9
    states[5, 5] = np.nan
    return lstmviz.open_dump(
        lstmviz.write_dump(
            folder / name,
            states={PLOTTED: states, OTHER: -states},
            tokens=np.arange(N) % len(HOSTILE),
            vocab=HOSTILE,
            lengths=[SEQUENCE] * (N // SEQUENCE),
            join=" ",
            tracks={
                KIND: [LABELS[i % len(LABELS)] for i in range(N)],
                DOC: [LABELS[i // SEQUENCE] for i in range(N)],
                ODD: [LABELS[-1 - i % 5] for i in range(N)],
                LOSS: rng.random(N).astype("float32"),
            },
            provenance={"model": MODEL, "created": f"<b onclick={ATTACK}>"},
        )
    )


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    return write(tmp_path_factory.mktemp("hostile"), f"<img src=x onerror={ATTACK}>\u202e.h5", 0)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    return write(tmp_path_factory.mktemp("second"), "\"'><svg onload=1>.h5", 1)


WATCH = """() => {
  window.painted = [];
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
    const place = this.canvas.closest("[id]");
    const { a, b, e, f } = this.getTransform();
    const ratio = window.devicePixelRatio;
    const wide = Math.min(this.measureText(text).width, most === undefined ? Infinity : most);
    const from = { center: x - wide / 2, left: x, start: x, right: x - wide, end: x - wide }[this.textAlign];
    const along = (at) => (b ? (e + a * at) / ratio : at); // slanted words lie about a point of their own
    const top = b ? (f + b * (from + wide)) / ratio : y;
    const lies = { isSlanted: b !== 0, x: along(x), from: along(from), to: along(from + wide), top };
    window.painted.push({ place: place && place.id, text: String(text), ...lies, y, font: this.font });
    return most === undefined ? fillText.call(this, text, x, y) : fillText.call(this, text, x, y, most);
  };
}"""

# What no view may hold: an element that only a token can have made, an invisible character that is not spelled out.
AMISS = r"""() => {
  const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u3000\p{Noncharacter_Code_Point}]/u;
  const EMOJI = /\p{Extended_Pictographic}\u200D/gu;
  const found = [];
  if (window.hacked !== undefined) found.push("executed");
  const handlers = "[onerror], [onclick], [onmouseover], [onload]";
  const alien = `img, iframe, object, embed, b, i, marquee, a[href^="javascript"], ${handlers}`;
  for (const e of document.body.querySelectorAll(alien)) found.push("markup: " + e.outerHTML.slice(0, 120));
  const seen = (text, where) => {
    const plain = text.replace(EMOJI, "");
    if (INVISIBLE.test(plain)) found.push(`invisible in ${where}: ${JSON.stringify(plain.slice(0, 160))}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement: parent } = walker.currentNode;
    const isOutside = parent === document.body || parent.parentElement === document.body; // Dash's own page
    if (parent.closest("script, style") || (isOutside && !data.trim())) continue;
    const text = parent.tagName === "PRE" ? data.replaceAll("\n", "") : data;
    seen(text, `<${parent.tagName} class="${parent.className}">`);
  }
  const said = ["title", "aria-label", "placeholder", "aria-valuetext", "label"];
  for (const e of document.body.querySelectorAll("*")) {
    const where = `<${e.tagName} class="${e.getAttribute("class")}">`;
    for (const name of said) if (e.hasAttribute(name)) seen(e.getAttribute(name), `${name} of ${where}`);
    if (e.tagName === "INPUT" && e.type !== "hidden") seen(e.value, `value of ${where}`);
  }
  for (const { text, place } of window.painted) seen(text, `the canvas of ${place}`);
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`as wide as ${wide}`);
  return [...new Set(found)];
}"""


@pytest.fixture
def bench(chromium, dump, second):
    with (
        browsing.serving([dump, second]) as address,
        browsing.workbench(chromium, address, script=f"({WATCH})()") as page,
    ):
        page.page.on("dialog", lambda dialog: (page.troubles.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        yield page


def brushed(bench, dump, **more):
    query = {"dump": dump.uuid, "source": PLOTTED, "at": 202, "span": 24, "start": WINDOW[0], "stop": WINDOW[1]}
    bench.open(**query | more)


def assert_well(bench):
    amiss = bench.page.evaluate(AMISS)
    assert not amiss, "\n".join(amiss)


def painted(bench, place):
    """What the present frame writes on a canvas."""
    bench.page.evaluate("() => { window.painted = []; lvDebug.redrawAll(); }")
    two_frames(bench)
    return [one for one in bench.page.evaluate("() => window.painted") if one["place"] == place]


def pattern_of(dump):
    return dump.select(PLOTTED, *WINDOW)


# Views


def test_the_start_page(bench, dump, second):
    bench.page.goto(bench.address)
    bench.page.wait_for_function("() => window.lvDebug?.inspectPage().start?.drawn === 2")
    assert_well(bench)
    names = bench.page.locator(".lv-start-name").all_text_contents()
    assert names == [visible_text(one.name) for one in (dump, second)]
    assert visible_text(MODEL) in bench.page.locator(".lv-start-card").first.text_content()
    bench.page.locator(".lv-start-field").fill("<img")
    assert bench.page.locator(".lv-start-card:visible").count() == 1
    assert_well(bench)


def test_lines_tokens_tracks_and_tips(bench, dump):
    brushed(bench, dump)
    page = bench.shown()
    assert_well(bench)
    assert [cell["text"] for cell in page["cells"]] == [visible_text(t) for t in dump.tokens[202:226]]
    assert page["units"] == [u.unit for u in pattern_of(dump).units] == [0, 1, 2, 3]
    box = bench.page.locator("#lv-strip").bounding_box()
    for span, is_slanted in ((24, True), (8, False)):
        bench.page.evaluate("span => lvDebug.changeState({ at: 210, span }, 'settle')", span)
        page, written = bench.ready(), painted(bench, "lv-strip")
        for cell in page["cells"]:
            middle = (cell["left"] + cell["right"]) / 2 - box["x"]
            own = [one for one in written if one["isSlanted"] == is_slanted and abs(one["x"] - middle) < 1.1]
            own = own[:1] if is_slanted else [one for one in own if shown_as(one["text"], cell["text"])]
            assert own, cell
            assert shown_as(own[0]["text"], cell["text"])
            assert own[0]["from"] >= cell["left"] - box["x"] - 0.5
            assert own[0]["to"] <= (box["width"] if is_slanted else cell["right"] - box["x"] + 0.5)
            assert own[0]["top"] >= 0
        for cell in page["cells"][::3]:
            for k in range(5):
                bench.page.mouse.move((cell["left"] + cell["right"]) / 2, cell["middle"] + 26 * k)
            assert_well(bench)
    box = bench.page.locator("#lv-plot").bounding_box()
    for x in range(100, int(box["width"]), 60):
        bench.page.mouse.move(box["x"] + x, box["y"] + box["height"] / 2)
    assert_well(bench)
    names = bench.page.locator(".lv-track-name").all_text_contents()
    assert names == [visible_text(name) for name in dump.tracks]


def shown_as(text, whole):
    """Is a text another one, whole or cut at its end?"""
    return text == whole or (text.endswith("…") and whole.startswith(text[:-1]))


def test_the_unit_card_its_contexts_the_other_cards_sequences_and_hits(bench, dump):
    brushed(bench, dump, unit=f"{PLOTTED}/1", filter="")
    bench.settle()
    part(bench, "unitcard", "p.answer !== null && !p.isPending")
    summed(bench)
    assert_well(bench)
    for context, line in zip(
        dump.unit(PLOTTED, 1, n_contexts=5).contexts, bench.page.locator("#lv-card .lv-context").all(), strict=True
    ):
        assert line.locator("bdi").all_text_contents() == [visible_text(token) for token in context.tokens]
        line.hover()
    if bench.page.locator("#lv-card .lv-card-more").count():
        bench.page.locator("#lv-card .lv-card-more").click()
        assert_well(bench)
    named = bench.page.evaluate("() => lvDebug.inspectEnrichmentCard()")
    carried = dump.carry(pattern_of(dump), tokens=20)
    mine = carried[carried["track"] == named["track"]]
    assert named["names"]
    assert set(named["names"]) <= {visible_text(value) for value in mine["value"]}
    assert_well(bench)
    # Sequences, hits and the strip of the whole corpus.
    bench.page.get_by_role("button", name="10 sequences").click()
    rows = part(bench, "sequences", "p.rows.length > 0")["rows"]
    assert rows[0]["labels"][DOC] == LABELS[rows[0]["index"]]
    assert_well(bench)
    bench.page.get_by_label("Find sequences").fill("onerror")
    part(bench, "sequences", "p.words.includes('of 10')")
    assert_well(bench)
    bench.page.keyboard.press("Escape")
    for text in ("<img", "שלום", "__proto__"):
        bench.page.fill("#lv-search", text)
        bench.page.press("#lv-search", "Enter")
        part(bench, "hitlist", "p.isOffered")
        bench.page.get_by_role("button", name="List the hits").click()
        found = part(bench, "hitlist", "p.rows.length > 0 && p.words.includes('hits of')")
        assert found["words"] == f"{len(dump.search(text)):,} hits of “{visible_text(text)}”"
        assert_well(bench)
        bench.page.keyboard.press("Escape")
    box = bench.page.locator(".lv-minimap-track").bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    assert_well(bench)


@pytest.mark.parametrize("track", [KIND, *(pytest.param(one, marks=pytest.mark.long) for one in (DOC, ODD, LOSS))])
def test_rows_orders_groups_colours_and_filters(bench, dump, track):
    brushed(bench, dump, group=f"track:{track}", order=f"track:{track}", colour=f"track:{track}")
    frame = dump.match(pattern_of(dump), 1_000, order=f"track:{track}")
    groups = dump.groups(pattern_of(dump), f"track:{track}")
    assert bench.shown()["counts"] == dump.count(pattern_of(dump)).totals.to_numpy().tolist()
    assert_well(bench)
    first = bench.page.locator(".lv-match-group-name").first.text_content()
    assert first == visible_text(f"{track} {groups['group'].iloc[0]}")
    row = bench.shown()["rows"][0]
    assert row["start"] in set(frame["start"])
    assert row["tokens"][row["start"] - row["first"]] == dump.tokens[row["start"]]
    box = bench.page.locator(".lv-match-block canvas").first.bounding_box()
    text = bench.page.evaluate("() => lvDebug.tableColumns().list.find((column) => column.kind === 'text')")
    bench.page.mouse.move(box["x"] + text["left"] + text.get("ahead", 0) + 6, box["y"] + 60)  # where the match begins
    bench.page.locator(".lv-tip").wait_for()
    assert_well(bench)
    for menu in ("order", "group", "colour", "filter"):
        bench.page.click(f"#lv-match-{menu} .lv-menu-button")
        assert_well(bench)
        bench.page.keyboard.press("Escape")
    bench.page.click("#lv-match-filter .lv-menu-button")
    bench.page.get_by_label("Track to filter by").select_option(track)
    if track != LOSS:
        label = bench.page.locator("#lv-match-filter .lv-pick-list label").first
        named = label.text_content()
        label.click()
        until(bench, "d.state.filters.length === 1")
        assert visible_text(bench.shown()["state"]["filters"][0]["labels"][0]) == named
    bench.page.keyboard.press("Escape")
    summed(bench)
    assert_well(bench)
    url = bench.page.url
    bench.page.goto("about:blank")
    bench.page.goto(url)
    bench.settle()
    if track != LOSS:
        assert visible_text(bench.shown()["state"]["filters"][0]["labels"][0]) == named
    assert_well(bench)


def test_rows_are_aligned_and_files_hold_whatever_stands_in_them(bench, dump, tmp_path):
    brushed(bench, dump)
    bench.page.locator("#lv-match-table").scroll_into_view_if_needed()
    bench.page.wait_for_timeout(200)
    column = bench.page.evaluate("() => lvDebug.tableColumns().list.find((one) => one.kind === 'text')")
    written = painted(bench, "lv-match-table")
    left, right = column["left"], column["left"] + column["width"]
    tokens = [one for one in written if left <= one["x"] < right]
    assert len(tokens) > 200
    starts = []
    for before, after in pairwise(tokens):
        assert left <= after["from"]
        assert after["to"] <= right
        if after["y"] == before["y"] and after["from"] > before["from"]:  # beside it in its row
            assert after["from"] >= before["to"]
        starts.append(after["from"] - left - column["ahead"])
    n_rows = bench.page.locator(".lv-match-row").count()
    assert sum(0 <= start <= 5 for start in starts) >= n_rows - 1  # what a match begins with stands under the others'
    heights = bench.page.evaluate(
        "() => [...document.querySelectorAll('.lv-match-row')].map((row) => row.offsetHeight)"
    )
    assert len(set(heights)) == 1
    # Files of the matches and of the pattern.
    frame = dump.match(pattern_of(dump), 1_000)
    fetched(bench, "CSV", "Matches").save_as(tmp_path / "m.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "m.csv").read_text("utf-8"), newline="")))
    assert [int(row["start"]) for row in rows] == frame["start"].tolist()
    assert not any(value.startswith(("=", "@", "+", "-", "\t", "\r")) for row in rows for value in row.values())
    fetched(bench, "JSON", "Matches").save_as(tmp_path / "m.json")
    given = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert [match["text"] for match in given["matches"]] == frame["text"].tolist()
    fetched(bench, "JSON", "Pattern").save_as(tmp_path / "p.json")
    assert PatternFile.read(tmp_path / "p.json").pattern == pattern_of(dump)
    assert_well(bench)


def test_the_text_of_a_unit_what_stands_beside_and_the_menus(bench, dump, second):
    brushed(bench, dump, view="text", unit=f"{OTHER}/2", bars="1", beside=f"{second.uuid}/{PLOTTED}")
    bench.page.wait_for_function("() => lvDebug.inspectUnitText()?.isHere")
    text = bench.shown()["text"]
    assert text["texts"] == [visible_text(token) for token in dump.tokens[text["from"] : text["to"]]]
    assert bench.shown()["beside"]["units"] == [[u.unit, "high"] for u in pattern_of(second).units]
    assert_well(bench)
    for step in range(text["from"], text["to"], 9):
        bench.page.locator(f"[data-step='{step}']").hover()
    assert_well(bench)
    bench.page.locator(".lv-beside-chip").first.hover()
    for place in ("lv-show", "lv-export", "lv-unit-tools"):
        bench.page.locator(f"#{place} button").first.click()
        bench.page.wait_for_timeout(150)
        assert_well(bench)
        bench.page.keyboard.press("Escape")
    for name in ("Recording", "Source of the states"):
        bench.page.get_by_role("textbox", name=name).first.click()
        bench.page.wait_for_timeout(150)
        assert_well(bench)
        bench.page.keyboard.press("Escape")


@pytest.mark.long
def test_two_patterns_are_compared(bench, dump, second):
    brushed(bench, dump)
    bench.page.get_by_role("button", name="Pin as A").click()
    bench.page.wait_for_function("() => lvDebug.inspectCompare().given")
    assert_well(bench)
    bench.page.evaluate(
        "([uuid, state]) => lvDebug.showDump(uuid, state, 'push', [])",
        [second.uuid, {**bench.shown()["state"], "dump": second.uuid}],
    )
    bench.page.wait_for_function("() => lvDebug.inspectCompare().given?.answer?.both")
    assert_well(bench)
    bench.page.get_by_role("button", name="A's units as B").click()
    assert_well(bench)


@pytest.mark.long
def test_lines_that_say_what_is_amiss(bench, dump):
    bench.open(dump=dump.uuid, source="<img src=x onerror=window.hacked=1>\u202e.h")
    assert_well(bench)
    bench.open(dump="<svg onload=window.hacked=1>\u202e", source="x")
    assert_well(bench)
    brushed(bench, dump, tracks="<b>\u202ex")
    assert_well(bench)


# Exports


VIEWS = ["units", "matches", "unit", "text", "thresholds", "lengths", "carry", "barcode"]
FIGURES = """async (views) => {
  const found = {};
  const { postJson, state, visibleTracks } = lvDebug;
  const more = { rows: 50, offset: 0, versus: null, tracks: visibleTracks().map((one) => one.name) };
  for (const view of views) {
    const path = `d/${state.dump}/export/figure.svg?view=${view}&unit=1&side=high&theme=light`;
    found[view] = await (await postJson(path, Object.assign({}, state, more))).text();
  }
  return found;
}"""


def fetched(bench, name, in_row):
    bench.page.get_by_role("button", name="Export").click()
    row = bench.page.locator(".lv-export-panel .lv-panel-row", has_text=in_row).first
    with bench.page.expect_download(timeout=30_000) as download:
        row.get_by_role("button", name=name, exact=True).click()
    bench.page.keyboard.press("Escape")
    return download.value


def test_the_page_that_opens_without_a_server(bench, dump, tmp_path):
    brushed(bench, dump)
    fetched(bench, "HTML page", "This view").save_as(tmp_path / "view.html")
    bench.page.context.set_offline(True)
    asked, own = [], (tmp_path / "view.html").as_uri()
    bench.page.on("request", lambda request: asked.append(request.url))
    bench.page.goto(own)
    assert_well(bench)
    assert bench.page.locator("script, a, link").count() == 0
    titles = bench.page.locator("svg.lines g title").all_text_contents()
    for step in range(202, 226):
        assert any(title.startswith(f"{visible_text(dump.tokens[step])}: step {step}") for title in titles), step
    rows = bench.page.locator("table.rows tbody tr")
    boxes = rows.evaluate_all("rows => rows.map((row) => [row.offsetHeight, row.offsetWidth])")
    assert len({tuple(box) for box in boxes}) <= 2  # whole pixels of one height
    assert max(h for h, _ in boxes) - min(h for h, _ in boxes) <= 1
    bench.page.context.set_offline(False)
    assert asked == [own]  # nothing but the file


def test_figures_of_every_view(bench, dump):
    brushed(bench, dump, unit=f"{PLOTTED}/1")
    answers = bench.page.evaluate(FIGURES, some_of(VIEWS, 7))
    assert len(answers) >= 2
    for view, svg in answers.items():
        assert not re.search(r"<(script|img|a |a>|iframe|b>|i>)", svg), view
        assert "\u202e" not in svg, view
        assert "\x00" not in svg, view
        assert "javascript:" not in re.sub(r">[^<]*<", "><", svg), view  # nowhere but as text
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}  # well-formed, too
        assert not tags & {"script", "foreignObject"}, view
    for form, head in (("PNG", b"\x89PNG"), ("PDF", b"%PDF"))[: 2 if is_long() else 0]:
        assert Path(fetched(bench, form, "Figure").path()).read_bytes()[:4] == head[:4]
    assert_well(bench)


@pytest.mark.long
def test_what_is_copied_finds_the_same(bench, dump, tmp_path):
    brushed(bench, dump)
    frame = dump.match(pattern_of(dump), 5)
    copied = {}
    for name in ("Python", "command"):
        bench.page.get_by_role("button", name="Export").click()
        bench.page.locator(".lv-export-panel").get_by_role("button", name=name, exact=True).click()
        bench.page.locator(".lv-export-status", has_text="Copied").wait_for()
        copied[name] = bench.page.evaluate("() => navigator.clipboard.readText()")
        bench.page.keyboard.press("Escape")
    ran = subprocess.run(
        [sys.executable, "-c", copied["Python"] + "\nprint(matches['start'].tolist()[:5])"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == str(frame["start"].tolist())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "lstmviz").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m lstmviz.cli "$@"\n')
    (tmp_path / "bin" / "lstmviz").chmod(0o755)
    ran = subprocess.run(
        ["sh", "-c", copied["command"]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
    )
    assert ran.returncode == 0, ran.stderr
    assert f"{frame['start'].iloc[0]}" in ran.stdout.replace(",", "")
