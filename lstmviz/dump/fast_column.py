"""Read one unit's values of an uncompressed data set directly from its file, without HDF5.

HDF5 checks the checksum of each chunk, which takes most of the time where one unit of hundreds is wanted. Call this
only for a file that was read whole, and so checked, as it is now.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import States, StoredArray
from lstmviz.dump.open_files import open_files

THREADS = 2
CHECKSUM_BYTES = 4  # after the values of a chunk


@dataclass(frozen=True)
class _Chunk:
    """Where the rows of a chunk begin: at which step, and at which byte of the file."""

    step: int
    offset: int


def fast_column(states: States, unit: int) -> NDArray[Any] | None:
    """Return a unit's recorded values, shape (n_steps,); None where they are not stored uncompressed."""
    if not isinstance(states.stored, StoredArray):
        return None
    with open_files.lock:
        dataset = states.stored.find(states.stored.path)
        chunks = _chunks(dataset)
        if chunks is None or not hasattr(os, "preadv"):
            return None
        shape, values = dataset.chunks, np.empty(len(dataset), dataset.dtype)
        file = os.dup(dataset.file.id.get_vfd_handle())  # of its own, for HDF5's may be closed meanwhile
    try:
        return _column(file, chunks, shape, values, unit)
    finally:
        os.close(file)


def _column(
    file: int, chunks: list[_Chunk], shape: tuple[int, int], values: NDArray[Any], unit: int
) -> NDArray[Any] | None:
    """Read a unit's values out of chunks of a ``shape`` (steps, units); None where the file is too short."""
    n_bytes = shape[0] * shape[1] * values.itemsize

    def read(share: list[_Chunk]) -> bool:
        rows = np.empty(shape, values.dtype)  # one buffer for all: fresh memory costs more than the copy
        for chunk in share:
            if os.preadv(file, [rows.data], chunk.offset) < n_bytes:
                return False
            values[chunk.step : chunk.step + shape[0]] = rows[: len(values) - chunk.step, unit]
        return True

    shares = np.array_split(np.arange(len(chunks)), THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        is_read = pool.map(read, [[chunks[i] for i in share] for share in shares])
        return values if all(is_read) else None


def _chunks(dataset: h5py.Dataset) -> list[_Chunk] | None:
    """Return every chunk of uncompressed whole rows, in order; None where a chunk is missing or is not like that."""
    steps, shape = dataset.id.get_create_plist(), dataset.shape
    filters = [steps.get_filter(i)[0] for i in range(steps.get_nfilters())]
    if dataset.chunks is None or dataset.chunks[1] != shape[1] or set(filters) - {h5py.h5z.FILTER_FLETCHER32}:
        return None
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    size = dataset.chunks[0] * shape[1] * dataset.dtype.itemsize + CHECKSUM_BYTES * len(filters)
    places = {info.chunk_offset[0]: info for info in stored}
    wanted = range(0, shape[0], dataset.chunks[0])
    if dataset.dtype.kind != "f" or sorted(places) != list(wanted) or any(info.size != size for info in stored):
        return None
    return [_Chunk(step, places[step].byte_offset) for step in wanted]
