"""Which steps and units of a batch are kept: the arithmetic of ``every=``, ``where=`` and ``units=``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import InputError, RecordingError
from lstmviz.recording.batch.axes import matches

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segments:
    """The steps of a batch that are kept, as segments: kept steps of one document with no step left out between.

    Segment i is ``lengths[i]`` steps of sequence ``sequence[i]`` of the padded batch: ``first[i]``,
    ``first[i] + stride``, and so on. ``position[i]`` is where its first step stands in its ``document[i]``, counted in
    all of the document's steps.
    """

    sequence: Ints
    first: Ints
    lengths: Ints
    document: Ints
    position: Ints
    stride: int = 1

    @property
    def n_rows(self) -> int:
        """Steps that are kept."""
        return int(self.lengths.sum())

    @property
    def places(self) -> Ints:
        """(document, position among its kept steps) of each segment, as ``Block`` has them."""
        return np.stack([self.document, self.position // self.stride], axis=1)

    def is_whole(self, n_sequences: int, n_steps: int) -> bool:
        """Tell whether every step of a batch (n_sequences, n_steps) is kept."""
        return len(self.sequence) == n_sequences and bool((self.lengths == n_steps).all())

    @cached_property
    def rows(self) -> tuple[Ints, Ints]:
        """(sequence of the batch, step in it) of each step that is kept, segment after segment."""
        ends = np.cumsum(self.lengths)
        within = np.arange(self.n_rows) - np.repeat(ends - self.lengths, self.lengths)
        return np.repeat(self.sequence, self.lengths), np.repeat(self.first, self.lengths) + self.stride * within


def select_steps(
    starts: Ints,
    stops: Ints,
    *,
    documents: Ints | None = None,
    offsets: Ints | None = None,
    every: int = 1,
    where: NDArray[np.bool_] | None = None,
    grids: tuple[Ints, Ints] | None = None,
) -> Segments:
    """Return the steps to keep of a padded batch.

    The valid steps of sequence i are ``starts[i]`` to ``stops[i]``; the first of them is step ``offsets[i]`` (default
    0) of document ``documents[i]`` (default: i). Of each document's steps 0, every, 2 * every ... are kept, and of
    these the ones where ``where`` (batch, steps) is True; a segment ends where one is left out. Where a row holds
    several documents, ``grids`` (batch, steps) are the document of each step and its position there.
    """
    sequences = np.arange(len(starts))
    documents = sequences if documents is None else documents
    offsets = np.zeros(len(starts), np.int64) if offsets is None else offsets
    first = starts + -offsets % every
    if where is None and grids is None:
        lengths = np.maximum(0, -(-(stops - first) // every))
        has = lengths > 0
        position = offsets + first - starts
        return Segments(sequences[has], first[has], lengths[has], documents[has], position[has], every)
    grid = where if where is not None else grids[0] if grids is not None else first
    steps = np.arange(grid.shape[1])
    at_document, at_position = grids or (documents[:, None], (offsets - starts)[:, None] + steps)
    is_kept = (steps >= starts[:, None]) & (steps < stops[:, None]) & (at_position % every == 0)
    sequence, step = np.nonzero(is_kept if where is None else is_kept & where)
    document, position = (np.broadcast_to(a, is_kept.shape)[sequence, step] for a in (at_document, at_position))
    is_new = np.ones(len(sequence), np.bool_)
    is_new[1:] = (np.diff(sequence) != 0) | (np.diff(document) != 0) | (np.diff(position) != every)
    begin = np.flatnonzero(is_new)
    lengths = np.diff(np.append(begin, len(sequence)))
    return Segments(sequence[begin], step[begin], lengths, document[begin], position[begin], every)


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """Which units are kept: for each pattern of names a choice; the first pattern that fits a source counts."""

    choices: tuple[tuple[str, Any], ...] = ()

    def units_of(self, source: str, layer: str, module: str, n_units: int) -> tuple[int, ...] | None:
        """Return the numbers of the units to keep of a source, in order; None where all are.

        Raises RecordingError where one is asked for that the source does not have.
        """
        for pattern, given in self.choices:
            if matches(pattern, module, layer, source):
                units = _chosen_units(source, given, n_units)
                return None if len(units) == n_units else units
        return None

    def unmatched(self, sources: Sequence[tuple[str, str, str]]) -> str | None:
        """Return a pattern that fits none of the given (source, layer, module), or None."""
        return next((p for p, _ in self.choices if not any(matches(p, m, la, s) for s, la, m in sources)), None)

    def note(self) -> dict[str, str]:
        """Return what was asked for in words, by pattern, for the provenance."""
        return {pattern: _units_text(given) for pattern, given in self.choices}


def read_units(given: Any) -> UnitChoice:
    """Read ``units=``: numbers of units or a slice, or a mapping from name patterns to such."""
    if given is None:
        return UnitChoice()
    chosen = given if isinstance(given, Mapping) else {"*": given}
    return UnitChoice(tuple((_check_pattern(p), _read_choice(units)) for p, units in chosen.items()))


def read_every(given: Any) -> int:
    """Return ``every=`` as an int of 1 or more."""
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 1:
        raise InputError(f"every is {given!r}; give a whole number, such as 10 for each tenth step of a document")
    return int(given)


def _check_pattern(given: Any) -> str:
    if not isinstance(given, str):
        raise InputError(
            f"units has {given!r} for a name; give patterns of names, such as units={{'rnn.l0*': [3, 17]}}"
        )
    return given


def _read_choice(given: Any) -> slice | tuple[int, ...]:
    if isinstance(given, slice):
        return given
    numbers = np.asarray(given.tolist() if hasattr(given, "tolist") else given)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not len(numbers):
        raise InputError("units must be whole numbers, such as units=[3, 17] or units=slice(0, 100)")
    return tuple(sorted(numbers.tolist()))


def _chosen_units(source: str, given: slice | tuple[int, ...], n_units: int) -> tuple[int, ...]:
    if isinstance(given, slice):
        units = tuple(range(*given.indices(n_units)))
        if not units:
            raise RecordingError(
                f"units={_units_text(given)} keeps none of the {n_units} units of {source}; keep one or more"
            )
        return tuple(sorted(units))
    missing = next((u for u in given if not 0 <= u < n_units), None)
    if missing is not None:
        raise RecordingError(f"units asks for unit {missing} of {source}, which has units 0 to {n_units - 1}")
    if len(set(given)) < len(given):
        raise RecordingError(f"units asks for one unit of {source} twice; name each once")
    return given


def _units_text(given: slice | tuple[int, ...]) -> str:
    if isinstance(given, slice):
        return ":".join(
            "" if end is None else str(end) for end in (given.start, given.stop, given.step)[: 2 + bool(given.step)]
        )
    return f"{len(given)} of them" if len(given) > 20 else ", ".join(map(str, given))
