"""The time axes of a recording: which modules lie on each, and how the user describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from lstmviz.dump.joining import read_joining
from lstmviz.dump.schema import AxisPlan, first_duplicate
from lstmviz.dump.tokens import is_ids_mapping
from lstmviz.dump.vocabulary import read_vocab
from lstmviz.errors import InputError, RecordingError

Patterns = str | Iterable[str]
"""One pattern of names, such as ``"rnn.l1*"``, or several."""


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """One time axis as the user describes it before anything runs; ``join`` and ``features`` may be left to a guess.

    ``pieces`` is the rule by which pieces of words spell a text.
    """

    name: str
    modules: tuple[str, ...]
    vocab: tuple[str, ...] | None = None
    join: str | None = None
    features: tuple[str, ...] | None = None
    pieces: str = ""


def read_axes(
    axes: Mapping[str, Patterns] | None, axis: str, *, vocab: Any, join: Any, features: Any, modules: Sequence[str]
) -> tuple[AxisSpec, ...]:
    """Return the axes of a recording, each with its modules, in the user's order.

    ``axes`` maps an axis' name to patterns of modules (None: all modules lie on ``axis``). ``vocab``, ``join`` and
    ``features`` are for all axes, or mappings by axis name. Raises RecordingError unless each module is on one axis.
    """
    placed = {axis: tuple(modules)} if axes is None else _modules_by_axis(axes, modules)
    names = tuple(placed)

    def is_vocab(given: Any) -> bool:
        return not isinstance(given, Mapping) or _is_ids(given) or not any(key in names for key in given)

    vocabs = by_axis("vocab", vocab, names, is_vocab, is_shared=True)
    joins = by_axis("join", join, names, is_shared=True)
    named = by_axis("features", features, names, is_shared=True)
    specs = []
    for name in names:
        words = read_vocab(vocabs[name])
        between, pieces = read_joining(joins[name], vocabs[name], words)
        AxisPlan(name, between, True, words)  # says what does not fit
        specs.append(AxisSpec(name, placed[name], words, between, _read_features(named[name]), pieces))
    return tuple(specs)


def is_plain(given: Any) -> bool:
    """Tell whether a value is for one axis, not a mapping by axis name; what a tokenizer returns is a mapping too."""
    return not isinstance(given, Mapping) or hasattr(given, "encodings") or is_ids_mapping(given)


def is_named(given: Any) -> bool:
    """Tell whether a mapping is of one axis (a track's name to its values), not a mapping of such by axis name."""
    return not (
        isinstance(given, Mapping) and given and all(isinstance(v, Mapping) or v is None for v in given.values())
    )


def by_axis(
    argument: str,
    given: Any,
    names: Sequence[str],
    is_one: Callable[[Any], bool] = is_plain,
    *,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return a value for each axis, or None, from a mapping by axis name or from a value for one axis.

    ``is_one`` tells a value for one axis from a mapping by axis name. With several axes such a value is for all of
    them if it ``is_shared``. Raises InputError where it is unclear which axis is meant, or an axis is not known.
    """
    if given is None:
        return dict.fromkeys(names)
    if is_one(given):
        if is_shared or len(names) == 1:
            return dict.fromkeys(names, given)
        raise InputError(
            f"this recording has the axes {', '.join(names)}; say which {argument} is for: "
            f"{argument}={{{names[0]!r}: ...}}"
        )
    unknown = next((name for name in given if name not in names), None)
    if unknown is not None:
        raise InputError(f"{argument} is given for axis {unknown!r}, and the recording has {', '.join(names)}")
    return {name: given.get(name) for name in names}


def matches(pattern: str, path: str, *others: str) -> bool:
    """Tell whether a pattern (``*`` is anything) fits a module's path, a parent of it, or one of other names."""
    parts = path.split(".")
    starts = (".".join(parts[: i + 1]) for i in range(len(parts)))
    return any(fnmatchcase(name, pattern) for name in (*starts, *others))


def patterns_of(argument: str, given: Patterns) -> tuple[str, ...]:
    """Return one or several patterns as a tuple; RecordingError where one is not a string."""
    patterns = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
    not_text = next((p for p in patterns if not isinstance(p, str)), None)
    if not_text is not None:
        raise RecordingError(
            f"{argument} has {not_text!r}, which is not a string; give names such as 'rnn.l0' or 'encoder*'"
        )
    return patterns


def _modules_by_axis(axes: Mapping[str, Patterns], modules: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the modules of each axis; RecordingError unless each module is on one axis."""
    if not isinstance(axes, Mapping) or not axes:
        raise RecordingError(
            f"axes is {axes!r}; give the modules of each axis, such as axes={{'source': 'encoder*', 'target': "
            "'decoder*'}}"
        )
    patterns = {name: patterns_of(f"axes[{name!r}]", given) for name, given in axes.items()}
    placed: dict[str, list[str]] = {name: [] for name in patterns}
    for module in modules:
        fitting = [name for name, wanted in patterns.items() if any(matches(p, module) for p in wanted)]
        if len(fitting) != 1:
            on = f"on both {fitting[0]!r} and {fitting[1]!r}" if fitting else "on none of the axes"
            listed = ", ".join(f"{name}: {' '.join(wanted) or 'no pattern'}" for name, wanted in patterns.items())
            raise RecordingError(
                f"{module} is {on} ({listed}); give each module one axis, or leave it out with layers="
            )
        placed[fitting[0]].append(module)
    for name, wanted in patterns.items():
        idle = next((p for p in wanted if not any(matches(p, m) for m in modules)), None)
        if idle is not None:
            raise RecordingError(
                f"axes[{name!r}] asks for {idle!r} and no recorded module is named so; there is "
                f"{', '.join(modules) or 'none'}"
            )
    return {name: tuple(on_axis) for name, on_axis in placed.items()}


def _is_ids(given: Any) -> bool:
    """Tell whether a value is a mapping from token to id."""
    return isinstance(given, Mapping) and all(
        isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in given.values()
    )


def _read_features(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    not_text = next((name for name in names if not isinstance(name, str)), None)
    if not_text is not None or (duplicate := first_duplicate(names)) is not None:
        problem = f"{not_text!r}, not a string" if not_text is not None else f"{duplicate!r} twice"
        raise InputError(f"features has {problem}; give each number of an input a name of its own")
    return names
