"""``record``: check what is asked, and begin a recording."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from lstmviz._version import __version__
from lstmviz.dump.schema import StateDtype
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import Patterns, matches, patterns_of, read_axes
from lstmviz.recording.batch.subsample import UnitChoice, read_every, read_units
from lstmviz.recording.disk_space import read_n_steps
from lstmviz.recording.sink import Sink

if TYPE_CHECKING:
    from torch import nn

    from lstmviz.recording.hooks.modules import Recorded
    from lstmviz.recording.options import Setup
    from lstmviz.recording.recording import Recording

GATES = ("i", "f", "g", "o", "r", "z", "n")  # of an LSTM and a GRU


def record(
    model: nn.Module,
    path: str | os.PathLike[str],
    vocab: Any = None,
    *,
    states: Sequence[str] = ("h", "c"),
    layers: Patterns | None = None,
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
) -> Recording:
    """Record the states of every layer of a model's recurrent modules at every step, into a dump.

    Used around the caller's own loop::

        with lstmviz.record(model, "run.h5", vocab=words) as run:
            for ids, lengths in batches:
                with run.batch(tokens=ids, lengths=lengths):
                    model(ids)

    The model runs untouched and its outputs stay bit for bit the same; hooks are on it only inside ``run.batch``. h is
    exactly what the module computed, c and the gates are recomputed from it and checked. The state at step t is the
    state after token t was read.

    ``vocab``: the tokens by id, a mapping from token to id, or a Hugging Face tokenizer (None: ids are shown; tokens
    given as strings make their own). ``join`` stands between two tokens in text (default: nothing if every token is at
    most one character, else a space). ``features`` name the numbers of ``run.batch(inputs=...)``.

    What is recorded: ``states`` picks from "h", "c" and "gates" (or single ones by letter). ``layers`` are patterns of
    what stands before the state in a source's name (``rnn.l0``, ``decoder.*``) or of modules. ``units`` are the numbers
    of the units to keep, or a slice, or a mapping from name patterns to such. ``every`` keeps each every-th step of a
    document. ``dtype`` is what values are rounded to: float16, float32 or float64. Sources are named
    ``<module path>.l<layer>[.reverse].<state>``, each (n_steps, n_units). A thinned recording has the tracks
    "document" and "position", where each of its sequences stood.

    ``axes`` maps the name of a time axis to patterns of its modules, where not all run over the same steps, as in
    ``axes={"source": "encoder", "target": "decoder"}``; else ``axis`` names the one there is. With several axes,
    ``vocab``, ``join``, ``features`` and all that is given to ``run.batch`` may be mappings by axis name.

    ``n_steps`` is how many steps the model will run over, over all axes, if that is known: then the size of the
    recording is told before its first write, and refused where the disk has less, unless ``force``.

    While it runs, batches are kept in ``PATH.parts/``; the dump appears at ``path`` when the ``with`` ends. With
    ``overwrite`` an old dump stays until a new one that is complete takes its place.

    Raises RecordingError for a model that cannot be recorded and InputError, which is one, for what was handed in
    (named, with what to do); DumpExists where ``path`` or an unfinished recording is in the way.
    """
    from lstmviz.recording.recording import Recording

    setup = read_setup(
        model,
        vocab,
        states=states,
        layers=layers,
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
    return Recording(setup, Sink(placed(path), overwrite=overwrite))


def read_setup(
    model: nn.Module,
    vocab: Any = None,
    *,
    states: Sequence[str] = ("h", "c"),
    layers: Patterns | None = None,
    units: Any = None,
    every: int = 1,
    dtype: StateDtype | Any = "float16",
    axes: Mapping[str, Patterns] | None = None,
    axis: str = "text",
    join: str | Mapping[str, str] | None = None,
    features: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    n_steps: int | Mapping[str, int] | None = None,
    force: bool = False,
) -> Setup:
    """Check what ``record`` was asked for, and return it as one record; errors as of ``record``."""
    from lstmviz.recording.batch.axis_state import Lane
    from lstmviz.recording.batch.forward_pass import Keeping
    from lstmviz.recording.hooks.modules import find_recorded
    from lstmviz.recording.options import Setup

    wanted = _states(states, found := find_recorded(model))
    kept, recorded = _layers(layers, wanted, found)
    kept_as = _dtype(dtype)
    keeping = Keeping(kept_as, read_units(units), read_every(every))
    specs = read_axes(axes, axis, vocab=vocab, join=join, features=features, modules=[r.name for r in recorded])
    lanes = {spec.name: Lane(spec, keeping.every, len(specs) == 1) for spec in specs}
    return Setup(
        modules=tuple((r, spec.name) for r in recorded for spec in specs if r.name in spec.modules),
        lanes=lanes,
        wanted=lambda layer, state: layer in kept and state in wanted,
        keeping=keeping,
        n_steps=read_n_steps(n_steps, tuple(lanes)),
        force=force,
        provenance=_provenance(model, kept_as, keeping.every, keeping.units),
    )


def placed(path: str | os.PathLike[str]) -> Path:
    """Return where a path is now, whatever the working folder becomes; ``~`` is the user's home."""
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"path is a {type(path).__name__}; give where the dump is to be, such as 'run.h5'")
    with suppress(RuntimeError):  # no such user: a folder of that name
        path = Path(path).expanduser()
    return Path(path).absolute()


