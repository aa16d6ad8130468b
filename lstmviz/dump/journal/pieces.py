"""Pieces of documents in a recording's blocks: their order, and where sequences begin.

A batch of a stream holds the next few steps of many documents, so a document's steps are spread over all blocks. A
piece takes 32 bytes here, so that millions of them fit in memory while the states stay on disk.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from io import FileIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.journal.reader import ArrayLayout, BlockLayout, StoredBlock, read_into
from lstmviz.dump.schema import ArrayKey
from lstmviz.errors import DumpError

PIECE = np.dtype(
    [
        ("document", "i8"),
        ("position", "i8"),  # of its first step in the document
        ("length", "i4"),  # steps
        ("block", "i4"),
        ("row", "i4"),  # of its first step in the block
        ("number", "i4"),  # among the block's pieces
    ]
)
UNNAMED = 2**62  # documents without a number count from here, so that they come last, in the order recorded

Pieces = NDArray[np.void]  # of PIECE


@dataclass(frozen=True, slots=True)
class PieceEnd:
    """Where a piece ends: a piece of the same document that begins there continues it."""

    document: int
    position: int


def pieces_of(block: StoredBlock, number: int, n_unnamed: int) -> Pieces:
    """Return the pieces of a block; ``n_unnamed`` documents without a number came before it."""
    n_pieces = len(block.lengths)
    pieces = np.zeros(n_pieces, PIECE)
    pieces["length"], pieces["block"], pieces["number"] = block.lengths, number, np.arange(n_pieces)
    pieces["row"] = np.cumsum(block.lengths) - block.lengths
    if block.places is None:
        pieces["document"] = UNNAMED + n_unnamed + np.arange(n_pieces)
    else:
        pieces["document"], pieces["position"] = block.places.T
    pieces = pieces[pieces["length"] > 0]
    firsts = np.flatnonzero(sequence_starts(pieces, None))
    if len(firsts) < len(pieces):  # steps that also follow each other in the block are one piece
        lengths = np.add.reduceat(pieces["length"], firsts)
        pieces = pieces[firsts]
        pieces["length"] = lengths
    return pieces


def sequence_starts(pieces: Pieces, before: PieceEnd | None) -> NDArray[np.bool_]:
    """Tell for each piece whether a sequence begins with it: it does not continue the piece before it."""
    ends = pieces["position"] + pieces["length"]
    is_first = np.ones(len(pieces), bool)
    is_first[1:] = (pieces["document"][1:] != pieces["document"][:-1]) | (pieces["position"][1:] != ends[:-1])
    if before is not None and len(pieces):
        is_first[0] = PieceEnd(*pieces[["document", "position"]][0].item()) != before
    return is_first


def end_of(pieces: Pieces) -> PieceEnd:
    """Return where the last of some pieces ends."""
    last = pieces[-1]
    return PieceEnd(int(last["document"]), int(last["position"]) + int(last["length"]))


def is_in_order(pieces: Pieces, before: PieceEnd | None) -> bool:
    """Tell whether pieces come document by document, each in order, and after the end of those before them."""
    if not len(pieces):
        return True
    document, position = pieces["document"], pieces["position"]
    goes_on = (document[1:] > document[:-1]) | ((document[1:] == document[:-1]) & (position[1:] > position[:-1]))
    first = (int(document[0]), int(position[0]))
    return bool(goes_on.all()) and (before is None or first >= (before.document, before.position))


def split(pieces: Pieces, is_first: NDArray[np.bool_], n_steps: int) -> tuple[Pieces, NDArray[np.bool_]]:
    """Split pieces into parts of at most ``n_steps`` steps; only the first part of one can begin a sequence."""
    n_parts = -(-pieces["length"].astype(np.int64) // n_steps)
    if not len(pieces) or n_parts.max() == 1:
        return pieces, is_first
    part = np.arange(n_parts.sum()) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    parts = np.repeat(pieces, n_parts)
    parts["row"] += part * n_steps
    parts["position"] += part * n_steps
    parts["length"] = np.minimum(n_steps, parts["length"] - part * n_steps)
    return parts, np.repeat(is_first, n_parts) & (part == 0)


class BlockTable:
    """Where every array of every block lies in the file, kept in a few bytes a block."""

    def __init__(self) -> None:
        self._payloads, self._n_steps, self._n_pieces, self._layouts = (array("q") for _ in range(4))
        self._numbers: dict[BlockLayout, int] = {}
        self._arrays: list[dict[ArrayKey, ArrayLayout]] = []

    def add(self, block: StoredBlock) -> int:
        """Note a block, and return its number."""
        if block.layout not in self._numbers:
            self._numbers[block.layout] = len(self._arrays)
            self._arrays.append(dict(block.layout))
        self._payloads.append(block.payload)
        self._n_steps.append(block.n_steps)
        self._n_pieces.append(len(block.lengths))
        self._layouts.append(self._numbers[block.layout])
        return len(self._payloads) - 1

    def gather(self, file: FileIO, key: ArrayKey, blocks: Any, rows: Any, counts: Any) -> NDArray[Any]:
        """Return rows of one array, one range after another: ``counts`` rows from ``rows`` on in ``blocks``."""
        layouts = _at(self._layouts, blocks)
        first = self._array(layouts[0], key)
        if key.role == "attention":  # of varying width: what is beyond a row's own is 0
            widest = max((self._array(number, key).row for number in np.unique(layouts)), default=first.row)
            first = replace(first, row=widest)
        make = np.zeros if key.role == "attention" else np.empty
        values = make((int(counts.sum()), *first.row), first.dtype)
        targets = np.cumsum(counts) - counts
        for number in np.unique(layouts):
            which = np.flatnonzero(layouts == number)
            layout = self._array(number, key)
            some = blocks[which]
            before = layout.step_bytes * _at(self._n_steps, some) + layout.piece_bytes * _at(self._n_pieces, some)
            starts = _at(self._payloads, some) + before + rows[which] * layout.row_bytes
            if (layout.dtype, layout.row) == (first.dtype, first.row):
                _fill(file, values, starts, targets[which], counts[which], layout.row_bytes)
            else:
                other = np.empty((int(counts[which].sum()), *layout.row), layout.dtype)
                packed = np.cumsum(counts[which]) - counts[which]
                _fill(file, other, starts, packed, counts[which], layout.row_bytes)
                to = (slice(None), *map(slice, layout.row))
                for a, b, n in zip(targets[which].tolist(), packed.tolist(), counts[which].tolist(), strict=True):
                    values[a : a + n][to] = other[b : b + n]
        return values

    def widest(self, key: ArrayKey) -> int:
        """Return the most values that a row of an array of varying width has in any block."""
        return max((int(np.prod(a[key].row)) for a in self._arrays if key in a), default=0)

    def _array(self, layout: int, key: ArrayKey) -> ArrayLayout:
        arrays = self._arrays[layout]
        if key not in arrays:
            known = ", ".join(repr(k.name or k.role) for k in arrays)
            raise DumpError(f"a block lacks {key.name or key.role!r}, which the recording declares; it has {known}")
        return arrays[key]


def _at(values: array[int], which: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.frombuffer(values, np.int64)[which]


def _fill(file: FileIO, values: NDArray[Any], starts: Any, targets: Any, counts: Any, row_bytes: int) -> None:
    """Read ranges of the file into rows of ``values``, in the order in which they lie in the file."""
    if not row_bytes:
        return
    view = values.reshape(-1).view(np.uint8).data
    order = np.argsort(starts, kind="stable")
    stops = (targets + counts) * row_bytes
    ranges = zip((targets * row_bytes)[order].tolist(), stops[order].tolist(), starts[order].tolist(), strict=True)
    for start, stop, place in ranges:
        read_into(file, view[start:stop], place)
