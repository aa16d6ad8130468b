"""A recording in progress: checksummed blocks appended to ``PATH.parts/``, without HDF5 (docs/format.md).

A batch of blocks is acknowledged once the operating system has all of it, so a killed process loses nothing that was
acknowledged; ``flush`` makes it outlive a power cut too. ``lstmviz.dump.journal.reader`` reads them back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Self

from lstmviz.dump.block import Block
from lstmviz.dump.journal.format import Acknowledged, encode, write_all
from lstmviz.dump.parts import BLOCKS, HEADER, lock, release
from lstmviz.dump.schema import DumpPlan
from lstmviz.errors import DumpMissing, StorageError
from lstmviz.system.atomic import replacing


class BlockWriter:
    """Appends batches of blocks to a folder of parts; what ``append`` returned from is acknowledged.

    The folder must be there and hold no recording; ``file`` is what ``claim`` gave, where the place was taken before.
    Raises StorageError in one line where the disk does not take a batch: the batches before it stay whole, and the
    next ``append`` tries again behind them. ``written`` says what is acknowledged, whatever was raised.
    """

    def __init__(self, parts_dir: Path, plan: DumpPlan, file: FileIO | None = None) -> None:
        self.parts_dir = parts_dir
        self.written = Acknowledged()
        self._file = _new_blocks(parts_dir) if file is None else file
        with stored(f"the header of {parts_dir}"):
            write_plan(parts_dir, plan)

    def append(self, *blocks: Block) -> None:
        """Append the blocks of one batch, unbuffered: after a crash all of them are there, or none."""
        done = self.written
        pieces = [piece for i, b in enumerate(blocks) for piece in encode(b, is_last=i == len(blocks) - 1)]
        n_bytes, n_steps = sum(len(p) for p in pieces), sum(b.n_steps for b in blocks)
        try:
            with stored(f"a batch of {self.parts_dir}"):
                self._cut_back()
                write_all(self._file.fileno(), pieces)
                # One assignment, so that an interrupt finds the batch either acknowledged or not.
                self.written = Acknowledged(done.n_bytes + n_bytes, done.n_steps + n_steps, done.n_batches + 1)
        except BaseException:
            with suppress(OSError):  # the next append tries again, and a reader stops at what is torn
                self._cut_back()
            raise

    def flush(self) -> None:
        """Return once everything acknowledged would outlive a power cut."""
        with stored(f"what was acknowledged in {self.parts_dir}"):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                release(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut_back(self) -> None:
        """Drop a batch that was half written, so that a later one does not stand behind it unread."""
        if self._file.seek(0, os.SEEK_END) != self.written.n_bytes:
            self._file.truncate(self.written.n_bytes)
            self._file.seek(self.written.n_bytes)


@contextmanager
def stored(what: str) -> Iterator[None]:
    """Turn what the disk refuses into StorageError: "<what> could not be written (<why>)"."""
    try:
        yield
    except OSError as err:
        raise StorageError(f"{what} could not be written ({err.strerror or err})") from err


def claim(parts_dir: Path) -> FileIO:
    """Make the folder of parts and the file of its blocks, which only one recording can do, and lock it.

    Raises FileExistsError where the folder is there, another OSError where the disk does not take it.
    """
    parts_dir.mkdir()
    try:
        return _new_blocks(parts_dir)
    except BaseException:
        with suppress(OSError):
            remove_parts(parts_dir)
        raise


def remove_parts(parts_dir: Path) -> None:
    """Remove a recording's own files and its folder, the header last, so that what is left still says what it was."""
    with suppress(OSError):
        (parts_dir / BLOCKS).unlink(missing_ok=True)
        remove_unfinished(parts_dir)
        for name in (f"{HEADER}.tmp", HEADER):
            (parts_dir / name).unlink(missing_ok=True)
        parts_dir.rmdir()


def remove_unfinished(parts_dir: Path) -> None:
    """Remove what a child left that was ended while it assembled the dump."""
    for left in parts_dir.glob("assembling-*.h5"):
        left.unlink(missing_ok=True)


def write_plan(parts_dir: Path, plan: DumpPlan) -> None:
    """Write or replace the header in one step: at every moment the old or the new one is whole."""
    with replacing(parts_dir / HEADER, parts_dir / f"{HEADER}.tmp", sync=True) as temporary:
        temporary.write_bytes(plan.to_json().encode("utf-8", errors="surrogatepass"))


def read_plan(parts_dir: Path) -> DumpPlan:
    """Return the plan of a recording; DumpMissing where the folder has none, DumpError where it cannot be read."""
    header = parts_dir / HEADER
    if not header.is_file():
        raise DumpMissing(f"no recording in {parts_dir}: it has no {HEADER}, so no batch was acknowledged")
    return DumpPlan.from_json(header.read_bytes().decode("utf-8", errors="surrogatepass"))


def _new_blocks(parts_dir: Path) -> FileIO:
    file = FileIO(parts_dir / BLOCKS, "x")
    lock(file)
    return file
