"""Evidence as the page asks for it: whiskers of the shares, the units that detect a label, and a pattern of them.

Each has a limit to its work, so that a page never keeps the server busy for long; beyond it the answer names the call
that gives the figures.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.errors import PatternError
from lstmviz.explain.evidence.align import Alignment, Comparable, align_units
from lstmviz.explain.evidence.codes import IsCancelled
from lstmviz.explain.evidence.detector import detector
from lstmviz.explain.evidence.enrichment import enrichment_of_spans, is_of_tokens
from lstmviz.explain.evidence.enrichment_row import chosen_by
from lstmviz.explain.evidence.labels import find_track, step_answers, token_labels
from lstmviz.explain.evidence.rank import rank_labelled, rank_units
from lstmviz.explain.evidence.sources import asked_sources
from lstmviz.explain.evidence.swaps import MIN_SWAPPED
from lstmviz.match.engine.candidates import Candidates
from lstmviz.match.order.bins import bins_of
from lstmviz.match.pattern.file import Notes, PatternFile, hidden_in
from lstmviz.match.summary.spans import without_hidden
from lstmviz.types import Filter
from lstmviz.ui.describe import finite
from lstmviz.ui.queries import matches_of, pattern_of
from lstmviz.ui.regions import selected_region
from lstmviz.ui.selection import HypothesisQuestion, Selection, TrackQuestion
from lstmviz.ui.summary import MAX_VALUES, N_TOKENS

MOST_CELLS = 2**27  # steps x values of a track; about .7 CPU seconds
MOST_TOKEN_STEPS = 2**18  # whose tokens are all tested; about 1.4 CPU seconds
MOST_SHIFTED = 2**24  # steps x tokens, where an axis has few sequences; about .6 CPU seconds
MOST_STATES = 2**28  # steps x units that are ranked
MOST_ALIGNED = 2**24  # steps x units of two sources that are aligned
CACHED_ALIGNMENTS = 4
N_UNITS = 10  # of a ranking in an answer
EVIDENCE = ("value", "share_low", "share_high", "recall", "f1", "f1_always", "p", "q", "by")
RANKED = ("source", "unit", "side", "threshold", "f1", "auc", "auc_low", "auc_high", "q", "by")


def match_evidence(dump: DumpReader, question: TrackQuestion) -> dict[str, Any]:
    """Return as JSON how well each value of a track, or each token, labels the matches of the summary.

    Raises an LstmvizError, whose line the page shows, where the question does not fit the dump.
    """
    if is_of_tokens(dump, question.track):
        return _token_evidence(dump, question)
    axis, track = find_track(dump, question.track)
    n_values = len(bins_of(dump, axis.name, track.info.name))
    if n_values * axis.n_steps > MOST_CELLS:
        return _too_many(f"{n_values:,} values over {axis.n_steps:,} steps", question.track)
    frame = enrichment_of_spans(dump, *_spans(dump, question), question.track)
    frequent = frame.sort_values(["n_steps", "base_rate"], ascending=False, kind="stable").head(MAX_VALUES)
    return _evidence_json(question.track, frame, frequent.sort_index())


def _token_evidence(dump: DumpReader, question: TrackQuestion) -> dict[str, Any]:
    """Return as JSON how well the tokens that the summary lists label the matches, or stand beside them."""
    name, spans = _spans(dump, question)
    axis = dump.axis(name)
    if axis.n_steps > MOST_TOKEN_STEPS:
        return _too_many(f"the tokens of {axis.n_steps:,} steps", question.track)
    if len(axis.starts) < MIN_SWAPPED and (n := len(token_labels(axis).names)) * axis.n_steps > MOST_SHIFTED:
        return _too_many(f"{n:,} tokens over {axis.n_steps:,} steps", question.track)
    frame = enrichment_of_spans(dump, name, spans, question.track)
    return _evidence_json(question.track, frame, frame.head(N_TOKENS))


def _evidence_json(track: str, frame: pd.DataFrame, shown: pd.DataFrame) -> dict[str, Any]:
    return {
        "track": track,
        "n_values": len(frame),
        "n_sequences": int(frame["n_sequences"].max()),
        "n_unknown": int(frame["n_unknown"].max()),
        "rows": _rows(shown, EVIDENCE),
    }


def _too_many(what: str, track: str) -> dict[str, Any]:
    words = f"No interval here: {what} would take too long. In Python: dump.enrichment(pattern, {track!r})."
    return {"track": track, "left_out": words}


def _spans(dump: DumpReader, selection: Selection) -> tuple[str, Candidates]:
    """Return the matches that share all units and are not hidden, or the steps of a region, and their axis."""
    if selection.lasso is not None:
        region = selected_region(dump, selection)
        return region.axis.name, region.spans
    file = pattern_of(dump, selection)
    spans = matches_of(dump, file.pattern).spans(max(1, file.pattern.n_units))
    return file.pattern.axis, without_hidden(spans, hidden_in(file, dump.uuid))


def ranking(dump: DumpReader, question: HypothesisQuestion, cancel: IsCancelled | None = None) -> dict[str, Any]:
    """Return as JSON the units that detect a hypothesis best, over every h and c that it can be asked of."""
    sources, is_part = _asked(dump, question)
    return _ranking_json(rank_units(dump, question.hypothesis, sources, cancel=cancel), sources, is_part)


def region_ranking(dump: DumpReader, selection: Selection, cancel: IsCancelled | None = None) -> dict[str, Any]:
    """Return as JSON the units that set a region of the map apart best."""
    region = selected_region(dump, selection)
    sources, is_part = _sources(dump, region.axis, selection.map_source)
    labels = step_answers(region.axis, region.steps, region.among)
    return _ranking_json(rank_labelled(dump, labels, sources, cancel=cancel), sources, is_part)


def _ranking_json(frame: pd.DataFrame, sources: list[str], is_part: bool) -> dict[str, Any]:
    return {
        "sources": sources,
        "is_part": is_part,
        "n_units": len(frame),
        "f1_always": finite(float(frame["f1_always"].iloc[0])),
        "rows": _rows(frame.head(N_UNITS), RANKED),
    }


def detector_answer(
    dump: DumpReader, question: HypothesisQuestion, cancel: IsCancelled | None = None
) -> dict[str, Any]:
    """Return as JSON the smallest pattern that detects a hypothesis, as the text of a pattern file, and its F1."""
    detected = detector(dump, question.hypothesis, _asked(dump, question)[0], cancel=cancel)
    notes = Notes(name=_name(question.hypothesis), chosen_by=chosen_by(question.hypothesis))
    return {
        "pattern": PatternFile(detected.pattern, notes).to_json(),
        "n_units": detected.pattern.n_units,
        "f1": finite(detected.f1),
        "f1_always": finite(detected.f1_always),
    }


def partner(pair: Comparable, unit: int) -> dict[str, Any]:
    """Return as JSON the unit of the second source that goes with a unit most, and how well."""
    n_units = pair.dump.source(pair.source).n_units + pair.second.source(pair.other).n_units
    if n_units * pair.axis.n_steps > MOST_ALIGNED:
        return {"left_out": f"{n_units:,} units over {pair.axis.n_steps:,} steps: ask lstmviz align."}
    row = _alignment(pair.dump, pair.source, pair.second, pair.other).units.iloc[unit]
    return {
        "partner": int(row["partner"]),
        "r": finite(float(row["r"])),
        "r_chance": finite(float(row["r_chance"])),
        "is_mutual": bool(row["is_mutual"]),
    }


@lru_cache(maxsize=CACHED_ALIGNMENTS)
def _alignment(dump: DumpReader, source: str, second: DumpReader, other: str) -> Alignment:
    return align_units(Comparable(dump, source, second, other))


def _asked(dump: DumpReader, question: HypothesisQuestion) -> tuple[list[str], bool]:
    """Return the same for the axis of a hypothesis."""
    axis = find_track(dump, question.hypothesis.track)[0] if question.hypothesis.track else dump.first
    return _sources(dump, axis, question.source)


def _sources(dump: DumpReader, axis: Axis, shown: str) -> tuple[list[str], bool]:
    """Return the sources to be ranked, and whether others are left out: all, or the one shown if all are too many."""
    every = asked_sources(dump, axis, None)
    one = [shown if shown in axis.sources else next(iter(every), shown)]
    for sources in (every, one):
        if axis.n_steps * sum(dump.source(name).n_units for name in sources) <= MOST_STATES:
            return sources, sources != every
    raise PatternError(
        f"{dump.source(one[0]).n_units:,} units over {axis.n_steps:,} steps would take too long to rank on "
        "the page; use lstmviz rank, or lstmviz detect for a pattern file"
    )


def _name(hypothesis: Filter) -> str:
    """Return the name of a pattern that detects a hypothesis."""
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
