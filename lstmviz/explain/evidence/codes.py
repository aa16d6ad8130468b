"""States as small whole numbers in their order, by blocks of steps: the index's codes, or exact ranks where few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.corpus.reader import Shard, ShardReader, open_shard
from lstmviz.dump.reader import DumpReader
from lstmviz.errors import Cancelled
from lstmviz.match.index.codes import HUNDREDTHS, Rule, coder_for
from lstmviz.match.index.store import code_matrices_of, is_small
from lstmviz.types import Side, Source

BLOCK_VALUES = 2**22  # codes looked at together
MAX_STEPS = 2**16  # of a block; what is counted for one unit stays in the processor's cache
N_INDEX_CODES = 256  # 0 for NaN, then one a hundredth of the view
IsCancelled = Callable[[], bool]
SIDES: tuple[Side, Side] = ("high", "low")


class UnitCodes(Protocol):
    """The codes of one source's units: whole numbers from 1 on that rise with the value, 0 for NaN."""

    info: Source
    n_codes: int

    def columns(self, start: int, stop: int, units: slice = slice(None)) -> NDArray[Any]:
        """Return the codes of steps [start, stop), shape (n_units, n_steps)."""
        ...


class IndexCodes:
    """The codes that the index keeps: values within the same hundredth of the view have one code.

    Whoever asks for codes once ``cancel`` tells that nobody waits for an answer gets Cancelled.
    """

    n_codes = N_INDEX_CODES

    def __init__(self, dump: DumpReader, source: str, cancel: IsCancelled | None = None) -> None:
        self.info, self._cancel = dump.source(source), cancel
        self._dump, self._coder = dump, coder_for(self.info.dtype, self.info.view)
        self._thresholds = {side: self._decided(side) for side in SIDES}

    def columns(self, start: int, stop: int, units: slice = slice(None)) -> NDArray[Any]:
        """Return the codes of steps [start, stop), shape (n_units, n_steps)."""
        if self._cancel is not None and self._cancel():
            raise Cancelled("the question was cancelled; ask again to start over")
        if not isinstance(self._dump, ShardReader):
            return self._read(self._dump, start, stop)[units]
        parts = []
        for shard, begin, end in _shards(self._dump, self.info.axis):
            if begin < stop and start < end:
                reader = open_shard(shard.path, shard.uuid)
                parts.append(self._read(reader, max(start, begin) - begin, min(stop, end) - begin)[units])
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def thresholds(self, side: Side) -> tuple[list[float], list[Rule]]:
        """Return the thresholds from -1 to 1, by hundredths, that the codes alone decide for a side, and how they do.

        These are all of them, but for values stored in 64 bits.
        """
        return self._thresholds[side]

    def rule(self, threshold: float, side: Side) -> Rule:
        """Return how codes tell whether a unit is on at a threshold in the view."""
        return self._coder.rule(self.info.cut(threshold), side)

    def _decided(self, side: Side) -> tuple[list[float], list[Rule]]:
        rules = [(i / 100, self.rule(i / 100, side)) for i in HUNDREDTHS]
        sure = [(threshold, rule) for threshold, rule in rules if rule.unsure is None]
        return [threshold for threshold, _ in sure], [rule for _, rule in sure]

    def _read(self, reader: DumpReader, start: int, stop: int) -> NDArray[Any]:
        matrices = code_matrices_of(reader, self.info.name)
        if matrices is not None:
            return matrices.units_at(start, stop)
        return np.ascontiguousarray(self._coder.encode(reader.states(self.info.name)[start:stop]).T)


class ExactRanks:
    """The ranks of all values of a source that is small, unit by unit: no two different values have one code."""

    def __init__(self, dump: DumpReader, source: str) -> None:
        self.info = dump.source(source)
        values = dump.states(source)[:]
        wide = values.astype(np.float64 if values.dtype == np.float64 else np.float32)
        self._ranks = np.stack([_ranks(np.ascontiguousarray(wide[:, unit])) for unit in range(self.info.n_units)])
        self.n_codes = int(self._ranks.max(initial=0)) + 1

    def columns(self, start: int, stop: int, units: slice = slice(None)) -> NDArray[Any]:
        """Return the ranks at steps [start, stop), shape (n_units, n_steps)."""
        return self._ranks[units, start:stop]


def finest_codes(dump: DumpReader, source: str, cancel: IsCancelled | None = None) -> UnitCodes:
    """Return exact ranks where a source has at most 2**24 values, else the index's codes."""
    return ExactRanks(dump, source) if is_small(dump.source(source)) else IndexCodes(dump, source, cancel)


def blocks(n_steps: int, n_units: int) -> Iterator[tuple[int, int]]:
    """Yield stretches of steps [start, stop) in order, small enough to be read for ``n_units`` units."""
    size = max(1, min(MAX_STEPS, BLOCK_VALUES // n_units))
    yield from ((start, min(start + size, n_steps)) for start in range(0, n_steps, size))


def _ranks(values: NDArray[Any]) -> NDArray[np.int32]:
    different, rank = np.unique(values, return_inverse=True)
    n_numbers = len(different) - int(np.isnan(different).sum())  # NaN comes last
    return np.where(rank < n_numbers, rank + 1, 0).astype(np.int32)


def _shards(corpus: ShardReader, axis: str) -> Iterator[tuple[Shard, int, int]]:
    """Yield each shard with the steps of the corpus [begin, end) that its part of an axis covers."""
    begins = [shard.begin(axis)[0] for shard in corpus.shards]
    yield from zip(corpus.shards, begins, [*begins[1:], corpus.axis(axis).n_steps], strict=True)
