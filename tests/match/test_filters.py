"""Filters: which steps a track allows, against plain Python; and what is said of a filter that does not fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.engine import filters as module
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.types import Filter, Pattern, PatternUnit
from support.budget import examples
from support.shards import write_shards

NUMBERS = [-2.0, -1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0]
DTYPES = ["float16", "float32", "float64", "int8", "uint8", "int64"]


def dump_of(folder, **tracks):
    n_steps = len(next(iter(tracks.values())))
    path = lstmviz.write_dump(
        folder / "f.h5", states={"rnn.l0.h": np.zeros((n_steps, 1))}, tracks=tracks, overwrite=True
    )
    return lstmviz.open_dump(path)


def allowed(dump, *filters):
    found = allowed_steps(dump, dump.first, filters)
    return None if found is None else found.tolist()


@examples(200)
@given(st.data())
def test_allowed_steps_are_those_of_plain_python(tmp_path, monkeypatch, data):
    monkeypatch.setattr(module, "BLOCK_STEPS", data.draw(st.integers(1, 5)))
    dtype = data.draw(st.sampled_from(DTYPES))
    n_steps = data.draw(st.integers(1, 12))
    levels = [v for v in NUMBERS if not dtype.startswith("u") or v >= 0] + [math.nan] * dtype.startswith("f")
    numbers = np.array([data.draw(st.sampled_from(levels)) for _ in range(n_steps)])
    if not dtype.startswith("f"):
        numbers = np.trunc(numbers)
    numbers = numbers.astype(dtype)
    words = [data.draw(st.sampled_from(["noun", "verb", ""])) for _ in range(n_steps)]
    dump = dump_of(tmp_path, n=numbers, w=words)
    low, high = sorted(data.draw(st.tuples(*[st.sampled_from([*NUMBERS, 1e30, -1e30, 0.1000001])] * 2)))
    ends = data.draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    labels = tuple(data.draw(st.sets(st.sampled_from(sorted(set(words))), min_size=1)))
    in_range = [
        not math.isnan(v) and (ends[0] is None or v >= ends[0]) and (ends[1] is None or v <= ends[1])
        for v in numbers.tolist()
    ]
    in_labels = [w in labels for w in words]
    assert allowed(dump, Filter("n", low=ends[0], high=ends[1])) == in_range
    assert allowed(dump, Filter("w", labels)) == in_labels
    both = [a and b for a, b in zip(in_range, in_labels, strict=True)]
    assert allowed(dump, Filter("w", labels), Filter("n", low=ends[0], high=ends[1])) == both


def test_no_filter_allows_everything_without_reading(tmp_path):
    assert allowed(dump_of(tmp_path, n=[1, 2])) is None


def test_integers_too_large_for_a_float_are_compared_as_integers(tmp_path):
    big = 2**53
    dump = dump_of(tmp_path, n=np.array([big, big + 1, big + 2]))
    assert allowed(dump, Filter("n", high=float(big))) == [True, False, False]


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (Filter("tone", ("x",)), UnknownName, ["tone", "'text'", "depth, part"]),
        (Filter("depth", ("x",)), PatternError, ["depth", "numbers", "range"]),
        (Filter("part", low=1.0), PatternError, ["part", "labels", "'noun', 'verb'"]),
        (Filter("part", ("noun", "adverb")), UnknownName, ["adverb", "'noun', 'verb'"]),
    ],
)
def test_a_filter_that_does_not_fit_is_said_in_one_line(tmp_path, wanted, error, words):
    dump = dump_of(tmp_path, depth=[1, 2], part=["noun", "verb"])
    with pytest.raises(error) as caught:
        allowed(dump, wanted)
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("low", "high"), [(math.nan, None), (None, math.inf), (-math.inf, 1.0), (2.0, 1.0), (None, None)]
)
def test_a_range_that_is_none_cannot_exist(low, high):
    with pytest.raises(PatternError, match="'depth'"):
        Filter("depth", low=low, high=high)


WORDS = ["la", "Li", "lu", "la-la"]
TEXT = [0, 1, 2, 0, 3, 0, 0, 1, 3, 2]


def with_tokens(folder):
    """A dump of ten steps in two sequences, and the same as two shards."""
    states = {"rnn.l0.h": np.ones((10, 1), "float32")}
    return write_shards(folder, [1], [6, 4], states, np.array(TEXT), vocab=WORDS)


@pytest.mark.parametrize(
    ("wanted", "steps"),
    [
        (Filter.tokens(("la", "lu")), [0, 2, 3, 5, 6, 9]),
        (Filter.tokens(["la"]), [0, 3, 5, 6]),
        (Filter.tokens(("unheard",)), []),
        (Filter.regex("l.*"), [0, 2, 3, 4, 5, 6, 8, 9]),
        (Filter.regex("l."), [0, 2, 3, 5, 6, 9]),
        (Filter.regex("(?i)LI"), [1, 7]),
        (Filter.regex("-", over="characters"), [4, 8]),
        (Filter.regex("lu la", over="characters"), [2, 3]),
        (Filter.regex("la la", over="characters"), [3, 4, 5]),
        (Filter.regex("l[au]", over="words"), [0, 2, 3, 5, 6, 9]),
    ],
)
def test_tokens_and_expressions_allow_the_steps_that_they_name(tmp_path, monkeypatch, wanted, steps):
    for dump in with_tokens(tmp_path):
        for block in (3, 2**20):
            monkeypatch.setattr(module, "BLOCK_STEPS", block)
            assert np.flatnonzero(allowed(dump, wanted)).tolist() == steps


def test_a_pattern_is_matched_at_tokens_alone_over_a_dump_and_over_shards(tmp_path):
    for dump in with_tokens(tmp_path):
        pattern = Pattern(
            "text", (PatternUnit("rnn.l0.h", 0),), (("rnn.l0.h", 0.3),), 1, filters=(Filter.tokens(WORDS),)
        )
        assert [*dump.match(pattern)["length"]] == [4, 6] or [*dump.match(pattern)["length"]] == [6, 4]
        narrow = replace(pattern, filters=(Filter.regex("l.*|Li"), Filter.tokens(("la", "Li", "lu"))))
        assert dump.match(narrow).empty


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Filter(), "either tokens or an expression"),
        (lambda: Filter.tokens(()), "either tokens or an expression"),
        (lambda: Filter.tokens((1,)), "tuple of str"),
        (lambda: Filter.tokens("la"), "tuple of str"),
        (lambda: Filter.regex(""), "is empty"),
        (lambda: Filter.regex(3), "not a name"),
        (lambda: Filter.regex("a", over="letters"), "use 'characters', 'words' or 'tokens'"),
        (lambda: Filter("depth", low=1, expression="a"), "either tokens or an expression"),
        (lambda: Filter(labels=("a",), low=1), "either tokens or an expression"),
    ],
)
def test_a_filter_on_tokens_that_is_none_cannot_exist(make, words):
    with pytest.raises(PatternError, match=words):
        make()


def test_where_there_are_no_tokens_or_the_expression_is_invalid_one_line_says_so(tmp_path):
    with pytest.raises(PatternError, match="no tokens"):
        allowed(dump_of(tmp_path, n=[1, 2]), Filter.tokens(("a",)))
    for dump in with_tokens(tmp_path):
        for wanted in (Filter.regex("("), Filter.regex("(", over="characters")):
            with pytest.raises(PatternError, match="regular expression"):
                allowed(dump, wanted)


def test_token_ids_without_a_vocabulary_are_named_by_their_number(tmp_path):
    path = lstmviz.write_dump(tmp_path / "n.h5", states={"rnn.l0.h": np.zeros((4, 1))}, tokens=np.array([7, 12, 7, 70]))
    assert allowed(lstmviz.open_dump(path), Filter.tokens(("7",))) == [True, False, True, False]
    assert allowed(lstmviz.open_dump(path), Filter.regex("7.*")) == [True, False, True, True]
