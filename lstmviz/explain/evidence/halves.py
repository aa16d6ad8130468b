"""Half of the sequences to choose by, the other half to measure figures on: never the same steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.labels import Mask, StepLabels

LEFT_OUT = -1
FIT_NO, FIT_YES, TEST_NO, TEST_YES = range(4)  # classes of steps: the half, and the answer


def in_test_half(axis: Axis) -> Mask:
    """Return which steps figures are measured on, shape (n_steps,): those of every second sequence, from the second on.

    On an axis of one sequence it is the second half of its steps, which is weaker: they are not another text.
    """
    if len(axis.starts) == 1:
        return np.arange(axis.n_steps) >= axis.n_steps // 2
    is_second = np.arange(len(axis.starts)) % 2 == 1
    return np.repeat(is_second, axis.stops - axis.starts)


def halves_of(labels: StepLabels) -> NDArray[np.int8]:
    """Return the class of each step: no or yes, in the half to choose by or the one to measure on; -1 where unknown."""
    classes = labels.codes + np.where(in_test_half(labels.axis), TEST_NO, FIT_NO)
    return np.where(labels.known, classes, LEFT_OUT).astype(np.int8)
