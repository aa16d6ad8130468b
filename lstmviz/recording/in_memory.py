"""Record one small batch into memory: the same states, without a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmviz.dump.block import Block
from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import RecordingError
from lstmviz.recording.recording import Recording
from lstmviz.recording.sink import Sink
from lstmviz.recording.start import read_options

if TYPE_CHECKING:
    from torch import nn


def record_in_memory(
    model: nn.Module, run: Callable[[Recording], None], vocab: Any = None, *, is_followed: bool = True, **options: Any
) -> tuple[DumpPlan, Block]:
    """Record one batch of one axis as ``lstmviz.record`` does, bit for bit, and return what that would have written.

    ``run(recording)`` opens the batch and calls the model in it; ``options`` are those of ``record`` less ``path`` and
    ``overwrite``. Where it is known what the model reads, its tokens need not be followed. Raises what ``record``
    raises.
    """
    sink = MemorySink()
    read = read_options(model, vocab, force=True, **options)
    recording = Recording(replace(read, is_followed=read.is_followed and is_followed), sink)
    recording.tells_size = False
    with recording:
        run(recording)
    if sink.plan is None or len(sink.blocks) != 1:
        raise RecordingError(f"{len(sink.blocks)} blocks were recorded in memory; run one batch of one axis")
    return sink.plan, sink.blocks[0]


class MemorySink(Sink):
    """Takes the blocks of one recording and keeps them in memory."""

    def __init__(self) -> None:
        self.path = Path()
        self.blocks: list[Block] = []
        self._pid = os.getpid()
        self._plan = None
        self._n_batches = 0

    @property
    def n_steps(self) -> int:
        """Steps acknowledged so far."""
        return sum(block.n_steps for block in self.blocks)

    @property
    def n_batches(self) -> int:
        """Batches acknowledged so far."""
        return self._n_batches

    def open(self) -> None:
        """Nothing can be in the way in memory."""

    def start(self, plan: DumpPlan) -> None:
        """Keep what the first batch declares."""
        self._plan = plan

    def append(self, blocks: Sequence[Block]) -> None:
        """Keep the blocks of one batch."""
        self.blocks += blocks
        self._n_batches += 1

    def flush(self) -> None:
        """There is nothing to flush."""

    def finish(self, *, is_complete: bool, n_lost: int = 0, notes: Mapping[str, Any] | None = None) -> str | None:
        """There is nothing to assemble."""
        return None
