"""``record``: check its options, and begin a recording."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from lstmviz._version import __version__
from lstmviz.dump.schema import FEATURES, MAX_PROVENANCE, StateDtype
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import Patterns, matches, patterns_of, read_axes
from lstmviz.recording.batch.subsample import UnitChoice, read_every, read_units
from lstmviz.recording.disk_space import read_n_steps
from lstmviz.recording.sink import Sink

if TYPE_CHECKING:
    from torch import nn

    from lstmviz.recording.batch.axis_state import AxisState
    from lstmviz.recording.hooks.cell_outputs import CellOutputs
    from lstmviz.recording.hooks.modules import RecordedModule
    from lstmviz.recording.options import RecordingOptions
    from lstmviz.recording.recording import Recording

GATES = ("i", "f", "g", "o", "r", "z", "n")  # of an LSTM and a GRU


def record(
    model: nn.Module | Sequence[nn.Module] | Mapping[str, nn.Module],
    path: str | os.PathLike[str],
    vocab: Any = None,
    *,
    states: Sequence[str] = ("h", "c"),
    layers: Patterns | None = None,
    cells: Mapping[type[nn.Module] | str, CellOutputs] | None = None,
    units: Any = None,
    every: int = 1,
    dtype: StateDtype | Any = "float16",
    axes: Mapping[str, Patterns] | None = None,
    axis: str = "text",
    join: str | Mapping[str, str] | None = None,
    features: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    n_steps: int | Mapping[str, int] | None = None,
    force: bool = False,
    overwrite: bool = False,
    index: bool = False,
) -> Recording:
    """Record the states of a model's recurrent modules at every step, into a dump.

    Put it around your own loop, and ``run.batch`` around each forward pass. The model is not changed, and its outputs
    stay the same bit for bit; hooks are attached only inside ``run.batch``. h is exactly what a module computed; c and
    the gates are recomputed from it and checked. State t is the state after token t was read.

    Sources are named ``<module path>.l<layer>[.reverse].<state>``, such as ``rnn.l0.c``, each (n_steps, n_units). While
    a recording runs, batches are kept in ``PATH.parts/``; the dump appears at ``path`` when the ``with`` ends.

    Args:
        model: A model with LSTM, GRU or RNN modules, or their cells; or several, such as ``[encoder, decoder]``, named
            by their classes, or ``{"encoder": encoder, "decoder": decoder}``.
        path: Where to write the dump.
        vocab: The tokens by id, a mapping from token to id, or a Hugging Face tokenizer. None: ids are shown, or the
            tokens given as strings form the vocabulary.
        states: Which states to record: ``"h"``, ``"c"``, ``"gates"``, or single gates by letter.
        layers: Patterns of the names of layers (``"rnn.l0"``, ``"decoder.*"``) or modules to record; None for all.
        cells: Classes of cells of your own, or patterns of their names, with ``lstmviz.CellOutputs`` that say which of
            their outputs are h, c and gates. All states that are named there are recorded.
        units: Numbers of the units to record, or a slice, or a mapping from patterns of names to these; None for all.
        every: Record each ``every``-th step of a document. The tracks ``document`` and ``position`` then say where each
            sequence began.
        dtype: What values are rounded to: ``"float16"``, ``"float32"`` or ``"float64"``.
        axes: Names of time axes with patterns of their modules, if not all modules run over the same steps; ``vocab``,
            ``join``, ``features`` and everything given to ``run.batch`` may then be mappings by the name of the axis.
        axis: Name of the time axis if there is one.
        join: What to write between two tokens of a text. None: it is guessed from the vocabulary, without its special
            tokens: nothing between characters, what their spelling says between pieces of words, else a space.
        features: Names of the numbers given as ``run.batch(inputs=...)``.
        n_steps: Number of steps that the model will run over, if it is known: the size of the recording is then known
            before the first write.
        force: Whether to record even if the disk has too little space.
        overwrite: Whether to replace a dump at ``path``. It stays until a complete one takes its place.
        index: Whether to build the index of every source as the recording closes, which takes 3 bytes a value beside
            the dump. False: ``lstmviz serve`` and the first question of a source build it in the background.

    Returns:
        The recording, for a ``with`` statement.

    Raises:
        RecordingError: The model cannot be recorded.
        InputError: An argument does not fit; the message names it and says what to do.
        DumpExists: A dump or an unfinished recording is at ``path``.

    Example:
        >>> import torch
        >>> rnn = torch.nn.LSTM(3, 8, batch_first=True)
        >>> with lstmviz.record(rnn, "run.h5") as run:
        ...     for sentence in ("the cat sat", "the dog sat"):
        ...         with run.batch(tokens=[sentence.split()]):
        ...             output, _ = rnn(torch.zeros(1, 3, 3))
        >>> lstmviz.open_dump("run.h5")
        <Dump run.h5: 6 steps, lstm.l0.h, lstm.l0.c>
    """
    from lstmviz.recording.recording import Recording

    options = read_options(
        model,
        vocab,
        states=states,
        layers=layers,
        cells=cells,
        units=units,
        every=every,
        dtype=dtype,
        axes=axes,
        axis=axis,
        join=join,
        features=features,
        n_steps=n_steps,
        force=force,
    )
    return Recording(options, Sink(resolve_path(path), overwrite=overwrite), index=index)


def read_options(
    model: nn.Module | Sequence[nn.Module] | Mapping[str, nn.Module],
    vocab: Any = None,
    *,
    states: Sequence[str] = ("h", "c"),
    layers: Patterns | None = None,
    cells: Mapping[type[nn.Module] | str, CellOutputs] | None = None,
    units: Any = None,
    every: int = 1,
    dtype: StateDtype | Any = "float16",
    axes: Mapping[str, Patterns] | None = None,
    axis: str = "text",
    join: str | Mapping[str, str] | None = None,
    features: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    n_steps: int | Mapping[str, int] | None = None,
    force: bool = False,
) -> RecordingOptions:
    """Check the options of ``record`` and return them as one record; raises what ``record`` raises."""
    from lstmviz.recording.batch.axis_state import AxisState
    from lstmviz.recording.batch.forward_pass import StorageOptions
    from lstmviz.recording.hooks.modules import find_recorded
    from lstmviz.recording.options import RecordingOptions

    model = _one_model(model)
    recordable = find_recorded(model, cells)
    letters = _read_states(states, recordable)
    layer_names, modules = _read_layers(layers, letters, recordable)
    stored_dtype = _read_dtype(dtype)
    storage = StorageOptions(stored_dtype, read_units(units), read_every(every))
    specs = read_axes(axes, axis, vocab=vocab, join=join, features=features, modules=[m.name for m in modules])
    axis_states = {spec.name: AxisState(spec, storage.every, len(specs) == 1) for spec in specs}
    return RecordingOptions(
        modules=tuple((module, spec.name) for module in modules for spec in specs if module.name in spec.modules),
        axes=axis_states,
        wanted=lambda layer, state: layer in layer_names and state in letters,
        storage=storage,
        n_steps=read_n_steps(n_steps, tuple(axis_states)),
        force=force,
        provenance={
            **_provenance(model, stored_dtype, storage.every, storage.units),
            **_feature_names(axis_states.values()),
        },
        names={id(p): name.removesuffix(".weight") for name, p in model.named_parameters()},
        layers=() if layers is None else patterns_of("layers", layers),
        is_followed=not any(_is_compiled(m) for m in model.modules()),
    )


def _one_model(given: Any) -> nn.Module:
    """Return a model, or several as one, each under its name; theirs are not changed."""
    from torch import nn

    are_several = isinstance(given, (list, tuple))
    if are_several:
        names = [type(model).__name__.lower() for model in given]
        given = {n if names.count(n) == 1 else f"{n}{i}": m for i, (n, m) in enumerate(zip(names, given, strict=True))}
    if are_several or (isinstance(given, Mapping) and any(isinstance(m, nn.Module) for m in given.values())):
        unknown = [type(model).__name__ for model in given.values() if not isinstance(model, nn.Module)]
        if unknown or not given:
            problem = f"a {unknown[0]} is among the models" if unknown else "no model is given"
            raise RecordingError(f"{problem}; pass the nn.Module that is run, or several of them")
        return nn.ModuleDict(dict(given))
    model: nn.Module = given
    return model


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == "OptimizedModule" or module._compiled_call_impl is not None


def resolve_path(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path, which stays right when the working folder changes; ``~`` is the user's home."""
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"path is a {type(path).__name__}; give the path of the dump, such as 'run.h5'")
    with suppress(RuntimeError):  # no such user: a folder of that name
        path = Path(path).expanduser()
    return Path(path).absolute()


