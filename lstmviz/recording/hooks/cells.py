"""Record ``nn.LSTMCell``, ``nn.GRUCell`` and ``nn.RNNCell``, which the user's own loop calls once a step."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn.utils import parametrize

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import ModuleCall, StateFilter, layer_name
from lstmviz.recording.hooks.collector import RunCollector, compute_dtype
from lstmviz.recording.hooks.single_steps import StepCall, WeightSnapshot, versions_of
from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.rounding import tolerance

_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def check_cell(name: str, module: nn.Module) -> None:
    """Raise RecordingError if reading the weights of a cell could change them."""
    if module.training and parametrize.is_parametrized(module):
        raise RecordingError(
            f"{name} is in training mode with a parametrized weight, which may change whenever it is read; "
            "call model.eval() before recording"
        )


def cell_layers(name: str, module: nn.Module) -> tuple[str, ...]:
    """Return the name of a cell's one layer."""
    return (layer_name(name, 0),)


class CellCollector(RunCollector):
    """The states of one cell during one batch (see ``lstmviz.recording.hooks.calls.Collector``)."""

    def __init__(self, arithmetic: Arithmetic, name: str, module: nn.Module, wanted: StateFilter) -> None:
        super().__init__(name, arithmetic.kind + "Cell", arithmetic, cell_layers(name, module), wanted)
        self._is_parametrized = parametrize.is_parametrized(module)

    def take(self, call: ModuleCall) -> None:
        """Take one call, which is one step."""
        check_cell(call.name, call.module)
        x, output, hx = call.argument(0, "input"), call.output, call.argument(1, "hx")
        end = output if self._arithmetic.n_states == 2 else (output,)
        if not (isinstance(end, tuple) and len(end) == self._arithmetic.n_states and _fits(call, x, end)):
            raise RecordingError(call.misfit(self._kind))
        begin = tuple(hx) if isinstance(hx, (tuple, list)) else None if hx is None else (hx,)
        dtype = compute_dtype(end[0])
        sources = tuple(call.module.parameters()) if self._is_parametrized else _weights(call.module)
        if not self._buffer.fits(sources, dtype):
            self._flush()
            flat = [_weights(call.module)]
            allowed = tolerance(end[0], dtype)
            snapshot = WeightSnapshot(flat, sources, versions_of(sources), dtype, allowed, len(flat[0]) == len(_NAMES))
            self._buffer.begin(snapshot, self.n_steps)
        self._count(x.shape[0] if x.dim() == 2 else 1, 1)
        self._buffer.add(StepCall(x, begin, end))


def _weights(module: nn.Module) -> tuple[Tensor, ...]:
    """Return the weights that forward reads: the attributes, which a wrapper may have set in place of parameters."""
    weights = (getattr(module, name) for name in _NAMES)
    return tuple(w for w in weights if w is not None)


def _fits(call: ModuleCall, x: object, end: tuple[object, ...]) -> bool:
    cell = cast(nn.RNNCellBase, call.module)
    if not isinstance(x, Tensor) or x.dim() not in (1, 2) or x.shape[-1] != cell.input_size:
        return False
    shape = (*x.shape[:-1], cell.hidden_size)
    return all(isinstance(s, Tensor) and s.shape == shape for s in end)
