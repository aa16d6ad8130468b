"""Read every value of a dump once, and report each fault in a line with file, place and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.attention import Attention
from lstmviz.dump.lazy_arrays import StoredRows, Tokens, Track
from lstmviz.dump.nan import count_nan
from lstmviz.dump.reader import Axis, DumpReader, stored_tracks
from lstmviz.dump.schema import place_of, split_bytes
from lstmviz.errors import DumpError
from lstmviz.types import CountProgress, Source

BLOCK_BYTES = 32 * 2**20  # read at a time


def verify(dump: DumpReader, progress: CountProgress | None = None) -> list[str]:
    """Return the faults in the values of a dump, or of each shard of a corpus, a line each; empty if there are none.

    Every value is read once, in blocks: checksums must hold, token ids be in the vocabulary, categories have a label,
    the vocabulary and labels be UTF-8, and ``n_nan`` be the true count. What a dump declares was checked when it was
    opened.
    """
    n_all = sum(n_values(axis) for axis in dump.axes.values()) + sum(a.n_values for a in dump.attention.values())
    n_read = 0

    def count(n_values: int) -> None:
        nonlocal n_read
        n_read += n_values
        if progress is not None:
            progress(n_read, n_all)

    return [*(fault for reader in dump.readers() for fault in _faults(reader, count)), *_added_faults(dump, count)]


def _added_faults(dump: DumpReader, count: Callable[[int], None]) -> Iterator[str]:
    """Yield why added tracks are left out, and the faults of those that were added to a whole corpus."""
    added = None if dump.added is None else dump.added.now()
    if dump.added is not None and dump.added.fault:
        yield dump.added.fault
    if added is not None and next(dump.readers()) is not dump:
        for tracks in added.by_axis.values():
            for track in tracks.values():
                yield from track_faults(dump, track, count)


def n_values(axis: Axis) -> int:
    """Return how many values an axis has in all."""
    n_columns = sum(source.n_units for source in axis.sources.values()) + (axis.tokens is not None)
    tracks = {**axis.tracks, **stored_tracks(axis)}
    return axis.n_steps * n_columns + sum(track.n_stored for track in tracks.values())


def attention_faults(attention: Attention, count: Callable[[int], None]) -> Iterator[str]:
    """Yield the faults of the weights of an attention; ``count`` is called with the number of values read."""
    blocks = BlockScan(attention.stored.read, attention.n_values, 1, count, "weights")
    for _ in blocks:
        pass
    yield from blocks.faults()


def _faults(dump: DumpReader, count: Callable[[int], None]) -> Iterator[str]:
    for axis in dump.axes.values():
        if axis.tokens is not None:
            yield from token_faults(dump, axis, axis.tokens, count)
        for source in axis.sources.values():
            yield from _source_faults(dump, source, count)
        for track in axis.tracks.values():
            yield from track_faults(dump, track, count)
    for attention in dump.attention.values():
        yield from attention_faults(attention, count)


def token_faults(dump: DumpReader, axis: Axis, tokens: Tokens, count: Callable[[int], None]) -> Iterator[str]:
    """Yield the faults of an axis' token ids and vocabulary; ``count`` is called with the number of values read."""
    if tokens.vocab_data is not None:
        yield from _string_faults(f"{dump.path}: the vocabulary of axis {axis.name!r}", *tokens.vocab_data)
    blocks = BlockScan(lambda steps: tokens.ids[steps], axis.n_steps, 1, count)
    for _ in blocks:
        pass
    yield from blocks.faults()
    if tokens.written is not None:
        yield from track_faults(dump, tokens.written, count)


def _source_faults(dump: DumpReader, source: Source, count: Callable[[int], None]) -> Iterator[str]:
    states = dump.states(source.name)
    blocks = BlockScan(lambda steps: states[steps], source.n_steps, source.n_units, count)
    n_nan = sum(count_nan(values) for _, values in blocks)
    yield from blocks.faults()
    if not blocks.failed:
        yield from nan_faults(dump, source, n_nan)


def nan_faults(dump: DumpReader, source: Source, n_nan: int) -> Iterator[str]:
    """Yield a fault if a source has another number of NaN values than it declares."""
    if source.n_nan not in (None, n_nan):
        yield (
            f"{dump.path}: source {source.name!r} declares n_nan {source.n_nan} and has {n_nan} NaN values; correct "
            "the attribute, or leave it out"
        )


def track_faults(dump: DumpReader, track: Track, count: Callable[[int], None]) -> Iterator[str]:
    """Yield the faults of a track's values and labels; ``count`` is called with the number of values read."""
    info, n_wrong, first = track.info, 0, ""
    is_category = info.kind == "category"
    if is_category and info.name in stored_tracks(dump.axes[info.axis]):
        table = (dump._stored(place_of("tracks", info.name, f"labels/{part}")) for part in ("bytes", "offsets"))
        yield from _string_faults(f"{dump.path}: the labels of track {info.name!r}", *table)
    blocks = BlockScan(track.read_stored, track.n_stored, 1, count, f"{info.per}s")
    for start, values in blocks:
        wrong = np.flatnonzero((values < -1) | (values >= len(info.labels))) if is_category else values[:0]
        if len(wrong):
            first = first or f"{values[wrong[0]]} at {info.per} {start + wrong[0]}"
            n_wrong += len(wrong)
    yield from blocks.faults()
    if n_wrong:
        more = f" and {n_wrong - 1:,} more values" if n_wrong > 1 else ""
        yield (
            f"{dump.path}: track {info.name!r} has {first}{more} without one of its {len(info.labels)} labels; "
            "indices count from 0, -1 is no value"
        )


def _string_faults(name: str, data: StoredRows, offsets: StoredRows) -> Iterator[str]:
    try:
        entries = split_bytes(data.read(), offsets.read(), offsets.name)
    except DumpError as err:
        yield str(err)
        return
    bad = [i for i, entry in enumerate(entries) if not _is_utf8(entry)]
    if bad:
        more = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        yield f"{name} is not UTF-8 at entry {bad[0]}{more}; offsets count bytes, not characters"


def _is_utf8(entry: bytes) -> bool:
    try:
        entry.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass
class BlockScan:
    """Reads an array block by block as (first step, values); ``failed`` lists the blocks that cannot be read."""

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

    def faults(self) -> Iterator[str]:
        """Yield the fault of the first block that cannot be read, and how many there are."""
        if self.failed:
            start, stop, message = self.failed[0]
            more = f", and {len(self.failed) - 1:,} more such blocks" if len(self.failed) > 1 else ""
            yield f"{message} ({self.rows} {start:,} to {stop:,}{more})"
