"""The page's pattern as a few lines of Python or one command, and its region of the map as Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from lstmviz.match.pattern.brush import Brush
from lstmviz.match.pattern.file import PatternFile
from lstmviz.match.pattern.select import WindowQuery
from lstmviz.types import Filter, Pattern, PatternUnit
from lstmviz.ui.pairs import ShownPair


@dataclass(frozen=True, slots=True)
class PlainBrush:
    """A brush that ``dump.select`` alone can express: one source, one side, no unit excluded or pinned.

    With ``text`` its steps are those of that text, run through the model beside the dump.
    """

    query: WindowQuery
    text: str | None = None


def plain_brush(brush: Brush, text: str | None = None) -> PlainBrush | None:
    """Return a brush as ``dump.select`` takes it, or None where ``dump.select`` cannot express it."""
    queries = brush.queries()
    if len(queries) != 1 or brush.excluded or brush.pinned:
        return None
    return PlainBrush(queries[0], text)


def as_python(
    path: str,
    pattern: Pattern,
    brush: PlainBrush | None = None,
    order: str = "best",
    min_shared: int = 1,
    max_shared: int | None = None,
    pair: ShownPair | None = None,
) -> str:
    """Return lines of Python that open the dump at ``path`` and find the pattern's matches in ``matches``.

    With the ``brush`` that the pattern comes from, the lines select the units again; else they name each unit.
    They count the matches, so that all are listed. With the ``pair`` of texts that is shown, the other text stands
    beside each match, and the attention is drawn.
    """
    bounds = _bounds(pattern)
    options = f", order={order!r}" * (order != "best") + f", min_shared={min_shared}" * (min_shared > 1)
    options += "" if pair is None else f", pair={pair.name!r}"
    only = "" if max_shared is None else f'.query("n_shared <= {max_shared}")'
    if brush is None:
        lines, names = _pattern(pattern), ["Pattern", "PatternUnit"]
    else:
        lines, names = f"typed = dump.rerun({brush.text!r})\n" * (brush.text is not None), list[str]()
        lines += f"pattern = {_select(brush)}\n"
        if bounds:
            lines += f"pattern = replace(pattern, {', '.join(bounds)})\n"
    names += ["Filter"] * bool(pattern.filters)
    head = "from dataclasses import replace\n\n" * bool(brush and bounds) + "import lstmviz\n"
    head += f"from lstmviz import {', '.join(sorted(names))}\n" * bool(names)
    lines += 'n_matches = int(dump.count(pattern).totals["n_matches"].sum())\n'
    lines += f"matches = dump.match(pattern, n_matches{options}){only}\nprint(matches)\n"
    lines += "" if pair is None else _attention(pair)
    return f"{head}\ndump = lstmviz.open_dump({path!r})\n{lines}"


def as_pair(path: str, pair: ShownPair) -> str:
    """Return lines of Python that open the dump at ``path`` and draw the attention of a pair of texts."""
    return f"import lstmviz\n\ndump = lstmviz.open_dump({path!r})\n{_attention(pair)}"


def as_region(
    path: str, source: str, method: str, corners: Iterable[tuple[float, float]], filters: Iterable[Filter] = ()
) -> str:
    """Return lines of Python that open the dump at ``path`` and find a region's steps on the map of a source."""
    filter_code = [*map(_filter, filters)]
    names = "from lstmviz import Filter\n" * bool(filter_code)
    by = f", {method!r}" if method != "pca" else ""
    filtered = f",\n    filters={_tuple(filter_code)},\n" if filter_code else "\n"
    return (
        f"import lstmviz\n{names}\ndump = lstmviz.open_dump({path!r})\nmapped = dump.project({source!r}{by})\n"
        f"region = dump.region(\n    mapped,\n    [{', '.join(f'({x!r}, {y!r})' for x, y in corners)}]{filtered})\n"
        "print(region.steps)\nprint(region.tokens())\n"
    )


