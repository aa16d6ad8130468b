"""What is held while the model beside a dump reads a text: units of a source, at their mean or at a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lstmviz.checks import check_number, check_text, check_whole, set_fields, short_repr
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.types import Window

BLOCK_STEPS = 2**16

Units = Mapping[str, Sequence[int]]
"""Units by source."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """Units of one source that are held at a value while a text is read.

    Attributes:
        source: The source, an h or a c such as ``"rnn.l0.c"``; c is held before h is computed from it.
        units: Numbers of the units.
        to: ``"mean"`` for each unit's mean over the corpus, ``"zero"``, or a number, as the states are stored.
        window: Steps of the text at which the units are held; None for every step.

    Raises:
        PatternError: A field is invalid.

    Example:
        >>> held = lstmviz.Intervention("rnn.l1.c", (45,), to="zero", window=lstmviz.Window(2, 6))
        >>> dump.rerun("0(1(22(3)2)1)0", [held]).states("rnn.l1.c")[2:6, 45].tolist()
        [0.0, 0.0, 0.0, 0.0]
    """

    source: str
    units: tuple[int, ...]
    to: str | float = "mean"
    window: Window | None = None

    def __post_init__(self) -> None:
        check_text("source", self.source)
        if not self.source.endswith((".h", ".c")):
            raise PatternError(f"{self.source} is a gate, which is computed anew at each step; hold h or c")
        if not isinstance(self.units, (tuple, list)) or not self.units:
            raise PatternError(f"units are {short_repr(self.units)}; give a tuple of unit numbers, such as (23,)")
        set_fields(self, units=tuple(dict.fromkeys(check_whole("unit", unit) for unit in self.units)))
        check_to(self.to, ("mean", "zero"))
        if self.window is not None and not isinstance(self.window, Window):
            raise PatternError(f"window is {short_repr(self.window)}; give a Window, or None for every step")


@dataclass(frozen=True, slots=True)
class HeldValues:
    """Units of a model's source, by the model's own numbers, each with the value that it is held at."""

    source: str
    units: tuple[int, ...]
    values: tuple[float, ...]
    window: Window | None


def check_to(to: str | float, words: Sequence[str]) -> None:
    """Raise PatternError unless what units are held at is one of some words, or a finite number."""
    if isinstance(to, str) and to not in words:
        raise PatternError(f"to={short_repr(to)} is not known; use {', '.join(map(repr, words))} or a number")
    if not isinstance(to, str):
        check_number("to", to, f"use {', '.join(map(repr, words))} or a number such as 0.5")


def held_values(dump: DumpReader, interventions: Sequence[Intervention]) -> list[HeldValues]:
    """Return what interventions hold; UnknownName or PatternError where the dump has no such source or unit."""
    held = []
    for one in interventions:
        if not isinstance(one, Intervention):
            raise PatternError(
                f"{short_repr(one)} is not an Intervention; give one, such as Intervention('rnn.l0.c', (23,))"
            )
        info = dump.source(one.source)
        units = [info.check_unit(unit) for unit in one.units]
        values = constants(dump, one.source, one.to)[units]
        numbers = model_units(dump, one.source)[units]
        held.append(HeldValues(one.source, tuple(numbers.tolist()), tuple(values.tolist()), one.window))
    return held


def carried_values(dump: DumpReader, donor: DumpReader, units: Units, window: Window) -> list[HeldValues]:
    """Return what gives units the values that they have in a donor, step by step: its states at the same steps.

    Steps behind the donor's end, and those that it does not read, carry nothing. UnknownName or PatternError where the
    dump has no such source or unit, or it is a gate.
    """
    carried = []
    for source, numbers in units.items():
        checked = Intervention(source, tuple(numbers))
        own = [dump.source(source).check_unit(unit) for unit in checked.units]
        numbers_there = tuple(model_units(dump, source)[own].tolist())
        states = donor.states(source)[window.start : window.stop][:, own].astype(np.float64)
        for step, values in enumerate(states, window.start):
            if np.isfinite(values).all():
                carried.append(HeldValues(source, numbers_there, tuple(values.tolist()), Window(step, step + 1)))
    return carried


def constants(dump: DumpReader, source: str, to: str | float) -> NDArray[np.float64]:
    """Return what each unit of a source is held at: its mean over the corpus, 0, or a number."""
    if to == "mean":
        return means(dump, source)
    return np.full(dump.source(source).n_units, 0.0 if isinstance(to, str) else float(to))


def model_units(dump: DumpReader, source: str) -> NDArray[np.int64]:
    """Return the model's own number of each unit of a source."""
    info = dump.source(source)
    return np.arange(info.n_units) if info.units is None else np.array(info.units, np.int64)


@lru_cache(maxsize=64)
def means(dump: DumpReader, source: str) -> NDArray[np.float64]:
    """Return each unit's mean over the corpus, as stored; steps that are not finite are left out."""
    states, n_steps = dump.states(source), dump.source(source).n_steps
    total, n = np.zeros((2, dump.source(source).n_units))
    for start in range(0, n_steps, BLOCK_STEPS):
        values = states[start : start + BLOCK_STEPS].astype(np.float64)
        is_finite = np.isfinite(values)
        total += np.where(is_finite, values, 0.0).sum(axis=0)
        n += is_finite.sum(axis=0)
    return total / np.maximum(n, 1)
