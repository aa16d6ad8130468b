"""What ablated units are held at, step by step: their mean, a number, or another sequence's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.causes.texts import TextBatch
from lstmviz.explain.causes.unit_sets import UnitSet
from lstmviz.explain.evidence.swaps import groups_of, to_and_fro
from lstmviz.rerun.interventions import constants, model_units
from lstmviz.rerun.runner import Ids, Mask
from lstmviz.rerun.stepwise.setters import HeldCells

Floats = NDArray[np.float64]


class Replacements:
    """The values that units of a dump's sources are held at. ``partner`` is the sequence that each sequence takes from.

    ``partner`` is None where every step has the same value.
    """

    def __init__(self, dump: DumpReader, axis: Axis, to: str | float, partner: Ids | None) -> None:
        self._dump, self._axis, self._to, self._partner = dump, axis, to, partner

    def setters(self, batch: TextBatch, where: Mask, sets: Sequence[UnitSet]) -> Mapping[str, HeldCells]:
        """Return what holds each of some sets of units in its copy of a batch, at the steps ``where``.

        The copies stand one below the other; ``where`` is (n_rows, n_steps).
        """
        step, row = where.T.nonzero()
        setters = {}
        for source in dict.fromkeys(source for units in sets for source in units):
            numbers, values = model_units(self._dump, source), self._values(batch, source)
            of_copy = [np.array(units.get(source, ()), np.int64) for units in sets]
            unit = np.concatenate(of_copy)
            copy = np.repeat(np.arange(len(sets)), [len(units) for units in of_copy])
            rows = (copy * len(batch.sequences))[None, :] + row[:, None]
            held = np.broadcast_to(values[unit], rows.shape) if values.ndim == 1 else values[step, row][:, unit]
            setters[source] = HeldCells(
                np.repeat(step, len(unit)), rows.ravel(), np.tile(numbers[unit], len(step)), held.ravel()
            )
        return setters

    def _values(self, batch: TextBatch, source: str) -> Floats:
        """Return the values of each unit, (n_units,), or (n_steps, n_rows, n_units)."""
        if self._partner is None:
            return constants(self._dump, source, self._to)
        n_steps, states = batch.ids.shape[1], self._dump.states(source)
        values = []
        for other in self._partner[batch.sequences].tolist():
            start, stop = int(self._axis.starts[other]), int(self._axis.stops[other])
            values.append(states[start:stop].astype(np.float64)[to_and_fro(n_steps, stop - start)])
        return np.stack(values, axis=1)


def partners(lengths: Ids, seed: int) -> Ids:
    """Return for each sequence another one of like length, drawn so that each is taken once.

    Raises PatternError where there is no other sequence.
    """
    if len(lengths) < 2:
        raise PatternError("to='other' takes the value of another sequence, and there is none; use 'mean'")
    rng, partner = np.random.default_rng(seed), np.empty(len(lengths), np.int64)
    for members in groups_of(lengths).members:
        ring = rng.permutation(members)
        partner[ring] = np.roll(ring, 1)
    alone = np.flatnonzero(partner == np.arange(len(lengths)))
    partner[alone] = (alone + 1) % len(lengths)
    return partner


def partner_of(lengths: Ids, n_steps: int, seed: int) -> Ids:
    """Draw one of the ten sequences whose lengths are nearest to ``n_steps``."""
    nearest = np.argsort(np.abs(lengths - n_steps), kind="stable")[:10]
    return np.random.default_rng(seed).choice(nearest, 1)
