"""What matches carry, and where in the corpus they lie, against brute-force twins; the same over shards."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.match.order import bins
from lstmviz.types import Window
from support import naive_order
from support.budget import examples
from support.matching import drawn, naive_rows
from support.strategies import patterns

EXAMPLES = examples(60)
BLOCKS = st.integers(1, 7)


def naive_table(values, kind, names, steps):
    """Rows (low, high, n_steps, n_corpus) of one track; ``values`` are codes or numbers, one a step."""
    some = [(i, i) for i in range(len(names))] if kind == "category" else naive_order.bins(values)
    places = [naive_order.place(v, some) for v in values]
    here = [places[t] for t in steps]
    return [(*some[i], here.count(i), places.count(i)) for i in range(len(some))]


@EXAMPLES
@given(st.data())
def test_carry_is_its_twins_over_a_dump_and_over_shards(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    min_shared = data.draw(st.sampled_from([None, 1, 2]))
    rows = naive_rows(corpus, pattern, len(pattern.units) if min_shared is None else min_shared)
    hidden = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    windows = [Window(*r[:2]) for r in hidden]
    steps = naive_order.steps_of([r for r in rows if r not in hidden])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bins, "BLOCK_STEPS", data.draw(BLOCKS))
        for dump, tracks in dumps:
            labels = list(dump.tracks["part"].labels)
            frame = dump.carry(pattern, min_shared, windows)
            assert frame["track"].drop_duplicates().tolist() == list(dump.tracks)
            for name, values in tracks.items():
                mine = frame[frame["track"] == name]
                kind = "category" if name == "part" else "number"
                table = naive_table(values, kind, labels, steps)
                counts = [row[2:] for row in table]
                assert list(mine[["n_steps", "n_corpus"]].itertuples(index=False, name=None)) == counts
                n_here, n_all = (sum(c[i] for c in counts) for i in (0, 1))
                np.testing.assert_equal(mine["share"].tolist(), [c[0] / n_here if n_here else math.nan for c in counts])
                np.testing.assert_equal(mine["base_rate"].tolist(), [c[1] / n_all for c in counts])
                if kind == "category":
                    assert mine["value"].tolist() == labels
                else:
                    assert list(mine[["low", "high"]].itertuples(index=False, name=None)) == [r[:2] for r in table]


@EXAMPLES
@given(st.data())
def test_barcode_is_its_twins_over_a_dump_and_over_shards(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    n_bins, min_shared = data.draw(st.integers(1, 40)), data.draw(st.sampled_from([None, 1, 2]))
    rows = naive_rows(corpus, pattern, len(pattern.units) if min_shared is None else min_shared)
    expected = naive_order.barcode(rows, sum(corpus.lengths), n_bins)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["lstmviz.match.summary.barcode"], "BLOCK_STEPS", data.draw(BLOCKS))
        for dump, _ in dumps:
            frame = dump.barcode(pattern, n_bins, min_shared)
            assert list(frame.itertuples(index=False, name=None)) == expected


@EXAMPLES
@given(st.lists(st.floats(allow_subnormal=False), min_size=1, max_size=200), st.integers(1, 50))
def test_ranges_are_tenths_and_hold_every_value_once(tmp_path, values, block):
    path = lstmviz.write_dump(
        tmp_path / "x.h5",
        states={"rnn.l0.h": np.zeros((len(values), 1))},
        tracks={"x": np.array(values)},
        overwrite=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bins, "BLOCK_STEPS", block)
        found = bins.bins_of(lstmviz.open_dump(path), "text", "x")
    some = naive_order.bins(values) if any(not math.isnan(v) for v in values) else []
    assert list(zip(found.low.tolist(), found.high.tolist(), strict=True)) == some
    assert found.n_steps.tolist() == [sum(naive_order.is_in(v, some, i) for v in values) for i in range(len(some))]
    assert int(found.n_steps.sum()) == sum(not math.isnan(v) for v in values)
    assert len(set(found.names)) == len(some) <= 64


def test_whole_numbers_at_the_ends_of_ranges_are_written_whole(tmp_path):
    tracks = {"line": np.linspace(35_534, 40_122, 400).round(), "size": np.linspace(-2.0, 1e16, 400)}
    path = lstmviz.write_dump(tmp_path / "a.h5", states={"rnn.l0.h": np.zeros((400, 1))}, tracks=tracks)
    dump = lstmviz.open_dump(path)
    lines, sizes = (bins.bins_of(dump, "text", name).names for name in tracks)
    assert lines[0].split(" to ")[0] == "35534"
    assert lines[-1].split(" to ")[1] == "40122"
    assert all(end.isdecimal() for name in lines for end in name.split(" to "))
    assert sizes[0].split(" to ")[0] == "-2"
    assert sizes[-1].endswith("to 1e+16")


def test_hidden_matches_of_a_pattern_file_are_left_out_of_its_own_dump_alone(parens):
    pattern = parens.select("rnn.l1.c", 249, 255)
    best = parens.match(pattern, limit=1)
    row = Window(int(best["start"][0]), int(best["stop"][0]))
    all_of_them, without = parens.carry(pattern), parens.carry(pattern, hidden=[row])
    assert all_of_them["n_steps"].sum() - without["n_steps"].sum() == len(row) * all_of_them["track"].nunique()
    for uuid, expected in ((parens.uuid, without), ("", without), ("another", all_of_them)):
        file = lstmviz.PatternFile(pattern, lstmviz.Notes(dump=uuid, hidden=(row,)))
        assert parens.carry(file).equals(expected)
        assert parens.barcode(file)["n_matches"].sum() == parens.barcode(pattern)["n_matches"].sum() - (
            uuid != "another"
        )


def test_the_samples_pattern_carries_its_depth(parens):
    pattern = parens.select("rnn.l1.c", 249, 255)
    frame = parens.carry(pattern)
    depth = frame[frame["track"] == "depth"].set_index("value")
    assert depth["share"]["4"] == 1.0
    assert depth["base_rate"]["4"] == np.mean(parens.tracks["depth"][:] == 4)


def test_without_tracks_or_matches_the_columns_are_there(tmp_path):
    path = lstmviz.write_dump(tmp_path / "x.h5", states={"rnn.l0.h": np.zeros((5, 2))})
    dump = lstmviz.open_dump(path)
    frame = dump.carry(dump.select("rnn.l0.h", 0, 1))
    assert list(frame) == ["track", "value", "low", "high", "n_steps", "share", "n_corpus", "base_rate"]
    assert frame.empty
    assert dump.barcode(dump.select("rnn.l0.h", 0, 1))["n_steps"].tolist() == [0] * 5


@pytest.mark.parametrize("n_bins", [0, -1, 10**9, 1.5])
def test_a_number_of_bins_that_is_none_is_said(parts, n_bins):
    for dump in parts:
        with pytest.raises(lstmviz.LstmvizError, match="n_bins"):
            dump.barcode(dump.select("rnn.l0.h", 21, 24, 0.1, 0, 0), n_bins)
