"""Find the modules of a model that can be recorded, and refuse the others before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import jit, nn

from lstmviz.errors import RecordingError
from lstmviz.recording.hooks.calls import Collector, StateFilter
from lstmviz.recording.hooks.cell_outputs import CellOutputs
from lstmviz.recording.hooks.cells import CellCollector, cell_layers, check_cell
from lstmviz.recording.hooks.declared import DeclaredCollector, check_declared, declared_layers
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
    is_declared: bool = False  # by the user, so that all of its states are wanted


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


def _declared(outputs: CellOutputs) -> ModuleKind:
    """Return the kind of a cell of the user's own, all of whose states are recorded."""

    def collect(name: str, module: nn.Module, wanted: StateFilter) -> Collector:
        return DeclaredCollector(name, outputs)

    return ModuleKind(tuple(outputs.places), check_declared, declared_layers, collect, is_declared=True)


def find_recorded(
    model: nn.Module, cells: Mapping[type[nn.Module] | str, CellOutputs] | None = None
) -> tuple[RecordedModule, ...]:
    """Return every recurrent module of a model, in the model's order, and those that ``cells`` describes.

    Raises RecordingError naming the first one that cannot be recorded.
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(f"a {type(model).__name__} is not a torch module; pass the nn.Module that is run")
    modules = []
    described = _described(model, cells or {})
    for path, module in model.named_modules():
        name = path or str(getattr(module, "original_name", type(module).__name__)).lower()
        refuse_unhooked(name, module)
        outputs = described.get(path)
        kind = next((k for cls, k in _KIND_BY_CLASS.items() if isinstance(module, cls)), None)
        kind = kind if outputs is None else _declared(outputs)
        if kind is not None:
            kind.check(name, module)
            modules.append(RecordedModule(name, module, kind))
        elif isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            raise RecordingError(
                f"{name} is a {type(module).__name__}, which is not one of {', '.join(_CLASS_NAMES)}; "
                "if it is a cell, say where its states are with cells=; otherwise log them with run.log"
            )
    return tuple(modules)


def _described(model: nn.Module, cells: Mapping[type[nn.Module] | str, CellOutputs]) -> dict[str, CellOutputs]:
    """Return what ``cells`` says of each module, by its path; RecordingError where it says something of none."""
    if not isinstance(cells, Mapping):
        raise RecordingError("cells is no mapping; give cells={MyCell: lstmviz.CellOutputs(h=0, c=1)}")
    described: dict[str, CellOutputs] = {}
    for key, outputs in cells.items():
        if not isinstance(key, (str, type)) or not isinstance(outputs, CellOutputs):
            raise RecordingError(
                f"cells has {key!r}: {outputs!r}; give cells={{MyCell: lstmviz.CellOutputs(h=0, c=1)}}"
            )
        if isinstance(key, str):
            name, paths = key, [path for path, _ in model.named_modules() if _is_named(path, key)]
        else:
            name, paths = key.__name__, [path for path, module in model.named_modules() if isinstance(module, key)]
        if not paths:
            kinds = ", ".join(dict.fromkeys(type(m).__name__ for m in model.modules()))
            raise RecordingError(f"cells names {name}, and no module of the model is one; there is {kinds}")
        described |= dict.fromkeys(paths, outputs)
    return described


def _is_named(path: str, pattern: str) -> bool:
    """Tell whether a pattern fits a path; ``*`` is anything but a dot, so that the parts of a cell are not meant."""
    names, patterns = path.split("."), pattern.split(".")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


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
