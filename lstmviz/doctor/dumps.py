"""Findings about one dump, or a corpus of dumps: first its declarations, then every value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py

from lstmviz.doctor.attention import attention_findings
from lstmviz.doctor.axes import axis_findings, token_findings, track_findings
from lstmviz.doctor.finding import Count, Finding, Mark, quantity
from lstmviz.doctor.states import source_findings
from lstmviz.dump.added_tracks import recorded_tracks
from lstmviz.dump.corpus.reader import ShardReader, open_reader
from lstmviz.dump.header import Header
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.safe import open_safely
from lstmviz.dump.verify import attention_faults, n_values, token_faults, track_faults
from lstmviz.errors import LstmvizError, reason_of
from lstmviz.types import CountProgress


def dump_findings(path: Path, progress: CountProgress | None = None) -> Iterator[Finding]:
    """Yield what is right and wrong with the dump or the corpus at a path; every value is read, in blocks."""
    try:
        dump = open_reader(path)
    except LstmvizError as err:
        faults = [str(err)] if path.is_dir() else declared_faults(path) or [str(err)]
        yield from (Finding("problem", "", line) for line in faults)
        yield Finding("note", "", "no value was read", "correct what it declares, then try again")
        return
    try:
        yield from _open_findings(dump, progress)
    finally:
        dump.close()


def _open_findings(dump: DumpReader, progress: CountProgress | None) -> Iterator[Finding]:
    n_all = sum(n_values(axis) for axis in dump.axes.values()) + sum(a.n_values for a in dump.attention.values())
    n_read = 0

    def count(n: int) -> None:
        nonlocal n_read
        n_read += n
        if progress is not None:
            progress(n_read, n_all)

    yield from _provenance(dump)
    for axis in dump.axes.values():
        yield from axis_findings(axis)
        if axis.tokens is not None:
            yield from _unless_faulty(f"tokens of {axis.name}", _tokens(dump, axis.name, count), _token_text(axis))
        for source in axis.sources.values():
            yield from source_findings(dump, source, count)
        for name, track in axis.tracks.items():
            yield from _unless_faulty(f"track {name}", _track(dump, axis.name, name, count), track_findings(track))
    for attention in dump.attention.values():
        faults = attention_faults(attention, count)
        yield from _unless_faulty(f"attention {attention.name}", faults, attention_findings(attention))


def _unless_faulty(place: str, faults: Iterator[str], findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield the faults of some values, or, if there are none, the other findings about them."""
    lines = list(faults)
    yield from (Finding("problem", place, line) for line in lines) if lines else findings


def _tokens(dump: DumpReader, axis: str, count: Count) -> Iterator[str]:
    for reader in dump.readers():
        here = reader.axes[axis]
        if here.tokens is not None:
            yield from token_faults(reader, here, here.tokens, count)


def _token_text(axis: Axis) -> Iterator[Finding]:
    return iter(()) if axis.tokens is None else token_findings(axis, axis.tokens)


def _track(dump: DumpReader, axis: str, name: str, count: Count) -> Iterator[str]:
    tracks = dump.axes[axis].tracks
    if name not in recorded_tracks(tracks):
        yield from track_faults(dump, tracks[name], count)
        return
    for reader in dump.readers():
        yield from track_faults(reader, reader.axes[axis].tracks[name], count)


def _provenance(dump: DumpReader) -> Iterator[Finding]:
    kind = f"a corpus of {quantity(len(dump.shards), 'dump')}" if isinstance(dump, ShardReader) else "a dump"
    yield Finding("ok", "", f"{kind} that this lstmviz reads: {quantity(len(dump.sources), 'source')}")
    if not_run := dump.provenance.get("not_run"):
        yield Finding("note", "provenance", f"{not_run} did not run while the model was recorded, and is not here")
    elif dump.provenance.get("complete") is False:
        yield Finding(
            "problem",
            "provenance",
            "the recording was cut short (complete is false): steps may be missing at the end",
            "what is here is valid; record again to have everything",
        )
    if (tokens := dump.provenance.get("tokens")) and any(axis.tokens is not None for axis in dump.axes.values()):
        mark: Mark = "note" if "not checked" in str(tokens) else "ok"
        yield Finding(mark, "tokens", f"against what the model read: {tokens}")
    if dump.added is not None and dump.added.fault:
        yield Finding("problem", "added tracks", dump.added.fault, "the dump is as good as without them")
    if not dump.sources:
        yield Finding("problem", "", "there is no source, so nothing can be selected", "record or write some states")


def declared_faults(path: Path) -> list[str]:
    """Return every fault in what the file of a dump declares, not only the first one."""
    try:
        file = open_safely(path)
    except LstmvizError as err:
        return [str(err)]
    faults: list[str] = []

    def attempt(check: Callable[..., Any], *given: Any) -> Any:
        try:
            return check(*given)
        except LstmvizError as err:
            faults.append(str(err))
        except (KeyError, AttributeError, TypeError, ValueError, OSError, RuntimeError) as err:
            faults.append(f"{path} is damaged ({reason_of(err)}); see docs/format.md")
        return None

    with file:
        _check_header(Header(file, path), attempt)
    return list(dict.fromkeys(faults))


def _check_header(header: Header, attempt: Callable[..., Any]) -> None:
    attempt(header.check_format)
    attempt(header.uuid)
    axes: dict[str, h5py.Group] = dict(attempt(header.members, "axes", h5py.Group) or ())
    sizes: dict[str, tuple[int, int]] = {}
    for name, group in axes.items():
        n_steps = attempt(header.integer, group, "n_steps") or 0
        attempt(header.text, group, "join")
        attempt(header.pieces, group)
        attempt(header.sequences, name, group, n_steps)
        stops = attempt(header.array, group, "sequences/stop")
        sizes[name] = n_steps, 0 if stops is None else len(stops)
        if "tokens" in group:
            tokens = attempt(header.array, group, "tokens")
            if tokens is not None:
                attempt(header.check_steps, tokens, "tokens", name, n_steps)
            if "vocab" in group:
                attempt(header.check_strings, group, "vocab")
    for place, kind, check in (("sources", h5py.Dataset, _source), ("tracks", h5py.Group, _track_info)):
        for axis, items in (attempt(header.members_by_axis, place, kind, list(axes)) or {}).items():
            for name, item in items:
                attempt(check, header, name, item, axis, sizes[axis])


def _source(header: Header, name: str, item: h5py.Dataset, axis: str, size: tuple[int, int]) -> None:
    header.source(name, item, axis, size[0])


def _track_info(header: Header, name: str, item: h5py.Group, axis: str, size: tuple[int, int]) -> None:
    header.track(name, item, axis, *size)
