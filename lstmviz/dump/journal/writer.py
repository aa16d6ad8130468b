"""A recording in progress: checksummed blocks appended to ``PATH.parts/``, without HDF5 (docs/format.md).

A batch of blocks is acknowledged once the operating system has all of it, so a killed process loses no acknowledged
batch; after ``flush`` a power cut loses none either. ``lstmviz.dump.journal.reader`` reads the blocks back.
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
from lstmviz.errors import DumpError, DumpMissing, StorageError
from lstmviz.system.atomic import replacing
from lstmviz.system.own_files import open_own

MAX_HEADER = 2**27  # bytes; that of a million words takes 20 MB


class BlockWriter:
    """Appends batches of blocks to a folder of parts; a batch is acknowledged when ``append`` returns.

    The folder must exist and hold no recording; ``file`` is what ``claim`` returned, if it was called. Raises
    StorageError in one line where the disk fails: the batches before stay complete, and the next ``append`` writes
    after them. ``written`` says what is acknowledged, whatever was raised.
    """

    def __init__(self, parts_dir: Path, plan: DumpPlan, file: FileIO | None = None) -> None:
        self.parts_dir = parts_dir
        self.written = Acknowledged()
        self._file = _new_blocks(parts_dir) if file is None else file
        with storage_errors(f"the header of {parts_dir}"):
            write_plan(parts_dir, plan)

    def append(self, *blocks: Block) -> None:
        """Append the blocks of one batch, unbuffered: after a crash the file has all of them, or none."""
        before = self.written
        buffers = [buffer for i, b in enumerate(blocks) for buffer in encode(b, is_last=i == len(blocks) - 1)]
        n_bytes, n_steps = sum(len(b) for b in buffers), sum(b.n_steps for b in blocks)
        try:
            with storage_errors(f"a batch of {self.parts_dir}"):
                self._cut_back()
                write_all(self._file.fileno(), buffers)
                # One assignment, so that an interrupt finds the batch either acknowledged or not.
                self.written = Acknowledged(before.n_bytes + n_bytes, before.n_steps + n_steps, before.n_batches + 1)
        except BaseException:
            with suppress(OSError):  # the next append tries again, and a reader stops at a torn batch
                self._cut_back()
            raise

    def flush(self) -> None:
        """Return once everything acknowledged would survive a power cut."""
        with storage_errors(f"what was acknowledged in {self.parts_dir}"):
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
        """Remove a batch that was written in part; a reader would stop there."""
        if self._file.seek(0, os.SEEK_END) != self.written.n_bytes:
            self._file.truncate(self.written.n_bytes)
            self._file.seek(self.written.n_bytes)


@contextmanager
def storage_errors(subject: str) -> Iterator[None]:
    """Turn OSError into StorageError: "<subject> could not be written (<reason>)"."""
    try:
        yield
    except OSError as err:
        raise StorageError(f"{subject} could not be written ({err.strerror or err})") from err


def claim(parts_dir: Path) -> FileIO:
    """Make the folder of parts and its file of blocks, and lock the file; only one recording can do so.

    Raises FileExistsError where the folder exists, another OSError where it cannot be made.
    """
    parts_dir.mkdir()
    try:
        return _new_blocks(parts_dir)
    except BaseException:
        with suppress(OSError):
            remove_parts(parts_dir)
        raise


def remove_parts(parts_dir: Path) -> None:
    """Remove a recording's files and its folder, the header last, so that what is left can still be recognised."""
    with suppress(OSError):
        (parts_dir / BLOCKS).unlink(missing_ok=True)
        remove_unfinished(parts_dir)
        (parts_dir / HEADER).unlink(missing_ok=True)
        parts_dir.rmdir()


def remove_unfinished(parts_dir: Path) -> None:
    """Remove the unfinished dump of a child process that was ended while it assembled, and unfinished headers."""
    for pattern in ("assembling-*.h5", f"*{HEADER}.*tmp"):
        for unfinished in parts_dir.glob(pattern):
            unfinished.unlink(missing_ok=True)


def write_plan(parts_dir: Path, plan: DumpPlan) -> None:
    """Write or replace the header in one step: at every moment the old or the new one is complete."""
    with replacing(parts_dir / HEADER, sync=True) as temporary:
        temporary.write_bytes(plan.to_json().encode("utf-8", errors="surrogatepass"))


def read_plan(parts_dir: Path) -> DumpPlan:
    """Return the plan of a recording; DumpMissing where the folder has none, DumpError where it cannot be read."""
    header = parts_dir / HEADER
    if not header.exists():
        raise DumpMissing(f"no recording in {parts_dir}: it has no {HEADER}, so no batch was acknowledged")
    with open_own(header) as file:
        raw: bytes = file.read(MAX_HEADER + 1)
    if len(raw) > MAX_HEADER:
        raise DumpError(f"{header} has more than {MAX_HEADER:,} bytes; it is damaged or hostile, and is not read")
    try:
        return DumpPlan.from_json(raw.decode("utf-8", errors="surrogatepass"))
    except UnicodeDecodeError as err:
        raise DumpError(f"the recording's header cannot be read: {err}") from err


def _new_blocks(parts_dir: Path) -> FileIO:
    file = FileIO(parts_dir / BLOCKS, "x")
    lock(file)
    return file
