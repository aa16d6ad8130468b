"""Filters: which steps a track allows, against plain Python; and what is said of a filter that does not fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError, UnknownName
from lstmviz.match.engine import filters as module
from lstmviz.match.engine.filters import allowed_steps
from lstmviz.types import Filter
from support.budget import examples

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
