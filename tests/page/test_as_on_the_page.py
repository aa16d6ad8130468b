"""Exports show what the page shows: tracks, lines, tokens and bars have the words, values and colours of the page."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstmviz import figures
from lstmviz.figures.strips import token_strip
from lstmviz.figures.theme import get_theme
from lstmviz.figures.track_cells import track_cells
from lstmviz.match import Brush, Part, brushed
from lstmviz.match.card.unit_card import in_view
from lstmviz.types import Window
from support import browser as browsing
from support.workbench import BRUSHED, SOURCE, summed, two_frames

CELLS = """() => {
  const { at, span } = lvDebug.state;
  const steps = Array.from({ length: span }, (_, k) => at + k);
  return lvDebug.model.tracks.map((track) => ({
    name: track.name,
    isLabel: track.kind === "category",
    words: steps.map((step) => lvDebug.trackText(track, lvDebug.model.value(track, step))),
    grounds: steps.map((step) => lvDebug.trackGround(track, (one) => lvDebug.model.value(one, step))),
  }));
}"""
CLOSE = 6  # of 255: the page keeps 65 colours of a scale
DARK = pytest.param("dark", marks=pytest.mark.long)


def rgb(colour):
    """A colour as the page or Plotly writes it."""
    if colour.startswith("#"):
        return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    return [255 * part for part in parts] if colour.startswith("color(srgb") else parts


def colour_of(strip, value):
    share = (value - strip.low) / (strip.high - strip.low)
    places = [place for place, _ in strip.colours]
    return [np.interp(share, places, channel) for channel in zip(*(rgb(c) for _, c in strip.colours), strict=True)]


@pytest.mark.parametrize("theme", ["light", DARK])
def test_every_cell_of_a_figure_is_as_on_the_page(chromium, parens_address, parens, theme):
    with browsing.workbench(chromium, parens_address, color_scheme=theme) as bench:
        bench.open(**BRUSHED)
        shown = bench.page.evaluate(CELLS)
    axis = parens.axis_of(SOURCE)
    view = Window(BRUSHED["at"], BRUSHED["at"] + BRUSHED["span"])
    assert {track["name"] for track in shown} == set(axis.tracks) >= {"depth", "top1", "loss", "right"}
    for track in shown:
        strip = track_cells(axis, track["name"], [view], get_theme(theme))
        for k, (word, ground) in enumerate(zip(track["words"], track["grounds"], strict=True)):
            where = (track["name"], view.start + k)
            assert np.isfinite(strip.values[k]) == (ground is not None), where
            if ground is None:
                continue
            np.testing.assert_allclose(colour_of(strip, strip.values[k]), rgb(ground), atol=CLOSE, err_msg=str(where))
            if strip.labels or axis.tracks[track["name"]].info.kind == "category":
                assert strip.words[k] == word, where


DRAWN = """() => {
  const { at, span } = lvDebug.state;
  const colours = lvDebug.themeColours();
  const chosen = lvDebug.model.chosen;
  const shades = Array.from({ length: chosen.length + 1 }, (_, n) => colours.shade(n / chosen.length));
  const ground = (row, part) => getComputedStyle(row.querySelector(part)).backgroundColor;
  const share = (row, part) => parseFloat(row.querySelector(part).style.width.replace(/[^%]*, ?/, "")) / 100 || 0;
  return {
    lines: { high: colours.accent, low: colours.low, other: colours.unit },
    chosen: chosen.map(({ unit, side }) => [unit, side]),
    on: Array.from(lvDebug.model.countOn(at, at + span)),
    shades,
    rows: lvDebug.matchRows().map(({ start, first, on }) => ({ start, first, on })),
    bars: Array.from(document.querySelectorAll(".lv-carry"), (row) => ({
      name: row.querySelector(".lv-carry-name").textContent,
      share: share(row, ".lv-carry-share"),
      base: share(row, ".lv-carry-base"),
      colours: [ground(row, ".lv-carry-share"), ground(row, ".lv-carry-base")],
    })),
  };
}"""


@pytest.fixture(scope="module", params=["light", DARK])
def drawn(request, chromium, parens_address, parens):
    """What the page draws of a pattern of units on both sides, and the pattern."""
    with browsing.workbench(chromium, parens_address, color_scheme=request.param) as bench:
        bench.open(**BRUSHED, side="both", before=0)
        summed(bench)
        bench.page.get_by_label("Track to compare").select_option("depth")
        two_frames(bench)
        shown = bench.page.evaluate(DRAWN) | {"tracks": bench.page.evaluate(CELLS)}
    pattern = brushed(parens, Brush((Part(SOURCE, "both", 0.3),), BRUSHED["start"], BRUSHED["stop"], off_before=0))
    assert {unit.side for unit in pattern.units} == {"high", "low"}
    assert shown["chosen"] == [[unit.unit, unit.side] for unit in pattern.units]
    return request.param, shown, pattern


def test_lines_and_tokens_of_a_figure_are_as_on_the_page(drawn, parens):
    theme, shown, pattern = drawn
    view = Window(BRUSHED["at"], BRUSHED["at"] + BRUSHED["span"])
    figure = figures.units(parens, SOURCE, view.start, view.stop, pattern, theme=theme)
    of_colour = {
        trace.line.color: set(trace.customdata)
        for trace in figure.data
        if trace.type == "scatter" and trace.customdata is not None
    }
    sides = {side: {unit for unit, own in shown["chosen"] if own == side} for side in ("high", "low")}
    sides["other"] = set(range(parens.source(SOURCE).n_units)) - sides["high"] - sides["low"]
    for role, units in sides.items():
        (found,) = [own for colour, own in of_colour.items() if rgb(colour) == pytest.approx(rgb(shown["lines"][role]))]
        assert found == units, role
    strip = token_strip(parens, parens.axis_of(SOURCE), view, pattern, get_theme(theme))
    assert strip.values.tolist() == shown["on"]
    for n in set(shown["on"]):
        np.testing.assert_allclose(colour_of(strip, n), rgb(shown["shades"][n]), atol=CLOSE)


def test_every_token_of_a_mailed_page_is_as_deep_as_on_the_page(drawn, parens):
    theme, shown, pattern = drawn
    html = figures.page(parens, SOURCE, 220, 280, pattern, (BRUSHED["start"], BRUSHED["stop"]), ["depth"])
    light, _, dark = html.partition("@media(prefers-color-scheme:dark)")
    rules = dict(re.findall(r"\.(s\d+)\{background:([^;]+);", light if theme == "light" else dark))
    on_page = {row["start"]: row for row in shown["rows"]}
    n_compared = 0
    table = html.partition("<table class=rows>")[2].partition("</table>")[0]
    for start, cells in re.findall(r"<tr><th>([\d,]+)</th>(.*?)</tr>", table, re.S):
        row = on_page[int(start.replace(",", ""))]
        for name, step in re.findall(r'<td class="(s\d+)[^"]*" title="[^"]*: step ([\d,]+),', cells):
            n_on = row["on"][int(step.replace(",", "")) - row["first"]]
            np.testing.assert_allclose(rgb(rules[name]), rgb(shown["shades"][n_on]), atol=CLOSE)
            n_compared += 1
    assert n_compared > 200


MAILED = """() => {
  const look = (one, name) => getComputedStyle(one)[name];
  const drawing = document.querySelector("svg.lines");
  const number = (one, name) => one[name].baseVal.value;
  return {
    lines: Array.from(drawing.querySelectorAll("path:is(.high, .low, .other)"), (one) => ({
      unit: Number(one.textContent.split(" ")[1]),
      stroke: look(one, "stroke"),
      points: one.getAttribute("d").slice(1).split(/[LM]/).map((point) => point.split(" ").map(Number)),
    })),
    cells: Array.from(drawing.querySelectorAll("g"), (one) => {
      const [title, rect] = one.children;
      return { x: number(rect, "x"), y: number(rect, "y"), words: title.textContent, ground: look(rect, "fill") };
    }),
    bars: Array.from(document.querySelectorAll("table.carry"), (table) => ({
      track: table.caption.textContent,
      rows: Array.from(table.tBodies[0].rows, (row) => ({
        name: row.cells[0].textContent,
        shares: Array.from(row.querySelectorAll("rect"), (bar) => number(bar, "width") / 80),
        colours: Array.from(row.querySelectorAll("rect"), (bar) => look(bar, "fill")),
      })),
    })),
  };
}"""


@pytest.fixture
def mailed(drawn, chromium, parens):
    """What a browser shows of the HTML page, beside what the page shows."""
    theme, shown, pattern = drawn
    view, brush = (BRUSHED["at"], BRUSHED["at"] + BRUSHED["span"]), (BRUSHED["start"], BRUSHED["stop"])
    html = figures.page(parens, SOURCE, *view, pattern, brush, [track["name"] for track in shown["tracks"]])
    with chromium.new_context(color_scheme=theme) as context:
        reader = context.new_page()
        reader.set_content(html)
        return shown, reader.evaluate(MAILED)


def test_lines_and_cells_of_a_mailed_page_are_those_of_the_page(mailed, parens):
    shown, html = mailed
    side = dict(shown["chosen"])
    values = in_view(parens.source(SOURCE), parens.states(SOURCE)[220:280])
    drawn = [(x, y, values[k, line["unit"]]) for line in html["lines"] for k, (x, y) in enumerate(line["points"])]
    assert [line["unit"] for line in html["lines"] if line["unit"] in side] == sorted(side)
    assert len(drawn) == values.size
    for line in html["lines"]:
        assert rgb(line["stroke"]) == pytest.approx(rgb(shown["lines"][side.get(line["unit"], "other")]))
    _, ys, heights = np.array(drawn).T
    np.testing.assert_allclose(np.polyval(np.polyfit(heights, ys, 1), heights), ys, atol=0.1)  # on one scale
    rows = [[cell for cell in html["cells"] if cell["y"] == y] for y in sorted({c["y"] for c in html["cells"]})]
    for cell, n_on in zip(rows[0], shown["on"], strict=True):
        np.testing.assert_allclose(rgb(cell["ground"]), rgb(shown["shades"][n_on]), atol=CLOSE)
    left, wide = rows[0][0]["x"], rows[0][1]["x"] - rows[0][0]["x"]
    for cells, track in zip(rows[1:], shown["tracks"], strict=True):
        at = [round((cell["x"] - left) / wide) for cell in cells]
        assert at == [k for k, ground in enumerate(track["grounds"]) if ground is not None], track["name"]
        for cell, k in zip(cells, at, strict=True):
            where = (track["name"], k)
            np.testing.assert_allclose(rgb(cell["ground"]), rgb(track["grounds"][k]), atol=CLOSE, err_msg=str(where))
            assert not track["isLabel"] or cell["words"] == f"{track['name']} {track['words'][k]}", where


def test_bars_of_a_mailed_page_are_those_of_the_page(mailed):
    shown, html = mailed
    (depth,) = (table["rows"] for table in html["bars"] if table["track"] == "depth")
    assert {row["name"] for row in depth} == {row["name"] for row in shown["bars"]}
    for bar in shown["bars"]:
        (row,) = (row for row in depth if row["name"] == bar["name"])
        for k, name in enumerate(("share", "base")):
            width = row["shares"][k]
            assert width == pytest.approx(bar[name], abs=2e-3)
            np.testing.assert_allclose(rgb(row["colours"][k]), rgb(bar["colours"][k]), atol=CLOSE)


def test_bars_of_a_figure_are_those_of_the_page(drawn, parens):
    theme, shown, pattern = drawn
    figure = figures.carry(parens.carry(pattern), tracks=["depth"], theme=theme)
    for bars, name, at in zip(figure.data, ("share", "base"), (0, 1), strict=True):
        assert list(bars.customdata) == [row["name"] for row in shown["bars"]]
        assert list(bars.x) == pytest.approx([row[name] for row in shown["bars"]], abs=1e-3)
        for row in shown["bars"]:
            np.testing.assert_allclose(rgb(bars.marker.color), rgb(row["colours"][at]), atol=CLOSE)
