"""Pattern files: exact round trips, and one line for whatever is none; leaving out and adding units."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import PatternError
from lstmviz.match.pattern.edit import with_unit, without
from lstmviz.match.pattern.file import MAX_BYTES, Notes, PatternFile
from lstmviz.types import Filter, Pattern, PatternUnit, Window
from support.budget import examples

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(
    st.tuples(st.integers(0, 2**40), st.integers(1, 99)).map(lambda r: Window(r[0], r[0] + r[1])), max_size=4
)
FILTERS = st.one_of(
    st.builds(Filter, NAMES, st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
    st.builds(lambda n, ends: Filter(n, low=min(ends), high=max(ends)), NAMES, st.tuples(FLOATS, FLOATS)),
    st.builds(lambda n, low: Filter(n, low=low), NAMES, FLOATS),
    st.builds(Filter.tokens, st.lists(TEXT, min_size=1, max_size=3)),
    st.builds(Filter.regex, TEXT.filter(bool), st.sampled_from(["characters", "words", "tokens"])),
)


@st.composite
def files(draw):
    sources = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    keys = st.tuples(st.sampled_from(sources), st.integers(0, 2**53 - 1), st.sampled_from(["high", "low"]))
    units = tuple(PatternUnit(*key, draw(FLOATS)) for key in draw(st.lists(keys, unique=True, max_size=5)))
    shortest = draw(st.integers(1, 9))
    pattern = Pattern(
        draw(NAMES),
        units,
        tuple((s, draw(FLOATS)) for s in sources),
        *(draw(st.integers(1, 99)), draw(st.integers(0, 9)), draw(st.integers(0, 9))),
        *(shortest, draw(st.none() | st.integers(shortest, 99))),
        tuple(draw(st.lists(FILTERS, max_size=3))),
    )
    return PatternFile(pattern, Notes(draw(TEXT), draw(TEXT), draw(TEXT), *map(tuple, draw(st.tuples(ROWS, ROWS)))))


@examples(300)
@given(files(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_everything_survives_a_round_trip(file, encoding):
    text = file.to_json()
    assert text.isascii()
    assert PatternFile.from_json(text) == file
    assert PatternFile.from_json(text.encode(encoding)) == file
    bare = PatternFile(file.pattern).to_json()
    assert PatternFile.from_json(text).pattern == PatternFile.from_json(bare).pattern == file.pattern
    again = json.dumps(json.loads(text), ensure_ascii=False)  # as a browser would write it
    assert PatternFile.from_json(again) == file


GOOD = PatternFile(
    Pattern(
        "text", (PatternUnit("rnn.l0.h", 3, "low", -0.25),), (("rnn.l0.h", 0.25),), 3, filters=(Filter("x", ("é",)),)
    ),
    Notes("mine", hidden=(Window(1, 4),)),
)
RAW = GOOD.to_json()


def test_numpy_numbers_are_written_exactly():
    unit = PatternUnit("rnn.l0.h", np.int64(3), "high", np.float32(0.1))
    pattern = Pattern(
        "text", (unit,), (("rnn.l0.h", np.float16(0.3)),), np.int64(2), filters=(Filter("x", low=np.float32(0.1)),)
    )
    found = PatternFile.from_json(PatternFile(pattern).to_json()).pattern
    assert found.units[0].threshold == float(np.float32(0.1))
    assert found.filters[0].low == float(np.float32(0.1))
    assert type(found.units[0].unit) is int


def test_a_file_is_written_and_read_by_its_path(tmp_path):
    GOOD.write(tmp_path / "p.json")
    assert PatternFile.read(tmp_path / "p.json") == GOOD


@pytest.mark.parametrize("path", ["none.json", "."])
def test_a_path_without_a_file_is_said(tmp_path, path):
    with pytest.raises(PatternError, match="no pattern can be read from"):
        PatternFile.read(tmp_path / path)


def changed(old, new):
    assert old in RAW
    return RAW.replace(old, new)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["not a pattern file", "lstmviz select --format json"]),
        ("null", ["not a pattern file", "object"]),
        ("[]", ["not a pattern file", "object"]),
        ("{}", ['"format": "lstmviz-pattern"']),
        ('{"format": "other", "version": 1}', ['"format": "lstmviz-pattern"']),
        ('{"format": "lstmviz-pattern", "version": 2, "new": 1}', ["version 2", "up to 1", "upgrade"]),
        ('{"format": "lstmviz-pattern", "version": true}', ["'version'"]),
        ('{"format": "lstmviz-pattern", "version": 1}', ["'pattern'", "required"]),
        ("[" * 100_000, ["not a pattern file", "recursion"]),
        ('{"a":' * 100_000, ["not a pattern file", "recursion"]),
        (" " * (MAX_BYTES + 1), ["bytes"]),
        (RAW + "x", ["trailing"]),
        (b"\x80", ["UTF-8"]),
        (changed('"low"', '"up"'), ["'pattern.units.0.side'", "'up'"]),
        (changed("-0.25", "1e999"), ["'pattern.units.0.threshold'", "inf"]),
        (changed("-0.25", "NaN"), ["'pattern.units.0.threshold'", "nan"]),
        (changed("-0.25", "-Infinity"), ["'pattern.units.0.threshold'"]),
        (changed("-0.25", '"0.3"'), ["'pattern.units.0.threshold'"]),
        (changed("-0.25", "1" * 400), ["'pattern.units.0.threshold'"]),
        (changed("-0.25", "1" * 5000), ["not a pattern file"]),
        (changed('"unit": 3', '"unit": -1'), ["'pattern.units.0.unit'", "-1"]),
        (changed('"unit": 3', '"unit": 9007199254740992'), ["'pattern.units.0.unit'"]),
        (changed('"length": 3', '"length": 3.5'), ["'pattern.length'", "3.5"]),
        (changed('"length": 3', '"length": true'), ["'pattern.length'"]),
        (changed('"length": 3', '"length": 0'), ["length 0"]),
        (changed('"off_before"', '"of_before"'), ["'pattern.of_before'"]),
        (changed('"off_before"', '"of\\n\\u001b[31m"'), ["'pattern.of\\n"]),
        (changed("rnn.l0.h", "a\\nb"), ["source"]),
        (changed("rnn.l0.h", "a/b"), ["source"]),
        (changed("rnn.l0.h", "x" * 201), ["source"]),
        (changed("mine", "\\ud800"), ["not a pattern file"]),
        (changed("mine", "x" * 201), ["name", "201", "200"]),
        (changed("\n    1,\n    4", "4, 1"), ["[4, 1)", "empty"]),
        (changed("\n    1,\n    4", "1"), ["notes.hidden.0"]),
        (changed("\\u00e9", "x") .replace('"low": null', '"low": 1'), ["either labels or a range"]),
    ],
)  # fmt: skip
def test_what_is_no_pattern_file_is_said_in_one_line(text, words):
    with pytest.raises(PatternError) as caught:
        PatternFile.from_json(text)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    assert all(word in message for word in words), message


@examples(300)
@given(st.data())
def test_a_damaged_file_raises_nothing_but_our_errors(data):
    raw = bytearray(RAW.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with suppress(PatternError):
        assert PatternFile.from_json(bytes(raw)).pattern.axis


@pytest.mark.parametrize("name", ["a/b", "a\nb", "", "\ud800"])
def test_a_name_that_no_dump_has_is_not_written(name):
    with pytest.raises(PatternError):
        PatternFile(Pattern(name, (), (), 1)).to_json()


def test_a_hundred_thousand_units_twice_are_refused_quickly():
    units = tuple(PatternUnit("rnn.l0.h", u) for u in [*range(100_000), 99_999])
    with pytest.raises(PatternError, match=r"unit 99999 of rnn.l0.h .* twice"):
        Pattern("text", units, (("rnn.l0.h", 0.3),), 1)


H, LOW = PatternUnit("h", 1, "high", 0.4), PatternUnit("h", 1, "low", -0.4)
BOTH = Pattern("text", (H, LOW, PatternUnit("h", 2)), (("h", 0.3),), 2)


def test_a_unit_is_left_out_on_one_side_or_both():
    assert without(BOTH, "h", 1).units == (PatternUnit("h", 2),)
    assert without(BOTH, "h", 1, "low").units == (H, PatternUnit("h", 2))
    assert without(BOTH, "h", 1) == replace(BOTH, units=BOTH.units[2:])
    for source, unit, side in (("h", 3, None), ("c", 1, None), ("h", 2, "low")):
        with pytest.raises(PatternError, match=rf"unit {unit} of {source}.* is not in the pattern, which has 1 of h"):
            without(BOTH, source, unit, side)


def test_a_unit_is_added_at_the_base_threshold_or_its_own():
    assert with_unit(BOTH, "h", 5).units[3:] == (PatternUnit("h", 5, "high", 0.3),)
    assert with_unit(BOTH, "h", 5, "low").units[3:] == (PatternUnit("h", 5, "low", -0.3),)
    assert with_unit(BOTH, "h", 1, "low", -0.9).units == (H, replace(LOW, threshold=-0.9), PatternUnit("h", 2))
    for side, threshold in (("high", 0.7), ("low", -0.7)):
        grown = with_unit(BOTH, "c", 0, side, threshold, base=0.5)
        assert grown.units[3:] == (PatternUnit("c", 0, side, threshold),)
        assert grown.bases == (("h", 0.3), ("c", 0.5))
    assert BOTH.n_units == 3
    with pytest.raises(PatternError, match="no base threshold for 'c', only for h"):
        with_unit(BOTH, "c", 0)
    with pytest.raises(PatternError, match="side 'up'"):
        with_unit(BOTH, "h", 0, "up")
    with pytest.raises(PatternError, match="negative"):
        with_unit(BOTH, "h", -1)


def test_a_pattern_of_another_dump_is_checked_when_it_is_matched(tmp_path):
    dump = lstmviz.open_dump(lstmviz.write_dump(tmp_path / "d.h5", states={"rnn.l0.h": np.zeros((4, 2))}))
    with pytest.raises(PatternError, match="no unit 3; its units are 0 to 1"):
        dump.match(PatternFile(replace(GOOD.pattern, filters=())).to_json())


def test_a_file_has_the_fields_of_an_expression_only_where_there_is_one():
    asked = (
        Filter("depth", low=1),
        Filter.tokens(("a", "b")),
        Filter.regex("a.*"),
        Filter.regex("a b", over="characters"),
    )
    held = json.loads(PatternFile(Pattern("text", (), (), 1, filters=asked)).to_json())["pattern"]["filters"]
    nothing = {"labels": [], "low": None, "high": None}
    assert held == [
        {**nothing, "track": "depth", "low": 1},
        {**nothing, "track": "", "labels": ["a", "b"]},
        {**nothing, "track": "", "expression": "a.*", "over": "tokens"},
        {**nothing, "track": "", "expression": "a b", "over": "characters"},
    ]
