"""What one module read in one pass: the place among a source's tokens of every row of its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lstmviz.recording.follow.by_rows import Marks, marks_of, paired_places
from lstmviz.recording.follow.follower import GIVEN, TokenFollower
from lstmviz.recording.follow.rules import plain, through

Ints = NDArray[np.int64]


@dataclass(eq=False)
class ModuleReading:
    """The places of a module's input over its calls in one pass, (steps, batch) by source; -1 is unknown."""

    shapes: list[tuple[int, int]] = field(default_factory=list)
    parts: list[Mapping[str, Ints]] = field(default_factory=list)
    marks: list[Marks] = field(default_factory=list)  # of rows of which nothing else is known

    def add(self, follower: TokenFollower, module: nn.Module, x: Any) -> None:
        """Take the input of one call."""
        values = x.data if isinstance(x, PackedSequence) else x
        rows = follower.rows_of(values)
        if not rows and follower.is_on:
            follower.add_one_hot(values)
            rows = follower.rows_of(values)
        if not rows and follower.is_on and values.is_floating_point():
            self.marks.append(_grid(module, x, marks_of(values)))
        grids = {source: _grid(module, x, place.cpu().numpy()) for source, place in rows.items()}
        self.shapes.append(next((g.shape for g in grids.values()), _shape(module, x)))
        self.parts.append(grids)

    @property
    def all_marks(self) -> Marks | None:
        """Return the marks of all rows, (steps, batch), where nothing else is known of any."""
        is_all = len(self.marks) == len(self.shapes) > 0 and len({n for _, n in self.shapes}) == 1
        return np.concatenate(self.marks) if is_all else None

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of any of the input, in the order of their first use."""
        return tuple(dict.fromkeys(plain(source) for part in self.parts for source in part))

    def places(self, source: str) -> Ints:
        """Return the places of all steps among a source's tokens, (steps, batch).

        Where a module read outputs of another alone, they are the places of those, unless one was read twice.
        """
        if any(source in part for part in self.parts):
            return _continued(self._places(source))
        places = self._places(through(source))
        times = np.bincount(places[places >= 0])
        return _continued(np.full_like(places, -1) if times.max(initial=0) > 1 else places)

    def _places(self, source: str) -> Ints:
        n_sequences = max(n for _, n in self.shapes)
        places = np.full((sum(n for n, _ in self.shapes), n_sequences), -1, np.int64)
        start = 0
        for (n_steps, n), part in zip(self.shapes, self.parts, strict=True):
            if source in part:
                places[start : start + n_steps, :n] = part[source]
            start += n_steps
        return places


@dataclass(frozen=True, slots=True, eq=False)
class SourceReading:
    """What a module read from one source.

    ``ids`` (steps, batch) are the ids at its steps, -1 where unknown. Where all come from one lookup, ``looked_up`` are
    the ids that it was given, in its own shape, and ``places`` (steps, batch) say which of them each step read.
    ``given`` are the places among the tokens that run.batch was given, where torch shows them.
    """

    name: str
    n_ids: int
    ids: Ints
    places: Ints
    looked_up: Ints | None
    given: Ints | None

    @property
    def counts(self) -> bool:
        """Whether the ids only count the steps, as those of positions do."""
        if self.looked_up is not None and self.looked_up.ndim:
            ids, steps = self.looked_up, np.arange(self.looked_up.shape[-1])
        else:
            ids, steps = self.ids, np.arange(len(self.ids))[:, None]
        return bool(((ids == steps) | (ids < 0)).all())


def readings_of(follower: TokenFollower, reading: ModuleReading) -> list[SourceReading]:
    """Return what a module read, by source; without those that only count steps, if there are others."""
    names = [name for name in reading.sources if name != GIVEN]
    given = reading.places(GIVEN) if GIVEN in reading.sources else None
    result = [] if names else _matched_by_rows(follower, reading)
    for name in names:
        places = reading.places(name)
        known = places >= 0
        calls = follower.calls(name)
        ids = calls[0].reshape(-1) if len(calls) == 1 else np.concatenate([call.reshape(-1) for call in calls])
        starts = np.cumsum([0, *(call.size for call in calls)])
        known_places = places if known.all() else places[known]
        ends = [known_places.min(), known_places.max()] if known_places.size else []
        used = np.unique(np.searchsorted(starts, ends, side="right") - 1)
        looked_up = calls[int(used[0])] if len(used) == 1 else None
        local = np.where(known, places - starts[used[0]], -1) if len(used) == 1 else places
        ids_read = np.where(known & (places < len(ids)), ids.take(places, mode="clip"), -1)
        result.append(SourceReading(name, follower.n_ids(name), ids_read, local, looked_up, given))
    return [source for source in result if not source.counts] or result


def _matched_by_rows(follower: TokenFollower, reading: ModuleReading) -> list[SourceReading]:
    """Return what a module read where only its rows show it: the one lookup whose ids they are paired with."""
    marks, result = reading.all_marks, []
    if marks is None:
        return []
    for name in follower.sources:
        calls = follower.calls(name)
        ids = calls[0].reshape(marks.shape[::-1]) if calls[0].size == marks.size and calls[0].ndim == 1 else calls[0]
        if len(calls) > 1 or ids.ndim != 2:
            continue
        places = paired_places(ids, marks)
        if places is not None:
            result.append(SourceReading(name, follower.n_ids(name), ids.reshape(-1)[places], places, ids, None))
    return result if len(result) == 1 else []


def _continued(places: Ints) -> Ints:
    """Continue the places of a long loop, which is followed at its beginning only, as the last two steps go on."""
    if not len(places) or (places[-1] >= 0).any():
        return places
    known = np.flatnonzero((places >= 0).any(1))
    if len(known) < 2 or known[-1] != len(known) - 1:
        return places
    last = int(known[-1])
    after = np.arange(1, len(places) - last)[:, None]
    step = places[last] - places[last - 1]
    ahead = places[last] + after * step
    places[last + 1 :] = np.where((places[last] >= 0) & (places[last - 1] >= 0) & (ahead >= 0), ahead, -1)
    return places


def _shape(module: nn.Module, x: Any) -> tuple[int, int]:
    if isinstance(x, PackedSequence):
        return len(x.batch_sizes), int(x.batch_sizes[0])
    n_steps, n_sequences = _grid(module, x, np.empty(x.shape[:-1], np.bool_)).shape
    return n_steps, n_sequences


def _grid(module: nn.Module, x: PackedSequence | Tensor, rows: NDArray[Any]) -> NDArray[Any]:
    """Return one value for each row of a module's input as (steps, batch), -1 after the end of a packed sequence."""
    if isinstance(x, PackedSequence):
        sizes = x.batch_sizes.numpy()
        grid = np.full((len(sizes), sizes[0]), -1, rows.dtype)
        grid[np.arange(sizes[0]) < sizes[:, None]] = rows
        if x.unsorted_indices is not None:
            grid = grid[:, x.unsorted_indices.cpu().numpy()]
        return grid
    if isinstance(module, nn.RNNBase):
        return rows[:, None] if rows.ndim == 1 else rows.T if module.batch_first else rows
    return rows.reshape(1, -1)
