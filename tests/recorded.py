"""What a recording in progress holds, for tests to look at."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from lstmviz.dump.block import Block
from lstmviz.dump.journal.reader import BlockReader
from lstmviz.dump.parts import BLOCKS


def read_blocks(parts_dir: Path) -> Iterator[Block]:
    """Yield each block of each whole batch, in memory, up to what is torn or damaged; never raises for that."""
    path = parts_dir / BLOCKS
    if path.is_file():
        with FileIO(path, "r") as file:
            for batch in BlockReader(parts_dir).batches(file):
                yield from (block.read(file) for block in batch)
