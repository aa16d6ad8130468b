"""Labels of figures: as the page shows tokens, cut to a width, and never markup."""

from __future__ import annotations

import json
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.figures.text import cut, escape_label, label, n_columns, typical_width, units_in_words, wrap
from lstmviz.visible import visible_text
from support.paths import CASES

SHARED = json.loads((CASES / "tokens.json").read_text("utf-8"))


@pytest.mark.parametrize("case", SHARED, ids=lambda c: repr(c["token"])[:40])
def test_a_token_is_shown_as_the_page_shows_it(case):
    assert visible_text(case["token"]) == case["shown"]


@given(st.text(max_size=40))
def test_a_label_is_the_token_and_holds_no_markup(token):
    text = label(token)
    assert unescape(text) == visible_text(token)
    assert not set(text) & set("<>$")


@given(st.text(max_size=40), st.integers(1, 30))
def test_a_cut_label_is_a_beginning_that_fits(token, columns):
    text = cut(visible_text(token), columns)
    assert n_columns(text) <= columns
    assert visible_text(token).startswith(text.removesuffix("…"))


def test_wide_letters_take_two_cells_and_marks_none():
    assert [n_columns(t) for t in ("abc", "日本", "a\u0301", "😀")] == [3, 4, 1, 2]
    assert cut("日本語", 5) == "日本…"
    assert cut("abc", 0) == ""


def test_sentences_break_at_spaces_and_a_long_name_is_cut():
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("x" * 20, 8) == ["xxxxxxx…"]


def test_words():
    assert units_in_words(range(20)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more"
    assert typical_width([]) == 1
    assert typical_width(["a", "bb", "ccc", "dddd"]) == 4
    assert escape_label("a<b>&$") == "a&lt;b&gt;&amp;&#36;"
