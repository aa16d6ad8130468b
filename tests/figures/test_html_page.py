"""A view as one HTML page: it opens from a file without a request, shows the API's numbers, and runs nothing."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

import lstmviz
from lstmviz import figures
from lstmviz.errors import PatternError, UnknownName
from lstmviz.figures.pageparts import SHADES, shade_index
from lstmviz.figures.text import cut
from lstmviz.match import with_unit
from lstmviz.match.summary.carry import carry
from lstmviz.visible import visible_text
from support.hostile import HOSTILE, NAME
from support.reversed_texts import TEXTS, record_reversed


def opened(browser, path, html, scheme="light"):
    """Open a page from file://, and give it with all that it asked for, said or ran."""
    path.write_text(html, "utf-8")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    page, heard = context.new_page(), []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(path.as_uri())
    assert heard == [path.as_uri()]
    return page


@pytest.fixture(scope="module")
def html(parens):
    pattern = with_unit(parens.select("rnn.l1.c", 249, 255), "rnn.l1.c", 31, side="low")
    return figures.page(parens, "rnn.l1.c", 220, 300, pattern, (249, 255), ["depth"], details=[("Python", "a <b>")])


def test_the_page_opens_from_a_file_and_shows_what_the_api_gives(parens, chromium, tmp_path, html):
    pattern = with_unit(parens.select("rnn.l1.c", 249, 255), "rnn.l1.c", 31, side="low")
    page = opened(chromium, tmp_path / "view.html", html)
    assert page.title() == "rnn.l1.c of parens"
    assert page.locator("svg.lines path.high").count() == 4
    assert page.locator("svg.lines path.low title").all_text_contents() == ["unit 31"]
    assert page.locator("svg.lines path.other").count() == 45
    assert page.locator("ul.chips li").all_text_contents()[-1] == "−31 ≤ −0.3"

    frame = parens.match(pattern)
    rows = page.locator("table.rows tbody tr")
    assert rows.count() == len(frame) == 50
    assert page.locator("table.rows tbody th").all_text_contents() == [f"{s:,}" for s in frame.start]
    for i, match in list(enumerate(frame.itertuples()))[::10]:
        cells = rows.nth(i).locator("td bdi").all_text_contents()
        begin = max(match.start - 5, parens.sequences.start[match.sequence])
        assert cells == parens.tokens[begin : begin + len(cells)]
        titles = rows.nth(i).locator("td.from").get_attribute("title")
        assert f"step {match.start:,}" in titles

    best = parens.count(pattern).totals.n_shared.max()
    depth = carry(parens, pattern, best)
    depth = depth[depth.track == "depth"]
    told = page.locator("table.carry").first.locator("tbody tr").all_text_contents()
    assert [float(row[-4:]) for row in told] == [round(v, 2) for v in depth.base_rate]
    page.close()


def test_a_pair_of_texts_stands_in_it(chromium, tmp_path):
    dump = lstmviz.open_dump(record_reversed(tmp_path / "pairs.h5", [TEXTS, ["abcdef" * 40]]))
    pattern, pair = dump.select("decoder.l0.h", 6, 8, threshold=0.0, off_before=0), ("attention", 2)
    html = figures.page(dump, "decoder.l0.h", 0, 14, pattern, (6, 8), pair=pair, pair_window=(6, 8))
    page = opened(chromium, tmp_path / "view.html", html)
    weights, drawn = dump.attention["attention"][2], page.locator("svg.pair")
    assert page.get_by_text("target (rows) to source (columns)").is_visible()
    assert "".join(drawn.locator("text").all_text_contents()) == "-fedcb" + "abcdef"
    told = [title.rpartition(": ") for title in drawn.locator("title").all_text_contents()]
    assert [words for words, _, _ in told] == [f"{t} to {s}" for t in "-fedcb" for s in "abcdef"]
    assert np.allclose([float(value) for _, _, value in told], weights.ravel(), atol=6e-4)
    shades = drawn.locator("g").evaluate_all("all => all.map((e) => +e.getAttribute('class').slice(1))")
    assert shades == [shade_index(w / weights.max(), SHADES) for w in weights.ravel()]
    outline = drawn.locator(".outline").bounding_box()
    cells = [drawn.locator("rect").nth(k).bounding_box() for k in (0, 11)]  # the first cell of row 0, the last of row 1
    assert outline["y"] - 1.1 <= cells[0]["y"] < cells[1]["y"] + cells[1]["height"] <= outline["y"] + outline["height"]
    beside = dump.match(pattern, pair="source")
    texts = beside[["pair", "attended"]].to_numpy().ravel()
    assert page.locator("td.pair").all_text_contents() == [cut(text, 48) for text in texts]
    page.close()
    assert "at most 200 can be drawn" in figures.page(dump, "decoder.l0.h", 0, 14, pair=("attention", 5))


