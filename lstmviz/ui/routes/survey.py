"""All units of a source at a glance: the table once it is made, or how far it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from flask import Blueprint, Response, jsonify, request

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError
from lstmviz.explain.evidence.unit_store import known_survey, survey_of
from lstmviz.explain.evidence.unit_survey import BEFORE, WIDE, UnitSurvey
from lstmviz.match.index.store import is_small
from lstmviz.ui.routes.requests import source_at
from lstmviz.ui.routes.responses import jsonable, log, uncached
from lstmviz.ui.table import DumpTable

NUMBERS = ("on_rate", "on_rate_low", "low", "high", "saturation", "half_life", "threshold", "f1", "f1_always")
WORDS = ("track", "label", "side", "why")
WHOLE = ("order", "group", "rank")
HEAT_UNIT = 0.05  # standard deviations, of which the heat map is sent in whole numbers
MOST_HEAT = 126
DIGITS = 4  # after the point


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's route."""
    jobs = SurveyJobs()

    @routes.get("/survey/<int:source>.json")
    def get_survey(uuid: str, source: int) -> Response:
        """Return the table; with ``begin=1`` it is made, otherwise only where that takes no time or was done before."""
        dump = table[uuid]
        name = source_at(dump, source).name
        return uncached(jsonify(jobs.answer(dump, name, request.args.get("begin") == "1")))


@dataclass
class _Job:
    """A survey that is being made: how far it is, or why it failed."""

    share: float = 0.0
    problem: str | None = None
    is_over: bool = False


class SurveyJobs:
    """Makes surveys in threads, one at a time, and keeps their tables as JSON."""

    def __init__(self) -> None:
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._jobs: WeakKeyDictionary[DumpReader, dict[str, _Job]] = WeakKeyDictionary()
        self._tables: WeakKeyDictionary[UnitSurvey, dict[str, Any]] = WeakKeyDictionary()

    def answer(self, dump: DumpReader, source: str, begin: bool) -> dict[str, Any]:
        """Return {"table"}, {"share"} while it is made, {"error"}, or {"is_offered"} where nobody asked for it yet."""
        survey = known_survey(dump, source)
        if survey is not None:
            if survey not in self._tables:
                self._tables[survey] = table_of(dump, survey)
            return {"table": self._tables[survey]}
        with self._lock:
            jobs = self._jobs.setdefault(dump, {})
            job = jobs.get(source)
            if job is not None and job.is_over:
                del jobs[source]
                if job.problem is not None:
                    return {"error": job.problem}
                job = None  # the tracks have changed since
            if job is None and not begin and not is_small(dump.source(source)):
                return {"is_offered": True}
            if job is None:
                job = jobs[source] = _Job()
                threading.Thread(
                    target=self._make, args=(dump, source, job), name="lstmviz-survey", daemon=True
                ).start()
            return {"share": round(job.share, 3)}

    def _make(self, dump: DumpReader, source: str, job: _Job) -> None:
        def note(share: float, words: str) -> None:
            job.share = share

        try:
            with self._turn:
                survey_of(dump, source, note)
        except LstmvizError as err:
            job.problem = str(err)
        except Exception as err:
            log.exception("the units could not be looked at")
            job.problem = f"the units could not be looked at ({type(err).__name__}); the server's log says more"
        finally:
            job.is_over = True


def table_of(dump: DumpReader, survey: UnitSurvey) -> dict[str, Any]:
    """Return a survey as the page takes it: lists by column, heat as whole numbers, the strongest places' text."""
    frame = survey.units
    columns: dict[str, Any] = {name: jsonable(frame[name].round(DIGITS).tolist()) for name in NUMBERS}
    columns |= {name: [None if word is None or word != word else str(word) for word in frame[name]] for name in WORDS}
    columns |= {name: jsonable(frame[name].astype(float).tolist()) for name in WHOLE}
    columns["lasts"] = np.isposinf(frame["half_life"].to_numpy(float)).tolist()  # infinity is no number in JSON
    columns["tokens"] = [list(words) for words in frame["tokens"]]
    heat = np.clip(np.round(survey.heat / HEAT_UNIT), -MOST_HEAT, MOST_HEAT)
    return {
        "n_units": len(frame),
        "n_looked": survey.n_looked,
        "n_steps": dump.source(survey.source).n_steps,
        "units": columns,
        "columns": [list(column) for column in survey.columns],
        "heat_unit": HEAT_UNIT,
        "heat": [[None if value != value else int(value) for value in row] for row in heat.tolist()],
        "place": survey.places[:, 0].tolist(),
        "around": [[None if v != v else round(v, 2) for v in row] for row in survey.values[:, 0].tolist()],
        "around_tokens": _texts(dump, survey),
    }


def _texts(dump: DumpReader, survey: UnitSurvey) -> list[list[str | None]] | None:
    """Return the tokens around each unit's strongest place; None for steps without tokens."""
    tokens = dump.axis_of(survey.source).tokens
    if tokens is None:
        return None
    texts: list[list[str | None]] = []
    known: dict[int, list[str | None]] = {}
    for step, values in zip(survey.places[:, 0].tolist(), survey.values[:, 0], strict=True):
        if step < 0:
            texts.append([None] * WIDE)
            continue
        if step not in known:
            first = max(0, step - BEFORE)
            words = [str(token) for token in tokens[first : step - BEFORE + WIDE]]
            known[step] = ([None] * (first - (step - BEFORE)) + words + [None] * WIDE)[:WIDE]
        texts.append(
            [None if value != value else text for text, value in zip(known[step], values.tolist(), strict=True)]
        )
    return texts
