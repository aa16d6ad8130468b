"""Do the steps at, before or after a pattern's matches hold a token more often than chance? Every token of the text."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from lstmviz.dump.reader import Axis
from lstmviz.explain.evidence.enrichment_row import EnrichmentRow, note_of
from lstmviz.explain.evidence.intervals import clustered_interval, q_values
from lstmviz.explain.evidence.label_tables import SequenceLabels
from lstmviz.explain.evidence.labels import Mask, StepLabels, token_labels
from lstmviz.explain.evidence.shifts import shift_p
from lstmviz.explain.evidence.swaps import MIN_NORMAL, MIN_SWAPPED, By, Floats, Ints
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.summary.spans import matched_steps
from lstmviz.match.summary.token_rows import HERE, order_by_strength, steps_beside
from lstmviz.system.asked import look

STEPS_AT_ONCE = 2**20  # of the matches whose tokens are counted together


def enrichment_of_tokens(axis: Axis, spans: Candidates, place: str, seed: int = 0) -> pd.DataFrame:
    """Return the table of ``enrichment`` for each token of an axis, at the spans or beside them; the strongest first.

    ``place`` is that of ``token_rows``. q is adjusted for every token of the axis, as any of them could have stood
    out. Raises PatternError where the axis has no tokens.
    """
    labels = token_labels(axis)
    start, stop = spans.start, spans.stop
    if place != HERE:
        start = steps_beside(axis, spans, place)
        stop = start + 1
    on = matched_steps(Candidates(start, stop, np.ones_like(start)), axis.n_steps)
    frame = TokenEnrichment(labels, on, seed).frame()
    frame["n_matches"] = _n_spans_with(labels, start, stop)
    return order_by_strength(frame).reset_index(drop=True)


class TokenEnrichment:
    """``Enrichment`` for all labels at once, at each of whose steps one is known."""

    def __init__(self, labels: StepLabels, on: Mask, seed: int = 0) -> None:
        self._labels, self._on, self._seed = labels, on, seed
        self._counts = SequenceLabels(labels, on)
        self._lengths = labels.axis.stops - labels.axis.starts
        self._on_in = np.add.reduceat(on, labels.axis.starts, dtype=np.int64)
        self._n_on, self._n_steps = int(self._on_in.sum()), len(on)
        self._n_sequences = int((self._on_in > 0).sum())

    def frame(self) -> pd.DataFrame:
        """Return a row for each label, in their order; ``n_matches`` is 0."""
        counts = self._counts
        n_hits, n_label = (counts.add_up(values).astype(np.int64) for values in (counts.n_on, counts.n_steps))
        with np.errstate(invalid="ignore"):
            share, base_rate = n_hits / np.float64(self._n_on), n_label / self._n_steps
            f1, f1_always = 2 * n_hits / (self._n_on + n_label), 2 * n_label / (self._n_steps + n_label)
        (share_low, share_high), (low, high) = (self._intervals(share, base) for base in (None, base_rate))
        by = self._nulls()
        p = self._p_values(by, base_rate)
        columns = {
            "value": pd.Series(self._labels.names, dtype="str"),
            "n_steps": n_hits,
            "n_matches": 0,
            "n_sequences": self._n_sequences,
            "n_unknown": 0,
            "share": share,
            "share_low": share_low,
            "share_high": share_high,
            "base_rate": base_rate,
            "lift": share - base_rate,
            "lift_low": low - base_rate,
            "lift_high": high - base_rate,
            "recall": n_hits / n_label,
            "f1": f1,
            "f1_always": f1_always,
            "p": p,
            "q": q_values(p),
            "by": by,
            "note": [note_of(self._n_sequences, one) for one in by],
        }
        return pd.DataFrame(columns)[[field.name for field in fields(EnrichmentRow)]]

    def _intervals(self, share: Floats, base_rate: Floats | None) -> tuple[Floats, Floats]:
        """Return the ends of the interval of each share; against the base rates, if they are given."""
        if not self._n_on:
            return np.full_like(share, np.nan), np.full_like(share, np.nan)
        counts, n, n_on = self._counts, self._n_sequences_of_axis, self._n_on
        per_step, against = (0.0, 0.0 * share) if base_rate is None else (1 / self._n_steps, base_rate)
        # A sequence adds what it has of a label, less what it would have if its rates were those of the axis.
        has = counts.n_on / n_on - counts.n_steps * per_step
        of_on, of_steps = self._on_in / n_on, self._lengths * per_step
        squares = counts.add_up(has**2)
        squares -= 2 * share * counts.add_up(has * of_on[counts.sequence])
        squares += 2 * against * counts.add_up(has * of_steps[counts.sequence])
        squares += share**2 * (of_on**2).sum() - 2 * share * against * (of_on * of_steps).sum()
        squares += against**2 * (of_steps**2).sum()
        variance = n / (n - 1) * squares if n > 1 else np.full_like(share, np.nan)
        ends = [
            clustered_interval(*one, n_on, self._n_sequences)
            for one in zip(share.tolist(), variance.tolist(), strict=True)
        ]
        low, high = np.array(ends).T
        return low, high

    @property
    def _n_sequences_of_axis(self) -> int:
        return len(self._lengths)

    def _nulls(self) -> list[By]:
        """Return the null for each label, by the sequences that can make a difference."""
        n = self._n_sequences_of_axis
        if n < MIN_SWAPPED:
            return ["shifts"] * len(self._labels.names)
        counts = self._counts
        with_label = counts.add_up(np.ones_like(counts.label))
        with_other = n - counts.add_up(counts.n_steps == self._lengths[counts.sequence])
        matter = np.minimum(np.minimum(with_label, with_other), self._n_sequences)
        return ["draws" if few else "swaps" for few in (matter < MIN_NORMAL).tolist()]

    def _p_values(self, by: list[By], base_rate: Floats) -> Floats:
        if not self._n_on:
            return np.full(len(by), np.nan)
        if self._n_sequences_of_axis >= MIN_SWAPPED:
            return self._counts.tables().p(np.array(by) == "draws", self._seed)
        on, p = self._on.astype(np.float64), []
        for label, rate in enumerate(base_rate.tolist()):
            look()
            p.append(shift_p(on, self._labels.is_(label) - rate))
        return np.array(p)


def _n_spans_with(labels: StepLabels, start: Ints, stop: Ints) -> Ints:
    """Return in how many spans each label stands."""
    n_labels, lengths = len(labels.names), stop - start
    n_spans = np.zeros(n_labels, np.int64)
    part = (np.cumsum(lengths) - lengths) // STEPS_AT_ONCE
    for some in np.split(np.arange(len(start)), np.flatnonzero(np.diff(part)) + 1):
        span = np.repeat(np.arange(len(some)), lengths[some])
        step = np.arange(len(span)) + (stop[some] - np.cumsum(lengths[some]))[span]
        n_spans += np.bincount(np.unique(span * n_labels + labels.codes[step]) % n_labels, minlength=n_labels)
    return n_spans
