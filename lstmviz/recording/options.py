"""What a recording was asked for, and whose axis each argument of a batch is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from lstmviz.errors import InputError
from lstmviz.recording.batch.axes import by_axis, is_named, is_plain
from lstmviz.recording.batch.axis_state import Lane
from lstmviz.recording.batch.forward_pass import Keeping
from lstmviz.recording.batch.pass_inputs import Pass
from lstmviz.recording.hooks.calls import Wanted
from lstmviz.recording.hooks.modules import Recorded


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """What ``record`` was asked for, checked: the modules with the axis of each, and what of their states is kept."""

    modules: tuple[tuple[Recorded, str], ...]
    lanes: Mapping[str, Lane]
    wanted: Wanted
    keeping: Keeping
    n_steps: int | None = None
    force: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)


def passes_by_axis(
    given: Pass, passes: Sequence[Pass] | Mapping[str, Sequence[Pass]] | None, names: Sequence[str]
) -> dict[str, tuple[Pass, ...]]:
    """Return the passes of each axis: those of ``passes``, or the one that the arguments of a batch describe.

    Raises InputError where both are given, or it is not said which axis is meant.
    """
    if passes is None:
        arguments = {
            f.name: by_axis(f.name, getattr(given, f.name), names, is_named if "tracks" in f.name else is_plain)
            for f in fields(given)
        }
        return {name: (Pass(**{what: by[name] for what, by in arguments.items()}),) for name in names}
    if not given.is_empty:
        both = next(f.name for f in fields(given) if getattr(given, f.name) is not None)
        raise InputError(f"{both}= and passes= are both given; say all of it in passes=[lstmviz.Pass({both}=...), ...]")
    by_name = by_axis("passes", passes, names)
    found = {name: (Pass(),) if several is None else tuple(several) for name, several in by_name.items()}
    odd = next((one for several in found.values() for one in several if not isinstance(one, Pass)), None)
    if odd is not None or not all(found.values()):
        raise InputError("passes need one or more lstmviz.Pass, such as passes=[lstmviz.Pass(tokens=ids), ...]")
    return found
