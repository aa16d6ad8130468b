"""Intervals and q values, against SciPy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from lstmviz.explain.evidence.intervals import (
    clustered_interval,
    q_values,
    t_quantile,
    variance_over_sequences,
    wilson,
)


@pytest.mark.parametrize("df", [*range(1, 60), 99, 398, 399, 400, 401, 1_000, 10**6])
def test_the_quantile_of_t_is_scipys(df):
    assert t_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-12)


@given(st.floats(0.01, 1e6), st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 0.999999))
def test_wilsons_interval_is_that_of_statsmodels(n, share):
    assert wilson(share, n) == pytest.approx(proportion_confint(share * n, n, method="wilson"), abs=1e-9)


def test_an_interval_never_holds_one_point_alone():
    low, high = wilson(1.0, 40)
    assert low < 0.95 < high == 1.0
    assert all(wilson(0.0, n)[0] == 0.0 and wilson(1.0, n)[1] == 1.0 for n in (33, 40, 113.2))
    assert all(map(math.isnan, wilson(math.nan, 40)))
    assert all(map(math.isnan, wilson(0.5, 0)))


@given(st.lists(st.floats(0, 1) | st.just(math.nan), min_size=1, max_size=30))
def test_q_values_are_those_of_statsmodels(p):
    q, tested = q_values(p), [i for i, one in enumerate(p) if not math.isnan(one)]
    assert np.isnan(q).sum() == len(p) - len(tested)
    if tested:
        expected = multipletests([p[i] for i in tested], method="fdr_bh")[1]
        np.testing.assert_allclose(q[tested], expected, atol=1e-9)


@settings(max_examples=50)
@given(
    st.sampled_from([0.0, 1.0]) | st.floats(1e-3, 0.999),
    st.floats(1e-6, 0.1),
    st.integers(20, 300),
    st.integers(20, 9_999),
)
def test_the_effective_number_goes_by_the_variance_over_sequences(share, variance, n_sequences, n_steps):
    n = n_sequences if share in (0.0, 1.0) else min(share * (1 - share) / variance, n_steps)
    n *= (stats.norm.ppf(0.975) / stats.t.ppf(0.975, n_sequences - 1)) ** 2
    expected = proportion_confint(share * n, n, method="wilson")
    assert clustered_interval(share, variance, n_steps, n_sequences) == pytest.approx(expected, abs=1e-9)


def test_few_sequences_give_no_interval_and_no_variance_all_steps():
    assert all(map(math.isnan, clustered_interval(0.5, 0.01, 100, 19)))
    assert clustered_interval(0.5, 0.0, 100, 20) == clustered_interval(0.5, 1e-12, 100, 20)
    assert math.isnan(variance_over_sequences(np.array([0.5])))
    assert variance_over_sequences(np.array([0.5, -0.5])) == pytest.approx(1.0)
