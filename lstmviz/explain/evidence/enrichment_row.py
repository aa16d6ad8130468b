"""A row of an enrichment: how often matches carry something, against chance, and what to keep in mind about it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lstmviz.explain.evidence.intervals import MIN_SEQUENCES
from lstmviz.explain.evidence.swaps import By
from lstmviz.match.summary.token_rows import HERE
from lstmviz.types import Filter

WEAKER = "fewer than 20 sequences: circular shifts, a weaker test, misled by drift over the corpus"
TOO_FEW = "fewer than 20 sequences with a match: too few for an interval"
CHOSEN = "the units were chosen by these labels: the share is too good, see F1 of rank_units"


def note_of(n_sequences: int, by: By) -> str:
    """Return a caution for a row: where few sequences have a match, or the null hypothesis is by shifts."""
    return "; ".join([TOO_FEW] * (n_sequences < MIN_SEQUENCES) + [WEAKER] * (by == "shifts"))


@dataclass(frozen=True)
class EnrichmentRow:
    """One value of a track, or one token; its fields are the columns of ``enrichment``."""

    value: str
    n_steps: int
    n_matches: int
    n_sequences: int
    n_unknown: int
    share: float
    share_low: float
    share_high: float
    base_rate: float
    lift: float
    lift_low: float
    lift_high: float
    recall: float
    f1: float
    f1_always: float
    p: float
    q: float
    by: By
    note: str


def chosen_by(asked: str | Filter) -> str:
    """Return what the notes of a detector's pattern say that its units were chosen by, as an enrichment names it."""
    return asked if isinstance(asked, str) else asked.track or HERE


def with_caution(frame: pd.DataFrame) -> pd.DataFrame:
    """Return an enrichment that notes in each row that the units were chosen by these labels."""
    return frame.assign(note=["; ".join(filter(None, (note, CHOSEN))) for note in frame["note"]])
