"""The cases that the page's select and ours share: tests/cases/select.json, also run by node (tests/js)."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import lstmviz
from support.paths import CASES

SHARED = json.loads((CASES / "select.json").read_text("utf-8"))


@pytest.mark.parametrize("case", SHARED, ids=[case["name"] for case in SHARED])
def test_python_selects_what_the_page_selects(case, tmp_path):
    states = np.array([[math.nan if v is None else v for v in row] for row in case["states"]])
    begin, end = case["sequence"]
    lengths = [n for n in (begin, end - begin, len(states) - end) if n]
    # An infinite cut is that of a threshold of 1 through tanh; any other cut is the threshold of raw values.
    view, threshold = ("tanh", 1.0) if case["cut"] is None else ("raw", case["cut"])
    path = lstmviz.write_dump(tmp_path / "c.h5", states={"s": states}, lengths=lengths, views={"s": view})
    found = lstmviz.open_dump(path).select(
        "s", case["start"], case["stop"], threshold, off_before=case["before"], off_after=case["after"]
    )
    assert [u.unit for u in found.units] == case["units"]