def _feature_names(axes: Iterable[AxisState]) -> dict[str, Any]:
    """Note the names of the features of inputs that are wide enough to be a source; more than fit are left out."""
    from lstmviz.recording.batch.pass_inputs import INPUTS, MANY_FEATURES

    names = {axis.prefix + INPUTS: list(axis.spec.features or ()) for axis in axes}
    wide = {source: features for source, features in names.items() if len(features) > MANY_FEATURES}
    return {FEATURES: wide} if wide and len(json.dumps(wide)) <= MAX_PROVENANCE // 2 else {}


def _provenance(model: nn.Module, dtype: str, every: int, units: UnitChoice) -> dict[str, Any]:
    import torch
    from torch.nn.parameter import is_lazy

    provenance: dict[str, Any] = {
        "model": " + ".join(type(m).__name__ for m in model.values())
        if isinstance(model, torch.nn.ModuleDict)
        else type(model).__name__,
        "n_parameters": sum(p.numel() for p in model.parameters() if not is_lazy(p)),
        "torch": str(torch.__version__),
        "lstmviz": __version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "dtype": dtype,
    }
    if every > 1:
        provenance["every"] = every
    if units.choices:
        provenance["units"] = units.note()
    return {**provenance, "complete": False}


def _read_dtype(given: object) -> StateDtype:
    """Return the name of a dtype, of torch's or NumPy's too; RecordingError unless states are stored in it."""
    known: tuple[StateDtype, ...] = get_args(StateDtype)
    name = np.dtype(given).name if isinstance(given, (np.dtype, type)) else str(given).removeprefix("torch.")
    dtype = next((dtype for dtype in known if dtype == name), None)
    if dtype is None:
        raise RecordingError(f"dtype {given!r} is not one that states are stored in; use {', '.join(known)}")
    return dtype


