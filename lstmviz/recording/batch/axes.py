"""Time axes of a recording: which modules lie on which, and what the user says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from lstmviz.dump.schema import AxisPlan, first_duplicate
from lstmviz.dump.validate import read_vocab
from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.tokens import is_ids_mapping

Patterns = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """One time axis as the user describes it before anything ran; ``join`` and ``features`` may be left to a guess."""

    name: str
    modules: tuple[str, ...]
    vocab: tuple[str, ...] | None = None
    join: str | None = None
    features: tuple[str, ...] | None = None


def read_axes(
    axes: Mapping[str, Patterns] | None, axis: str, *, vocab: Any, join: Any, features: Any, modules: Sequence[str]
) -> tuple[AxisSpec, ...]:
    """Return the axes of a recording, each with its modules, in the user's order.

    ``axes`` maps an axis' name to patterns of modules (None: all modules lie on ``axis``). ``vocab``, ``join`` and
    ``features`` are for all axes, or mappings by axis name. Raises RecordingError unless each module is on one axis.
    """
    placed = {axis: tuple(modules)} if axes is None else _placed(axes, modules)
    names = tuple(placed)

    def is_vocab(given: Any) -> bool:
        return not isinstance(given, Mapping) or _is_ids(given) or not any(key in names for key in given)

    vocabs = by_axis("vocab", vocab, names, is_vocab, is_shared=True)
    joins = by_axis("join", join, names, is_shared=True)
    named = by_axis("features", features, names, is_shared=True)
    specs = []
    for name in names:
        words = read_vocab(vocabs[name])
        AxisPlan(name, " " if joins[name] is None else joins[name], True, words)  # says what does not fit
        specs.append(AxisSpec(name, placed[name], words, joins[name], _features(named[name])))
    return tuple(specs)


def is_plain(given: Any) -> bool:
    """Tell a value of one axis (what a tokenizer gives is a mapping too) from a mapping by axis name."""
    return not isinstance(given, Mapping) or hasattr(given, "encodings") or is_ids_mapping(given)


def is_named(given: Any) -> bool:
    """Tell one axis' mapping (a track's name to its values) from a mapping of such by axis name."""
    return not (
        isinstance(given, Mapping) and given and all(isinstance(v, Mapping) or v is None for v in given.values())
    )


def by_axis(
    what: str,
    given: Any,
    names: Sequence[str],
    is_one: Callable[[Any], bool] = is_plain,
    *,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return what is given for each axis, None where nothing is: from a mapping by axis name, or one axis' own value.

    ``is_one`` tells such a value from a mapping by axis name. With several axes it is for all
    of them if it ``is_shared``. Raises InputError where it is not said which is meant, or an axis is not known.
    """
    if given is None:
        return dict.fromkeys(names)
    if is_one(given):
        if is_shared or len(names) == 1:
            return dict.fromkeys(names, given)
        raise InputError(
            f"this recording has the axes {', '.join(names)}; say which {what} is for: {what}={{{names[0]!r}: ...}}"
        )
    odd = next((name for name in given if name not in names), None)
    if odd is not None:
        raise InputError(f"{what} is given for axis {odd!r}, and the recording has {', '.join(names)}")
    return {name: given.get(name) for name in names}


def matches(pattern: str, path: str, *others: str) -> bool:
    """Tell whether a pattern (``*`` is anything) fits a module's path, a part of it from its start, or other names."""
    parts = path.split(".")
    starts = (".".join(parts[: i + 1]) for i in range(len(parts)))
    return any(fnmatchcase(name, pattern) for name in (*starts, *others))


def patterns_of(what: str, given: Patterns) -> tuple[str, ...]:
    """Return one or several patterns as a tuple; RecordingError where one is no text."""
    patterns = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    odd = next((p for p in patterns if not isinstance(p, str)), None)
    if odd is not None:
        raise RecordingError(f"{what} has {odd!r}, which is no pattern; give names such as 'rnn.l0' or 'encoder*'")
    return patterns


def _placed(axes: Mapping[str, Patterns], modules: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give each module its one axis."""
    if not isinstance(axes, Mapping) or not axes:
        raise RecordingError(
            f"axes is {axes!r}; give the modules of each axis, such as axes={{'source': 'encoder*', 'target': "
            "'decoder*'}}"
        )
    patterns = {name: patterns_of(f"axes[{name!r}]", given) for name, given in axes.items()}
    placed: dict[str, list[str]] = {name: [] for name in patterns}
    for module in modules:
        there = [name for name, wanted in patterns.items() if any(matches(p, module) for p in wanted)]
        if len(there) != 1:
            on = f"on both {there[0]!r} and {there[1]!r}" if there else "on none of the axes"
            said = ", ".join(f"{name}: {' '.join(wanted) or 'no pattern'}" for name, wanted in patterns.items())
            raise RecordingError(f"{module} is {on} ({said}); give each module one axis, or leave it out with layers=")
        placed[there[0]].append(module)
    for name, wanted in patterns.items():
        idle = next((p for p in wanted if not any(matches(p, m) for m in modules)), None)
        if idle is not None:
            raise RecordingError(
                f"axes[{name!r}] asks for {idle!r} and no recorded module is named so; there is "
                f"{', '.join(modules) or 'none'}"
            )
    return {name: tuple(found) for name, found in placed.items()}


def _is_ids(given: Any) -> bool:
    """Tell a mapping from token to id."""
    return isinstance(given, Mapping) and all(
        isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in given.values()
    )


def _features(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None or (twice := first_duplicate(names)) is not None:
        said = f"{odd!r}, not a string" if odd is not None else f"{twice!r} twice"
        raise InputError(f"features has {said}; give each number of an input a name of its own")
    return names
