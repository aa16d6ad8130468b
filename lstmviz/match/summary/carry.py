"""How often each value of a track occurs at the steps of a pattern's matches, and in the whole corpus."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.match.engine.activity import Steps
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.order.bins import Bins, bins_of
from lstmviz.match.summary.spans import BLOCK_STEPS, covered_steps, summary_spans
from lstmviz.match.summary.token_rows import token_rows
from lstmviz.types import Pattern, Window

CARRY_COLUMNS = ("track", "value", "low", "high", "n_steps", "share", "n_corpus", "base_rate")


def carry(
    dump: DumpReader,
    pattern: Pattern,
    min_shared: int | None = None,
    hidden: Collection[Window] = (),
    tokens: int = 0,
) -> pd.DataFrame:
    """Compare what the matched steps carry in each track with the whole corpus.

    Args:
        dump: The dump or corpus.
        pattern: The pattern.
        min_shared: Use the matches that share at least this many units; None for those that share all.
        hidden: Matches to leave out.
        tokens: Also compare the tokens at, before and after the matches: so many of each.

    Returns:
        One row for each track and value: track, value (a label, a whole number, or a range such as ``"0.1 to 0.2"``),
        low and high (the numbers it stands for, NaN for labels), n_steps (a step in two matches counts once), share (of
        the matched steps that have a value; NaN if there are none), n_corpus and base_rate (the same over the whole
        corpus). Rows of tokens have the track ``"token here"``, ``"token before"`` or ``"token after"``.

    Raises:
        UnknownName: The dump lacks a source or track of the pattern.
        PatternError: The pattern or a number is invalid.

    Example:
        >>> carried = match.carry(dump, pattern)
        >>> carried[(carried.track == "right") & (carried.share > 0)][["value", "share", "base_rate"]].round(2)
            value  share  base_rate
        56  wrong   0.25       0.35
        57  right   0.75       0.65
    """
    return carry_of_spans(dump, pattern.axis, summary_spans(dump, pattern, min_shared, hidden), tokens)


def carry_of_spans(dump: DumpReader, axis: str, spans: Candidates, tokens: int = 0) -> pd.DataFrame:
    """Return the table of ``carry`` for the steps of some spans of an axis."""
    tracks = dump.axis(axis).tracks
    bins = {name: bins_of(dump, axis, name) for name in tracks}
    counts = {name: np.zeros(len(bins[name]) + 1, np.int64) for name in tracks}
    n_axis = dump.axis(axis).n_steps if tracks else 0
    for first in range(0, n_axis, BLOCK_STEPS):
        stop = min(first + BLOCK_STEPS, n_axis)
        is_covered = covered_steps(spans, first, stop)
        for name, track in tracks.items():
            places = bins[name].place(track[first:stop][is_covered])
            counts[name] += np.bincount(places, minlength=len(counts[name]))
    parts = [_no_rows(), *(_rows_of(name, bins[name], counts[name]) for name in tracks)]
    of_tokens = token_rows(dump, axis, spans, tokens)
    if len(of_tokens):
        parts.append(of_tokens)
    return pd.concat(parts, ignore_index=True)[list(CARRY_COLUMNS)]


def _rows_of(track: str, bins: Bins, counts: Steps) -> pd.DataFrame:
    n_here = counts[: len(bins)]
    frame = pd.DataFrame({"track": track, "value": pd.Series(bins.names, dtype="str")})
    with np.errstate(invalid="ignore"):
        shares = {"share": n_here / n_here.sum(), "base_rate": bins.n_steps / bins.n_steps.sum()}
    return frame.assign(low=bins.low, high=bins.high, n_steps=n_here, n_corpus=bins.n_steps, **shares)


def _no_rows() -> pd.DataFrame:
    """Return a frame with the columns and no rows, which is the answer for a dump without tracks."""
    text, number, count = pd.Series([], dtype="str"), np.zeros(0), np.zeros(0, np.int64)
    types = (text, text, number, number, count, number, count, number)
    return pd.DataFrame(dict(zip(CARRY_COLUMNS, types, strict=True)))
