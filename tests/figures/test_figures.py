"""Every figure holds the numbers that the API gives, in labels that are never markup."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import lstmviz
from lstmviz import figures
from lstmviz.errors import PatternError, UnknownName, WindowError
from lstmviz.figures.text import label
from lstmviz.match import with_unit
from lstmviz.match.summary.barcode import barcode
from lstmviz.match.summary.carry import carry
from lstmviz.visible import visible_text
from support.hostile import NAME


@pytest.fixture(scope="module")
def pattern(parens):
    return parens.select("rnn.l1.c", 249, 255)


def of(fig, kind, name=None):
    return [t for t in fig.data if t.type == kind and (name is None or t.name == name)]


def cells_of(fig, name):
    """Each strip or grid of cells of a name: {(row, x): (value, customdata)}."""
    return [
        {
            (int(y), round(base + width / 2, 6)): (value, said)
            for base, width, y, value, said in zip(t.base, t.x, t.y, t.marker.color, t.customdata, strict=True)
        }
        for t in of(fig, "bar", name)
    ]


def lines_of(trace):
    """Lines of one trace by unit, taken apart at the gaps."""
    unit, y = np.asarray(trace.customdata), np.asarray(trace.y)
    return {int(u): y[unit == u][:-1] for u in np.unique(unit)}


def test_units_draws_the_recorded_values_in_the_view(parens, pattern):
    both = with_unit(pattern, "rnn.l1.c", 7, side="low")
    fig = figures.units(parens, "rnn.l1.c", 220, 280, both, (249, 255), tracks=["depth"])
    grey, high, low = (lines_of(t) for t in fig.data[:3])
    assert sorted(high) == [u.unit for u in pattern.units]
    assert list(low) == [7]
    assert len(grey) + len(high) + len(low) == 50
    values = np.tanh(parens.states("rnn.l1.c")[220:280].astype(np.float64))
    for unit, line in {**grey, **high, **low}.items():
        assert np.array_equal(line, values[:, unit])
    (tokens,), (depth,) = cells_of(fig, "token"), cells_of(fig, "depth")
    assert [visible_text(t) for t in parens.tokens[220:280]] == [said[0] for _, said in tokens.values()]
    recorded = parens.states("rnn.l1.c")[220:280, [u.unit for u in pattern.units]].astype(np.float64)
    on = (np.tanh(recorded) >= 0.3).sum(axis=1) + (values[:, 7] <= -0.3)
    assert [tokens[0, step][0] for step in range(220, 280)] == on.tolist()
    assert [depth[0, step][0] for step in range(220, 280)] == parens.tracks["depth"][220:280].tolist()
    assert {s.y0 for s in fig.layout.shapes if s.y0 == s.y1} == {0.3, -0.3}
    assert (248.5, 254.5) in {(s.x0, s.x1) for s in fig.layout.shapes}


def test_units_of_a_pattern_of_another_source_are_named_with_it(parens):
    far = parens.select("rnn.l0.h", 249, 255)
    fig = figures.units(parens, "rnn.l1.c", 220, 280, far)
    assert "of rnn.l0.h" in fig.layout.title.text
    assert of(fig, "scatter", "50 units")


def test_too_much_to_draw_is_said(parens, monkeypatch):
    monkeypatch.setattr("lstmviz.figures.lines.MAX_POINTS", 2_000)
    assert figures.units(parens, "rnn.l1.c", 0, 40).data
    with pytest.raises(PatternError, match=r"41 steps of 50 units .* give at most 40 steps"):
        figures.units(parens, "rnn.l1.c", 0, 41)
    with pytest.raises(PatternError, match="at most 4,000 of the 20,000 steps"):
        figures.text(parens, "rnn.l1.c", 0, 0, 4_001)


@pytest.mark.parametrize(("start", "stop"), [(5, 5), (-1, 4), (0, 20_001), (7, 3)])
def test_steps_that_are_none_are_refused(parens, start, stop):
    with pytest.raises((WindowError, PatternError)):
        figures.units(parens, "rnn.l1.c", start, stop)
    with pytest.raises((WindowError, PatternError)):
        figures.text(parens, "rnn.l1.c", 0, start, stop)


def test_matches_shows_the_rows_of_match(parens, pattern):
    fig = figures.matches(parens, pattern, panels=["shared", "depth"])
    frame = parens.match(pattern, limit=20)
    n_full = parens.count(pattern).totals.n_matches[0]
    assert f"{n_full} matches with all 4 units on, the best 20" in fig.layout.title.text
    (tokens, shared), (depth,) = cells_of(fig, "units on"), cells_of(fig, "depth")
    assert list(fig.layout.yaxis.ticktext) == [f"{s:,}" for s in frame.start]
    assert tokens == shared
    states, track = parens.states("rnn.l1.c"), parens.tracks["depth"]
    drawn = 0
    for row, match in enumerate(frame.itertuples()):
        sequence = parens.sequences.iloc[match.sequence]
        for x in range(-5, int(fig.layout.xaxis.range[1] + 0.5)):
            step = match.start + x
            if not sequence.start <= step < sequence.stop:
                assert (row, x) not in tokens
                continue
            value, said = tokens[row, x]
            values = np.tanh(states[step, [u.unit for u in pattern.units]].astype(np.float64))
            assert value == (values >= 0.3).sum()
            assert said[:2] == [label(parens.tokens[step]), step]
            assert depth[row, x][0] == track[step]
            drawn += 1
    assert drawn == len(tokens) == len(depth)


def test_rows_of_any_order_are_drawn_as_given(parens, pattern):
    frame = parens.match(pattern, limit=7).iloc[::-1]
    fig = figures.matches(parens, pattern, rows=frame, colour="depth")
    assert list(fig.layout.yaxis.ticktext) == [f"{s:,}" for s in frame.start]
    assert "coloured by depth" in fig.layout.title.text
    assert "689 matches with all 4 units on; 7 rows" in fig.layout.title.text


@pytest.mark.parametrize("colour", ["unit:rnn.l1.c:15", "track:depth", ""])
def test_rows_are_coloured_as_the_page_names_it(parens, pattern, colour):
    fig = figures.matches(parens, pattern, colour=colour, panels=[colour], limit=5)
    grids = [t for t in of(fig, "bar") if len(t.customdata)]
    assert len(grids) == 2
    values = np.tanh(parens.states("rnn.l1.c")[:, 15].astype(np.float64))
    wanted = {"": np.zeros(20_000), "track:depth": parens.tracks["depth"][:]}.get(colour, values)
    for grid in grids:
        assert [float(v) for v in grid.marker.color] == [wanted[said[1]] for said in grid.customdata]


def test_some_units_shade_the_rows_and_a_track_underlines_them(parens, pattern):
    shaded = pattern.units[:2]
    fig = figures.matches(parens, pattern, panels=["shared"], limit=5, shaded=shaded, underline="depth")
    cells, panel, under = [trace for trace in of(fig, "bar") if len(trace.customdata)]
    for units, trace in ((shaded, cells), (pattern.units, panel)):
        values = np.tanh(parens.states("rnn.l1.c")[:][:, [unit.unit for unit in units]].astype(np.float64))
        on = (values >= 0.3).sum(1)
        assert [int(v) for v in trace.marker.color] == [on[said[1]] for said in trace.customdata]
    steps = {(x, y): said[1] for x, y, said in zip(cells.base, cells.y, cells.customdata, strict=True)}
    depth = parens.tracks["depth"]
    assert len(under.y) > 100
    for base, y, colour in zip(under.base, under.y, under.marker.color, strict=True):
        assert depth[steps[base, round(y - 0.4)]] == colour
    assert "tokens coloured by units" in fig.layout.title.text
    assert "underlined by depth" in fig.layout.title.text


@pytest.mark.parametrize("colour", ["unit:rnn.l1.c:50", "unit:rnn.l1.c:x", "unit:nothing:1", "track:x", "x"])
def test_a_colour_that_is_none_is_refused(parens, pattern, colour):
    with pytest.raises((PatternError, UnknownName), match=r"not a unit|no source|no track"):
        figures.matches(parens, pattern, colour=colour)


def test_a_pattern_without_matches_is_a_figure_that_says_so(parens, pattern):
    from dataclasses import replace

    none = replace(pattern, min_length=5000)
    assert "No matches" in figures.matches(parens, none).layout.title.text
    assert "0 matches" in figures.lengths(parens.count(none)).layout.title.text
    assert "0 matches" in figures.barcode(barcode(parens, none)).layout.title.text
    assert figures.carry(carry(parens, none)).data


def test_thresholds_and_lengths(parens, pattern):
    advice = parens.thresholds("rnn.l1.c", 249, 255)
    fig = figures.thresholds(advice, 0.3)
    curve, taken = fig.data
    assert np.array_equal(curve.y, advice.n_units)
    assert taken.y == (4,)
    assert "4 units at the chosen threshold, 0.3" in fig.layout.title.text

    count = parens.count(pattern)
    best = count.lengths[count.lengths.n_shared == 4]
    (bars,) = figures.lengths(count).data
    assert dict(zip(bars.x, bars.y, strict=True)) == dict(zip(best["length"], best.n_matches, strict=True))
    assert sum(sum(t.y) for t in figures.lengths(count, 1).data) == count.totals.n_matches.sum()


def test_many_levels_share_the_last_colour():
    rows = [(n, k, n + k) for n in range(1, 9) for k in (1, 2)]
    table = pd.DataFrame(rows, columns=["n_shared", "length", "n_matches"])
    fig = figures.lengths(lstmviz.match.Count(table.iloc[:0], table), 1)
    assert [t.name for t in fig.data] == [
        *("8 shared units", "7 shared units", "6 shared units", "5 or fewer shared units")
    ]
    assert sum(sum(t.y) for t in fig.data) == table.n_matches.sum()


def test_carry_and_barcode(parens, pattern):
    carried = carry(parens, pattern)
    fig = figures.carry(carried, tracks=["depth"])
    depth = carried[carried.track == "depth"]
    share, base = fig.data
    assert np.array_equal(share.x, depth.share)
    assert np.array_equal(base.x, depth.base_rate)
    assert list(fig.layout.yaxis.ticktext) == list(depth.value)
    assert fig.layout.xaxis.range == (0, 1)
    small = carried.assign(share=carried.share / 12, base_rate=carried.base_rate / 12)
    assert figures.carry(small, tracks=["depth"]).layout.xaxis.range == (0, 0.2)  # 1 / 12, and room for an interval
    with pytest.raises(UnknownName, match="no track 'dept' in the frame; it has depth"):
        figures.carry(carried, tracks=["dept"])

    bars = barcode(parens, pattern)
    (code,) = figures.barcode(bars).data
    assert np.allclose(code.marker.color, bars.n_steps / (bars.stop - bars.start))
    assert [c[2] for c in code.customdata] == list(bars.n_matches)
    assert np.array_equal(code.x - code.width / 2, bars.start)


@pytest.mark.parametrize("draw", [figures.thresholds, figures.carry, figures.barcode])
def test_a_frame_that_is_another_is_refused_by_name(draw):
    with pytest.raises(PatternError, match="has no column"):
        draw(pd.DataFrame({"x": [1]}))


def test_a_units_card(parens):
    card = parens.unit("rnn.l1.c", 15)
    fig = figures.unit(card)
    (histogram,), (runs,) = of(fig, "bar", "steps"), of(fig, "bar", "runs")
    assert np.array_equal(histogram.y, card.histogram.n_steps)
    assert np.array_equal(runs.x, card.run_lengths["length"])
    assert np.array_equal(runs.y, card.run_lengths.n_runs)
    assert f"in {card.on_rate:.1%} of 20,000 steps" in fig.layout.title.text
    (contexts,) = cells_of(fig, "token")
    around = int(fig.layout.xaxis3.range[1])
    drawn = 0
    for row, context in enumerate(card.contexts[:6]):
        for step in range(max(context.start, context.step - around), min(context.stop, context.step + around + 1)):
            value, said = contexts[row, step - context.step]
            assert value == context.values[step - context.start]
            assert said[0] == label(context.tokens[step - context.start])
            drawn += 1
    assert drawn == len(contexts)


def test_activation_text(parens):
    fig = figures.text(parens, "rnn.l1.c", 15, 180, 420)
    bars, words = fig.data
    values = np.tanh(parens.states("rnn.l1.c")[180:420, 15].astype(np.float64))
    assert np.array_equal(bars.marker.color, values)
    assert list(words.text) == [label(t) for t in parens.tokens[180:420]]
    lines = np.asarray(bars.y)
    borders = [s for s in parens.sequences.start if 180 < s < 420]
    assert borders
    assert all(lines[s - 180] > lines[s - 181] for s in borders)
    for line in range(lines.max() + 1):
        left, wide = np.asarray(bars.base)[lines == line], np.asarray(bars.x)[lines == line]
        assert (left[1:] >= (left + wide)[:-1]).all()
        assert (left + wide <= fig.layout.xaxis.range[1]).all()
    with pytest.raises(PatternError, match="no unit 50; its units are 0 to 49"):
        figures.text(parens, "rnn.l1.c", 50, 0, 10)


def test_a_source_of_numbers_is_drawn_without_tokens(tmp_path):
    states = np.random.default_rng(0).normal(0, 3, (40, 3))
    track = {"speed": np.r_[np.nan, np.arange(39) * 1.5]}
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "n.h5", states={"gru.l0.h": states}, tracks=track))
    fig = figures.units(dump, "gru.l0.h", 0, 40, tracks=["speed"])
    (speed,) = cells_of(fig, "speed")
    assert {step: value for (_, step), (value, _) in speed.items()} == {i: i * 1.5 - 1.5 for i in range(1, 40)}
    assert figures.text(dump, "gru.l0.h", 1, 0, 4).data[1].text[0] == f"{states[0, 1]:.3g}".replace("-", "−")
    found = dump.select("gru.l0.h", 5, 6, threshold=0.1, off_before=0)
    assert figures.matches(dump, found).data
    assert figures.unit(dump.unit("gru.l0.h", 1)).data


def texts_in(value):
    """Every string in a figure that Plotly draws or shows."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in ("hovertemplate", "color", "colorscale", "family", "fillcolor", "bdata"):
                yield from texts_in(part)
    elif isinstance(value, list | tuple | np.ndarray):
        for part in value:
            yield from texts_in(part)


