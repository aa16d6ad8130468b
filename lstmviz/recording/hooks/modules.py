"""Find the modules of a model that can be recorded, and refuse the others before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import jit, nn

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import Collector, StateFilter
from lstmviz.recording.hooks.cells import CellCollector, cell_layers, check_cell
from lstmviz.recording.hooks.fused import FusedCollector, check_fused, fused_layers
from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.gru import GRU
from lstmviz.recording.recompute.lstm import LSTM
from lstmviz.recording.recompute.rnn import RNN_RELU, RNN_TANH


@dataclass(frozen=True, slots=True)
class ModuleKind:
    """How one kind of module is recorded.

    ``states`` are the states that it has. ``check(name, module)`` raises RecordingError for a module that cannot be
    recorded, ``layers(name, module)`` names its layers (``rnn.l0``, ``rnn.l0.reverse``), and
    ``collect(name, module, wanted)`` returns a collector for one batch.
    """

    states: Sequence[str]
    check: Callable[[str, nn.Module], None]
    layers: Callable[[str, nn.Module], tuple[str, ...]]
    collect: Callable[[str, nn.Module, StateFilter], Collector]


@dataclass(frozen=True, slots=True)
class RecordedModule:
    """A module of the model that is recorded; ``name`` precedes ``.l0.h`` in the names of its sources."""

    name: str
    module: nn.Module
    kind: ModuleKind


def _fused(*arithmetic: Arithmetic) -> ModuleKind:
    """Return the kind of a fused module; ``nn.RNN`` has an arithmetic for each of its two nonlinearities."""

    def collect(name: str, module: nn.Module, wanted: StateFilter) -> Collector:
        return FusedCollector(_arithmetic_of(arithmetic, module), name, module, wanted)

    return ModuleKind(arithmetic[0].states, check_fused, fused_layers, collect)


def _cell(*arithmetic: Arithmetic) -> ModuleKind:
    def collect(name: str, module: nn.Module, wanted: StateFilter) -> Collector:
        return CellCollector(_arithmetic_of(arithmetic, module), name, module, wanted)

    return ModuleKind(arithmetic[0].states, check_cell, cell_layers, collect)


def _arithmetic_of(arithmetic: Sequence[Arithmetic], module: nn.Module) -> Arithmetic:
    return arithmetic[-1 if getattr(module, "nonlinearity", "tanh") == "relu" else 0]


_KIND_BY_CLASS: dict[type[nn.Module], ModuleKind] = {
    nn.LSTM: _fused(LSTM),
    nn.GRU: _fused(GRU),
    nn.RNN: _fused(RNN_TANH, RNN_RELU),
    nn.LSTMCell: _cell(LSTM),
    nn.GRUCell: _cell(GRU),
    nn.RNNCell: _cell(RNN_TANH, RNN_RELU),
}
_CLASS_NAMES = tuple(kind.__name__ for kind in _KIND_BY_CLASS)


def find_recorded(model: nn.Module) -> tuple[RecordedModule, ...]:
    """Return every recurrent module of a model, in the model's order; empty if it has none.

    Raises RecordingError naming the first one that cannot be recorded.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(f"a {type(model).__name__} is not a torch module; pass the nn.Module that is run")
    modules = []
    for path, module in model.named_modules():
        name = path or str(getattr(module, "original_name", type(module).__name__)).lower()
        refuse_unhooked(name, module)
        kind = next((k for cls, k in _KIND_BY_CLASS.items() if isinstance(module, cls)), None)
        if kind is not None:
            kind.check(name, module)
            modules.append(RecordedModule(name, module, kind))
        elif isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            raise RecordingError(
                f"{name} is a {type(module).__name__}, which is not one of {', '.join(_CLASS_NAMES)}; "
                "log its states with run.log, or use write_dump"
            )
    return tuple(modules)


def refuse_unhooked(name: str, module: nn.Module) -> None:
    """Raise RecordingError if a recurrent module runs in a way that hooks do not see."""
    kind = type(module).__name__
    if isinstance(module, jit.ScriptModule):
        if module.original_name in _CLASS_NAMES:
            raise RecordingError(
                f"{name} is a TorchScript {module.original_name}, which cannot be hooked; record the eager model, "
                "or one of its weights: lstmviz.rnn_from_weights(module.state_dict())"
            )
    elif ".quantiz" in type(module).__module__ and kind in _CLASS_NAMES:
        raise RecordingError(f"{name} is a quantised {kind}, which cannot be hooked; record the float model")
    elif kind == "OptimizedModule" or module._compiled_call_impl is not None:
        if _has_recurrent(module):
            raise RecordingError(
                f"{name} went through torch.compile, which skips hooks; record the model that it was made from"
            )
    elif isinstance(module, nn.DataParallel) and _has_recurrent(module):
        raise RecordingError(
            f"{name} is a DataParallel, which runs copies of its module; record and run its .module instead"
        )


def _has_recurrent(module: nn.Module) -> bool:
    return any(isinstance(m, tuple(_KIND_BY_CLASS)) for m in module.modules())
