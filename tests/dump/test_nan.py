"""NaN values are counted as NumPy counts them."""

from __future__ import annotations

import numpy as np
import pytest

from lstmviz.dump import nan
from lstmviz.dump.nan import count_nan


def test_every_float16_is_known(monkeypatch):
    values = np.arange(65_536, dtype="uint16").view("float16")
    assert count_nan(values) == np.isnan(values).sum() == 2046
    monkeypatch.setattr(nan, "_BLOCK", 1000)
    assert count_nan(values.reshape(256, 256)[:, ::3]) == np.isnan(values.reshape(256, 256)[:, ::3]).sum()


@pytest.mark.parametrize("dtype", ["float16", ">f2", "float32", "float64"])
def test_any_float_and_shape(dtype):
    values = np.array([[1, np.nan, np.inf], [-np.inf, np.nan, -0.0]], dtype)
    assert count_nan(values) == 2
    assert count_nan(values[:0]) == 0
