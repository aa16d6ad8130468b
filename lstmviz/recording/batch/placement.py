"""Fit what a module read to the tokens that were given: the same places, others that are known, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmviz.recording.batch.valid_steps import ValidSteps
from lstmviz.recording.follow.reading import SourceReading

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where a module computed each given step: ``steps`` (batch, steps) of its ``sequences`` (batch,), -1 for none."""

    steps: Ints
    sequences: Ints

    @property
    def valid(self) -> ValidSteps:
        """The steps that are placed."""
        is_placed = self.steps >= 0
        n = self.steps.shape[1]
        return ValidSteps(is_placed.argmax(1).astype(np.int64), n - is_placed[:, ::-1].argmax(1).astype(np.int64))

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many steps of each of the module's own sequences are placed or come before one that is."""
        lengths = np.zeros(len(self.sequences), np.int64)
        lengths[self.sequences] = self.steps.max(1) + 1
        return tuple(lengths.tolist())

    @property
    def is_reversed(self) -> bool:
        """Whether the module reads from the end."""
        return bool((np.diff(self.steps, axis=1) < 0)[(self.steps[:, 1:] >= 0) & (self.steps[:, :-1] >= 0)].any())

    def moved(self, values: Tensor) -> Tensor:
        """Return states (module's steps, batch, n_units) at the given steps (steps, batch, n_units)."""
        steps = torch.from_numpy(self.steps.T.clip(0)).to(values.device)
        return values[steps, torch.from_numpy(self.sequences).to(values.device)]

    def is_from_end(self, n_steps: int) -> bool:
        """Whether all of a module's ``n_steps`` steps are placed, the last one first, each sequence in its own row."""
        is_in_order = np.array_equal(self.sequences, np.arange(len(self.sequences)))
        return is_in_order and self.steps.shape[1] == n_steps and bool((self.steps == np.arange(n_steps)[::-1]).all())

    def __str__(self) -> str:
        """Say in words how the module's order differs."""
        ways = []
        if self.is_reversed:
            ways.append("from the end")
        elif (self.steps.max(1) != self.valid.stops - 1).any():
            ways.append("with the padding elsewhere")
        if (self.sequences != np.arange(len(self.sequences))).any():
            ways.append("in another order of the sequences")
        return " and ".join(ways)


class Mixed(Exception):
    """The steps of one given sequence were read as several sequences, or not each once."""


def stays(places: Ints, n_steps: int, valid: ValidSteps | None) -> bool:
    """Tell whether a module read each step in its own place; ``places`` count over (batch, ``n_steps``)."""
    batch, steps = np.arange(places.shape[1]), np.arange(places.shape[0])[:, None]
    is_same = places == batch * n_steps + steps
    if is_same.all():
        return True
    known = places >= 0
    if valid is not None:
        here = (steps >= valid.starts) & (steps < valid.stops)
        wanted = valid.mask(n_steps).reshape(-1)
        known &= here | wanted[np.where(places < wanted.size, places, 0)]
    return bool((is_same | ~known).all())


def by_place(places: Ints, shape: tuple[int, int], valid: ValidSteps | None) -> Placement:
    """Return where each given step was computed; Mixed unless every sequence was read step by step, once."""
    flat = places.reshape(-1)
    if valid is None and shape[0] == 1 and np.array_equal(places, np.arange(shape[1])[::-1, None]):
        return Placement(places.T, np.zeros(1, np.int64))  # one text, read from the end
    cells = np.flatnonzero((flat >= 0) & (flat < shape[0] * shape[1]))
    targets = flat[cells]
    wanted = np.ones(shape, np.bool_) if valid is None else valid.mask(shape[1])
    n_times = np.bincount(targets, minlength=wanted.size).reshape(shape)
    if (n_times > wanted).any() and (n_times[wanted] > 1).any():
        raise Mixed
    if valid is not None and (n_times[wanted] == 0).any():
        raise Mixed
    cell = np.full(wanted.size, -1, np.int64)
    cell[targets] = cells
    cell = np.where(wanted, cell.reshape(shape), -1)
    is_placed = cell >= 0
    steps, columns = (cell, np.zeros_like(cell)) if places.shape[1] == 1 else np.divmod(cell, places.shape[1])
    sequences = np.take_along_axis(columns, is_placed.argmax(1)[:, None], 1)[:, 0]
    steps = np.where(is_placed, steps, -1)
    if not is_placed.any(1).all() or len(np.unique(sequences)) < len(sequences):
        raise Mixed
    if (is_placed & (columns != sequences[:, None])).any():
        raise Mixed
    both = is_placed[:, 1:] & is_placed[:, :-1]
    strides = np.diff(steps, axis=1)
    has_gap = (np.diff(is_placed.astype(np.int8), axis=1) == 1).sum(1) + is_placed[:, 0] > 1
    is_jump = both & (np.abs(strides) != 1)
    turns = both[:, 1:] & both[:, :-1] & (strides[:, 1:] != strides[:, :-1])
    if has_gap.any() or is_jump.any() or turns.any():
        raise Mixed
    return Placement(steps, sequences)


