"""The child that reads files of unknown origin whole, so that what kills HDF5 kills nobody else."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import h5py

from lstmviz.dump.chunk_lengths import has_short_chunk
from lstmviz.dump.on_disk import is_bomb, stored_in_file
from lstmviz.dump.trial import (
    BLOCK_BYTES,
    HAS_TIMER,
    IN_CHILD,
    MEMORY,
    MOST_OBJECTS,
    OUT_OF_MEMORY,
    SHORT_CHUNK,
    TOO_MUCH,
)

if sys.platform != "win32":
    import resource

OUT_OF_MEMORY_WORDS = ("memory", "alloc")  # in what HDF5 says then
SPARE_BYTES = 4_096  # by which a stored chunk may exceed twice its size


def main() -> int:
    """Read every value of the files given, and write a byte for each; return the exit code of the first that fails."""
    limit_memory()
    limit_time(float(os.environ[IN_CHILD]))
    for path in sys.argv[1:]:
        code = read_whole(path)
        if code:
            return code
        os.write(1, b".")
    return 0


def read_whole(path: str) -> int:
    """Read every value of a file; return an exit code: 0, or what is wrong with it."""
    try:
        with h5py.File(path, "r") as file:
            for n_seen, item in enumerate(_objects(file)):
                if n_seen > MOST_OBJECTS:
                    return TOO_MUCH
                _read(item)
    except MemoryError:
        return OUT_OF_MEMORY
    except _ShortChunk:
        return SHORT_CHUNK
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        pass  # HDF5 has reported the damage itself
    return 0


def limit_memory() -> None:
    """Let this process take no more memory than one file may need, where the system holds it to that."""
    if sys.platform == "linux":
        with suppress(OSError, ValueError):
            size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """End this process by SIGPROF once it has taken the given processor time; Windows has no such timer."""
    if HAS_TIMER:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _objects(group: h5py.Group) -> Iterator[h5py.Group | h5py.Dataset | None]:
    """Yield every group and data set that the file itself holds, and None for each attribute."""
    seen, groups = set(), [group]
    while groups:
        here = groups.pop()
        for name in here:
            if not isinstance(here.get(name, getlink=True), h5py.HardLink):
                continue
            item = here[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            yield from (None for _ in item.attrs)
            yield item
            if isinstance(item, h5py.Group):
                groups.append(item)


def _read(item: h5py.Group | h5py.Dataset | None) -> None:
    """Read the values of a data set, chunk by chunk; those whose checksum is wrong do not matter here."""
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in "iufSb":
        return
    if item.is_virtual or item.external:
        return
    if item.chunks is not None:
        most = 2 * item.dtype.itemsize * math.prod(item.chunks) + SPARE_BYTES
        item.id.chunk_iter(lambda chunk: _bomb() if chunk.size > most else None)
        if has_short_chunk(item):
            raise _ShortChunk
    if item.ndim == 0 or not item.size:
        item[()]
        return
    if is_bomb(item.nbytes, stored_in_file(item.id, item.nbytes)):  # which nobody reads: it is refused
        return
    rows = max(1, BLOCK_BYTES * len(item) // item.nbytes)
    for start in range(0, len(item), rows):
        try:
            item[start : start + rows]
        except OSError as err:
            if any(word in str(err) for word in OUT_OF_MEMORY_WORDS):
                raise MemoryError from err


class _ShortChunk(Exception):
    """A chunk is stored in fewer bytes than it declares, or in more."""


def _bomb() -> None:
    raise MemoryError("a chunk is stored in far more bytes than it is to have")


if __name__ == "__main__":
    sys.exit(main())
