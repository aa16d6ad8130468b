"""Put the stepwise run in the place of a model's recurrent modules, and take it away again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from torch import Tensor, nn

from lstmviz.checks import short_repr
from lstmviz.errors import InputError, UnknownName
from lstmviz.recording.hooks.calls import layer_name
from lstmviz.recording.hooks.fused import fused_layers
from lstmviz.recording.hooks.modules import refuse_unhooked
from lstmviz.rerun.stepwise.cells import Setter, letters_of
from lstmviz.rerun.stepwise.layers import stepwise_cell_forward, stepwise_forward
from lstmviz.rerun.stepwise.watch import Watch

W = TypeVar("W", bound=Watch)
FUSED = (nn.LSTM, nn.GRU, nn.RNN)
CELLS = (nn.LSTMCell, nn.GRUCell, nn.RNNCell)


@contextmanager
def stepwise(
    model: nn.Module,
    held: Mapping[str, Setter],
    keep: Collection[str] | Mapping[str, Tensor | None] = (),
    watch_class: type[W] = Watch,  # type: ignore[assignment]
    is_alike: bool = False,
) -> Iterator[W]:
    """Hold states by source, such as ``rnn.l0.c``, and keep others, while the block lasts; ``Watch`` says more.

    Every module that has one of these sources runs step by step; the others run as they are. Raises UnknownName for a
    source that the model does not have, InputError for a module that cannot run so.
    """
    watch = watch_class(held, keep if isinstance(keep, Mapping) else dict.fromkeys(keep), is_alike)
    replaced: list[nn.Module] = []
    try:
        for name, module in _asked(model, {*held, *watch.keep}).items():
            make = stepwise_forward if isinstance(module, FUSED) else stepwise_cell_forward
            module.__dict__["forward"] = make(name, module, watch)
            replaced.append(module)
        yield watch
    finally:
        for module in replaced:
            del module.__dict__["forward"]


def modules_of(model: nn.Module) -> dict[str, nn.Module]:
    """Return the recurrent modules and cells of a model by the name that their sources begin with."""
    if not isinstance(model, nn.Module):
        raise InputError(f"a {type(model).__name__} is not a torch module; pass the nn.Module that is run")
    return {
        path or type(module).__name__.lower(): module
        for path, module in model.named_modules()
        if isinstance(module, (*FUSED, *CELLS))
    }


def sources_of(model: nn.Module) -> dict[str, int]:
    """Return every source that a model can give, with its number of units."""
    sizes = {}
    for name, module in modules_of(model).items():
        layers = fused_layers(name, module) if isinstance(module, FUSED) else (layer_name(name, 0),)
        for layer in layers:
            for letter in letters_of(module):
                n_projected = getattr(module, "proj_size", 0) if letter == "h" else 0
                sizes[f"{layer}.{letter}"] = n_projected or int(module.hidden_size)  # type: ignore[arg-type]
    return sizes


def n_units_of(sizes: Mapping[str, int], source: str) -> int:
    """Return the number of units of a source of a model; UnknownName lists the sources there are."""
    if source not in sizes:
        states = ", ".join(name for name in sizes if name.endswith((".h", ".c"))) or "no recurrent module"
        raise UnknownName(f"no source {short_repr(source)} in this model; it has {states}")
    return sizes[source]


def _asked(model: nn.Module, sources: Collection[str]) -> dict[str, nn.Module]:
    """Return the modules that some sources belong to."""
    sizes, modules = sources_of(model), modules_of(model)
    for source in sources:
        n_units_of(sizes, source)
    asked = {name: modules[name] for name in modules if any(_is_of(source, name) for source in sources)}
    for name, module in asked.items():
        refuse_unhooked(name, module)
        own = "forward" in module.__dict__ or type(module).forward not in {kind.forward for kind in (*FUSED, *CELLS)}
        if own:
            raise InputError(
                f"{name} overrides forward, or its units are held already; hold all units in one block, in a "
                f"plain nn.{type(module).__name__}"
            )
    return asked


def _is_of(source: str, name: str) -> bool:
    """Tell whether a source, such as ``rnn.l0.reverse.c``, is one of the module called ``name``."""
    layer = source.rpartition(".")[0].removesuffix(".reverse")
    return layer.rpartition(".")[0] == name
