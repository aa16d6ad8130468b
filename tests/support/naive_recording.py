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
    """Documents as lists of steps; a batch appends to some, ``every`` and ``where`` choose from them.

    A step at which an episode starts begins a document of its own.
    """

    every: int = 1
    documents: list[list[object]] = field(default_factory=list)
    chosen: list[list[bool]] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)

    def batch(self, rows, continues, where=None, starts=None) -> None:
        """``rows`` are the valid steps of each sequence, ``where`` and ``starts`` the same shape of True and False."""
        before, self.columns = self.columns if continues else [], []
        for i, row in enumerate(rows):
            column = before[i] if before else None
            for j, name in enumerate(row):
                if column is None or (starts and starts[i][j] and (j or before)):
                    column = len(self.documents)
                    self.documents.append([])
                    self.chosen.append([])
                self.documents[column].append(name)
                self.chosen[column].append(where is None or where[i][j])
            self.columns.append(column)

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
