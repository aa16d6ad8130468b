"""A unit's card: the spread of its values, its runs, its strongest contexts, and how it relates to tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.checks import check_side, check_threshold
from lstmviz.dump.read_ahead import read_ahead
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.match.card.runs import RunScan
from lstmviz.match.card.tracks import TrackScan, UnitTrack
from lstmviz.match.card.values import on_rates, quantiles, spread
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.engine.threshold import compare
from lstmviz.match.index.unit_values import UnitValues
from lstmviz.match.summary.token_rows import token_rows
from lstmviz.types import Side, Source

MAX_CONTEXTS = 200
MAX_AROUND = 500  # steps
N_TOKENS = 20  # of each place
TOKEN_COLUMNS = ("track", "value", "n_steps", "share", "n_corpus", "base_rate")


@dataclass(frozen=True, slots=True)
class UnitContext:
    """A step at which a unit is strong, with the steps around it, [start, stop), inside its sequence.

    Attributes:
        step: The step.
        start: First step of the context.
        stop: Step after the last one of the context.
        sequence: Index of the sequence.
        value: The unit's value at the step, in the view of the source.
        values: The unit's value at each step of the context, in the view of the source.
        tokens: The tokens of the context; None if the axis has none.
        text_before: Text of the context before the step.
        text: Text of the step.
        text_after: Text of the context after the step.

    Example:
        >>> context = dump.unit("rnn.l1.c", 45, around=4).contexts[0]
        >>> context.stop - context.start, len(context.values), context.text
        (9, 9, '4')
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
    """What one unit does over a whole corpus. Values and thresholds are in the view of its source.

    Attributes:
        source: Name of the source.
        unit: Number of the unit.
        side: The side on which it is on.
        threshold: The unit's own threshold; negative for side low.
        n_steps: Number of steps.
        n_nan: Number of steps without a value. Shares are of the other steps.
        on_rate: Share of the steps at which it is on; NaN in an empty corpus.
        histogram: low, high, n_steps: 50 bins over -1 to 1, or over all finite values if they go beyond.
        quantiles: quantile, value: the least recorded value v such that this share of the values is ``<= v``.
        on_rates: threshold (-1.00 to 1.00), high (share of steps with ``value >= threshold``), low (``<=``).
        run_lengths: length (steps), n_runs.
        contexts: The strongest steps with what is around them, strongest first.
        tracks: The unit's relation to each track of the axis.
        tokens: The tokens at the steps at which it is on, before its runs and after them, 20 of each place that say
            most, beside the whole corpus: track ("token here", "token before" or "token after"), value, n_steps, share,
            n_corpus, base_rate; no rows where the axis has no tokens or the unit is never on.

    Example:
        >>> card = match.unit_card(dump, "rnn.l1.c", 45)
        >>> card.run_lengths.head(2)
           length  n_runs
        0       1     201
        1       2     166
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
    tokens: pd.DataFrame


def unit_card(
    dump: DumpReader,
    source: str,
    unit: int,
    threshold: float = 0.3,
    side: Side = "high",
    n_contexts: int = 10,
    around: int = 12,
) -> UnitCard:
    """Describe what one unit does over the whole corpus.

    Contexts are steps in order of their strength (the value, or minus the value on side low), the earlier one first if
    equal: the strongest step of each run, and every step at which the unit is off. A step is left out if its context
    overlaps one that is already taken. The corpus is read a few times, in blocks.

    Args:
        dump: The dump or corpus.
        source: Name of the source.
        unit: Number of the unit.
        threshold: The unit is on where ``value >= threshold``, in the view of the source.
        side: ``"high"``, or ``"low"`` for on where ``value <= -threshold``.
        n_contexts: Number of strongest contexts to return.
        around: Number of steps on either side of a context.

    Returns:
        The card.

    Raises:
        UnknownName: The dump has no such source.
        PatternError: The source has no such unit, or a number is out of range.

    Example:
        >>> card = match.unit_card(dump, "rnn.l1.c", 45)
        >>> card.tracks[0].table[["value", "on_rate", "rate_when_on"]].round(2)
           value  on_rate  rate_when_on
        0      0      0.0           0.0
        1      1      0.0           0.0
        2      2      0.0           0.0
        3      3      0.0           0.0
        4      4      1.0           1.0
    """
    info, axis = dump.source(source), dump.axis_of(source)
    _check_arguments(info, unit, threshold, side, n_contexts, around)
    unit_threshold = threshold if side == "high" else -threshold
    values, cut = UnitValues(dump, source, unit), info.cut(unit_threshold)
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
        source=source,
        unit=unit,
        side=side,
        threshold=unit_threshold,
        n_steps=info.n_steps,
        n_nan=n_nan,
        on_rate=n_on / n_values if n_values else np.nan,
        histogram=spread(values),
        quantiles=quantiles(values, n_values),
        on_rates=on_rates(values, n_values),
        run_lengths=runs.lengths(),
        contexts=_contexts(dump, info, axis, unit, runs.strongest(n_contexts, around)),
        tracks=tuple(track.result() for track in tracks),
        tokens=_tokens(dump, axis, runs.spans()),
    )


def _tokens(dump: DumpReader, axis: Axis, runs: Candidates) -> pd.DataFrame:
    rows = token_rows(dump, axis.name, runs, N_TOKENS) if len(runs) else pd.DataFrame()
    return rows[list(TOKEN_COLUMNS)] if len(rows) else pd.DataFrame(columns=list(TOKEN_COLUMNS))


def in_view(info: Source, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return recorded values in the source's view, as float64."""
    recorded = values.astype(np.float64)
    return np.tanh(recorded) if info.view == "tanh" else recorded


def _check_arguments(info: Source, unit: int, threshold: float, side: str, n_contexts: int, around: int) -> None:
    check_threshold(threshold)
    check_side(side)
    info.check_unit(unit)
    if not 0 <= n_contexts <= MAX_CONTEXTS or not 0 <= around <= MAX_AROUND:
        raise PatternError(
            f"{n_contexts} contexts of {around} steps are out of range: 0 to {MAX_CONTEXTS} of 0 to {MAX_AROUND}"
        )


def _contexts(
    dump: DumpReader, info: Source, axis: Axis, unit: int, places: list[tuple[int, int, int, int]]
) -> tuple[UnitContext, ...]:
    ahead = read_ahead(axis, [(start, stop) for _, start, stop, _ in places])
    return tuple(_context(dump, info, ahead, unit, *place) for place in places)


def _context(
    dump: DumpReader, info: Source, axis: Axis, unit: int, step: int, start: int, stop: int, sequence: int
) -> UnitContext:
    values = in_view(info, dump.states(info.name)[start:stop, [unit]][:, 0]).tolist()
    return UnitContext(
        step=step,
        start=start,
        stop=stop,
        sequence=sequence,
        value=values[step - start],
        values=tuple(values),
        tokens=None if axis.tokens is None else tuple(axis.tokens[start:stop]),
        text_before=axis.text(start, step),
        text=axis.text(step, step + 1),
        text_after=axis.text(step + 1, stop),
    )
