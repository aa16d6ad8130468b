"""Surveys of units that were made before: in memory, and in the user's cache where one takes seconds."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import MALFORMED, LstmvizError
from lstmviz.explain.evidence.codes import IsCancelled
from lstmviz.explain.evidence.unit_survey import N_PLACES, WIDE, UnitSurvey, survey_units
from lstmviz.match.index.store import is_small
from lstmviz.system.atomic import replacing
from lstmviz.system.cache import cache_folder
from lstmviz.system.kept_arrays import read_kept
from lstmviz.types import ShareProgress, Source

VERSION = 1  # of what is kept
ARRAYS = ("heat", "places", "values")

_made: WeakKeyDictionary[DumpReader, dict[tuple[str, str], UnitSurvey]] = WeakKeyDictionary()


def survey_of(
    dump: DumpReader, source: str, progress: ShareProgress | None = None, cancel: IsCancelled | None = None
) -> UnitSurvey:
    """Return the survey of a source's units, made only where it was not made since the tracks changed."""
    known = known_survey(dump, source)
    if known is not None:
        return known
    key = source, dump.tracks_revision
    made = survey_units(dump, source, progress, cancel)
    _made.setdefault(dump, {})[key] = made
    if not is_small(dump.source(source)):
        with suppress(OSError, LstmvizError):  # it can be made again
            _keep(made, _path(dump, key))
    return made


def known_survey(dump: DumpReader, source: str) -> UnitSurvey | None:
    """Return the survey of a source's units if it was made before; None otherwise."""
    info = dump.source(source)
    key = source, dump.tracks_revision
    in_memory = _made.setdefault(dump, {})
    if key not in in_memory and not is_small(info):
        with suppress(OSError, LstmvizError, *MALFORMED):
            survey = _read(source, _path(dump, key))
            if _fits(survey, info):
                in_memory[key] = survey
    return in_memory.get(key)


def _fits(survey: UnitSurvey, info: Source) -> bool:
    n, shape = info.n_units, (info.n_units, N_PLACES)
    arrays = ((survey.heat, "f", (n, len(survey.columns))), (survey.places, "i", shape))
    return (
        len(survey.units) == n
        and all(array.dtype.kind == kind and array.shape == wanted for array, kind, wanted in arrays)
        and survey.values.dtype.kind == "f"
        and survey.values.shape == (*shape, WIDE)
        and bool(((survey.places >= -1) & (survey.places < info.n_steps)).all())
    )


def _path(dump: DumpReader, key: tuple[str, str]) -> Path:
    name = hashlib.sha256("\0".join((dump.uuid, *key, str(VERSION))).encode("utf-8", "surrogatepass")).hexdigest()
    return cache_folder("units") / f"{name[:32]}.npz"


def _keep(survey: UnitSurvey, path: Path) -> None:
    about = {
        "units": survey.units.to_dict("list"),
        "columns": survey.columns,
        "n_looked": survey.n_looked,
    }
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, about=text, **{name: getattr(survey, name) for name in ARRAYS})


def _read(source: str, path: Path) -> UnitSurvey:
    kept = read_kept(path, ("about", *ARRAYS))
    about = json.loads(kept["about"].tobytes())
    frame = pd.DataFrame(about["units"])
    for name in ("tokens", "places"):
        frame[name] = [tuple(given) for given in frame[name]]
    columns = tuple((str(track), str(label)) for track, label in about["columns"])
    heat, places, values = (kept[name] for name in ARRAYS)
    return UnitSurvey(source, frame, columns, heat, places, values, int(about["n_looked"]))
