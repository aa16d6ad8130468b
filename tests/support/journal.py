"""What a recording in progress holds, for tests to look at."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import numpy as np

from lstmviz.dump.block import Block
from lstmviz.dump.journal.reader import BlockReader
from lstmviz.dump.journal.writer import BlockWriter
from lstmviz.dump.parts import BLOCKS
from lstmviz.dump.schema import ArrayKey, AxisPlan, DumpPlan, SourcePlan
from lstmviz.types import TrackInfo


def read_blocks(parts_dir: Path) -> Iterator[Block]:
    """Yield each block of each whole batch, in memory, up to what is torn or damaged; never raises for that."""
    path = parts_dir / BLOCKS
    if path.is_file():
        with FileIO(path, "r") as file:
            for batch in BlockReader(parts_dir).batches(file):
                yield from (block.read(file) for block in batch)


PLAN = DumpPlan(
    axes=(AxisPlan("text", "", True, ("a", "\N{SNOWMAN}", "\n")),),
    sources=(SourcePlan("rnn.l0.h", "text", 4), SourcePlan("rnn.l0.c", "text", 4, "float32", "tanh")),
    tracks=(TrackInfo("depth", "text", "number"), TrackInfo("part", "text", "category")),
    provenance={"model": "Tiny", "complete": True},
)


def arrays_of(n_steps: int, seed: int = 0) -> dict[ArrayKey, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        ArrayKey("tokens"): rng.integers(0, 3, n_steps).astype("uint32"),
        ArrayKey("state", "rnn.l0.h"): rng.normal(size=(n_steps, 4)).astype("float16"),
        ArrayKey("state", "rnn.l0.c"): rng.normal(size=(n_steps, 4)).astype("float32"),
        ArrayKey("track", "depth"): np.arange(n_steps),
        ArrayKey("track", "part"): np.full(n_steps, seed, "int32"),
    }


def record_blocks(folder: Path, n_blocks: int, n_steps: int = 3) -> None:
    folder.mkdir()
    with BlockWriter(folder, PLAN) as writer:
        for i in range(n_blocks):
            writer.append(Block("text", (n_steps - 1, 1), arrays_of(n_steps, i), {"part": (f"label {i}",)}))
