"""Findings about attention: whether every weight can be read, and whether the weights of a step make up 1."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstmviz.doctor.finding import Finding, quantity
from lstmviz.dump.attention import Attention

MOST_PAIRS = 200  # spread over all, whose weights are summed
NEAR = 0.02  # to 1: float16 rounds each of many weights


def attention_findings(attention: Attention) -> Iterator[Finding]:
    """Yield what there is of an attention, and a note where the weights of a step do not make up 1."""
    place = f"attention {attention.name}"
    n = len(attention)
    pairs = np.unique(np.linspace(0, n - 1, min(n, MOST_PAIRS), dtype=np.int64)).tolist()
    sums = np.concatenate([attention[pair].sum(axis=1) for pair in pairs])
    pairs_text = f"{quantity(n, 'pair')} of {attention.axis} over {attention.over}"
    if not np.isfinite(sums).all():
        n_not_finite = int((~np.isfinite(sums)).sum())
        yield Finding("note", place, f"{pairs_text}; {quantity(n_not_finite, 'step')} have weights that are not finite")
    elif np.abs(sums - 1).max() <= NEAR:
        yield Finding("ok", place, f"{pairs_text}; the weights of a step make up 1")
    else:
        low, high = (f"{end:.3g}" for end in (sums.min(), sums.max()))
        yield Finding(
            "note",
            place,
            f"{pairs_text}; the weights of a step make up {low if low == high else f'{low} to {high}'}",
            "right where attention is masked, or lies on padding; scores are logged after their softmax",
        )
