"""The sources that a question is put to, and their values as they are shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError


def axis_asked(dump: DumpReader, sources: Sequence[str] | None) -> Axis:
    """Return the axis that a question about tokens is put to: that of the first source named, or the first axis."""
    names = _listed(sources)
    return dump.axis_of(names[0]) if names else dump.first


def asked_sources(dump: DumpReader, axis: Axis, sources: Sequence[str] | None) -> list[str]:
    """Return the sources that are asked: those named, or every h and c of the axis, or all where it has neither.

    Raises UnknownName for a source that is not there, PatternError for one on another axis, or none.
    """
    names = _listed(sources)
    if names is None:
        states = [name for name in axis.sources if name.endswith((".h", ".c"))]
        return states or list(axis.sources)
    if not names:
        raise PatternError("sources is empty; leave it out for every h and c")
    for name in names:
        if dump.source(name).axis != axis.name:
            raise PatternError(
                f"source {name!r} lies on axis {dump.source(name).axis!r} and the question is about {axis.name!r}"
            )
    return list(dict.fromkeys(names))


def _listed(sources: Sequence[str] | None) -> list[str] | None:
    return sources if sources is None else [sources] if isinstance(sources, str) else list(sources)


def values_in_view(
    dump: DumpReader, source: str, start: int, stop: int, units: slice = slice(None)
) -> NDArray[np.float64]:
    """Return values as they are shown, (n_steps, n_units): float64, through tanh where the source's view is that."""
    wide = dump.states(source)[start:stop, units].astype(np.float64)
    return np.tanh(wide, out=wide) if dump.source(source).view == "tanh" else wide