def as_command(
    path: str,
    pattern: Pattern,
    brush: PlainBrush | None = None,
    order: str = "best",
    min_shared: int = 1,
    pair: str | None = None,
) -> str:
    """Return one command for a shell that finds the pattern's matches in the dump at ``path``.

    With the ``brush`` that the pattern comes from, it is a line of options; else the pattern goes in as a file.
    ``pair`` is the axis, or the attention, whose text stands beside each match.
    """
    dump = shlex.quote(path if not path.startswith("-") else f"./{path}")
    only = _only(pattern.filters)
    listing = [
        *((f"--order={order}",) if order != "best" else ()),
        *(("--min-shared", min_shared) if min_shared > 1 else ()),
        *((f"--pair={pair}",) if pair is not None else ()),
    ]
    if brush is None or brush.text is not None or only is None:
        raw = json.dumps(json.loads(PatternFile(pattern).to_json()), separators=(",", ":"))
        return f"lstmviz match {dump} {_words(['--pattern', '-', *listing])} <<'END'\n{raw}\nEND\n"
    query = brush.query
    options = [
        *("--source", query.source, "--start", query.window.start, "--stop", query.window.stop),
        *("--threshold", query.threshold, "--off-before", query.off_before, "--off-after", query.off_after),
        *(("--side", query.side) if query.side != "high" else ()),
        *(("--min-length", pattern.min_length) if pattern.min_length != 1 else ()),
        *(("--max-length", pattern.max_length) if pattern.max_length is not None else ()),
        *(word for text in only for word in ("--only", text)),
        *listing,
    ]
    return f"lstmviz match {dump} {_words(options)}\n"


def _attention(pair: ShownPair) -> str:
    """Return the lines that draw a pair; none where there is no attention, or too much of it for a figure."""
    from lstmviz.figures.attention import MOST

    if pair.partner.attention is None or pair.n_steps > MOST:
        return ""
    window = "" if pair.window is None else f", window={pair.window!r}"
    call = f"lstmviz.figures.attention(dump, {pair.partner.attention!r}, {pair.number}{window})"
    return f"figure = {call}\nfigure  # a notebook draws it; elsewhere, figure.show()\n"


def _words(words: Iterable[object]) -> str:
    """Return words quoted and joined for a shell."""
    return " ".join(shlex.quote(str(word)) for word in words)


def _select(brush: PlainBrush) -> str:
    query, of = brush.query, "dump" if brush.text is None else "typed"
    side = "" if query.side == "high" else f", side={query.side!r}"
    return (
        f"{of}.select(\n    {query.source!r}, {query.window.start}, {query.window.stop}, "
        f"threshold={query.threshold!r}, off_before={query.off_before}, off_after={query.off_after}{side}\n)"
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
    """Return the keyword arguments that restrict the pattern's matches: lengths and filters."""
    return [
        *([f"min_length={pattern.min_length}"] if pattern.min_length != 1 else []),
        *([f"max_length={pattern.max_length}"] if pattern.max_length is not None else []),
        *([f"filters={_tuple(map(_filter, pattern.filters))}"] if pattern.filters else []),
    ]


def _unit(unit: PatternUnit) -> str:
    return f"PatternUnit({unit.source!r}, {unit.unit}, {unit.side!r}, {unit.threshold!r})"


def _filter(one: Filter) -> str:
    if one.expression:
        over = f", over={one.over!r}" if one.over != "tokens" else ""
        return f"Filter.regex({one.expression!r}{over})"
    if not one.track:
        return f"Filter.tokens({one.labels!r})"
    if one.labels:
        return f"Filter({one.track!r}, labels={one.labels!r})"
    ends = [f"{end}={getattr(one, end)!r}" for end in ("low", "high") if getattr(one, end) is not None]
    return f"Filter({one.track!r}, {', '.join(ends)})"


def _tuple(items: Iterable[str], deep: bool = False) -> str:
    listed = list(items)
    if deep and listed:
        return "(\n" + "".join(f"        {item},\n" for item in listed) + "    )"
    return f"({', '.join(listed)}{',' * (len(listed) == 1)})"


def _only(filters: Iterable[Filter]) -> list[str] | None:
    """Return filters as values of ``--only``, or None where it cannot express one."""
    values = list[str]()
    for one in filters:
        if "=" in one.track or not one.track:
            return None
        if one.labels:
            values += [f"{one.track}={label}" for label in one.labels]
        else:
            values.append(f"{one.track}={':'.join('' if end is None else repr(end) for end in (one.low, one.high))}")
    names = [one.track for one in filters if one.labels]
    return values if len(set(names)) == len(names) else None  # --only joins the labels of one track; filters do not
