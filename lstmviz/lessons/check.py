"""Hold a lesson against recordings: does each step's link fit, and does its brush select something?"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from lstmviz.dump.reader import DumpReader
from lstmviz.errors import LstmvizError
from lstmviz.lessons.lesson import Lesson, Step
from lstmviz.match.pattern.brush import Brush, Part, brushed


def check_on(lesson: Lesson, dumps: Sequence[DumpReader]) -> list[str]:
    """Return what does not fit in the steps whose recordings are among some dumps, a line each.

    Args:
        lesson: The lesson.
        dumps: The dumps or corpora. A lesson that names no recording is held against the first.

    Returns:
        One line for each fault, with the number of its step; empty where all fits.
    """
    by_name = {dump.name: dump for dump in dumps}
    name = lesson.recording or dumps[0].name
    faults = []
    fields: dict[str, str] = {}
    for number, step in enumerate(lesson.steps, 1):
        if step.recording and step.recording != name:
            name, fields = step.recording, {}
        dump = by_name.get(name)
        if dump is None or not step.link:
            continue
        given = dict(parse_qsl(step.link))
        fields = {**({} if given.get("source", fields.get("source")) != fields.get("source") else fields), **given}
        try:
            _fit(dump, fields, step)
        except (LstmvizError, ValueError) as error:
            faults.append(f"step {number}: {error}")
    return faults


def _fit(dump: DumpReader, fields: dict[str, str], step: Step) -> None:
    """Raise an LstmvizError or ValueError where the page could not show these fields as the step says."""
    source = dump.source(fields["source"]) if "source" in fields else list(dump.sources.values())[-1]
    if "unit" in fields:
        of, _, unit = fields["unit"].rpartition("/")
        dump.source(of).check_unit(int(unit))
    if "start" not in fields or "stop" not in fields:
        return
    pattern = brushed(
        dump,
        Brush(
            parts=(Part(source.name, fields.get("side", "high"), float(fields.get("t", 0.3))),),  # type: ignore[arg-type]
            start=int(fields["start"]),
            stop=int(fields["stop"]),
            off_before=int(fields.get("before", 1)),
            off_after=int(fields.get("after", 0)),
        ),
    )
    wanted = step.until.get("units")
    if not pattern.units and "pin" not in fields and wanted != 0:
        raise ValueError("its brush selects no unit; say units: 0 under until if that is meant")
