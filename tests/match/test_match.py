"""select and match against their brute-force twins, and the cases that LSTMVis got wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import Cancelled, LstmvizError, PatternError, UnknownName, WindowError
from lstmviz.match.engine.find import MatchSearch
from lstmviz.system.asked import while_asked
from lstmviz.types import Filter, Pattern, PatternUnit
from support.budget import examples
from support.matching import dump_of, expected_rows, one_unit, rows_of, unit_pattern
from support.naive import NaiveSource
from support.naive import select as naive_select
from support.strategies import THRESHOLDS, Corpus, corpora, patterns

SLOW_OK = examples(700)


@SLOW_OK
@given(st.data())
def test_match_equals_its_twin_and_count_and_pages_agree_with_it(tmp_path, data):
    corpus = data.draw(corpora())
    pattern = data.draw(patterns(corpus))
    dump = dump_of(corpus, tmp_path)
    expected = expected_rows(corpus, pattern)
    offset, limit = data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))
    assert rows_of(dump.match(pattern, limit=limit, offset=offset)) == expected[offset : offset + limit]
    assert rows_of(dump.match(pattern, limit=10_000)) == expected
    counted = dump.count(pattern)
    shared = [r[3] for r in expected]
    assert dict(counted.totals.to_numpy().tolist()) == {m: shared.count(m) for m in set(shared)}
    pairs = [(r[3], r[1] - r[0]) for r in expected]
    assert [tuple(r) for r in counted.lengths.to_numpy().tolist()] == [
        (*p, pairs.count(p)) for p in sorted(set(pairs), key=lambda p: (-p[0], p[1]))
    ]


# Blocks, batches and looks of every size, so that small corpora meet every border inside the engine.
KNOBS = {
    "marks.COUNT_STEPS": st.sampled_from([1, 2, 5, 7, 8, 16]),  # of eight and more, marks are kept
    "marks.FEW_CODES": st.sampled_from([0, 2**22]),
    "marks.CACHED_STEPS": st.sampled_from([1, 2, 5, 7, 8, 16]),
    "marks.RARE": st.sampled_from([0, 1, 1000]),
    "marks.MOST_BITS": st.sampled_from([0, 2**29]),
    "marks.MOST_REACH": st.integers(1, 4),
    "marks.MOST_OFF": st.integers(1, 4),
    "marks.FEW_LOOKS": st.integers(1, 4),
    "levels.BATCH_CELLS": st.integers(1, 9),
    "levels.BATCH_STEPS": st.integers(1, 9),
    "levels.DENSE_SHARE": st.sampled_from([0.0, 0.2, 1.0, 2.0]),
    "levels.DENSE_ANCHORS": st.sampled_from([0.0, 0.05, 1.0, 2.0]),
    "levels.BLOCK_ROWS": st.integers(1, 3),
    "levels.SAMPLE_ROWS": st.integers(1, 3),
    "levels.GIVE_UPS": st.integers(1, 4),
    "levels.PARTS": st.integers(1, 5),
    "levels.FEW_STEPS": st.sampled_from([0, 8, 1000]),
    "runs.FIRST_LOOK": st.integers(1, 4),
    "runs.FARTHEST_LOOK": st.integers(1, 4),
    "runs.OFF_STEPS": st.integers(1, 3),
    "runs.DEAR": st.sampled_from([0, 16, 1000]),
    "runs.BLOCK_STEPS": st.integers(1, 7),
    "activity.FAR": st.integers(0, 4),
    "activity.BLOCK_CODES": st.integers(1, 4),
    "background.MOST_READ": st.sampled_from([0.0, 0.25, 1000.0]),
    "background.CodeMatrices.minimum_steps": st.integers(1, 5),
    "background.LONG": st.integers(0, 4),
    "background.BLOCK_STEPS": st.integers(1, 4),
    "background.BLOCK_CODES": st.integers(1, 4),
    "background.TABLE_CELLS": st.integers(1, 9),
    "background.PLANE_STEPS": st.integers(1, 9),
    "find.RANKED_FIRST": st.integers(1, 4),
    "candidates.FEW_ENDS": st.sampled_from([0, 1, 1000]),
}


@SLOW_OK
@given(st.data())
def test_with_and_without_an_index_and_at_any_block_size_the_rows_are_the_twins(tmp_path, data):
    corpus = data.draw(corpora())
    pattern = data.draw(patterns(corpus))
    dump = dump_of(corpus, tmp_path)
    expected = expected_rows(corpus, pattern)
    n_wanted = data.draw(st.sampled_from([1, 2, 5, 1000]))
    with pytest.MonkeyPatch.context() as patch:
        for name, values in KNOBS.items():
            patch.setattr(f"lstmviz.match.engine.{name}", data.draw(values, label=name))
        row_steps = data.draw(st.integers(1, 9), label="ROW_STEPS")
        for module in ("marks", "levels"):
            patch.setattr(f"lstmviz.match.engine.{module}.ROW_STEPS", row_steps)
        for use_index in (True, False):
            found = MatchSearch(dump, pattern, use_index)
            assert rows_of(found.page(n_wanted)) == expected[:n_wanted]
            assert rows_of(found.page(2, n_wanted)) == expected[n_wanted : n_wanted + 2]
            levels = [r[3] for r in expected]
            assert found.totals() == [(m, levels.count(m)) for m, _ in found.totals()]
            found.complete()
            assert rows_of(found.page(1000)) == expected


@pytest.mark.parametrize("filters", [(), (Filter("mark", low=1),)])
def test_with_steps_off_on_both_sides_no_match_is_given_up(tmp_path, monkeypatch, filters):
    rng = np.random.default_rng(len(filters))
    on = rng.random((70, 9)) < 0.3
    on = np.where(rng.random((70, 9)) < 0.6, on[:, :1], on)  # mostly as the first unit, so that many share a match
    corpus = Corpus({"rnn.l0.h": np.where(on, 0.5, 0.1)}, {"rnn.l0.h": "raw"}, [30, 40], [1] * 60 + [0] * 10)
    units = tuple(PatternUnit("rnn.l0.h", unit) for unit in range(9))
    pattern = Pattern("text", units, (("rnn.l0.h", 0.3),), 2, off_before=1, off_after=1, filters=filters)
    monkeypatch.setattr("lstmviz.match.engine.levels.DENSE_ANCHORS", 2.0)
    found, expected = MatchSearch(dump_of(corpus, tmp_path), pattern), expected_rows(corpus, pattern)
    assert len({row[3] for row in expected}) > 4
    for n_wanted in (1, 3, 10, 1000):
        assert rows_of(found.page(n_wanted)) == expected[:n_wanted]


@pytest.mark.parametrize("off", [1, 3, 10, 30])
def test_long_runs_off_on_both_sides_are_the_same_one_by_one_and_in_blocks(tmp_path, monkeypatch, off):
    rng = np.random.default_rng(off)
    on = rng.random((300, 9)) < 0.3
    on = np.where(rng.random((300, 9)) < 0.7, on[:, :1], on)
    n_steps = rng.integers(1, 50, 300)
    states = np.repeat(np.where(on, 0.5, 0.1), n_steps, axis=0)  # also runs of more steps than a word has bits
    states[rng.random(states.shape) < 0.001] = np.nan
    lengths = n_steps.reshape(-1, 5).sum(axis=1).tolist()
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "long.h5", states={"rnn.l0.h": states}, lengths=lengths))
    units = tuple(PatternUnit("rnn.l0.h", unit) for unit in range(9))
    pattern = Pattern("text", units, (("rnn.l0.h", 0.3),), 2, off_before=off, off_after=off)
    monkeypatch.setattr("lstmviz.match.engine.levels.DENSE_ANCHORS", 0.0)
    expected = rows_of(MatchSearch(dump, pattern).page(10_000))
    assert len({row[3] for row in expected}) > 4
    assert max(row[1] - row[0] for row in expected) > 64
    monkeypatch.setattr("lstmviz.match.engine.levels.DENSE_ANCHORS", 2.0)
    for n_wanted in (1, 10, 10_000):
        assert rows_of(MatchSearch(dump, pattern).page(n_wanted)) == expected[:n_wanted]


def test_matches_without_background_units_come_first_however_many_are_asked_for(tmp_path, monkeypatch):
    on = np.random.default_rng(2).random((150, 4)) < 0.4
    corpus = Corpus({"rnn.l0.h": np.where(on, 0.5, 0.1)}, {"rnn.l0.h": "raw"}, [70, 80], [1] * 150)
    pattern = unit_pattern(length=2)
    dump, expected = dump_of(corpus, tmp_path), expected_rows(corpus, pattern)
    assert len({row[4] for row in expected}) > 2
    monkeypatch.setattr("lstmviz.match.engine.find.RANKED_FIRST", 2)
    for limit in range(1, len(expected) + 1):
        found = MatchSearch(dump, pattern)
        assert rows_of(found.page(limit)) == expected[:limit]
        assert rows_of(found.page(limit, limit)) == expected[limit : 2 * limit]


@SLOW_OK
@given(st.data())
def test_select_equals_its_twin_at_every_place(tmp_path, data):
    corpus = data.draw(corpora(max_sources=1))
    dump = dump_of(corpus, tmp_path)
    (name, values), view = next(iter(corpus.states.items())), next(iter(corpus.views.values()))
    sequence = data.draw(st.sampled_from(corpus.sequences))
    start = data.draw(st.integers(sequence[0], sequence[1] - 1))
    stop = data.draw(st.integers(start + 1, sequence[1]))
    threshold, side = data.draw(st.sampled_from(THRESHOLDS)), data.draw(st.sampled_from(["high", "low"]))
    before, after = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 4))
    found = dump.select(name, start, stop, threshold, before, after, side)
    expected = naive_select(NaiveSource(values, view), sequence, start, stop, threshold, before, after, side)
    assert [u.unit for u in found.units] == expected
    assert (found.length, found.off_before, found.off_after) == (stop - start, before, after)


@pytest.mark.parametrize(
    "work", [lambda found: found.page(10), lambda found: found.count(), lambda found: found.spans()]
)
def test_a_search_that_nobody_waits_for_ends_and_can_be_asked_again(tmp_path, work):
    dump = one_unit([0.1, 0.9, 0.9, 0.1, 0.9], tmp_path)
    found, looks = MatchSearch(dump, unit_pattern()), []

    def nobody_waits():
        looks.append(1)
        raise Cancelled("nobody waits")

    with while_asked(nobody_waits), pytest.raises(Cancelled):
        work(found)
    assert looks
    assert [r[:2] for r in rows_of(found.page(10))] == [(4, 5), (1, 3)]


def test_a_bound_beyond_every_sequence_has_no_match_and_one_of_many_steps_is_exact(tmp_path):
    values = np.full(9_000, 0.9)
    values[[10, 3_000, 5_500]] = 0.1
    dump = one_unit(values, tmp_path, lengths=[2_000, 7_000])
    long, longest = (3_001, 5_500), (5_501, 9_000)
    for least, expected in ((9_001, []), (10**15, []), (2_499, [long, longest]), (2_500, [longest])):
        found = dump.match(unit_pattern(min_length=least))
        assert sorted(r[:2] for r in rows_of(found)) == expected
    far = unit_pattern(off_before=10**6, off_after=10**6)
    assert [r[:2] for r in rows_of(dump.match(far))] == []
    assert [r[:2] for r in rows_of(dump.match(unit_pattern(off_before=2_000)))] == [(0, 10), (2_000, 3_000)]


def test_an_empty_pattern_gives_an_empty_frame_with_its_columns(tmp_path):
    dump = one_unit([0.1, 0.2], tmp_path)
    frame = dump.match(dump.select("rnn.l0.h", 0, 1))
    assert frame.empty
    assert list(frame) == ["start", "stop", "sequence", "n_shared", "n_union", "length", "text"]
    assert dump.count(dump.select("rnn.l0.h", 0, 1)).totals.empty


def test_nan_is_neither_on_nor_off(tmp_path):
    nan = float("nan")
    dump = one_unit([nan, 0.9, 0.1, 0.9, nan], tmp_path)
    assert dump.select("rnn.l0.h", 1, 2, off_before=1).n_units == 0
    assert dump.select("rnn.l0.h", 1, 2, off_before=0).n_units == 1
    assert [r[:2] for r in rows_of(dump.match(unit_pattern(off_before=1)))] == [(3, 4)]
    assert [r[:2] for r in rows_of(dump.match(unit_pattern(off_after=1)))] == [(1, 2)]


def test_text_of_a_match_is_its_tokens_joined(tmp_path):
    dump = one_unit([0.1, 0.9, 0.9], tmp_path, tokens=[0, 1, 0], vocab=["la", "li"])
    assert dump.match(unit_pattern())["text"].tolist() == ["li la"]


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda d: d.select("rnn.l3.c", 0, 1), UnknownName, ["rnn.l3.c", "rnn.l0.h", 'states=("h", "c")']),
        (lambda d: d.select("rnn.l0.h", 1, 1), WindowError, ["[1, 1)", "empty"]),
        (lambda d: d.select("rnn.l0.h", 2, 1), WindowError, ["[2, 1)", "empty"]),
        (lambda d: d.select("rnn.l0.h", -1, 1), WindowError, ["before step 0"]),
        (lambda d: d.select("rnn.l0.h", 1, 9), WindowError, ["[1, 9)", "4"]),
        (lambda d: d.select("rnn.l0.h", 1, 3), WindowError, ["border", "2"]),
        (lambda d: d.select("rnn.l0.h", 0, 1, threshold=float("nan")), PatternError, ["threshold nan"]),
        (lambda d: d.select("rnn.l0.h", 0, 1, off_before=-1), PatternError, ["off_before=-1"]),
        (lambda d: d.match(unit_pattern(), limit=-1), PatternError, ["limit=-1"]),
        (lambda d: d.axis("speech"), UnknownName, ["speech", "text"]),
        (
            lambda d: d.match(Pattern("text", (PatternUnit("rnn.l0.h", 7),), (("rnn.l0.h", 0.3),), 1)),
            PatternError,
            ["unit 7", "0 to 0"],
        ),
        (lambda d: d.search(""), PatternError, ["empty"]),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(tmp_path, ask, error, words):
    dump = one_unit([0.1, 0.9, 0.9, 0.1], tmp_path, lengths=[2, 2])
    with pytest.raises(error) as caught:
        ask(dump)
    message = str(caught.value)
    assert isinstance(caught.value, LstmvizError)
    assert "\n" not in message
    assert all(word in message for word in words), message
