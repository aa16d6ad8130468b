"""A row of an enrichment: how often matches carry something, against chance, and what to keep in mind about it."""

from __future__ import annotations

from dataclasses import dataclass

from lstmviz.explain.evidence.intervals import MIN_SEQUENCES
from lstmviz.explain.evidence.swaps import By

WEAKER = "fewer than 20 sequences: circular shifts, a weaker test, misled by drift over the corpus"
TOO_FEW = "fewer than 20 sequences with a match: too few for an interval"


def note_of(n_sequences: int, by: By) -> str:
    """Return what to keep in mind where so many sequences have a match, and chance is told by this null."""
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
