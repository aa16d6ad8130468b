"""The units that are ablated, and other sets of the same size to compare them with."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb, prod

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.types import Pattern

UnitSet = Mapping[str, tuple[int, ...]]
"""Units by source."""


def units_of(dump: DumpReader, pattern: Pattern) -> UnitSet:
    """Return the units of a pattern by source; PatternError for a gate, or where there is no unit."""
    by_source: dict[str, set[int]] = {}
    for unit in pattern.units:
        dump.source(unit.source).check_unit(unit.unit)
        if not unit.source.endswith((".h", ".c")):
            raise PatternError(f"{unit.source} is a gate, which is computed anew at each step; ablate units of h or c")
        by_source.setdefault(unit.source, set()).add(unit.unit)
    if not by_source:
        raise PatternError("the pattern has no unit to ablate; select one")
    return {source: tuple(sorted(units)) for source, units in by_source.items()}


def other_sets(dump: DumpReader, units: UnitSet, n_others: int, seed: int) -> list[UnitSet]:
    """Return different sets of the same number of units of the same sources, none of them in ``units``.

    For a single unit these are all others, if they are at most ``n_others``; else ``n_others`` sets are drawn.
    """
    free = {source: np.setdiff1d(np.arange(dump.source(source).n_units), of) for source, of in units.items()}
    n_sets = prod(comb(len(free[source]), len(of)) for source, of in units.items())
    if sum(map(len, units.values())) == 1 and n_sets <= n_others:
        ((source, rest),) = free.items()
        return [{source: (unit,)} for unit in rest.tolist()]
    rng, sets = np.random.default_rng(seed), dict[str, UnitSet]()
    while len(sets) < min(n_others, n_sets):
        drawn = {
            source: tuple(sorted(rng.choice(free[source], len(of), replace=False).tolist()))
            for source, of in units.items()
        }
        sets[in_words(drawn)] = drawn
    return list(sets.values())


def in_words(units: UnitSet) -> str:
    """Return units as text, such as ``rnn.l0.c 4, 23``."""
    return "; ".join(f"{source} {', '.join(map(str, of))}" for source, of in units.items())
