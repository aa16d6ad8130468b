"""A slow twin of the recorder's bookkeeping: which steps of which document end up where, by lists and loops."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Kept:
    """One step that is kept: its place in its document, and a name that tells it from all others."""

    position: int
    name: object


@dataclass
class NaiveRecording:
    """Documents as lists of steps; a batch appends to some, ``every`` and ``where`` choose from them."""

    every: int = 1
    documents: list[list[object]] = field(default_factory=list)
    chosen: list[list[bool]] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)

    def batch(self, rows, continues, where=None) -> None:
        """``rows`` are the valid steps of each sequence, ``where`` the same shape of True and False."""
        if not (continues and self.columns):
            self.columns = [len(self.documents) + i for i in range(len(rows))]
            self.documents += [[] for _ in rows]
            self.chosen += [[] for _ in rows]
        for i, (column, row) in enumerate(zip(self.columns, rows, strict=True)):
            for j, name in enumerate(row):
                self.documents[column].append(name)
                self.chosen[column].append(where is None or where[i][j])

    def sequences(self) -> list[tuple[int, int, list[object]]]:
        """(document, first position, names of its steps) of each sequence, in order."""
        found = []
        for number, (document, chosen) in enumerate(zip(self.documents, self.chosen, strict=True)):
            last = None
            for position in range(0, len(document), self.every):
                if not chosen[position]:
                    last = None
                    continue
                if last is None:
                    found.append((number, position, []))
                found[-1][2].append(document[position])
                last = position
        return found
