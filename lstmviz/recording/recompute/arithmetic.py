"""The arithmetic of one kind of module."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from torch import Tensor

from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.self_check import SelfCheck


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The arithmetic of one kind of module: its states, and ``compute``, which recomputes and checks all but h.

    ``compute(run, wanted, self_check)`` returns the wanted states as (n_rows, n_units), c and gates in float32 (float64
    for a float64 model). ``n_states`` is the number of tensors that the module passes from step to step.
    """

    kind: str
    states: tuple[str, ...]
    n_states: int
    compute: Callable[[LayerRun, Collection[str], SelfCheck], dict[str, Tensor]]
