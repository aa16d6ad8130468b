"""Sorting fast what is in order already, or lies close together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.match.engine.candidates import Candidates


def order_of(key: NDArray[Any]) -> NDArray[np.intp]:
    """Return the stable order of a key; one of NaN comes last."""
    if key.dtype.kind == "i" and len(key) and np.ptp(key) < 2**16:  # NumPy sorts short integers by their digits
        key = (key - key.min()).astype(np.uint16)
    return np.argsort(key, kind="stable")


def by_start(spans: Candidates) -> Candidates:
    """Return spans by start, then stop."""
    rises = np.diff(spans.start)
    if ((rises > 0) | ((rises == 0) & (np.diff(spans.stop) > 0))).all():  # as they are found with ``off_before``
        return spans
    return spans.take(np.lexsort((spans.stop, spans.start)))
