"""Findings about HDF5 of another tool: which arrays look like states, what is wrong with them, how to write a dump.

Only the file itself is read: no link is followed, and no array is read that ``safe`` would refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from lstmviz.doctor.finding import Count, Finding, first_few, quantity
from lstmviz.doctor.keras import keras_findings
from lstmviz.doctor.states import UnitScan, summary
from lstmviz.doctor.suggest import BLOCK_BYTES, MAX_LISTED, suggest_dump
from lstmviz.doctor.survey import Array, FileSurvey, survey_file
from lstmviz.dump.safe import find_dataset, open_foreign
from lstmviz.errors import DumpError, reason_of
from lstmviz.types import CountProgress

MAX_BYTES = 2**28  # read of one array
MAX_UNITS = 100_000  # of an array that looks like states


def foreign_findings(path: Path, progress: CountProgress | None = None) -> Iterator[Finding]:
    """Say what an HDF5 file that is not a dump holds, and how to make a dump of it."""
    with open_foreign(path, path) as file:
        survey = survey_file(file, path)
        of_keras = list(keras_findings(survey))
        if not of_keras:
            remedy = "write one from its arrays, as shown below"
            yield Finding("problem", "", "it is HDF5, but not an lstmviz dump", remedy)
        yield from _unread(survey)
        yield from of_keras
        states = [a for a in survey.arrays if _looks_like_states(a)]
        weights = [a for a in survey.arrays if a.is_weights]
        if weights and not of_keras:
            yield Finding(
                "note",
                "",
                f"by their names these are a model's weights: {first_few([a.path for a in weights])}",
                "states come from running the model: see lstmviz.record, or write_dump with what your framework gives",
            )
        if of_keras and not states:
            return
        if not states:
            others = [f"{a.path} {a.shape} {a.dtype}" for a in survey.arrays if not a.is_weights]
            listed = first_few(others) or f"no {'other ' * bool(weights)}array of numbers"
            yield Finding(
                "problem",
                "",
                f"no array looks like states, floats of (n_steps, n_units); it has {listed}",
                "pass such arrays to lstmviz.write_dump",
            )
            return
        n_steps = Counter(a.n_steps for a in states).most_common(1)[0][0]
        yield from _state_findings(file, path, states, n_steps, progress)
        yield from suggest_dump(file, path, survey, [a for a in states if a.n_steps == n_steps])


def _unread(survey: FileSurvey) -> Iterator[Finding]:
    if survey.links:
        yield Finding(
            "note",
            "",
            f"{quantity(len(survey.links), 'link')} not followed: {first_few(survey.links)}",
            "copy what they lead to",
        )
    for line in survey.refused[:MAX_LISTED]:
        yield Finding("note", "left alone", line)
    more = len(survey.refused) - MAX_LISTED
    if more > 0 or survey.is_cut:
        yield Finding("note", "", f"{quantity(more, 'more array') if more > 0 else 'more'} were not looked at")


def _looks_like_states(array: Array) -> bool:
    is_large = len(array.shape) in (2, 3) and 1 < array.shape[-1] <= MAX_UNITS and array.n_steps > 1
    return is_large and array.is_floats and not array.is_weights


def _state_findings(
    file: h5py.File, path: Path, states: list[Array], n_steps: int, progress: CountProgress | None
) -> Iterator[Finding]:
    n_all = sum(min(int(np.prod(a.shape)), MAX_BYTES // a.dtype.itemsize) for a in states[:MAX_LISTED])
    n_read = 0

    def count(n: int) -> None:
        nonlocal n_read
        n_read += n
        if progress is not None:
            progress(min(n_read, n_all), n_all)

    for array in states[:MAX_LISTED]:
        place, scan = f"array {array.path}", UnitScan(array.shape[-1])
        try:
            _scan_array(find_dataset(file, array.path, path), scan, count)
        except (DumpError, OSError) as err:
            yield Finding("problem", place, f"it cannot be read ({reason_of(err)})", "copy it again")
            continue
        part = "" if scan.n_steps == array.n_steps else f" (of {array.n_steps:,}; the first were read)"
        shape = "" if len(array.shape) == 2 else f" as {array.shape}: (batch, steps, units) or (steps, batch, units)"
        text = summary(scan, array.shape[-1], array.dtype.name, "raw").replace(", view raw", "")
        yield Finding("ok", place, f"it looks like states{shape}: {text}{part}")
        yield from scan.findings(place, array.dtype.name, "raw")
        if array.n_steps != n_steps:
            yield Finding(
                "note",
                place,
                f"it has {quantity(array.n_steps, 'step')} and others {n_steps:,}; "
                f"step {min(array.n_steps, n_steps):,} is the first where they disagree",
                "sources of one time axis have the same steps: write it as a dump of its own, or cut the longer one",
            )
    if len(states) > MAX_LISTED:
        yield Finding("note", "", f"{len(states) - MAX_LISTED:,} more arrays look like states; they were not read")


def _scan_array(dataset: h5py.Dataset, scan: UnitScan, count: Count) -> None:
    """Scan an array, up to ``MAX_BYTES``, in blocks of whole steps."""
    n_units, n_inner = dataset.shape[-1], dataset.shape[1] if dataset.ndim == 3 else 1
    n_left, stride = (size // (n_units * dataset.dtype.itemsize) for size in (MAX_BYTES, BLOCK_BYTES))
    outer = max(1, stride // n_inner)
    inner = max(1, min(stride, n_inner))
    for a in range(0, len(dataset), outer):
        for b in range(0, n_inner, inner):
            if scan.n_steps >= n_left:
                return
            block = (slice(a, a + outer), slice(b, b + inner))
            values = np.asarray(dataset[block[: dataset.ndim - 1]]).reshape(-1, n_units)
            scan.add(scan.n_steps, values)
            count(values.size)