def _provenance(model: nn.Module, dtype: str, every: int, units: UnitChoice) -> dict[str, Any]:
    import torch

    said: dict[str, Any] = {
        "model": type(model).__name__,
        "n_parameters": sum(p.numel() for p in model.parameters()),
        "torch": str(torch.__version__),
        "lstmviz": __version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "dtype": dtype,
    }
    if every > 1:
        said["every"] = every
    if units.choices:
        said["units"] = units.note()
    return {**said, "complete": False}


def _dtype(given: object) -> StateDtype:
    """Return the name of a dtype, of torch's or NumPy's too; RecordingError unless it is one that is stored."""
    known: tuple[StateDtype, ...] = get_args(StateDtype)
    name = np.dtype(given).name if isinstance(given, (np.dtype, type)) else str(given).removeprefix("torch.")
    found = next((dtype for dtype in known if dtype == name), None)
    if found is None:
        raise RecordingError(f"dtype {given!r} is not one that states are kept in; use {', '.join(known)}")
    return found


def _states(given: Sequence[str], recorded: Sequence[Recorded]) -> frozenset[str]:
    """Return the letters of the states that are wanted; RecordingError where one is none, or no module has any."""
    asked = (given,) if isinstance(given, str) else tuple(given)
    known = list(dict.fromkeys(s for r in recorded for s in r.kind.states)) or ["h", "c", *GATES]
    gates = [s for s in known if s in GATES]
    allowed = [*(s for s in known if s not in GATES), *(["gates"] if gates else []), *gates]
    odd = next((s for s in asked if s not in ("h", "c", "gates", *GATES)), None)
    wanted = frozenset(s for a in asked for s in (GATES if a == "gates" else (a,)))
    if odd is not None or not asked or not wanted & set(known):
        said = repr(odd) if odd is not None else ", ".join(map(repr, asked)) or "nothing"
        raise RecordingError(f"states asks for {said}; pick from {', '.join(map(repr, allowed))}")
    return wanted


def _layers(
    given: Patterns | None, states: frozenset[str], found: Sequence[Recorded]
) -> tuple[frozenset[str], tuple[Recorded, ...]]:
    """Return the names of the layers that are recorded, and the modules that have any of them and of the states."""
    patterns = ("*",) if given is None else patterns_of("layers", given)
    layers = {r.name: r.kind.layers(r.name, r.module) for r in found}
    idle = next((p for p in patterns if not any(matches(p, m, la) for m, own in layers.items() for la in own)), None)
    if (idle is not None and given is not None) or not patterns:
        there = ", ".join(la for own in layers.values() for la in own) or "none"
        raise RecordingError(f"layers asks for {idle!r}, which no layer is named; there is {there}")
    kept = frozenset(la for m, own in layers.items() for la in own if any(matches(p, m, la) for p in patterns))
    has = (r for r in found if states & set(r.kind.states) and kept & set(layers[r.name]))
    return kept, tuple(has)