@pytest.fixture(scope="module")
def hostile_figures(hostile):
    found = hostile.select(NAME, 20, 23, 0.1, 0, 0)
    return {
        "units": figures.units(hostile, NAME, 0, 40, found, (20, 23), tracks=["tr<i>ack", "loss"]),
        "matches": figures.matches(hostile, found, panels=["tr<i>ack", "loss"]),
        "matches by track": figures.matches(hostile, found, colour="tr<i>ack"),
        "unit": figures.unit(hostile.unit(NAME, 3, side="low", around=4)),
        "text": figures.text(hostile, NAME, 3, 0, 160, theme="dark"),
        "carry": figures.carry(carry(hostile, found)),
        "lengths": figures.lengths(hostile.count(found), title="<b>mine</b>"),
        "barcode": figures.barcode(barcode(hostile, found)),
        "thresholds": figures.thresholds(hostile.thresholds(NAME, 20, 23), 0.1),
    }


def test_no_token_name_or_label_is_markup_in_any_figure(hostile_figures):
    ours = ("<b>", "</b>", "<br>", "<span style=", "</span>", "<extra></extra>")
    for name, fig in hostile_figures.items():
        plain = fig.to_plotly_json()
        title = plain["layout"].pop("title")["text"]
        for text in texts_in([plain["data"], plain["layout"]]):
            assert "<" not in text.replace("<br>", ""), (name, text[:80])
            assert len(text) < 2_000, name
            assert "\x00" not in text
            assert "\u202e" not in text
        for part in ours[:2]:
            title = title.replace(part, "")
        assert "<i>" not in title
        assert "mine" not in title or "&lt;b&gt;mine" in title
        for trace in fig.data:  # what a hover says with a template is escaped too
            assert "<i>" not in (trace.hovertemplate or "")
            assert "<b>" not in (trace.hovertemplate or "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_comes_in_both_themes_with_a_title_and_its_size(parens, pattern, theme):
    drawn = [
        figures.units(parens, "rnn.l1.c", 220, 280, pattern, theme=theme),
        figures.matches(parens, pattern, theme=theme),
        figures.unit(parens.unit("rnn.l1.c", 15), theme=theme),
        figures.text(parens, "rnn.l1.c", 15, 0, 100, theme=theme),
        figures.thresholds(parens.thresholds("rnn.l1.c", 249, 255), theme=theme),
        figures.lengths(parens.count(pattern), theme=theme),
        figures.carry(carry(parens, pattern), theme=theme),
        figures.barcode(barcode(parens, pattern), theme=theme),
    ]
    grounds = {f.layout.template.layout.paper_bgcolor for f in drawn}
    assert grounds == {"#ffffff" if theme == "light" else "#0e131a"}
    for fig in drawn:
        assert fig.layout.title.text.startswith("<b>")
        assert fig.layout.width in (330, 680)
        assert 90 < fig.layout.height < 700


def test_an_unknown_theme_track_or_source_is_said(parens, pattern):
    with pytest.raises(PatternError, match="theme 'blue' is not known; use 'light' or 'dark'"):
        figures.matches(parens, pattern, theme="blue")
    with pytest.raises(UnknownName, match="no track 'x' on axis 'text'; it has depth"):
        figures.units(parens, "rnn.l1.c", 0, 5, tracks=["x"])
    with pytest.raises(UnknownName, match="no source"):
        figures.units(parens, "rnn.l9.c", 0, 5)
    with pytest.raises(PatternError, match="at most 200"):
        figures.matches(parens, pattern, rows=parens.match(pattern, limit=201))
