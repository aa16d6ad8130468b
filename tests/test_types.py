"""Records that exist are valid: NumPy's numbers become Python's own, and anything else is one line."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.checks import check_page
from lstmviz.errors import LstmvizError, PatternError, WindowError
from lstmviz.match import PatternFile
from lstmviz.types import Filter, Pattern, PatternUnit, Window

KINDS = [np.int8, np.uint8, np.int64, np.uint64, int]


def pattern(**changes):
    return Pattern(**{"axis": "text", "units": (PatternUnit("s", 1),), "bases": (("s", 0.3),), "length": 3} | changes)


@given(st.sampled_from(KINDS), st.sampled_from([np.float16, np.float32, np.float64, float]), st.integers(0, 99))
def test_numpy_numbers_become_plain_ones(whole, real, n):
    made = pattern(
        units=[PatternUnit("s", whole(n), threshold=real(0.25))],
        bases=[("s", real(0.25))],
        length=whole(n + 1),
        off_before=whole(n),
        off_after=whole(n),
        min_length=whole(1),
        max_length=whole(n + 1),
        filters=[Filter("depth", low=whole(n), high=real(200.0)), Filter("part", ["verb"])],
    )
    assert json.loads(json.dumps(asdict(made))) == json.loads(json.dumps(asdict(eval(repr(made)))))
    assert hash(made) == hash(eval(repr(made)))
    assert PatternFile.from_json(PatternFile(made).to_json()).pattern == made
    window = Window(whole(n), whole(n + 1))
    assert [type(x) for x in (window.start, window.stop, made.length, made.off_before, made.max_length)] == [int] * 5
    assert [type(x) for x in (made.units[0].threshold, made.bases[0][1], made.filters[0].low)] == [float, float, int]
    assert check_page(whole(n), whole(0)) == (n, 0)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Window(1.5, 3), WindowError, ["start is 1.5", "whole number"]),
        (lambda: Window(1, "3"), WindowError, ["stop is '3'", "whole number"]),
        (lambda: Window(None, 3), WindowError, ["start is None"]),
        (lambda: PatternUnit("s", 1.0), PatternError, ["unit is 1.0", "whole number"]),
        (lambda: PatternUnit("s", "1"), PatternError, ["unit is '1'"]),
        (lambda: PatternUnit("s", np.zeros((2, 2))), PatternError, ["unit is array", "whole number"]),
        (lambda: PatternUnit(3, 1), PatternError, ["source 3"]),
        (lambda: PatternUnit("s", 1, threshold="0.3"), PatternError, ["threshold '0.3'", "not a number"]),
        (lambda: PatternUnit("s", 1, threshold=None), PatternError, ["threshold None", "not a number"]),
        (lambda: PatternUnit("s", 1, threshold=np.float32("nan")), PatternError, ["threshold nan", "finite"]),
        (lambda: PatternUnit("s", 1, threshold=10**5_000), PatternError, ["threshold inf", "finite"]),
        (lambda: pattern(axis=None), PatternError, ["axis None"]),
        (lambda: pattern(length=3.0), PatternError, ["length is 3.0"]),
        (lambda: pattern(length="3"), PatternError, ["length is '3'"]),
        (lambda: pattern(off_before=1.5), PatternError, ["off_before is 1.5"]),
        (lambda: pattern(off_after="1"), PatternError, ["off_after is '1'"]),
        (lambda: pattern(min_length=1.0), PatternError, ["min_length is 1.0"]),
        (lambda: pattern(max_length="9"), PatternError, ["max_length is '9'"]),
        (lambda: pattern(units=[3]), PatternError, ["units are [3]", "PatternUnit"]),
        (lambda: pattern(units=None), PatternError, ["units are None", "PatternUnit"]),
        (lambda: pattern(bases={"s": 0.3}), PatternError, ["bases are {'s': 0.3}", "(source, threshold)"]),
        (lambda: pattern(bases=(("s", math.nan),)), PatternError, ["threshold nan", "finite"]),
        (lambda: pattern(bases=(("s", "0.3"),)), PatternError, ["threshold '0.3'"]),
        (lambda: pattern(bases=((3, 0.3), ("s", 0.3))), PatternError, ["source of a base 3"]),
        (lambda: pattern(bases=(("s", 0.3), ("s", 0.4))), PatternError, ["'s' has two base thresholds"]),
        (lambda: pattern(filters=["verb"]), PatternError, ["filters are ['verb']", "Filter"]),
        (lambda: Filter("part", "verb"), PatternError, ["labels", "'part'", "'verb'", "tuple of str"]),
        (lambda: Filter("part", (1,)), PatternError, ["labels", "'part'", "tuple of str"]),
        (lambda: Filter(3, ("verb",)), PatternError, ["track 3"]),
        (lambda: Filter("depth", low="1"), PatternError, ["low", "'depth'", "'1' is not a number"]),
        (lambda: Filter("depth", high=np.float16("nan")), PatternError, ["high", "'depth'", "nan", "open end"]),
        (lambda: check_page(None, 0), PatternError, ["limit is None"]),
        (lambda: check_page(5, 0.5), PatternError, ["offset is 0.5"]),
        (lambda: check_page(-1, 0), PatternError, ["limit=-1", "negative"]),
    ],
)
def test_what_is_no_number_is_refused_in_one_line(make, error, words):
    with pytest.raises(error) as caught:
        make()
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert "\n" not in said


def test_an_integer_end_of_a_filter_stays_exact():
    assert Filter("id", low=np.int64(2**60 + 1)).low == 2**60 + 1


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    values = np.zeros((400, 3), np.float32)
    values[300:303] = 0.9
    return lstmviz.open_dump(
        lstmviz.write_dump(tmp_path_factory.mktemp("types") / "a.h5", states={"s": values}, lengths=[400])
    )


def test_questions_take_numpy_numbers(dump):
    asked = dump.select("s", np.int16(300), np.uint16(303), np.float32(0.25), np.uint8(1), np.int8(1))
    assert asked == dump.select("s", 300, 303, 0.25, 1, 1)
    assert [u.unit for u in asked.units] == [0, 1, 2]
    assert dump.match(asked, np.int64(1), np.uint8(0)).equals(dump.match(asked, 1, 0))
    why = dump.why_not("s", np.int64(1), np.int16(300), np.int16(303), np.float32(0.25), np.uint8(1))
    assert why == dump.why_not("s", 1, 300, 303, 0.25, 1)
    assert dump.thresholds("s", np.int16(300), np.int16(303), np.uint8(1)).equals(dump.thresholds("s", 300, 303, 1))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: d.select("s", 1.5, 3), ["start is 1.5"]),
        (lambda d: d.select("s", 1, 3, threshold="0.3"), ["threshold '0.3'"]),
        (lambda d: d.select("s", 1, 3, off_before=None), ["off_before is None"]),
        (lambda d: d.match(d.select("s", 1, 3), limit=None), ["limit is None"]),
        (lambda d: d.match(d.select("s", 1, 3), offset=1.5), ["offset is 1.5"]),
        (lambda d: d.why_not("s", "1", 1, 3), ["unit is '1'"]),
        (lambda d: d.why_not("s", 0, 1, "3"), ["stop is '3'"]),
        (lambda d: d.thresholds("s", 1, 3.0), ["stop is 3.0"]),
    ],
)
def test_questions_refuse_what_is_no_number(dump, ask, words):
    with pytest.raises(LstmvizError) as caught:
        ask(dump)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)
