"""The threshold adviser: equal to asking select at every threshold, and reasons that hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import LstmvizError
from support.budget import examples
from support.strategies import THRESHOLDS, corpora

INFINITE = [math.inf, -math.inf, 18.0, 18.1, 60.0]


@st.composite
def brushes(draw, folder, monkeypatch):
    """A dump of one source, a window of it, and both constraints."""
    monkeypatch.setattr("lstmviz.match.pattern.thresholds.BLOCK_BYTES", draw(st.integers(1, 200)))
    monkeypatch.setattr("lstmviz.match.index.unit_values.BLOCK_BYTES", draw(st.integers(1, 200)))
    corpus = draw(corpora(max_sources=1))
    ((name, values),) = corpus.states.items()
    for _ in range(draw(st.integers(0, 3))):
        step, unit = draw(st.integers(0, len(values) - 1)), draw(st.integers(0, values.shape[1] - 1))
        values[step, unit] = draw(st.sampled_from(INFINITE))
    path = lstmviz.write_dump(
        folder / "t.h5", states=corpus.states, views=corpus.views, lengths=corpus.lengths, overwrite=True
    )
    first, last = draw(st.sampled_from(corpus.sequences))
    start = draw(st.integers(first, last - 1))
    window = (start, draw(st.integers(start + 1, last)))
    return lstmviz.open_dump(path), name, window, (draw(st.integers(0, 3)), draw(st.integers(0, 3)))


def selected(dump, name, window, threshold, beside, side):
    return [u.unit for u in dump.select(name, *window, threshold, *beside, side).units]


@examples(150)
@given(st.data())
def test_the_adviser_counts_what_select_selects_at_each_threshold(tmp_path, monkeypatch, data):
    dump, name, window, beside = data.draw(brushes(tmp_path, monkeypatch))
    side = data.draw(st.sampled_from(["high", "low"]))
    frame = dump.thresholds(name, *window, *beside, side)
    assert list(frame) == ["threshold", "n_units"]
    assert frame.threshold[:101].tolist() == [i / 100 for i in range(101)]
    assert (np.diff(frame.threshold) > 0).all()
    assert len(frame) <= 201
    some = data.draw(st.lists(st.integers(0, len(frame) - 1), min_size=8, max_size=8))
    for threshold, n_units in frame.iloc[[*some, -1]].itertuples(index=False):
        assert n_units == len(selected(dump, name, window, threshold, beside, side))


@examples(150)
@given(st.data())
def test_a_reason_and_its_range_of_thresholds_hold(tmp_path, monkeypatch, data):
    dump, name, window, beside = data.draw(brushes(tmp_path, monkeypatch))
    side = data.draw(st.sampled_from(["high", "low"]))
    unit = data.draw(st.integers(0, dump.source(name).n_units - 1))
    threshold = data.draw(st.sampled_from(THRESHOLDS) | st.floats(-2, 2))
    found = dump.why_not(name, unit, *window, threshold, *beside, side)
    assert found.is_selected == (unit in selected(dump, name, window, threshold, beside, side))
    assert "\n" not in str(found)

    def is_in_range(t):
        above, up_to = found.above, found.up_to
        return found.is_possible and (above is None or t > above) and (up_to is None or t <= up_to)

    ends = [end for end in (found.above, found.up_to) if end is not None]
    around = [math.nextafter(end, way) for end in ends for way in (-math.inf, math.inf)]
    for t in [threshold, data.draw(st.floats(-1.5, 1.5)), *ends, *around]:
        if math.isfinite(t):
            assert is_in_range(t) == (unit in selected(dump, name, window, t, beside, side)), (t, found)


@examples(150)
@given(st.data())
def test_the_step_that_is_named_is_the_first_that_fails(tmp_path, monkeypatch, data):
    dump, name, (start, stop), (before, after) = data.draw(brushes(tmp_path, monkeypatch))
    side, threshold = data.draw(st.sampled_from(["high", "low"])), data.draw(st.sampled_from(THRESHOLDS))
    unit = data.draw(st.integers(0, dump.source(name).n_units - 1))
    found = dump.why_not(name, unit, start, stop, threshold, before, after, side)
    own = threshold if side == "high" else -threshold
    values, cut = dump.states(name)[:, [unit]][:, 0].astype(float).tolist(), dump.source(name).cut(own)
    sequence = dump.first.sequence_of(start)
    first, last = dump.first.starts[sequence], dump.first.stops[sequence]

    def is_on(step):
        return values[step] >= cut if side == "high" else values[step] <= cut

    inside = [("not_on", t) for t in range(start, stop) if not is_on(t)]
    left = [("on_before", t) for t in range(start - 1, start - 1 - before, -1) if t >= first]
    right = [("on_after", t) for t in range(stop, stop + after) if t < last]
    fails = inside + [(k, t) for k, t in left + right if is_on(t) or math.isnan(values[t])]
    kind, step = fails[0] if fails else ("selected", None)
    if step is not None and math.isnan(values[step]):
        kind = "nan"
    assert (found.kind, found.step, found.threshold) == (kind, step, own)
    if step is not None and kind != "nan":
        view = math.tanh if dump.source(name).view == "tanh" else float
        assert found.value == view(values[step])


@pytest.fixture
def dump(tmp_path):
    values = np.array([[0.1, 0.5], [0.56, 0.5], [0.5, 0.5], [0.21, -0.5], [0.2999, math.nan], [-0.001, 0.0]])
    return lstmviz.open_dump(lstmviz.write_dump(tmp_path / "w.h5", states={"h": values}))


@pytest.mark.parametrize(
    ("unit", "window", "more", "reason", "remedy"),
    [
        (0, (2, 4), {}, "unit 0 is 0.21 at step 3, below 0.30", "no threshold selects it"),
        (0, (2, 3), {}, "unit 0 is already on at step 1, 1 step before (0.56)", "no threshold selects it"),
        (0, (2, 3), {"off_before": 0}, "unit 0 is selected", "thresholds up to 0.5 select it"),
        (
            0,
            (1, 3),
            {"threshold": 0.6},
            "unit 0 is 0.56 at step 1, below 0.60",
            "thresholds above 0.1 and up to 0.5 select it",
        ),
        (
            0,
            (1, 3),
            {"threshold": 0.2, "off_after": 2},
            "unit 0 is still on at step 3, 1 step after (0.21)",
            "thresholds above 0.2999 and up to 0.5 select it",
        ),
        (0, (4, 5), {}, "unit 0 is 0.2999 at step 4, below 0.3000", "thresholds above 0.21 and up to 0.2999 select it"),
        (0, (5, 6), {"off_before": 0}, "unit 0 is 0.00 at step 5, below 0.30", "thresholds up to −0.001 select it"),
        (1, (3, 5), {"off_before": 0}, "unit 1 is −0.50 at step 3, below 0.30", "no threshold selects it"),
        (1, (4, 5), {}, "unit 1 is NaN at step 4, which is neither on nor off", "no threshold selects it"),
        (1, (3, 4), {"side": "low"}, "unit 1 is selected", "thresholds above −0.5 and up to 0.5 select it"),
        (
            1,
            (3, 4),
            {"side": "low", "threshold": 0.6},
            "unit 1 is −0.50 at step 3, above −0.60",
            "thresholds above −0.5 and up to 0.5 select it",
        ),
    ],
)
def test_the_reason_in_words(dump, unit, window, more, reason, remedy):
    assert str(dump.why_not("h", unit, *window, **more)) == f"{reason}; {remedy}"


def test_raw_values_beyond_1_widen_the_thresholds_and_tanh_does_not(tmp_path):
    values = {"big": np.array([[0.0], [42.0], [0.0]]), "c": np.array([[0.0], [42.0], [0.0]])}
    path = lstmviz.write_dump(tmp_path / "b.h5", states=values, views={"c": "tanh"})
    dump = lstmviz.open_dump(path)
    wide = dump.thresholds("big", 1, 2)
    assert wide.threshold[101:].tolist() == [1.5 + 0.5 * i for i in range(82)]
    assert wide.n_units.tolist() == [0] + [1] * (len(wide) - 1)
    flat = dump.thresholds("c", 1, 2)
    assert len(flat) == 101
    assert flat.n_units.iloc[-2:].tolist() == [1, 0]  # the cut of a threshold of 1 is infinite


@pytest.mark.parametrize("top", [1.004, 1.7, 9.99, 10.0, 100.0, 65504.0, 1e30, 1.7e308])
def test_the_wide_thresholds_are_few_and_reach_the_top(tmp_path, top):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "b.h5", states={"h": np.array([[top]])}))
    grid = dump.thresholds("h", 0, 1).threshold
    assert len(grid) <= 201
    assert top * 0.97 <= grid.iloc[-1] <= top


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: d.thresholds("x", 0, 1), "no source 'x'"),
        (lambda d: d.thresholds("h", 1, 1), "empty"),
        (lambda d: d.thresholds("h", 0, 9), "ends after"),
        (lambda d: d.thresholds("h", 0, 1, side="up"), "side 'up'"),
        (lambda d: d.thresholds("h", 0, 1, off_after=-1), "off_after=-1"),
        (lambda d: d.why_not("h", 2, 0, 1), "no unit 2; its units are 0 to 1"),
        (lambda d: d.why_not("h", -1, 0, 1), "no unit -1"),
        (lambda d: d.why_not("h", 0, 0, 1, threshold=math.nan), "threshold nan"),
    ],
)
def test_what_cannot_be_asked_is_said(dump, ask, words):
    with pytest.raises(LstmvizError) as caught:
        ask(dump)
    assert words in str(caught.value)


def test_ends_near_saturation_are_told_apart_and_from_1(tmp_path):
    values = np.array([[0.99991], [0.99996], [0.9]])
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "near.h5", states={"h": values}))
    words = str(dump.why_not("h", 0, 1, 2, 0.5))
    assert words.endswith("thresholds above 0.99991 and up to 0.99996 select it")
    assert "up to 0.99996 select" in str(dump.why_not("h", 0, 1, 2, 1.0, off_before=0))
