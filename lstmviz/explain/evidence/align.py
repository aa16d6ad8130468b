"""The same unit elsewhere: each unit's partner in another recording of the same text, and how alike the sources are.

CKA (linear, centred; Kornblith et al. 2019) compares all units of two sources at once. It is never 0 for two networks
that read the same text, so it is given beside the CKA of swapped sequences and of an untrained network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.codes import blocks
from lstmviz.explain.evidence.sources import values_in_view
from lstmviz.explain.evidence.swaps import MIN_SWAPPED, Floats, Ints, to_and_fro
from lstmviz.match.summary.same_text import why_other_text


@dataclass(frozen=True, eq=False)
class Alignment:
    """Each unit of a source beside its partner in another recording of the same text.

    Attributes:
        units: One row for each unit: unit, partner (the unit that correlates with it most, by the size of r), r
            (Pearson's, over all steps, in the view), r_chance (that of the best partner when sequences are swapped),
            is_mutual (the partner's own best partner is this unit).
        cka: How alike the two sources are, 0 to 1.
        cka_chance: The same with sequences of the second recording swapped: the floor by chance.
        cka_untrained: The same for an untrained network of the second one's shape: the floor by the text alone; NaN
            where no model lies beside that recording.

    Example:
        >>> alignment = dump.align_units("rnn.l0.c", dump, "rnn.l1.c")
        >>> alignment.units.columns.tolist()
        ['unit', 'partner', 'r', 'r_chance', 'is_mutual']
        >>> alignment.cka_chance < alignment.cka
        True
    """

    units: pd.DataFrame
    cka: float
    cka_chance: float
    cka_untrained: float


@dataclass(frozen=True, eq=False)
class Comparable:
    """Two sources over the same text."""

    dump: DumpReader
    source: str
    second: DumpReader
    other: str

    def __post_init__(self) -> None:
        axis, other_axis = self.dump.axis_of(self.source), self.second.axis_of(self.other)
        reason = why_other_text(self.dump, axis.name, self.second, other_axis.name)
        if reason is not None:
            raise PatternError(f"{reason}, so their units cannot be aligned; record both over one text")

    @property
    def axis(self) -> Axis:
        """The axis of the first source."""
        return self.dump.axis_of(self.source)


def align_units(pair: Comparable, untrained: DumpReader | None = None, seed: int = 0) -> Alignment:
    """Return each unit's partner in the second source; ``untrained`` has the same source of an untrained network."""
    steps = exchanged(pair.axis, np.random.default_rng(seed))
    observed, by_chance = _Products.of(pair), _Products.of(pair, steps)
    r, r_chance = observed.r(), by_chance.r()
    size, chance = np.abs(np.nan_to_num(r)), np.abs(np.nan_to_num(r_chance))
    partner, back = size.argmax(axis=1), size.argmax(axis=0)
    every = np.arange(len(r))
    units = pd.DataFrame(
        {
            "unit": every,
            "partner": partner,
            "r": r[every, partner],
            "r_chance": r_chance[every, chance.argmax(axis=1)],
            "is_mutual": back[partner] == every,
        }
    )
    floor = np.nan
    if untrained is not None:
        floor = _Products.of(Comparable(pair.dump, pair.source, untrained, pair.other)).cka()
    return Alignment(units, observed.cka(), by_chance.cka(), floor)


def exchanged(axis: Axis, rng: np.random.Generator) -> Ints:
    """Return for each step one of another sequence, drawn from all; on an axis of few sequences, the step half way on.

    Sequences of unlike length change places too, because those of like length may end alike, and what two networks
    share then is more than chance. One that gets a shorter one reads it forwards and backwards.
    """
    if len(axis.starts) < MIN_SWAPPED:
        return np.roll(np.arange(axis.n_steps), axis.n_steps // 2)
    lengths = axis.stops - axis.starts
    partners = rng.permutation(len(lengths)).tolist()
    parts = [
        axis.starts[other] + to_and_fro(int(length), int(lengths[other]))
        for length, other in zip(lengths.tolist(), partners, strict=True)
    ]
    return np.concatenate(parts)


class _Products:
    """The products of the units of two sources, x and y, each less its mean, added up block by block."""

    def __init__(self, n_x: int, n_y: int) -> None:
        self._xx, self._yy, self._xy = np.zeros((n_x, n_x)), np.zeros((n_y, n_y)), np.zeros((n_x, n_y))
        self._x, self._y, self._n = np.zeros(n_x), np.zeros(n_y), 0

    @classmethod
    def of(cls, pair: Comparable, steps: Ints | None = None) -> _Products:
        """Return the products of a pair, the second source at other ``steps`` where they are given.

        What is not finite counts as 0.
        """
        n_x, n_y = pair.dump.source(pair.source).n_units, pair.second.source(pair.other).n_units
        products, n_steps = cls(n_x, n_y), pair.axis.n_steps
        whole = np.empty(0) if steps is None else values_in_view(pair.second, pair.other, 0, n_steps)
        for start, stop in blocks(n_steps, n_x + n_y):
            x = values_in_view(pair.dump, pair.source, start, stop)
            y = values_in_view(pair.second, pair.other, start, stop) if steps is None else whole[steps[start:stop]]
            products.add(np.where(np.isfinite(x), x, 0.0), np.where(np.isfinite(y), y, 0.0))
        return products

    def add(self, x: Floats, y: Floats) -> None:
        """Add the values of both sources, (n_steps, n_units) each."""
        self._n += len(x)
        self._x += x.sum(axis=0)
        self._y += y.sum(axis=0)
        self._xx += x.T @ x
        self._yy += y.T @ y
        self._xy += x.T @ y

    def r(self) -> Floats:
        """Return Pearson's r of each unit of x with each of y; NaN where one is constant."""
        xx, yy, xy = self._centred()
        with np.errstate(invalid="ignore", divide="ignore"):
            r = xy / np.sqrt(np.outer(np.diag(xx), np.diag(yy)))
        return np.where(np.isfinite(r), np.clip(r, -1.0, 1.0), np.nan)

    def cka(self) -> float:
        """Return |X'Y|² / (|X'X| |Y'Y|), by Frobenius' norm."""
        xx, yy, xy = self._centred()
        size = float(np.linalg.norm(xx) * np.linalg.norm(yy))
        return float((xy**2).sum() / size) if size else np.nan

    def _centred(self) -> tuple[Floats, Floats, Floats]:
        n = max(1, self._n)
        return (
            self._xx - np.outer(self._x, self._x) / n,
            self._yy - np.outer(self._y, self._y) / n,
            self._xy - np.outer(self._x, self._y) / n,
        )
