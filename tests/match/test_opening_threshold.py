"""The threshold that a source opens with, beside a trial of every brush by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.dump.lazy_arrays import States
from lstmviz.dump.reader import DumpReader
from lstmviz.match.pattern.opening_threshold import AS_GOOD, BRUSH, USUAL, BrushTrial
from lstmviz.ui import describe
from lstmviz.ui.describe import about


def tried(dump, source, starts, stops, threshold):
    """How many of all brushes of four steps inside a sequence, the first step of the dump apart, select a unit."""
    windows = [(s, s + BRUSH) for a, b in zip(starts, stops, strict=True) for s in range(max(a, 1), b - BRUSH + 1)]
    return sum(bool(dump.select(source, *window, threshold=threshold).units) for window in windows), len(windows)


@given(
    seed=st.integers(0, 2**31),
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    reach=st.sampled_from([1, 0.9, 7]),
)
def test_it_is_what_trying_every_brush_says(tmp_path_factory, seed, lengths, reach):
    rng = np.random.default_rng(seed)
    n = sum(lengths)  # at most 90 steps: two blocks of them are looked at whole
    values = (reach * np.clip(rng.normal(0, 0.5, (n, 5)), -1, 1)).astype("float16")
    values[rng.random(values.shape) < 0.05] = np.nan
    path = lstmviz.write_dump(tmp_path_factory.mktemp("opening") / "a.h5", states={"a.l0.h": values}, lengths=lengths)
    stops = np.cumsum(lengths)
    firsts = np.zeros(n, dtype=bool)
    firsts[stops - lengths] = True
    trial = BrushTrial(1.0 if reach <= 1 else 7.0)
    trial.add(values.astype("float32"), firsts)
    best = trial.best()
    dump = lstmviz.open_dump(path)
    counts = [tried(dump, "a.l0.h", stops - lengths, stops, t) for t in trial.thresholds]
    assert best.n_brushes == counts[0][1]
    most = max(n_with for n_with, _ in counts)
    if not most:
        assert (best.threshold, best.share) == (USUAL, 0.0)
        return
    good = [t for t, (n_with, _) in zip(trial.thresholds, counts, strict=True) if n_with >= AS_GOOD * most]
    assert abs(best.threshold - USUAL) == min(abs(t - USUAL) for t in good)
    assert best.share == dict(zip(trial.thresholds, counts, strict=True))[best.threshold][0] / best.n_brushes


def test_the_page_is_told_a_threshold_for_each_source(parens, small):
    sources = about(DumpReader(parens.path))["sources"]
    assert [s["opening"]["threshold"] for s in sources] == [
        0.3
    ] * 4  # as good as any, and what the lessons are written for
    for source in sources:
        assert source["opening"]["n_brushes"] > 1000
        assert 0.3 < source["opening"]["share"] < 0.6
    [source] = about(DumpReader(small.path))["sources"]
    assert 0 < source["opening"]["threshold"] < 0.1
    assert source["opening"]["share"] > 0.1


def test_states_that_are_not_bounded_open_where_most_of_them_lie(tmp_path):
    states = np.random.default_rng(0).normal(0, 0.5, (400, 20)).astype("float32")
    states[-1] = 60  # one step is far out
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"a.l0.c": states})
    [source] = about(DumpReader(path))["sources"]
    assert source["high"] > 50
    assert source["opening"]["threshold"] == USUAL
    assert source["opening"]["share"] > 0.05


def test_a_source_that_is_never_on_opens_as_usual(tmp_path):
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"a.l0.h": np.zeros((50, 3), dtype="float32")})
    [source] = about(DumpReader(path))["sources"]
    assert source["opening"] == {"threshold": USUAL, "share": 0.0, "n_brushes": 46}


@pytest.mark.parametrize(("n_sources", "of_each"), [(1, 32), (4, 10), (60, 1)])
def test_many_sources_share_what_is_read_before_the_page_opens(tmp_path, monkeypatch, n_sources, of_each):
    monkeypatch.setattr(describe, "ALL_BLOCKS", 40)
    values = np.random.default_rng(0).uniform(-1, 1, (400, 3)).astype("float32")
    path = lstmviz.write_dump(tmp_path / "a.h5", states={f"a{k}.l0.h": values for k in range(n_sources)})
    reads = Counter()
    read = States.__getitem__
    monkeypatch.setattr(States, "__getitem__", lambda self, key: reads.update([self.info.name]) or read(self, key))
    sources = about(DumpReader(path))["sources"]
    assert reads == {source["name"]: of_each for source in sources}
    assert len(reads) == n_sources
    assert all(source["high"] == 1 and source["opening"]["n_brushes"] > 50 for source in sources)
