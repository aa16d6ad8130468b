"""Confidence intervals for proportions counted over dependent steps, and q values for many tests at once.

Steps of one sequence depend on each other, so how certain a share is depends on how well its sequences agree, not on
how many its steps are.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959963984540054  # the normal distribution's quantile at .975
MIN_SEQUENCES = 20  # with fewer sequences, no interval has its nominal coverage
ASYMPTOTIC_DF = 400  # degrees of freedom from which the expansion of t's quantile is exact to 1e-12


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share over ``n`` independent trials; ``n`` need not be whole (Wilson 1927)."""
    if not n > 0 or math.isnan(share):
        return math.nan, math.nan
    z2 = Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return 0.0 if share == 0 else max(0.0, middle - half), 1.0 if share == 1 else min(1.0, middle + half)


def clustered_interval(share: float, variance: float, n_steps: float, n_sequences: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, or of an AUC, whose steps lie in sequences; NaN with fewer than 20 of them.

    ``variance`` is that of the share over sequences. The effective number of trials is share (1 - share) / variance,
    at most ``n_steps``, and the number of sequences where the share is 0 or 1; times (1.96 / t)² for the uncertainty
    of the variance, t with ``n_sequences`` - 1 degrees of freedom (Korn and Graubard 1998). Wilson's interval follows.
    """
    if n_sequences < MIN_SEQUENCES or math.isnan(share):
        return math.nan, math.nan
    spread = share * (1 - share)
    if spread <= 0:
        n_effective = float(n_sequences)
    elif variance <= 0:
        n_effective = float(n_steps)
    else:
        n_effective = min(spread / variance, n_steps)
    return wilson(share, n_effective * (Z_95 / t_quantile(n_sequences - 1)) ** 2)


def variance_over_sequences(influence: NDArray[np.float64]) -> float:
    """Return the variance of an estimate from what each of S sequences adds to it: S / (S - 1) times the squares."""
    n = len(influence)
    return float(n / (n - 1) * (influence**2).sum()) if n > 1 else math.nan


@lru_cache(maxsize=256)
def t_quantile(df: int) -> float:
    """Return the quantile at .975 of Student's t with ``df`` degrees of freedom (a whole number, 1 or more)."""
    x, v = Z_95, float(df)
    t = x + (
        (x**3 + x) / 4 / v
        + (5 * x**5 + 16 * x**3 + 3 * x) / 96 / v**2
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384 / v**3
        + (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160 / v**4
    )  # Cornish and Fisher
    if df >= ASYMPTOTIC_DF:
        return t
    if df < 3:
        return (12.706204736174698, 4.302652729749462)[df - 1]
    log_scale = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - math.log(v * math.pi) / 2
    for _ in range(20):  # Newton's steps
        density = math.exp(log_scale - (v + 1) / 2 * math.log1p(t * t / v))
        step = (_two_sided(t, df) - 0.95) / (2 * density)
        t -= step
        if abs(step) < 1e-14 * t:
            break
    return t


def _two_sided(t: float, df: int) -> float:
    """Return the probability that Student's t lies between -t and t: a finite sum for whole df (Abramowitz 26.7.3)."""
    angle = math.atan(t / math.sqrt(df))
    cos2, sin = math.cos(angle) ** 2, math.sin(angle)
    term = total = 1.0
    if df % 2:
        for k in range(3, df - 1, 2):
            term *= cos2 * (k - 1) / k
            total += term
        return 2 / math.pi * (angle + sin * math.cos(angle) * (total if df > 1 else 0.0))
    for k in range(2, df - 1, 2):
        term *= cos2 * (k - 1) / k
        total += term
    return sin * total


def q_values(p: ArrayLike) -> NDArray[np.float64]:
    """Return Benjamini and Hochberg's (1995) q value of each test of one answer; NaN where there was no test.

    Among the rows with q < .05 at most one in twenty is expected to be there by chance.
    """
    given = np.asarray(p, np.float64)
    q = np.full(given.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    n = len(order)
    rising = given[order] * n / np.arange(1, n + 1)
    q[order] = np.minimum(np.minimum.accumulate(rising[::-1])[::-1], 1.0)
    return q
