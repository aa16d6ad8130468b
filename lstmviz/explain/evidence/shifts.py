"""The weaker test for an axis of few sequences: labels shifted along it in a circle, by every number of steps."""

from __future__ import annotations

import numpy as np

from lstmviz.explain.evidence.swaps import Floats

ROUNDING = 1e-9  # of the greatest product there can be


def shift_p(activity: Floats, labels: Floats) -> float:
    """Return the share of all circular shifts of ``labels`` that agree as much with ``activity``, or more, as none.

    Both have one value a step; labels add up to 0. The shift by no steps counts, so p is never below 1 / n_steps. All
    shifts come at once, by Fourier transform. A drift over the axis makes p too small: say so beside it.
    """
    n = len(activity)
    spectrum = np.fft.rfft(activity) * np.conj(np.fft.rfft(labels))
    agreement = np.abs(np.fft.irfft(spectrum, n))
    size = float(np.linalg.norm(activity) * np.linalg.norm(labels))
    return float((agreement >= agreement[0] - ROUNDING * size).mean())
