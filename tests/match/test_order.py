"""Matches in other orders and in groups, against brute-force twins; the same over the shards of a corpus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match import found_in, listing
from lstmviz.match.order.listing import Listing
from lstmviz.types import Pattern, PatternUnit
from support import naive_order
from support.budget import examples
from support.matching import drawn, naive_rows, rows_of
from support.shards import write_shards
from support.strategies import patterns

EXAMPLES = examples(60)
ORDERS = ["best", "step", "length", "-length", *(f"{s}track:{n}" for s in ("", "-") for n in ("mark", "part", "loss"))]
GROUPS = ["", "sequence", "length", "track:mark", "track:part", "track:loss"]


def values_for(order, tracks):
    return tracks[order.partition("track:")[2]] if "track:" in order else None


@examples(5_000, share=200)
@given(st.data())
def test_every_order_and_page_is_its_twins_over_a_dump_and_over_shards(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    order, min_shared = data.draw(st.sampled_from(ORDERS)), data.draw(st.integers(1, 4))
    offset, limit = data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))
    rows = naive_rows(corpus, pattern, min_shared)
    for dump, tracks in dumps:
        expected = naive_order.order(rows, values_for(order, tracks), order, pattern.length)
        frame = dump.match(pattern, limit, offset, order=order, min_shared=min_shared)
        assert rows_of(frame) == expected[offset : offset + limit]
        assert rows_of(dump.match(pattern, 10_000, order=order, min_shared=min_shared)) == expected
        whole = Listing(dump, found_in(dump, pattern), order, "", min_shared, is_whole=True)
        assert rows_of(whole.page(limit, offset)) == expected[offset : offset + limit]
        assert whole.n_matches == len(expected)


@EXAMPLES
@given(st.data())
def test_groups_hold_what_they_are_named_by_and_are_paged_in_order(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    order, group = data.draw(st.sampled_from(ORDERS)), data.draw(st.sampled_from(GROUPS[1:]))
    rows = naive_rows(corpus, pattern)
    offset, limit = data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))
    for dump, tracks in dumps:
        key = {r: key_of(r, group, tracks) for r in rows}
        expected = [
            naive_order.order([r for r in rows if key[r] == k], values_for(order, tracks), order, pattern.length)
            for k in sorted(set(key.values()))
        ]
        flat = [r for rows in expected for r in rows]
        listed = listing(dump, pattern, order, group)
        assert rows_of(listed.page(limit, offset)) == flat[offset : offset + limit]
        assert rows_of(listed.page(10_000)) == flat
        assert [g.n_matches for g in listed.groups] == [len(rows) for rows in expected]
        assert listed.n_matches == len(flat)
        index = [i for i, rows in enumerate(expected) for _ in rows]
        assert [listed.group_at(i) for i in range(len(flat))] == index
        counted = dump.groups(pattern, group)
        assert counted["n_matches"].tolist() == [len(rows) for rows in expected]
        if group == "track:part":
            assert counted["group"].tolist() == [dump.tracks["part"].labels[k] for k in sorted(set(key.values()))]
        elif group != "track:loss":
            assert counted["group"].tolist() == [str(k) for k in sorted(set(key.values()))]


def key_of(row, group, tracks):
    """What a match is grouped by: the number of its sequence, its length, or its track's bin at the first step."""
    if group == "sequence":
        return row[2]
    if group == "length":
        return row[1] - row[0]
    values = tracks[group.removeprefix("track:")]
    return naive_order.place(values[row[0]], naive_order.bins(values)) if group == "track:loss" else values[row[0]]


@EXAMPLES
@given(st.data())
def test_what_has_been_looked_for_before_changes_no_answer(tmp_path, data):
    corpus, dumps = drawn(data, tmp_path)
    pattern = data.draw(patterns(corpus))
    found = [found_in(dump, pattern) for dump, _ in dumps]
    for _ in range(3):
        order, min_shared = data.draw(st.sampled_from(ORDERS[:4])), data.draw(st.integers(1, 4))
        offset, limit = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))
        rows = naive_rows(corpus, pattern, min_shared)
        expected = naive_order.order(rows, None, order, pattern.length)
        for dump, here in zip([d for d, _ in dumps], found, strict=True):
            listed = Listing(dump, here, order, "", min_shared)
            assert rows_of(listed.page(limit, offset)) == expected[offset : offset + limit]
            assert listed.n_matches in (None, len(expected))
            totals = dump.count(pattern).totals.to_numpy().tolist()
            assert here.totals() == [(m, n) for m, n in totals if m >= here.lowest]


def test_a_listing_is_of_unknown_size_only_while_the_best_are_looked_for(parens):
    pattern = parens.select("rnn.l1.c", 249, 255)
    assert pattern.n_units > 1
    n_all = int(parens.count(pattern).totals["n_matches"].sum())
    found = found_in(parens, pattern)
    listed = Listing(parens, found)
    listed.page(5)
    assert listed.n_matches is None
    assert Listing(parens, found, "step").n_matches == n_all
    assert listed.n_matches == n_all
    full = Listing(parens, found, min_shared=pattern.n_units)
    assert full.n_matches == int(parens.count(pattern).totals["n_matches"][0])


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda d, p: d.match(p, order="worst"), PatternError, ["'worst'", "best, step, length", "track:NAME"]),
        (lambda d, p: d.match(p, order="track:tone"), UnknownName, ["'tone'", "it has part"]),
        (lambda d, p: d.match(p, order="x-track:part"), PatternError, ["'x-track:part'"]),
        (lambda d, p: d.match(p, min_shared=1.5), PatternError, ["min_shared is 1.5"]),
        (lambda d, p: d.groups(p, "-track:part"), PatternError, ["group '-track:part'", "sequence, length"]),
        (lambda d, p: d.groups(p, ""), PatternError, ["group ''"]),
        (lambda d, p: d.groups(p, "track:"), UnknownName, ["group 'track:'"]),
        (lambda d, p: listing(d, p, "step").page(-1), PatternError, ["limit=-1"]),
    ],
)
def test_an_order_that_is_none_is_said_in_one_line(parts, ask, error, words):
    for dump in parts:
        with pytest.raises(error) as caught:
            ask(dump, dump.select("rnn.l0.h", 21, 24, 0.1, 0, 0))
        assert all(word in str(caught.value) for word in words), str(caught.value)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, lstmviz.LstmvizError)


def test_a_track_orders_the_matches_of_a_corpus_as_those_of_one_dump_of_it(tmp_path):
    states = {"rnn.l0.h": np.tile([[0.1], [0.9], [0.1]], (3, 1))}
    part = np.repeat(["z", "b", "a"], 3)
    one, many = write_shards(tmp_path, {1, 2}, [3, 3, 3], states, None, {"part": part})
    assert one.tracks["part"].labels == many.tracks["part"].labels == ("a", "b", "z")
    pattern = Pattern("text", (PatternUnit("rnn.l0.h", 0),), (("rnn.l0.h", 0.3),), 1)
    for dump in (one, many):
        for order, steps in (("track:part", [7, 4, 1]), ("-track:part", [1, 4, 7])):
            assert listing(dump, pattern, order).page(9)["start"].tolist() == steps
