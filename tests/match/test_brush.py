"""A brush over sources and sides against its plain twin, the cases shared with the page, and what a bad one is told."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import LstmvizError, PatternError, UnknownName, WindowError
from lstmviz.match import Brush, Excluded, Part, brushed
from lstmviz.types import Filter, PatternUnit, view_cut
from support.budget import examples
from support.naive import NaiveSource
from support.naive import brushed as naive_brushed
from support.paths import CASES
from support.strategies import LEVELS, THRESHOLDS, corpora

SHARED = json.loads((CASES / "brush.json").read_text("utf-8"))


def dump_of(corpus, folder):
    path = lstmviz.write_dump(
        folder / "b.h5", states=corpus.states, views=corpus.views, lengths=corpus.lengths, overwrite=True
    )
    return lstmviz.open_dump(path)


@st.composite
def brushes(draw, corpus):
    """A brush inside one sequence (or no window), over some sources, with units taken out and pinned."""
    names = draw(st.permutations(list(corpus.states)))[: draw(st.integers(1, len(corpus.states)))]
    parts = [
        Part(name, draw(st.sampled_from(["high", "low", "both"])), draw(st.sampled_from(THRESHOLDS))) for name in names
    ]
    named = st.sampled_from(
        [(s, u, side) for s, v in corpus.states.items() for u in range(v.shape[1]) for side in ("high", "low")]
    )
    first, last = draw(st.sampled_from(corpus.sequences))
    window = (None, None)
    if draw(st.integers(0, 9)):
        start = draw(st.integers(first, last - 1))
        window = (start, draw(st.integers(start + 1, last)))
    pins = draw(st.lists(named, max_size=4, unique=True))
    return Brush(
        tuple(parts),
        *window,
        draw(st.integers(0, 3)),
        draw(st.integers(0, 3)),
        tuple(Excluded(*key) for key in draw(st.lists(named, max_size=4))),
        tuple(PatternUnit(*key, draw(st.sampled_from(LEVELS))) for key in pins),
    )


@examples(400)
@given(st.data())
def test_brushed_equals_its_twin(tmp_path, data):
    corpus = data.draw(corpora())
    brush = data.draw(brushes(corpus))
    pattern = brushed(dump_of(corpus, tmp_path), brush)
    sources = {n: NaiveSource(v, corpus.views[n]) for n, v in corpus.states.items()}
    assert [(u.source, u.unit, u.side, u.threshold) for u in pattern.units] == naive_brushed(
        sources, corpus.sequences, brush
    )
    assert pattern.length == (1 if brush.start is None else brush.stop - brush.start)
    assert (pattern.off_before, pattern.off_after) == (brush.off_before, brush.off_after)
    assert dict(pattern.bases).keys() == {p.source for p in brush.parts} | {u.source for u in brush.pinned}
    assert dict(pattern.bases).items() >= {(p.source, p.threshold) for p in brush.parts}


@pytest.mark.parametrize("case", SHARED, ids=[case["name"] for case in SHARED])
def test_python_gives_what_the_page_gives(case, tmp_path):
    states = {
        name: np.array([[math.nan if v is None else v for v in row] for row in rows])
        for name, rows in case["sources"].items()
    }
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "c.h5", states=states))
    asked = case["brush"]
    brush = Brush(
        tuple(Part(**part) for part in asked["parts"]),
        asked["start"],
        asked["stop"],
        asked["before"],
        asked["after"],
        tuple(Excluded(**unit) for unit in asked.get("excluded", [])),
        tuple(PatternUnit(**unit) for unit in asked.get("pinned", [])),
    )
    units = [[u.source, u.unit, u.side, u.threshold] for u in brushed(dump, brush).units]
    assert units == case["units"]


@pytest.mark.parametrize("view", ["raw", "tanh"])
@given(st.floats(-2, 2))
def test_the_cut_of_a_negative_threshold_is_the_negative_cut(view, threshold):
    assert view_cut(view, -threshold) == -view_cut(view, threshold)


A = Part("a")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Brush(()), PatternError, "at least one part"),
        (lambda: Brush((A, Part("a", "low"))), PatternError, "source 'a' is in the brush twice"),
        (lambda: Brush((A,), 3, None), PatternError, "both start and stop"),
        (lambda: Brush((A,), 3, 3), WindowError, "is empty"),
        (lambda: Brush((A,), 0, 1, -1), PatternError, "off_before=-1"),
        (lambda: Part("a", "up"), PatternError, "side 'up' is not known"),
        (lambda: Part("a", "low", math.nan), PatternError, "threshold"),
        (lambda: Brush((Part("z"),), 0, 1), UnknownName, "no source 'z'"),
        (lambda: Brush((A,), 1, 3), WindowError, "border"),
        (lambda: Brush((A,), 0, 1, pinned=(PatternUnit("a", 9),)), PatternError, "a has no unit 9"),
        (lambda: Brush((A,), 0, 1, filters=(Filter("mark", ("x",)),)), UnknownName, "no track 'mark'"),
        (lambda: Brush((A,), 0, 1, min_length=4, max_length=2), PatternError, "lengths 4 to 2"),
    ],
)
def test_what_cannot_be_brushed_is_said_in_a_line(make, error, words, tmp_path):
    dump = lstmviz.open_dump(
        lstmviz.write_dump(tmp_path / "d.h5", states={"a": np.zeros((4, 2), "float32")}, lengths=[2, 2])
    )
    with pytest.raises(error, match=words) as told:
        brushed(dump, make())
    assert isinstance(told.value, LstmvizError)
    assert "\n" not in str(told.value)