def test_its_lines_are_the_values(parens, html):
    values = np.tanh(parens.states("rnn.l1.c")[220:300, 31].astype(np.float64))
    (path,) = re.findall(r'<path class="?low"?[^>]* d="([^"]+)"', html)
    y = [float(v) for v in re.findall(r"[\d.]+ ([\d.]+)", path)]
    assert np.allclose(1 - (np.array(y) - 10) / 110, values / 1.04, atol=0.001)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_light_and_dark(chromium, tmp_path, html, scheme):
    page = opened(chromium, tmp_path / "view.html", html, scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(14, 19, 26)")
    page.close()


def test_hostile_tokens_are_text(hostile, chromium, tmp_path):
    found = hostile.select(NAME, 20, 23, 0.1, 0, 0)
    code = "".join(HOSTILE)
    html = figures.page(hostile, NAME, 0, 60, found, (20, 23), ["tr<i>ack", "loss"], details=[(HOSTILE[0], code)])
    assert "\x00" not in html
    assert "\u202e" not in html
    page = opened(chromium, tmp_path / "hostile.html", html)
    assert page.locator("script, a, iframe, img, b, i, link, object").count() == 0
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every(e => [...e.attributes].every(a => !/^on/.test(a.name)))"
    )
    texts = set(page.locator("svg.lines g title").all_text_contents())
    for i, token in enumerate(HOSTILE):
        assert any(text.startswith(f"{visible_text(token)}: step {i}") for text in texts), token
    cells = page.locator("table.rows td bdi").all_text_contents()
    assert "<b>x</b>" in cells
    assert max(map(len, cells)) < 20
    heights = page.evaluate("[...document.querySelectorAll('table.rows tbody tr')].map(r => r.offsetHeight)")
    assert max(heights) - min(heights) <= 1  # nothing wraps or swells
    page.close()


def test_it_holds_one_policy_and_no_address(html):
    assert html.count("Content-Security-Policy") == 1
    assert "default-src &#x27;none&#x27;" in html
    assert "<script" not in html
    assert not re.findall(r"(?:src|href|url)\s*[=(]", html)
    assert "a &lt;b&gt;" in html
    assert unescape(html)


def test_what_cannot_be_shown_is_said(parens):
    pattern = parens.select("rnn.l1.c", 249, 255)
    with pytest.raises(PatternError, match="give at most 500 of the 20,000 steps"):
        figures.page(parens, "rnn.l1.c", 0, 501)
    with pytest.raises(PatternError, match="at most 500"):
        figures.page(parens, "rnn.l1.c", 0, 50, pattern, rows=parens.match(pattern, limit=501))
    with pytest.raises(UnknownName, match="no track 'x'"):
        figures.page(parens, "rnn.l1.c", 0, 50, tracks=["x"])
    assert "The pattern has no units" in figures.page(
        parens, "rnn.l1.c", 0, 50, parens.select("rnn.l1.c", 0, 50, 0.999)
    )
