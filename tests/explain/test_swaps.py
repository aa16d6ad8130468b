"""Swapped sequences and circular shifts: the closed form against all swaps, tables and shifts against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.column_tables import ColumnTables, SquaredSums
from lstmviz.explain.evidence.run_tables import RunTables, running_count, runs_of
from lstmviz.explain.evidence.shifts import shift_p
from lstmviz.explain.evidence.swaps import N_DRAWS, SwapTest, choose, groups_of, swapped, to_and_fro
from support import naive_evidence as naive

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=32)
MARKS = st.integers(0, 2**32 - 1)


def axis_of(lengths):
    stops = np.cumsum(lengths)
    return Axis("text", 0, int(stops[-1]), " ", None, stops - lengths, stops, {}, {})


@settings(max_examples=40)
@given(st.integers(1, 7), MARKS)
def test_mean_and_variance_are_those_over_all_swaps(n, seed):
    rng = np.random.default_rng(seed)
    cells = rng.integers(-3, 4, (n, n)) + rng.random()
    sums = naive.all_swaps(cells.tolist())
    test = SwapTest(1)
    test.add(0, cells[None, :, :, None])
    spread = np.std(sums)
    expected = (sums[0] - np.mean(sums)) / spread if spread > 1e-9 else 0.0
    assert test.z()[0] == pytest.approx(expected, abs=1e-9)
    assert test.p()[0] == pytest.approx(math.erfc(abs(expected) / math.sqrt(2)), abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 7), st.integers(1, 3), MARKS)
def test_draws_come_as_often_as_all_swaps_say(n, n_columns, seed):
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 3, (n, n, n_columns)).astype(float)
    cells[rng.random(n) < 0.4] = 0.0
    test = SwapTest(n_columns, draws=True, seed=seed)
    test.add(5, cells[None])
    for column, p in enumerate(test.p().tolist()):
        sums = np.array(naive.all_swaps(cells[:, :, column].tolist()))
        apart = np.abs(sums - sums.mean())
        exact = (apart >= apart[0] - 1e-9).mean()
        assert abs(p - exact) <= 4.5 * math.sqrt(exact * (1 - exact) / N_DRAWS) + 2 / N_DRAWS


@settings(max_examples=10, deadline=None)
@given(MARKS)
def test_draws_and_the_closed_form_agree_where_groups_are_many(seed):
    cells = np.random.default_rng(seed).random((40, 10, 10, 1))
    closed, drawn = SwapTest(1), SwapTest(1, draws=True, seed=seed)
    closed.add(0, cells)
    drawn.add(0, cells)
    p = closed.p()[0]
    assert abs(drawn.p()[0] - p) <= 4.5 * math.sqrt(p * (1 - p) / N_DRAWS) + 0.01


@given(LENGTHS)
def test_groups_hold_about_ten_of_like_length(lengths):
    found = groups_of(np.array(lengths))
    assert [members.tolist() for members in found.members] == naive.groups(lengths)
    for g, members in enumerate(found.members):
        assert (found.group[members] == g).all()
        assert found.place[members].tolist() == list(range(len(members)))


@given(st.integers(0, 40), st.integers(1, 9))
def test_a_shorter_sequence_is_read_to_and_fro(n_steps, length):
    assert to_and_fro(n_steps, length).tolist() == [naive.to_and_fro(t, length) for t in range(n_steps)]


@settings(max_examples=60, deadline=None)
@given(LENGTHS, MARKS)
def test_tables_by_runs_and_by_columns_are_those_of_loops(lengths, seed):
    rng, axis = np.random.default_rng(seed), axis_of(lengths)
    on, yes = rng.random(axis.n_steps) < 0.5, rng.random(axis.n_steps) < 0.4
    runs = runs_of(on, axis.starts, axis.stops)
    assert [t for a, b in zip(runs.start, runs.stop, strict=True) for t in range(a, b)] == np.flatnonzero(on).tolist()
    activity, labels = naive.cut(on.astype(int), lengths), naive.cut(yes.astype(int), lengths)
    expected = [naive.table(activity, labels, members) for members in naive.groups(lengths)]
    groups = groups_of(np.array(lengths))
    found = [
        cells
        for _, some in RunTables(groups, axis.starts, axis.stops, runs).counts(running_count(yes))
        for cells in some
    ]
    assert [cells.tolist() for cells in found] == expected

    centred = np.array(naive.centred(yes, [True] * len(yes)))
    columns, step = rng.random((3, axis.n_steps)), int(rng.integers(1, axis.n_steps + 1))
    tables = ColumnTables(axis, centred, 3, "swaps", 0)
    squares = SquaredSums(axis, 3)
    for start in range(0, axis.n_steps, step):
        tables.add(start, columns[:, start : start + step])
        squares.add(start, columns[:, start : start + step])
    p = [naive.p_of_swaps(column.tolist(), centred.tolist(), lengths) for column in columns]
    np.testing.assert_allclose(tables.test.p(), p, atol=1e-9)
    sums = [[sum(part) for part in naive.cut(column.tolist(), lengths)] for column in columns]
    n = len(lengths)
    expected = [n / (n - 1) * sum(s * s for s in some) if n > 1 else math.nan for some in sums]
    np.testing.assert_allclose(squares.variance(), expected, atol=1e-9)


@settings(max_examples=60)
@given(st.integers(1, 40), MARKS)
def test_shifts_by_fourier_transform_are_all_shifts(n_steps, seed):
    rng = np.random.default_rng(seed)
    activity, yes = rng.integers(0, 2, n_steps), rng.integers(0, 2, n_steps)
    labels = naive.centred(yes.tolist(), [True] * n_steps)
    assert shift_p(activity.astype(float), np.array(labels)) == naive.p_of_shifts(activity.tolist(), labels)


@given(LENGTHS, MARKS)
def test_swapped_labels_are_those_of_a_sequence_of_the_same_group(lengths, seed):
    axis = axis_of(lengths)
    labels = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    found = swapped(labels, axis.starts, axis.stops, np.random.default_rng(seed))
    if len(lengths) < 20:
        doubled = [*labels.tolist(), *labels.tolist()]
        assert any(doubled[k : k + axis.n_steps] == found.tolist() for k in range(axis.n_steps))
        return
    came_from = found[axis.starts]
    assert (np.repeat(came_from, lengths) == found).all()
    for members in naive.groups(lengths):
        assert sorted(came_from[members].tolist()) == members


@pytest.mark.parametrize(
    ("n_sequences", "n_that_matter", "by"),
    [(19, 19, "shifts"), (20, 20, "draws"), (500, 29, "draws"), (30, 30, "swaps")],
)
def test_the_null_goes_by_the_sequences_there_are_and_those_that_matter(n_sequences, n_that_matter, by):
    assert choose(n_sequences, n_that_matter) == by
