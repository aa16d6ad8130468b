"""Do a pattern's matches carry a label, or a token, more often than chance? Each one, with interval and p value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, fields, replace

import numpy as np
import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError, UnknownName
from lstmviz.explain.evidence.enrichment_row import EnrichmentRow, note_of
from lstmviz.explain.evidence.intervals import clustered_interval, q_values, variance_over_sequences
from lstmviz.explain.evidence.labels import YES, Mask, StepLabels, labels_of
from lstmviz.explain.evidence.run_tables import RunningCount, RunTables, running_count, runs_of
from lstmviz.explain.evidence.shifts import shift_p
from lstmviz.explain.evidence.swaps import By, Ints, SwapTest, choose, groups_of
from lstmviz.explain.evidence.tokens import enrichment_of_tokens
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.spans import matched_steps, summary_spans
from lstmviz.match.summary.token_rows import AFTER, BEFORE, HERE, PLACES
from lstmviz.types import Filter, Pattern, Window


def enrichment(
    dump: DumpReader,
    pattern: Pattern,
    track: str | Filter,
    min_shared: int | None = None,
    hidden: Collection[Window] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Return how often the steps of a pattern's matches carry each value of a track, or each token, against chance.

    The columns are those of ``EnrichmentRow``; ``Dump.enrichment`` says what they mean. Raises UnknownName or
    PatternError where the pattern, the track or the filter does not fit the dump.
    """
    return enrichment_of_spans(dump, pattern.axis, summary_spans(dump, pattern, min_shared, hidden), track, seed)


def enrichment_of_spans(
    dump: DumpReader, axis: str, spans: Candidates, track: str | Filter, seed: int = 0
) -> pd.DataFrame:
    """Return the same for spans of an axis, whatever they are matches of."""
    if isinstance(track, str) and is_of_tokens(dump, track):
        return enrichment_of_tokens(dump.axis(axis), spans, track, seed)
    try:
        labels = labels_of(dump, track, dump.axis(axis))
    except UnknownName as error:
        if isinstance(track, Filter) or dump.axis(axis).tokens is None:
            raise
        raise UnknownName(f"{error}; of tokens, ask for {HERE!r}, {BEFORE!r} or {AFTER!r}") from None
    if labels.axis.name != axis:
        raise PatternError(f"the track lies on axis {labels.axis.name!r} and the pattern on {axis!r}")
    on = matched_steps(spans, labels.axis.n_steps)
    counted = Enrichment(labels, on, seed)
    values = range(len(labels.names)) if isinstance(track, str) else (YES,)
    rows = [counted.row(value, spans.start, spans.stop) for value in values]
    q = q_values([row.p for row in rows]).tolist()
    rows = [replace(row, q=one) for row, one in zip(rows, q, strict=True)]
    return pd.DataFrame([astuple(row) for row in rows], columns=[field.name for field in fields(EnrichmentRow)])


def is_of_tokens(dump: DumpReader, track: str) -> bool:
    """Tell whether a name is that of the tokens at, before or after matches; a track of that name comes first."""
    return track in PLACES and track not in dump.tracks


class Enrichment:
    """The steps at which something is on, such as a pattern's matches, counted against the labels of the steps."""

    def __init__(self, labels: StepLabels, on: Mask, seed: int = 0) -> None:
        axis = labels.axis
        self._labels, self._on, self._seed = labels, on, seed
        self._starts, self._stops = axis.starts, axis.stops
        self._runs = runs_of(on, axis.starts, axis.stops)
        self._tables: RunTables | None = None
        known = running_count(labels.known)
        self._known = None if known[-1] == len(on) else known
        self._known_in = known[axis.stops] - known[axis.starts]
        self._on_in = self._on_with(known)
        self._n_on, self._n_known = int(self._on_in.sum()), int(known[-1])
        self._n_sequences = int((self._on_in > 0).sum())

    def row(self, label: int, start: Ints, stop: Ints) -> EnrichmentRow:
        """Return how well the steps that are on indicate a label; [start, stop) are the matches they lie in.

        Without a match at a known step, shares and p are NaN. ``q`` is NaN: it takes all rows.
        """
        before = running_count(self._labels.is_(label))
        with_label, label_in = self._on_with(before), before[self._stops] - before[self._starts]
        n_hits, n_label = int(with_label.sum()), int(before[-1])
        share, base_rate = _ratio(n_hits, self._n_on), _ratio(n_label, self._n_known)
        by = self._null(label_in)
        of_share = (with_label - share * self._on_in) / (self._n_on or np.nan)
        of_base = (label_in - base_rate * self._known_in) / (self._n_known or np.nan)
        (low, high), against_base = (
            clustered_interval(share, variance_over_sequences(influence), self._n_on, self._n_sequences)
            for influence in (of_share, of_share - of_base)
        )
        return EnrichmentRow(
            value=self._labels.names[label],
            n_steps=n_hits,
            n_matches=int((before[stop] > before[start]).sum()),
            n_sequences=self._n_sequences,
            n_unknown=int(self._on.sum()) - self._n_on,
            share=share,
            share_low=low,
            share_high=high,
            base_rate=base_rate,
            lift=share - base_rate,
            lift_low=against_base[0] - base_rate,
            lift_high=against_base[1] - base_rate,
            recall=_ratio(n_hits, n_label),
            f1=_ratio(2 * n_hits, self._n_on + n_label),
            f1_always=_ratio(2 * n_label, self._n_known + n_label),
            p=self._p_value(before, base_rate, by) if self._n_on else np.nan,
            q=np.nan,
            by=by,
            note=note_of(self._n_sequences, by),
        )

    def _on_with(self, before: RunningCount) -> Ints:
        """Return for each sequence at how many of its steps that are on a label stands."""
        held = before[self._runs.stop] - before[self._runs.start]
        counts = np.bincount(self._runs.sequence, weights=held, minlength=len(self._starts))
        return counts.astype(np.int64)

    def _null(self, label_in: Ints) -> By:
        """Choose the null hypothesis by the least number of sequences: with a match, the label, or another one."""
        with_label, with_other = int((label_in > 0).sum()), int((label_in < self._known_in).sum())
        return choose(len(self._starts), min(self._n_sequences, with_label, with_other))

    def _p_value(self, before: RunningCount, base_rate: float, by: By) -> float:
        if by == "shifts":
            centred = np.diff(before) - base_rate * (1.0 if self._known is None else np.diff(self._known))
            return shift_p(self._on.astype(np.float64), centred)
        if self._tables is None:
            groups = groups_of(self._stops - self._starts)
            self._tables = RunTables(groups, self._starts, self._stops, self._runs)
        test = SwapTest(1, by == "draws", self._seed)
        known = None if self._known is None else self._tables.counts(self._known)
        for first, tables in self._tables.counts(before):
            if known is not None:
                tables = tables - base_rate * next(known)[1]
            test.add(first, tables[..., None])
        return float(test.p()[0])


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
