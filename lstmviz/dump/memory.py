"""A dump in memory: one short batch, read and searched like any other dump."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.block import Block
from lstmviz.dump.joining import Joining, guess_joining
from lstmviz.dump.lazy_arrays import ArrayInMemory, IdArray, PerSequenceArray, States, Tokens, Track
from lstmviz.dump.nan import count_nan
from lstmviz.dump.reader import Axis, DumpReader
from lstmviz.dump.schema import ArrayKey, DumpPlan, SourcePlan, pack_strings
from lstmviz.types import Source, TrackInfo


class MemoryReader(DumpReader):
    """A dump in memory of one block of one axis, with ``tokens`` as strings.

    ``plan`` declares what ``block`` holds. The uuid is a digest of the content.
    """

    def __init__(self, plan: DumpPlan, block: Block, tokens: Sequence[str], name: str) -> None:
        self.path = Path(name)
        self.provenance = dict(plan.provenance)
        self._arrays = block.arrays
        self.uuid = _digest(block, tokens)
        self.axes: Mapping[str, Axis] = {block.axis: _axis(plan, block, tokens)}

    def __getstate__(self) -> dict[str, Any]:
        """Pickle all that it holds."""
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take all that it held."""
        self.__dict__.update(state)

    def states(self, source: str) -> States:
        """Return the states of a source, (n_steps, n_units), to be read in parts.

        Args:
            source: Name of the source.

        Returns:
            The states; ``states[start:stop]`` reads them.

        Raises:
            UnknownName: The dump has no such source.
        """
        info = self.source(source)
        return States(info, ArrayInMemory(self._arrays[ArrayKey("state", source)], source))

    def close(self) -> None:
        """Do nothing: there is no file."""


def _axis(plan: DumpPlan, block: Block, tokens: Sequence[str]) -> Axis:
    declared = next(axis for axis in plan.axes if axis.name == block.axis)
    stops = np.cumsum(np.asarray(block.lengths, np.int64))
    starts = np.append(0, stops[:-1])
    n_steps = int(stops[-1])
    words = list(dict.fromkeys(tokens))
    number = {word: i for i, word in enumerate(words)}
    data, offsets = pack_strings(tuple(words))
    joining = guess_joining(words) if declared.join is None else Joining(declared.join, declared.pieces)
    ids = ArrayInMemory(np.array([number[token] for token in tokens], np.uint32), "tokens")
    table = ArrayInMemory(data, "vocabulary"), ArrayInMemory(offsets, "vocabulary")
    return Axis(
        name=block.axis,
        index=0,
        n_steps=n_steps,
        join=joining.join,
        tokens=Tokens(n_steps, joining.join, IdArray(n_steps, ids, len(words)), table, joining.pieces),
        starts=starts,
        stops=stops,
        sources={s.name: _source(s, block) for s in plan.sources},
        tracks={t.name: _track(t, block, starts, stops) for t in plan.tracks},
    )


def _source(plan: SourcePlan, block: Block) -> Source:
    values = block.arrays[ArrayKey("state", plan.name)]
    n_nan = count_nan(values)
    return Source(plan.name, plan.axis, len(values), plan.n_units, plan.dtype, plan.view, n_nan, plan.units)


def _track(info: TrackInfo, block: Block, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Track:
    info = replace(info, labels=(*info.labels, *block.labels.get(info.name, ())))
    values = ArrayInMemory(block.arrays[ArrayKey("track" if info.per == "step" else "sequence", info.name)], info.name)
    return Track(info, int(stops[-1]), values if info.per == "step" else PerSequenceArray(values, starts, stops))


def _digest(block: Block, tokens: Sequence[str]) -> str:
    digest = hashlib.sha256(repr(tuple(tokens)).encode("utf-8", "backslashreplace"))
    for key, array in block.arrays.items():
        digest.update(f"{key.role} {key.name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
