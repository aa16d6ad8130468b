"""The paired text beside each match, and which of its tokens are attended to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lstmviz
from lstmviz.errors import FigureError, UnknownName, WindowError
from lstmviz.match.summary.pairs import most_of, other_text, partners
from support.recording import one_line
from support.reversed_texts import TEXTS, record_reversed


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    return lstmviz.open_dump(record_reversed(tmp_path_factory.mktemp("pairs") / "a.h5", [TEXTS]))


def test_the_source_stands_beside_each_match_of_the_decoder(dump):
    pattern = dump.select("decoder.l0.h", 6, 7, threshold=0.0, off_before=0)
    rows = dump.match(pattern, pair="source")
    assert rows["pair"].tolist() == [TEXTS[i] for i in rows["sequence"]]
    first = rows[(rows["start"] == 6) & (rows["length"] == 1)].iloc[0]
    assert (first["text"], first["pair"], first["attended"]) == ("-", "abcdef", "f")


def test_the_pair_is_named_by_its_axis_or_by_its_attention(dump):
    pattern = dump.select("decoder.l0.h", 6, 7, threshold=0.0, off_before=0)
    assert dump.match(pattern, pair="attention").equals(dump.match(pattern, pair="source"))


def test_and_what_is_written_beside_each_match_of_the_encoder(dump):
    pattern = dump.select("encoder.l0.h", 11, 12, threshold=0.0, off_before=0)
    rows = dump.match(pattern, pair="target")
    at = rows[(rows["start"] == 11) & (rows["length"] == 1)].iloc[0]
    assert (at["text"], at["pair"], at["attended"]) == ("f", "-fedcb", "-")  # f is read as nothing is written yet


def test_axes_that_are_no_pair(dump, parts):
    pattern = dump.select("decoder.l0.h", 6, 7, threshold=0.0)
    with one_line(UnknownName, "'sorce'", "paired with source"):
        dump.match(pattern, pair="sorce")
    alone, _ = parts
    with one_line(UnknownName, "'text'", "no other axis"):
        alone.match(alone.select("rnn.l0.h", 0, 1), pair="text")
    assert partners(dump, "target") == {"source": ["attention"]}


def test_the_other_text_of_a_window(dump):
    text = other_text(dump, dump.axis("target"), 14, 15, "source", "attention")  # the last text begins at 14
    assert (text.start, text.stop) == (14, 18)
    assert text.is_attended.tolist() == [False, False, False, True]
    assert not other_text(dump, dump.axis("target"), 14, 15, "source", None).is_attended.any()


@given(st.lists(st.floats(0, 1, width=32), max_size=12))
def test_the_fewest_that_hold_half(weights):
    values = np.array(weights, np.float32)
    kept = most_of(values)
    assert values[kept].sum() >= values.sum() / 2 - 1e-4
    if kept.any():
        assert values[kept].sum() - values[kept].min() < values.sum() / 2 + 1e-4
        assert values[kept].min() >= values[~kept].max(initial=0)


def test_a_figure_of_a_pair(dump):
    figure = lstmviz.figures.attention(dump, "attention", 2, window=(6, 8))
    assert np.allclose(figure.data[0].z, dump.attention["attention"][2])
    assert list(figure.layout.yaxis.ticktext) == list("-fedcb")
    assert list(figure.layout.xaxis.ticktext) == list("abcdef")
    assert max(figure.data[1].y) == 1.5
    with one_line(UnknownName, "'heads'", "it has attention"):
        lstmviz.figures.attention(dump, "heads", 0)
    with one_line(WindowError, "in sequence 0", "pair 2"):
        lstmviz.figures.attention(dump, "attention", 2, window=(0, 2))


def test_a_figure_of_a_text_that_is_too_long(tmp_path):
    path = record_reversed(tmp_path / "a.h5", [["abcdef" * 40]])
    with one_line(FigureError, "(240, 240)", "200"):
        lstmviz.figures.attention(lstmviz.open_dump(path), "attention", 0)
