"""The pattern of the page as a few lines of Python, or as one command, and a region of its map: each finds the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from lstmviz.match.pattern.brush import Brush
from lstmviz.match.pattern.file import PatternFile
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.types import Filter, Pattern, PatternUnit


@dataclass(frozen=True, slots=True)
class PlainBrush:
    """A brush that ``dump.select`` alone can say: one source, one side, no unit taken out or pinned.

    With ``text`` its steps are those of that text, run through the model beside the dump.
    """

    query: WindowQuery
    text: str | None = None


def plain_brush(brush: Brush, text: str | None = None) -> PlainBrush | None:
    """Return a brush as ``dump.select`` takes it, or None where it takes more than that."""
    queries = brush.queries()
    if len(queries) != 1 or brush.excluded or brush.pinned:
        return None
    return PlainBrush(queries[0], text)


def as_python(
    path: str, pattern: Pattern, brush: PlainBrush | None = None, order: str = "best", min_shared: int = 1
) -> str:
    """Return lines of Python that open the dump at ``path`` and find the pattern's matches in ``matches``.

    With the ``brush`` that the pattern comes from the lines select the units anew; else they name each unit.
    """
    bounds = _bounds(pattern)
    how = "".join((f", order={order!r}" if order != "best" else "", f", min_shared={min_shared}" * (min_shared > 1)))
    if brush is None:
        made, names = _pattern(pattern), ["Pattern", "PatternUnit"]
    else:
        made, names = f"typed = dump.rerun({brush.text!r})\n" * (brush.text is not None), list[str]()
        made += f"pattern = {_select(brush)}\n"
        if bounds:
            made += f"pattern = replace(pattern, {', '.join(bounds)})\n"
    names += ["Filter"] * bool(pattern.filters)
    head = "from dataclasses import replace\n\n" * bool(brush and bounds) + "import lstmviz\n"
    head += f"from lstmviz import {', '.join(sorted(names))}\n" * bool(names)
    return f"{head}\ndump = lstmviz.open_dump({path!r})\n{made}matches = dump.match(pattern{how})\nprint(matches)\n"


def as_region(
    path: str, source: str, method: str, corners: Iterable[tuple[float, float]], filters: Iterable[Filter] = ()
) -> str:
    """Return lines of Python that open the dump at ``path`` and find a region's steps on the map of a source."""
    told = [*map(_filter, filters)]
    names = "from lstmviz import Filter\n" * bool(told)
    how = f", {method!r}" if method != "pca" else ""
    more = f",\n    filters={_tuple(told)},\n" if told else "\n"
    return (
        f"import lstmviz\n{names}\ndump = lstmviz.open_dump({path!r})\nmapped = dump.project({source!r}{how})\n"
        f"region = dump.region(\n    mapped,\n    [{', '.join(f'({x!r}, {y!r})' for x, y in corners)}]{more})\n"
        "print(region.steps)\nprint(region.tokens())\n"
    )


def as_command(
    path: str, pattern: Pattern, brush: PlainBrush | None = None, order: str = "best", min_shared: int = 1
) -> str:
    """Return one command for a shell that finds the pattern's matches in the dump at ``path``.

    With the ``brush`` that the pattern comes from it is a line of options; else the pattern goes in as a file.
    """
    where = shlex.quote(path if not path.startswith("-") else f"./{path}")
    only = _only(pattern.filters)
    how = (f"--order={order}",) if order != "best" else ()
    least = ("--min-shared", min_shared) if min_shared > 1 else ()
    if brush is None or brush.text is not None or only is None:
        raw = json.dumps(json.loads(PatternFile(pattern).to_json()), separators=(",", ":"))
        return f"lstmviz match {where} {_words(['--pattern', '-', *how, *least])} <<'END'\n{raw}\nEND\n"
    query = brush.query
    options = [
        *("--source", query.source, "--start", query.window.start, "--stop", query.window.stop),
        *("--threshold", query.threshold, "--off-before", query.off_before, "--off-after", query.off_after),
        *(("--side", query.side) if query.side != "high" else ()),
        *(("--min-length", pattern.min_length) if pattern.min_length != 1 else ()),
        *(("--max-length", pattern.max_length) if pattern.max_length is not None else ()),
        *(word for text in only for word in ("--only", text)),
        *how,
        *least,
    ]
    return f"lstmviz match {where} {_words(options)}\n"


def _words(words: Iterable[object]) -> str:
    """Return words as a shell takes them apart again."""
    return " ".join(shlex.quote(str(word)) for word in words)


def _select(brush: PlainBrush) -> str:
    query, of = brush.query, "dump" if brush.text is None else "typed"
    more = "" if query.side == "high" else f", side={query.side!r}"
    return (
        f"{of}.select(\n    {query.source!r}, {query.window.start}, {query.window.stop}, "
        f"threshold={query.threshold!r}, off_before={query.off_before}, off_after={query.off_after}{more}\n)"
    )


def _pattern(pattern: Pattern) -> str:
    fields = [
        f"axis={pattern.axis!r}",
        f"units={_tuple(map(_unit, pattern.units), deep=True)}",
        f"bases={_tuple(map(repr, pattern.bases))}",
        f"length={pattern.length}",
        *(f"{name}={getattr(pattern, name)}" for name in ("off_before", "off_after") if getattr(pattern, name)),
        *_bounds(pattern),
    ]
    return "pattern = Pattern(\n" + "".join(f"    {field},\n" for field in fields) + ")\n"


def _bounds(pattern: Pattern) -> list[str]:
    """Return what narrows the pattern's matches, as keyword arguments."""
    return [
        *([f"min_length={pattern.min_length}"] if pattern.min_length != 1 else []),
        *([f"max_length={pattern.max_length}"] if pattern.max_length is not None else []),
        *([f"filters={_tuple(map(_filter, pattern.filters))}"] if pattern.filters else []),
    ]


def _unit(unit: PatternUnit) -> str:
    return f"PatternUnit({unit.source!r}, {unit.unit}, {unit.side!r}, {unit.threshold!r})"


def _filter(given: Filter) -> str:
    if given.expression:
        over = f", over={given.over!r}" if given.over != "tokens" else ""
        return f"Filter.regex({given.expression!r}{over})"
    if not given.track:
        return f"Filter.tokens({given.labels!r})"
    if given.labels:
        return f"Filter({given.track!r}, labels={given.labels!r})"
    ends = [f"{end}={getattr(given, end)!r}" for end in ("low", "high") if getattr(given, end) is not None]
    return f"Filter({given.track!r}, {', '.join(ends)})"


def _tuple(items: Iterable[str], deep: bool = False) -> str:
    listed = list(items)
    if deep and listed:
        return "(\n" + "".join(f"        {item},\n" for item in listed) + "    )"
    return f"({', '.join(listed)}{',' * (len(listed) == 1)})"


def _only(filters: Iterable[Filter]) -> list[str] | None:
    """Return filters as ``--only`` takes them, or None where one cannot be said so."""
    told = list[str]()
    for given in filters:
        if "=" in given.track or not given.track:
            return None
        if given.labels:
            told += [f"{given.track}={label}" for label in given.labels]
        else:
            told.append(
                f"{given.track}={':'.join('' if end is None else repr(end) for end in (given.low, given.high))}"
            )
    names = [given.track for given in filters if given.labels]
    return told if len(set(names)) == len(names) else None  # labels of one track add up, and filters do not