def _read_states(given: Sequence[str], modules: Sequence[RecordedModule]) -> frozenset[str]:
    """Return the letters of the wanted states; RecordingError for an unknown one, or if no module has any of them."""
    names = (given,) if isinstance(given, str) else tuple(given)
    known = list(dict.fromkeys(s for m in modules for s in m.kind.states)) or ["h", "c", *GATES]
    has_declared = any(m.kind.is_declared for m in modules)
    gates = [s for s in known if s in GATES]
    allowed = [*(s for s in known if s not in GATES), *(["gates"] if gates else []), *gates]
    unknown = next((s for s in names if s not in ("h", "c", "gates", *GATES)), None)
    wanted = frozenset(s for name in names for s in (GATES if name == "gates" else (name,)))
    if unknown is not None or not names or not (has_declared or wanted & set(known)):
        requested = repr(unknown) if unknown is not None else ", ".join(map(repr, names)) or "nothing"
        raise RecordingError(f"states asks for {requested}; pick from {', '.join(map(repr, allowed))}")
    return wanted


def _read_layers(
    given: Patterns | None, states: frozenset[str], modules: Sequence[RecordedModule]
) -> tuple[frozenset[str], tuple[RecordedModule, ...]]:
    """Return the names of the layers to record, and the modules that have one of them and one of the states."""
    patterns = ("*",) if given is None else patterns_of("layers", given)
    layers = {m.name: m.kind.layers(m.name, m.module) for m in modules}
    named = [(module, layer) for module, in_module in layers.items() for layer in in_module]
    idle = next((p for p in patterns if not any(matches(p, module, layer) for module, layer in named)), None)
    if (idle is not None and given is not None) or not patterns:
        layer_names = ", ".join(layer for _, layer in named) or "none"
        raise RecordingError(f"layers asks for {idle!r}, which no layer is named; there is {layer_names}")
    chosen = frozenset(layer for module, layer in named if any(matches(p, module, layer) for p in patterns))
    return chosen, tuple(
        m for m in modules if chosen & set(layers[m.name]) and (m.kind.is_declared or states & set(m.kind.states))
    )
