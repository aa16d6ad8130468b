"""Copy a recording's blocks into a dump, document by document, in memory that does not grow with the recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.journal.format import AssemblyReport
from lstmviz.dump.journal.pieces import (
    PIECE,
    BlockTable,
    PieceEnd,
    Pieces,
    end_of,
    is_in_order,
    pieces_of,
    sequence_starts,
    split,
)
from lstmviz.dump.journal.reader import BlockReader, StoredBatch, StoredBlock
from lstmviz.dump.schema import ArrayKey, DumpPlan
from lstmviz.dump.writer import DumpWriter
from lstmviz.errors import DumpError

WINDOW_BYTES = 16 * 2**20  # of one axis, written to the dump at once
WINDOW_STEPS = 2**18  # at most, however small a step is


class OutOfOrderError(Exception):
    """A piece belongs before one that the dump already has."""


class AxisWriter:
    """Takes the pieces of an axis in their final order, and writes them to the dump, many at a time."""

    def __init__(self, file: FileIO, table: BlockTable, writer: DumpWriter, axis: str) -> None:
        self._file, self._table, self._writer, self._axis = file, table, writer, axis
        sizes = [np.dtype(s.dtype).itemsize * s.n_units for s in writer.plan.sources if s.axis == axis]
        self._most = max(1, min(WINDOW_STEPS, WINDOW_BYTES // (sum(sizes) + 8 * len(writer.plan.keys(axis)))))
        self._waiting: list[tuple[Pieces, NDArray[np.bool_]]] = []
        self._n_waiting = 0
        self._end: PieceEnd | None = None
        self._attention = [a for a in writer.plan.attention if a.axis == axis]
        self._written: list[Pieces] = []  # where attention is written once the sequences of all axes are known

    @property
    def end(self) -> PieceEnd | None:
        """Where the last piece ends."""
        return self._end

    def add(self, pieces: Pieces) -> None:
        """Take pieces that come after those before them."""
        if not len(pieces):
            return
        self._waiting.append((pieces, sequence_starts(pieces, self._end)))
        self._end = end_of(pieces)
        self._n_waiting += int(pieces["length"].sum(dtype=np.int64))
        if self._n_waiting >= self._most:
            self.flush()

    def flush(self) -> None:
        """Write the pieces that wait."""
        if not self._waiting:
            return
        pieces = np.concatenate([p for p, _ in self._waiting])
        pieces, is_first = split(pieces, np.concatenate([f for _, f in self._waiting]), self._most)
        window = (np.cumsum(pieces["length"], dtype=np.int64) - 1) // self._most
        borders = [0, *(np.flatnonzero(np.diff(window)) + 1).tolist(), len(pieces)]
        for start, stop in zip(borders, borders[1:], strict=False):
            self._write(pieces[start:stop], is_first[start:stop])
        self._waiting, self._n_waiting = [], 0
        if self._attention:
            self._written.append(pieces)

    def write_attention(self) -> None:
        """Write the attention of the axis, cut to the steps of the paired sequences, once all axes are written."""
        for plan in self._attention:
            key = ArrayKey("attention", plan.name)
            lengths, widths = (self._writer.lengths(axis) for axis in (plan.axis, plan.over))
            if len(lengths) != len(widths):
                raise DumpError(
                    f"{plan.name} pairs {len(lengths)} sequences of axis {plan.axis!r} with {len(widths)} of "
                    f"{plan.over!r}; run both axes in every batch"
                )
            ends, row = np.cumsum(lengths), 0
            most = max(1, WINDOW_BYTES // (8 * max(1, self._table.widest(key))))
            for pieces in self._written:
                parts, _ = split(pieces, np.ones(len(pieces), bool), most)
                window = (np.cumsum(parts["length"], dtype=np.int64) - 1) // most
                for some in np.split(parts, np.flatnonzero(np.diff(window)) + 1):
                    ranges = _row_ranges(some["block"], some["row"], some["length"])
                    rows = self._table.gather(self._file, key, *ranges)
                    sequences = np.searchsorted(ends, np.arange(row, row + len(rows)), side="right")
                    is_inside = np.arange(rows.shape[1]) < widths[sequences][:, None]
                    self._writer.append_attention(plan.name, rows[is_inside])
                    row += len(rows)

    def _write(self, pieces: Pieces, is_first: NDArray[np.bool_]) -> None:
        heads = np.flatnonzero(is_first)
        continues = not is_first[0]
        if continues:
            heads = np.concatenate([[0], heads])
        lengths = np.add.reduceat(pieces["length"].astype(np.int64), heads)
        steps = _row_ranges(pieces["block"], pieces["row"], pieces["length"])
        firsts = _row_ranges(pieces["block"][heads], pieces["number"][heads], np.ones(len(heads), np.int64))
        arrays = {
            key: self._table.gather(self._file, key, *(firsts if key.role == "sequence" else steps))
            for key in self._writer.plan.keys(self._axis)
        }
        self._writer.append(self._axis, lengths.tolist(), arrays, continues)


class Assembler:
    """Reads a recording once, collects the labels and tokens of its blocks, and writes the dump at ``path``."""

    def __init__(self, parts_dir: Path, file: FileIO, path: Path, plan: DumpPlan) -> None:
        self._file, self._path, self._plan = file, path, plan
        self._reader = BlockReader(parts_dir)
        self._table = BlockTable()
        self._labels = {t.name: list(t.labels) for t in plan.tracks if t.kind == "category"}
        self._vocabs = {a.name: list(a.vocab or ()) for a in plan.axes}
        self._has_vocab = {a.name for a in plan.axes if a.vocab is not None}
        self._n_new_tokens = dict.fromkeys(self._vocabs, 0)
        self._n_unnamed = dict.fromkeys(self._vocabs, 0)
        self._n_steps = self._n_batches = self._n_odd_steps = self._n_odd_batches = 0
        self._odd = ""

    def in_recorded_order(self) -> AssemblyReport:
        """Write the dump while reading; OutOfOrderError where batches are not in the order of the documents."""
        with DumpWriter(self._path, self._plan, n_steps=self._forecast()) as writer:
            writers = self._writers(writer)

            def take(axis: str, pieces: Pieces) -> None:
                if not is_in_order(pieces, writers[axis].end):
                    raise OutOfOrderError
                writers[axis].add(pieces)

            self._read(take)
            return self._close(writer, writers)

    def in_document_order(self) -> AssemblyReport:
        """Read everything, note where each piece is, then write the dump document by document."""
        packed = {axis: bytearray() for axis in self._vocabs}
        self._read(lambda axis, pieces: packed[axis].extend(pieces.tobytes()))
        n_steps = {axis: int(np.frombuffer(p, PIECE)["length"].sum(dtype=np.int64)) for axis, p in packed.items()}
        with DumpWriter(self._path, self._plan, n_steps=n_steps) as writer:
            writers = self._writers(writer)
            for axis, axis_writer in writers.items():
                pieces = np.frombuffer(packed[axis], PIECE)
                order = np.lexsort((pieces["position"], pieces["document"]))
                for start in range(0, len(order), WINDOW_STEPS):
                    axis_writer.add(pieces[order[start : start + WINDOW_STEPS]])
            return self._close(writer, writers)

    def _forecast(self) -> dict[str, int]:
        """Return how many steps each axis has at most; counting stops at what fills a chunk."""
        n_steps = dict.fromkeys(self._vocabs, 0)
        for axis, n in self._reader.steps(self._file):
            if axis in n_steps:
                n_steps[axis] += n
            if min(n_steps.values()) >= WINDOW_STEPS:
                break
        return n_steps

    def _read(self, take: Callable[[str, Pieces], None]) -> None:
        for block in self._blocks():
            self._n_steps += block.n_steps
            take(block.axis, pieces_of(block, self._table.add(block), self._n_unnamed[block.axis]))
            self._n_unnamed[block.axis] += 0 if block.places is not None else len(block.lengths)

    def _blocks(self) -> Iterator[StoredBlock]:
        for batch in self._reader.batches(self._file):
            for block in batch:  # also of a batch that is left out: later ids and labels follow these
                for name, new in block.labels.items():
                    self._labels.setdefault(name, []).extend(new)
                self._vocabs[block.axis].extend(block.vocab)
                self._n_new_tokens[block.axis] += len(block.vocab)
            odd = self._odd_id(batch)
            if odd:
                self._odd = self._odd or odd
                self._n_odd_batches += 1
                self._n_odd_steps += sum(block.n_steps for block in batch)
            else:
                yield from batch
                self._n_batches += 1

    def _odd_id(self, batch: StoredBatch) -> str:
        """Name a token id of a batch that is outside the vocabulary, which no dump can hold; "" if there is none."""
        for block in batch:
            ids, words = block.tokens(self._file), self._vocabs[block.axis]
            has_vocab = block.axis in self._has_vocab or self._n_new_tokens[block.axis] > 0
            if ids is None or not len(ids) or not has_vocab:
                continue
            low, high = int(ids.min()), int(ids.max())
            if low < 0 or high >= len(words):
                return f"token id {low if low < 0 else high} is outside the vocabulary of {len(words):,} entries"
        return ""

    def _writers(self, writer: DumpWriter) -> dict[str, AxisWriter]:
        return {axis: AxisWriter(self._file, self._table, writer, axis) for axis in self._vocabs}

    def _close(self, writer: DumpWriter, writers: dict[str, AxisWriter]) -> AssemblyReport:
        for axis_writer in writers.values():
            axis_writer.flush()
        for axis_writer in writers.values():
            axis_writer.write_attention()
        is_torn = self._reader.is_torn
        is_complete = bool(self._plan.provenance.get("complete", False)) and not self._reader.n_lost_bytes
        is_complete = is_complete and not self._n_odd_batches
        has_all = is_complete and not self._plan.provenance.get("not_run")
        writer.plan = replace(self._plan, provenance={**self._plan.provenance, "complete": has_all})
        grown: dict[str, Any] = {axis: self._vocabs[axis] for axis, n in self._n_new_tokens.items() if n}
        writer.close(self._labels, vocabs=grown)
        amounts = (self._n_steps, self._n_batches, self._reader.n_lost_bytes, is_torn, is_complete)
        return AssemblyReport(*amounts, self._n_odd_steps, self._n_odd_batches, self._odd)


def _row_ranges(blocks: Any, rows: Any, counts: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Join rows that follow each other in their block: return block, first row and number of rows of each range."""
    rows, counts = rows.astype(np.int64), counts.astype(np.int64)
    is_new = np.ones(len(rows), bool)
    is_new[1:] = (blocks[1:] != blocks[:-1]) | (rows[1:] != rows[:-1] + counts[:-1])
    firsts = np.flatnonzero(is_new)
    return blocks[firsts].astype(np.int64), rows[firsts], np.add.reduceat(counts, firsts)
