"""What one kind of module computes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from torch import Tensor

from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.self_check import SelfCheck


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What one kind of module computes: its states, and ``compute``, which recomputes those but h and checks them.

    ``compute(run, wanted, checks)`` returns the wanted states as (n_rows, n_units), c and gates in float32 (float64
    for a float64 model). ``n_states`` is how many tensors the module hands from step to step.
    """

    kind: str
    states: tuple[str, ...]
    n_states: int
    compute: Callable[[LayerRun, Collection[str], SelfCheck], dict[str, Tensor]]
