"""``write_dump``: arrays of any framework, checked and turned into a dump at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmviz.dump.inputs import as_array, check_ids, check_mapping, read_lengths, read_states, read_track, read_vocab
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan, StateDtype, default_join
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError, DumpExists, DumpMissing, InputError, UnknownName
from lstmviz.types import TrackInfo, View


def write_dump(
    path: str | os.PathLike[str],
    *,
    states: Mapping[str, ArrayLike],
    tokens: ArrayLike | None = None,
    vocab: Sequence[str] | Mapping[str, int] | NDArray[np.str_] | None = None,
    lengths: ArrayLike | None = None,
    tracks: Mapping[str, ArrayLike] | None = None,
    views: Mapping[str, View] | None = None,
    join: str | None = None,
    axis: str = "text",
    provenance: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write arrays from any framework as a dump with one time axis, and return its path.

    ``states`` maps a source's name to an array (n_steps, n_units), float16, float32 or float64 (other numbers become
    float32). ``tokens`` are (n_steps,) ids into ``vocab``, which lists the tokens by id or maps a token to its id.
    ``lengths`` are the steps of each sequence (default: one sequence). ``tracks`` maps a name to (n_steps,) numbers, or
    strings for a category (None: no value). ``views`` marks sources whose values are to be shown through tanh (default:
    raw for all). ``join`` stands between tokens in text (default: nothing if every entry is one character long, else a
    space). ``provenance`` is kept as JSON.
    Raises InputError naming the first place that does not fit, UnknownName for a view of no source, DumpExists where
    ``path`` is taken, DumpMissing where its folder is not there, DumpError where the disk does not take it.
    """
    target = _free(Path(path), overwrite)
    for what, given in (("states", states), ("tracks", tracks), ("views", views)):
        check_mapping(what, given)
    words = read_vocab(vocab)
    arrays = {ArrayKey("state", name): read_states(name, values) for name, values in states.items()}
    sources = tuple(
        SourcePlan(key.name, axis, array.shape[1], cast(StateDtype, array.dtype.name), view)
        for (key, array), view in zip(arrays.items(), _views(views, list(states)), strict=True)
    )
    n_steps = _add_tokens(arrays, tokens, words)
    infos = tuple(_add_track(arrays, TrackInfo(n, axis, "number"), v, n_steps) for n, v in (tracks or {}).items())
    plan = DumpPlan(
        axes=(AxisPlan(axis, default_join(words) if join is None else join, tokens is not None, words),),
        sources=sources,
        tracks=infos,
        provenance={} if provenance is None else provenance,
    )
    steps = (n_steps,) if lengths is None else read_lengths(lengths)
    if sum(steps) != n_steps or not n_steps:
        raise InputError(f"lengths add up to {sum(steps)} and the arrays have {n_steps} steps; each step is in one")
    _write_whole(target, plan, steps, arrays)
    return target


def _free(target: Path, overwrite: bool) -> Path:
    """Return a path at which a dump may be written."""
    if target.is_dir():
        raise DumpExists(f"{target} is a folder; give the path of a file, such as {target / 'run.h5'}")
    if target.exists() and not overwrite:
        raise DumpExists(f"{target} is already there; pass overwrite=True or another path")
    if not target.parent.is_dir():
        raise DumpMissing(f"there is no folder {target.parent} to write {target.name} in; make it first")
    return target


def _views(views: Mapping[str, View] | None, sources: Sequence[str]) -> list[View]:
    given = {} if views is None else views
    unknown = next((name for name in given if name not in sources), None)
    if unknown is not None:
        raise UnknownName(f"no source {unknown!r} to set the view of; there is {', '.join(sources) or 'none'}")
    return [given.get(name, "raw") for name in sources]


def _add_tokens(arrays: dict[ArrayKey, NDArray[Any]], tokens: ArrayLike | None, vocab: tuple[str, ...] | None) -> int:
    """Add the token ids to the arrays, and return the number of steps that all have."""
    if not arrays:
        raise InputError("no states were given; pass states={'rnn.l0.h': array of (n_steps, n_units)}")
    if tokens is not None:
        ids = as_array("tokens", tokens, "(n_steps,)", "give one id a step")
        if ids.ndim != 1:
            raise InputError(f"tokens have shape {ids.shape}; give ids of (n_steps,), one sequence after another")
        arrays[ArrayKey("tokens")] = check_ids(ids, None if vocab is None else len(vocab))
    counts = {key.name or "tokens": len(array) for key, array in arrays.items()}
    short, long = min(counts, key=lambda n: counts[n]), max(counts, key=lambda n: counts[n])
    if counts[short] != counts[long]:
        raise InputError(
            f"{long} has {counts[long]} steps, {short} {counts[short]}: step {counts[short]} is the first {short} lacks"
        )
    return counts[long]


def _add_track(arrays: dict[ArrayKey, NDArray[Any]], info: TrackInfo, values: ArrayLike, n_steps: int) -> TrackInfo:
    """Add a track's values to the arrays, and return what it carries; labels are sorted."""
    rows = read_track(info.name, values, (n_steps,)).values
    if isinstance(rows, np.ndarray):
        arrays[ArrayKey("track", info.name)] = rows
        return info
    labels = tuple(sorted({label for label in rows if label is not None}))
    code: dict[str | None, int] = {None: -1} | {label: i for i, label in enumerate(labels)}
    arrays[ArrayKey("track", info.name)] = np.array([code[label] for label in rows], np.int32)
    return replace(info, kind="category", labels=labels)


def _write_whole(target: Path, plan: DumpPlan, lengths: Sequence[int], arrays: Mapping[ArrayKey, NDArray[Any]]) -> None:
    """Write a dump of one axis beside its place, and put it there in one step."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with DumpWriter(temporary, plan) as writer:
            writer.append(plan.axes[0].name, lengths, arrays)
        temporary.replace(target)
    except OSError as err:
        reason = " ".join((err.strerror or str(err)).split())[:160]
        raise DumpError(f"{target} cannot be written ({reason}); free some space or give another path") from err
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
