"""A unit's card: how its values spread, how long it stays on, where it is strongest, how it goes with the tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.card.runs import RunScan
from lstmviz.match.card.tracks import TrackScan, UnitTrack
from lstmviz.match.card.values import on_rates, quantiles, spread
from lstmviz.match.engine.threshold import compare
from lstmviz.match.index.unit_values import UnitValues
from lstmviz.types import Side, Source, check_side, check_threshold

MAX_CONTEXTS = 200
MAX_AROUND = 500  # steps


@dataclass(frozen=True, slots=True)
class UnitContext:
    """A step at which a unit is strong, with the steps around it, [start, stop), inside its sequence.

    ``value`` and ``values``, one a step, are in the source's view. ``tokens`` is None where the axis has none.
    """

    step: int
    start: int
    stop: int
    sequence: int
    value: float
    values: tuple[float, ...]
    tokens: tuple[str, ...] | None
    text_before: str
    text: str
    text_after: str


@dataclass(frozen=True, eq=False)
class UnitCard:
    """What one unit does over a whole corpus; values and thresholds are in its source's view.

    ``threshold`` is the unit's own, negative for side low as ``select`` has it. Shares are of the steps that have a
    value, which are all but ``n_nan``; NaN in an empty corpus.
    ``histogram``: low, high, n_steps: 50 bins over -1 to 1, or over all finite values where they go beyond.
    ``quantiles``: quantile, value: the least value v such that this share of the values is <= v, recorded exactly.
    ``on_rates``: threshold (-1.00 to 1.00), high (share of steps with value >= it), low (share with value <= it).
    ``run_lengths``: length in steps, n_runs. ``contexts``: strongest first. ``tracks``: one for each of the axis.
    """

    source: str
    unit: int
    side: Side
    threshold: float
    n_steps: int
    n_nan: int
    on_rate: float
    histogram: pd.DataFrame
    quantiles: pd.DataFrame
    on_rates: pd.DataFrame
    run_lengths: pd.DataFrame
    contexts: tuple[UnitContext, ...]
    tracks: tuple[UnitTrack, ...]


def unit_card(
    dump: DumpReader,
    source: str,
    unit: int,
    threshold: float = 0.3,
    side: Side = "high",
    n_contexts: int = 10,
    around: int = 12,
) -> UnitCard:
    """Return a unit's card, on where ``value >= threshold`` (side high) or ``value <= -threshold`` (side low).

    The contexts are steps in order of their strength (value, or its negative for side low), the earlier one first
    where equal: of each run its strongest step, and every step at which the unit is off. Left out is one whose context
    of ``around`` steps on either side overlaps one already taken. The corpus is read a few times, in blocks. Raises
    UnknownName for the source, PatternError for a unit that it does not have or a number out of range.
    """
    info, axis = dump.source(source), dump.axis_of(source)
    _check(info, unit, threshold, side, n_contexts, around)
    own = threshold if side == "high" else -threshold
    values, cut = UnitValues(dump, source, unit), info.cut(own)
    runs = RunScan(axis, side, n_contexts * (4 * around + 1))
    tracks = [TrackScan(track) for track in axis.tracks.values()]
    n_nan = n_on = 0
    for first, block in values:
        on = compare(block, cut, side)
        view = in_view(info, block)
        n_nan, n_on = n_nan + int(np.isnan(view).sum()), n_on + int(on.sum())
        runs.add(first, block, on)
        for track in tracks:
            track.add(first, view, on)
    n_values = info.n_steps - n_nan
    return UnitCard(
        source,
        unit,
        side,
        own,
        info.n_steps,
        n_nan,
        n_on / n_values if n_values else np.nan,
        spread(values),
        quantiles(values, n_values),
        on_rates(values, n_values),
        runs.lengths(),
        tuple(_context(dump, info, axis, unit, *place) for place in runs.strongest(n_contexts, around)),
        tuple(track.result() for track in tracks),
    )


def in_view(info: Source, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return recorded values as they are shown: float64, through tanh where the source's view is that."""
    wide = values.astype(np.float64)
    return np.tanh(wide) if info.view == "tanh" else wide


def _check(info: Source, unit: int, threshold: float, side: str, n_contexts: int, around: int) -> None:
    check_threshold(threshold)
    check_side(side)
    info.check_unit(unit)
    if not 0 <= n_contexts <= MAX_CONTEXTS or not 0 <= around <= MAX_AROUND:
        raise PatternError(
            f"{n_contexts} contexts of {around} steps are out of range: 0 to {MAX_CONTEXTS} of 0 to {MAX_AROUND}"
        )


def _context(
    dump: DumpReader, info: Source, axis: Axis, unit: int, step: int, start: int, stop: int, sequence: int
) -> UnitContext:
    values = in_view(info, dump.states(info.name)[start:stop, [unit]][:, 0]).tolist()
    return UnitContext(
        step,
        start,
        stop,
        sequence,
        values[step - start],
        tuple(values),
        None if axis.tokens is None else tuple(axis.tokens[start:stop]),
        axis.text(start, step),
        axis.text(step, step + 1),
        axis.text(step + 1, stop),
    )
