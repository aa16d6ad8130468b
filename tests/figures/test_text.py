"""Labels of figures: as the page shows tokens, cut to a width, and never markup."""

from __future__ import annotations

import json
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmviz.figures.text import cut, escaped, label, listed, n_columns, typical, wrapped
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
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("x" * 20, 8) == ["xxxxxxx…"]


def test_words():
    assert listed(range(20)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more"
    assert typical([]) == 1
    assert typical(["a", "bb", "ccc", "dddd"]) == 4
    assert escaped("a<b>&$") == "a&lt;b&gt;&amp;&#36;"