def by_content(read: Ints, given: Ints, valid: ValidSteps | None) -> list[Placement]:
    """Return all ways in which given sequences were read: with the padding elsewhere, from the end, in another order.

    ``read`` (steps, batch) are ids, -1 where unknown; ``given`` (batch, steps), negative where unknown. A way that
    keeps the order of the sequences is preferred; ways that place every step alike count once.
    """
    whole = ValidSteps(np.zeros(len(given), np.int64), np.full(len(given), given.shape[1]))
    starts, stops = (valid or whole).starts, (valid or whole).stops
    in_order, elsewhere = [], []
    for way in _orders():
        fit = _fitting(read, given, starts, stops, *way)
        if fit.shape[0] == fit.shape[1] and fit.diagonal().all():
            in_order.append(_placement(way, np.arange(len(given)), starts, stops, read, given.shape[1]))
        elif (fit.sum(1) == 1).all() and (fit.sum(0) <= 1).all():
            elsewhere.append(_placement(way, fit.argmax(1), starts, stops, read, given.shape[1]))
    return _distinct(in_order or elsewhere)


def _orders() -> Iterator[tuple[str, bool]]:
    for anchor in ("same", "left", "right", "mirrored"):
        yield anchor, False
        yield anchor, True


def _first_steps(anchor: str, starts: Ints, stops: Ints, n_steps: int) -> Ints:
    """Return the first of the module's steps at which each given sequence would stand."""
    if anchor == "same":
        return starts
    if anchor == "left":
        return np.zeros_like(starts)
    return n_steps - (stops - starts if anchor == "right" else stops)


def _fitting(read: Ints, given: Ints, starts: Ints, stops: Ints, anchor: str, is_reversed: bool) -> NDArray[np.bool_]:
    """Return for each given sequence (rows) and each of the module's (columns) whether it was read there."""
    n_steps, n_columns = read.shape
    fit = np.zeros((len(given), n_columns), np.bool_)
    firsts = _first_steps(anchor, starts, stops, n_steps)
    for i, (first, start, stop) in enumerate(zip(firsts, starts, stops, strict=True)):
        last = first + stop - start
        if first < 0 or last > n_steps:
            continue
        wanted = given[i, start:stop]
        wanted = wanted[::-1] if is_reversed else wanted
        part = read[first:last]
        fit[i] = ((part == wanted[:, None]) | (wanted[:, None] < 0)).all(0)
    return fit


def _placement(way: tuple[str, bool], sequences: Ints, starts: Ints, stops: Ints, read: Ints, width: int) -> Placement:
    anchor, is_reversed = way
    firsts = _first_steps(anchor, starts, stops, len(read))[:, None]
    at = np.arange(width)
    within = at - starts[:, None]
    within = (stops - starts)[:, None] - 1 - within if is_reversed else within
    inside = (at >= starts[:, None]) & (at < stops[:, None])
    return Placement(np.where(inside, firsts + within, -1), np.asarray(sequences))


def _distinct(placements: list[Placement]) -> list[Placement]:
    kept: list[Placement] = []
    for one in placements:
        if not any(np.array_equal(one.steps, k.steps) and np.array_equal(one.sequences, k.sequences) for k in kept):
            kept.append(one)
    return kept


def grid_places(source: SourceReading, given: Ints, valid: ValidSteps | None) -> Ints | None:
    """Return places counted over the given tokens, where one lookup received just those, in any layout; else None."""
    ids, shape = source.looked_up, given.shape
    if ids is None:
        return None
    ids = ids.reshape(ids.shape[0], -1) if ids.ndim > 2 and ids.shape[2:] == (1,) * (ids.ndim - 2) else ids
    for candidate, is_transposed in _layouts(ids, shape):
        if agrees(candidate, given, valid):
            places = source.places
            if is_transposed:
                places = np.where(places >= 0, places % shape[0] * shape[1] + places // shape[0], -1)
            return places
    return None


def _layouts(ids: Ints, shape: tuple[int, ...]) -> Iterator[tuple[Ints, bool]]:
    if ids.size == shape[0] * shape[1]:
        if ids.ndim == 1 or ids.shape == shape:
            yield ids.reshape(shape), False
        if ids.ndim == 1 or ids.shape == shape[::-1]:
            yield ids.reshape(shape[::-1]).T, True


def agrees(read: Ints, given: Ints, valid: ValidSteps | None) -> bool:
    """Tell whether ids (batch, steps) are the given ones at all valid steps; unknown ones agree with any."""
    same = read == given
    if same.all():
        return True
    same |= (given < 0) | (read < 0)
    return bool((same if valid is None else same[valid.mask(given.shape[1])]).all())
