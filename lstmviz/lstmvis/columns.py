"""The arrays of a project as columns: for each step a value, or a row of units, looked up by step or by word id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmviz.errors import LstmvizError, reason_of
from lstmviz.lstmvis.documents import StepDataset

BLOCK_BYTES = 2**24  # read at a time, over all columns: memory stays flat however long a project is
MAX_BLOCK_STEPS = 2**17
MAX_IDS = 2**32  # a dump's tokens are uint32


class ColumnError(LstmvizError, ValueError):
    """A value cannot be used; the message follows the name of the column's file."""


class Column(Protocol):
    """Values by step: ``read(a, b)`` returns (b - a,) or (b - a, n_units), or raises ColumnError for a bad value."""

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the values at steps [start, stop)."""


@dataclass(frozen=True)
class StepColumn:
    """A data set whose rows are steps: one column of it (``rank``), or with ``has_units`` the whole rows.

    With ``is_transposed`` its columns are the steps.
    """

    dataset: StepDataset
    rank: int | None = None
    has_units: bool = False
    is_transposed: bool = False

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the values at steps [start, stop)."""
        try:
            values = np.asarray(self.dataset[:, start:stop].T if self.is_transposed else self.dataset[start:stop])
        except OSError as err:
            name = self.dataset.name
            raise ColumnError(f"{name!r} cannot be read ({reason_of(err)}); make or copy it again") from err
        if self.has_units:
            return values
        values = values.reshape(len(values), -1)
        return values[:, self.rank or 0]


@dataclass(frozen=True)
class IdColumn:
    """Whole numbers of 0 or more by step; they may be stored as floats, as Torch's writer did."""

    values: Column
    path: str

    def read(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the ids at steps [start, stop)."""
        values = self.values.read(start, stop)
        with np.errstate(invalid="ignore"):
            ids = values.astype(np.int64)
        bad = np.flatnonzero((ids != values) | (ids < 0) | (ids >= MAX_IDS))
        if len(bad):
            raise ColumnError(
                f"{self.path!r} has {values[bad[0]]} at step {start + bad[0]}, which is not an id; ids count from 0"
            )
        return ids


@dataclass(frozen=True)
class KnownIdColumn:
    """Ids that all have a word in a dictionary."""

    ids: IdColumn
    is_known: NDArray[np.bool_]
    dictionary: str

    def read(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the ids at steps [start, stop)."""
        ids = self.ids.read(start, stop)
        bad = np.flatnonzero((ids >= len(self.is_known)) | ~self.is_known[np.minimum(ids, len(self.is_known) - 1)])
        if len(bad):
            first = ids[bad[0]]
            raise ColumnError(
                f"{self.ids.path!r} has id {first} at step {start + bad[0]}, and {self.dictionary} has no word for it;"
                f" add a line such as '<unk> {first}'"
            )
        return ids


@dataclass(frozen=True)
class LookupColumn:
    """A table whose rows are ids, looked up by the id at each step."""

    table: NDArray[Any]
    ids: Column
    path: str

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the table's rows for steps [start, stop)."""
        ids = self.ids.read(start, stop)
        bad = np.flatnonzero(ids >= len(self.table))
        if len(bad):
            raise ColumnError(
                f"{self.path!r} has {len(self.table)} rows and none for id {ids[bad[0]]} at step {start + bad[0]};"
                " give a row an id, or drop its index"
            )
        return np.asarray(self.table[ids])


@dataclass(frozen=True)
class LabelColumn:
    """Ids turned into indices of labels; -1 is no value."""

    ids: Column
    index_of: NDArray[np.int32]

    def read(self, start: int, stop: int) -> NDArray[np.int32]:
        """Return the labels' indices at steps [start, stop)."""
        return np.asarray(self.index_of[self.ids.read(start, stop)])


@dataclass(frozen=True)
class FloatColumn:
    """Values converted to a type that states are stored in."""

    values: Column
    dtype: np.dtype[Any]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the values at steps [start, stop)."""
        return self.values.read(start, stop).astype(self.dtype, copy=False)


def step_blocks(n_steps: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield blocks [start, stop) of steps, each of at most ``BLOCK_BYTES``."""
    n = max(1, min(MAX_BLOCK_STEPS, BLOCK_BYTES // max(1, row_bytes)))
    for start in range(0, n_steps, n):
        yield start, min(n_steps, start + n)
