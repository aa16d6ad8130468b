"""A track's cells in figures: over the token that they concern, in the colours of the whole track."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pytest

import lstmviz
from lstmviz import figures
from lstmviz.figures.theme import get_theme
from lstmviz.figures.track_cells import track_cells
from lstmviz.types import Window

LIGHT = get_theme("light")


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Two sequences of 6 steps, with what a model said of the next token."""
    path = lstmviz.write_dump(
        tmp_path_factory.mktemp("cells") / "cells.h5",
        states={"h": np.zeros((12, 2), "float32")},
        tokens=np.arange(12) % 3,
        vocab=["a", "b", "c"],
        lengths=[6, 6],
        tracks={
            "number": np.arange(12, dtype="float32"),
            "top1": [["x", "y"][i % 2] for i in range(12)],
            "p1": np.linspace(0, 1, 12).astype("float32"),
        },
    )
    with h5py.File(path, "r+") as file:
        for name in ("top1", "p1"):
            file[f"tracks/{name}"].attrs.update(concerns=np.bytes_("next"), group=np.bytes_("predictions"))
    return lstmviz.open_dump(path)


@pytest.fixture(scope="module")
def axis(dump):
    return dump.axis("text")


def test_what_concerns_the_next_token_stands_over_that_one(axis):
    whole = track_cells(axis, "p1", [Window(0, 6), Window(6, 12)], LIGHT)
    expected = np.concatenate([[np.nan], np.linspace(0, 1, 12)[:5], [np.nan], np.linspace(0, 1, 12)[6:11]])
    np.testing.assert_allclose(whole.values, expected, atol=1e-6)
    part = track_cells(axis, "p1", [Window(4, 9)], LIGHT)
    np.testing.assert_allclose(part.values, expected[4:9], atol=1e-6)


def test_a_number_has_one_colour_wherever_it_stands(axis):
    part, whole = (track_cells(axis, "number", [Window(*span)], LIGHT) for span in ((3, 5), (0, 12)))
    assert (part.low, part.high) == (whole.low, whole.high) == (0, 11)


def test_predictions_are_as_deep_as_they_are_likely(axis):
    strip = track_cells(axis, "top1", [Window(0, 6)], LIGHT)
    assert strip.words == [None, "x", "y", "x", "y", "x"]
    np.testing.assert_allclose(strip.values[1:], 0.9 * np.linspace(0, 1, 12)[:5], atol=1e-6)
    assert np.isnan(strip.values[0])


def test_a_page_to_mail_out_has_predictions_over_their_tokens(dump):
    html = figures.page(dump, "h", 0, 12, tracks=["top1"])
    told = re.findall(r"<title>([^<]*)</title>", html)
    about = [line for line in told if "top1" in line]
    assert len(about) == 10  # two sequences, of whose first tokens nothing was said
