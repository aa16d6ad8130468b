"""Evidence as the page asks for it: whiskers of the shares, the units that detect a label, and a pattern of them.

Each has a limit to its work, so that a page never keeps the server busy for long; beyond it the answer says in a line
where the figures can be had.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.detector import detector
from lstmviz.explain.evidence.enrichment import enrichment_of_spans
from lstmviz.explain.evidence.labels import find_track
from lstmviz.explain.evidence.rank import rank_units
from lstmviz.explain.evidence.sources import asked_sources
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.order.bins import bins_of
from lstmviz.match.pattern.file import Notes, PatternFile, hidden_in
from lstmviz.match.summary.spans import without_hidden
from lstmviz.types import Filter
from lstmviz.ui.describe import finite
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.regions import selected_region
from lstmviz.ui.selection import HypothesisQuestion, Selection, TrackQuestion
from lstmviz.ui.summary import MAX_VALUES

MOST_CELLS = 2**27  # steps x values of a track; about .7 CPU seconds
MOST_STATES = 2**28  # steps x units that are ranked
N_UNITS = 10  # of a ranking in an answer
EVIDENCE = ("value", "share_low", "share_high", "recall", "f1", "f1_always", "p", "q", "by")
RANKED = ("source", "unit", "side", "threshold", "f1", "auc", "auc_low", "auc_high", "q", "by")


def match_evidence(dump: DumpReader, question: TrackQuestion) -> dict[str, Any]:
    """Return as JSON what each value of a track is worth as a label of the matches that the summary is of.

    Raises an LstmvizError, whose line the page shows, where the question does not fit the dump.
    """
    axis, track = find_track(dump, question.track)
    n_values = len(bins_of(dump, axis.name, track.info.name))
    if n_values * axis.n_steps > MOST_CELLS:
        return {"track": question.track, "left_out": _too_many_values(n_values, axis.n_steps)}
    frame = enrichment_of_spans(dump, *_spans(dump, question), question.track)
    frequent = frame.sort_values(["n_steps", "base_rate"], ascending=False, kind="stable").head(MAX_VALUES)
    return {
        "track": question.track,
        "n_values": len(frame),
        "n_sequences": int(frame["n_sequences"].max()),
        "n_unknown": int(frame["n_unknown"].max()),
        "rows": _rows(frequent.sort_index(), EVIDENCE),
    }


def _too_many_values(n_values: int, n_steps: int) -> str:
    return (
        f"No interval here: {n_values:,} values over {n_steps:,} steps would take too long. "
        "In Python: dump.enrichment(pattern, track)."
    )


def _spans(dump: DumpReader, selection: Selection) -> tuple[str, Candidates]:
    """Return the matches that share all units and are not hidden, or the steps of a region, and their axis."""
    if selection.lasso is not None:
        region = selected_region(dump, selection)
        return region.axis.name, region.spans
    file = pattern_of(dump, selection)
    spans = matches_of(dump, file.pattern).spans(max(1, file.pattern.n_units))
    return file.pattern.axis, without_hidden(spans, hidden_in(file, dump.uuid))


def ranking(dump: DumpReader, question: HypothesisQuestion) -> dict[str, Any]:
    """Return as JSON the units that detect a hypothesis best, over every h and c that it can be asked of."""
    sources, is_part = _sources(dump, question)
    frame = rank_units(dump, question.hypothesis, sources)
    return {
        "sources": sources,
        "is_part": is_part,
        "n_units": len(frame),
        "f1_always": finite(float(frame["f1_always"].iloc[0])),
        "rows": _rows(frame.head(N_UNITS), RANKED),
    }


def detector_answer(dump: DumpReader, question: HypothesisQuestion) -> dict[str, Any]:
    """Return as JSON the smallest pattern that detects a hypothesis, as the text of a pattern file, and its F1."""
    found = detector(dump, question.hypothesis, _sources(dump, question)[0])
    notes = Notes(name=_name(question.hypothesis))
    return {
        "pattern": PatternFile(found.pattern, notes).to_json(),
        "n_units": found.pattern.n_units,
        "f1": finite(found.f1),
        "f1_always": finite(found.f1_always),
    }


def _sources(dump: DumpReader, question: HypothesisQuestion) -> tuple[list[str], bool]:
    """Return the sources to be ranked, and whether others are left out: all, or the plotted one if all are too many."""
    axis = find_track(dump, question.hypothesis.track)[0] if question.hypothesis.track else dump.first
    every = asked_sources(dump, axis, None)
    for sources in (every, [question.source]):
        if axis.n_steps * sum(dump.source(name).n_units for name in sources) <= MOST_STATES:
            return sources, sources != every
    raise PatternError(
        f"{dump.source(question.source).n_units:,} units over {axis.n_steps:,} steps would take too long to rank on "
        "the page; use lstmviz rank, or lstmviz detect for a pattern file"
    )


def _name(hypothesis: Filter) -> str:
    """Return what a pattern that detects a hypothesis is called."""
    if hypothesis.labels:
        value = " or ".join(hypothesis.labels)
    else:
        ends = [f"{end:g}" for end in (hypothesis.low, hypothesis.high) if end is not None]
        value = " to ".join(dict.fromkeys(ends))
    return f"{hypothesis.track or 'token'} {value}"[:200]


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON carries them: None for what is not finite."""
    rows = zip(*(frame[name].tolist() for name in columns), strict=True)
    return [
        {name: finite(value) if isinstance(value, float) else value for name, value in zip(columns, row, strict=True)}
        for row in rows
    ]
