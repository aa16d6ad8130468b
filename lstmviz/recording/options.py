"""The options of a recording, and to which axis each argument of a batch belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from torch import Tensor

from lstmviz.dump.tokens import is_ids_mapping
from lstmviz.errors import InputError
from lstmviz.recording.batch.axes import by_axis, is_named, is_plain, matches
from lstmviz.recording.batch.axis_state import AxisState
from lstmviz.recording.batch.forward_pass import StorageOptions
from lstmviz.recording.batch.pass_inputs import Pass
from lstmviz.recording.follow.follower import TokenFollower
from lstmviz.recording.hooks.calls import StateFilter
from lstmviz.recording.hooks.modules import RecordedModule


@dataclass(frozen=True, slots=True, eq=False)
class RecordingOptions:
    """The checked options of ``record``: each module with the name of its axis, and what of its states is stored."""

    modules: tuple[tuple[RecordedModule, str], ...]
    axes: Mapping[str, AxisState]
    wanted: StateFilter
    storage: StorageOptions
    n_steps: int | None = None
    force: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    is_followed: bool = True
    layers: tuple[str, ...] = ()  # patterns of the layers that were asked for

    def named_and_idle(self, ran: Sequence[str]) -> str | None:
        """Return a pattern of ``layers=`` of which no module ran, or None."""
        by_name = {m.name: m.kind.layers(m.name, m.module) for m, _ in self.modules if m.name in ran}
        fits = {p: any(matches(p, n, layer) for n, of in by_name.items() for layer in of) for p in self.layers}
        return next((pattern for pattern, has_run in fits.items() if not has_run), None)

    def follower(self, tokens: Any) -> TokenFollower | None:
        """Return what follows tokens through a batch; None where code of the model is compiled, which shows nothing."""
        if not self.is_followed:
            return None
        given = tokens["input_ids"] if is_ids_mapping(tokens) else tokens
        is_ids = isinstance(given, Tensor) and given.dim() == 2 and not given.is_floating_point()
        vocabs = [axis.spec.vocab for axis in self.axes.values() if axis.spec.vocab is not None]
        return TokenFollower(self.names, given if is_ids else None, len(vocabs[0]) if vocabs else None)


def passes_by_axis(
    given: Pass, passes: Sequence[Pass] | Mapping[str, Sequence[Pass]] | None, names: Sequence[str]
) -> dict[str, tuple[Pass, ...]]:
    """Return the passes of each axis: those of ``passes``, or the one that the arguments of a batch describe.

    Raises InputError where both are given, or it is unclear which axis is meant.
    """
    if passes is None:
        arguments = {
            f.name: by_axis(f.name, getattr(given, f.name), names, is_named if "tracks" in f.name else is_plain)
            for f in fields(given)
        }
        return {name: (Pass(**{argument: by[name] for argument, by in arguments.items()}),) for name in names}
    if not given.is_empty:
        both = next(f.name for f in fields(given) if getattr(given, f.name) is not None)
        raise InputError(
            f"{both}= and passes= are both given; put everything into passes=[lstmviz.Pass({both}=...), ...]"
        )
    by_name = {
        name: (Pass(),) if several is None else tuple(several)
        for name, several in by_axis("passes", passes, names).items()
    }
    not_a_pass = next((one for several in by_name.values() for one in several if not isinstance(one, Pass)), None)
    if not_a_pass is not None or not all(by_name.values()):
        raise InputError("passes need one or more lstmviz.Pass, such as passes=[lstmviz.Pass(tokens=ids), ...]")
    return by_name
