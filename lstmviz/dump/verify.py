"""Read every value of a dump once, and say what is wrong with it: a line each, with file, place and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import StoredRows, Tokens, Track
from lstmviz.dump.nan import count_nan
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import split_bytes
from lstmviz.errors import DumpError
from lstmviz.types import CountProgress, Source

BLOCK_BYTES = 32 * 2**20  # read at a time


def verify(dump: DumpReader, progress: CountProgress | None = None) -> list[str]:
    """Return what is wrong with the values of a dump, or of each shard of a corpus, one line a fault; empty if nothing.

    Every value is read once, in blocks: checksums hold, token ids are in the vocabulary, categories have a label, the
    vocabulary and labels are UTF-8, and ``n_nan`` is the true count. What a dump declares was checked when it was
    opened.
    """
    n_all = sum(n_values(axis) for axis in dump.axes.values())
    n_read = 0

    def count(n_values: int) -> None:
        nonlocal n_read
        n_read += n_values
        if progress is not None:
            progress(n_read, n_all)

    return [problem for reader in dump.readers() for problem in _problems(reader, count)]


def n_values(axis: Axis) -> int:
    """Return how many values an axis has in all."""
    n_columns = sum(source.n_units for source in axis.sources.values()) + (axis.tokens is not None)
    return axis.n_steps * n_columns + sum(track.n_stored for track in axis.tracks.values())


def _problems(dump: DumpReader, count: Callable[[int], None]) -> Iterator[str]:
    for axis in dump.axes.values():
        if axis.tokens is not None:
            yield from token_faults(dump, axis, axis.tokens, count)
        for source in axis.sources.values():
            yield from _of_source(dump, source, count)
        for track in axis.tracks.values():
            yield from track_faults(dump, track, count)


def token_faults(dump: DumpReader, axis: Axis, tokens: Tokens, count: Callable[[int], None]) -> Iterator[str]:
    """Say what is wrong with the token ids and the vocabulary of an axis; ``count`` is told how many were read."""
    if tokens.vocab_data is not None:
        yield from _of_strings(f"{dump.path}: the vocabulary of axis {axis.name!r}", *tokens.vocab_data)
    blocks = Blocks(lambda steps: tokens.ids[steps], axis.n_steps, 1, count)
    for _ in blocks:
        pass
    yield from blocks.problems()


def _of_source(dump: DumpReader, source: Source, count: Callable[[int], None]) -> Iterator[str]:
    states = dump.states(source.name)
    blocks = Blocks(lambda steps: states[steps], source.n_steps, source.n_units, count)
    n_nan = sum(count_nan(values) for _, values in blocks)
    yield from blocks.problems()
    if not blocks.failed:
        yield from nan_faults(dump, source, n_nan)


def nan_faults(dump: DumpReader, source: Source, n_nan: int) -> Iterator[str]:
    """Say that the number of NaN values which a source declares is not the one it has."""
    if source.n_nan not in (None, n_nan):
        yield (
            f"{dump.path}: source {source.name!r} says n_nan {source.n_nan} and has {n_nan} NaN values; write the "
            "attribute anew, or leave it out"
        )


def track_faults(dump: DumpReader, track: Track, count: Callable[[int], None]) -> Iterator[str]:
    """Say what is wrong with a track's values and labels; ``count`` is told how many were read."""
    info, n_wrong, first = track.info, 0, ""
    is_category = info.kind == "category"
    if is_category:
        table = (dump._stored(f"tracks/{info.name}/labels/{part}") for part in ("bytes", "offsets"))
        yield from _of_strings(f"{dump.path}: the labels of track {info.name!r}", *table)
    blocks = Blocks(track.read_stored, track.n_stored, 1, count, f"{info.per}s")
    for start, values in blocks:
        wrong = np.flatnonzero((values < -1) | (values >= len(info.labels))) if is_category else values[:0]
        if len(wrong):
            first = first or f"{values[wrong[0]]} at {info.per} {start + wrong[0]}"
            n_wrong += len(wrong)
    yield from blocks.problems()
    if n_wrong:
        more = f" and {n_wrong - 1:,} more values" if n_wrong > 1 else ""
        yield (
            f"{dump.path}: track {info.name!r} has {first}{more} without one of its {len(info.labels)} labels; "
            "indices count from 0, -1 is no value"
        )


def _of_strings(what: str, data: StoredRows, offsets: StoredRows) -> Iterator[str]:
    try:
        entries = split_bytes(data.read(), offsets.read(), offsets.name)
    except DumpError as err:
        yield str(err)
        return
    bad = [i for i, entry in enumerate(entries) if not _is_utf8(entry)]
    if bad:
        more = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        yield f"{what} is not UTF-8 at entry {bad[0]}{more}; offsets count bytes, not characters"


def _is_utf8(entry: bytes) -> bool:
    try:
        entry.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass
class Blocks:
    """One array, read block by block as (first step, values); blocks that cannot be read are kept in ``failed``."""

    read: Callable[[slice], NDArray[Any]]
    n_steps: int
    n_columns: int
    count: Callable[[int], None]
    rows: str = "steps"
    failed: list[tuple[int, int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any]]]:
        stride = max(1, BLOCK_BYTES // (8 * self.n_columns))
        for start in range(0, self.n_steps, stride):
            stop = min(start + stride, self.n_steps)
            try:
                values = self.read(slice(start, stop))
            except DumpError as err:
                self.failed.append((start, stop, str(err)))
            else:
                yield start, values
            self.count((stop - start) * self.n_columns)

    def problems(self) -> Iterator[str]:
        """Say what was wrong with the first block that cannot be read, and how many there are."""
        if self.failed:
            start, stop, said = self.failed[0]
            more = f", and {len(self.failed) - 1:,} more such stretches" if len(self.failed) > 1 else ""
            yield f"{said} ({self.rows} {start:,} to {stop:,}{more})"
