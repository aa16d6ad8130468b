"""Read single units' values of an uncompressed data set directly from its file, without HDF5.

HDF5 checks the checksum of each chunk, which takes most of the time where one unit of hundreds is wanted, or a single
value. Call this only for a file that was read whole, and so checked, as it is now.
"""

from __future__ import annotations

import os
import weakref
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
FEW = 64  # values of a chunk that are read one by one; for more of them the whole chunk is read


@dataclass(frozen=True)
class _Chunk:
    """Where the rows of a chunk begin: at which step, and at which byte of the file."""

    step: int
    offset: int


class DirectValues:
    """The values of one source, read from the places of its chunks; the file stays open as long as this object."""

    def __init__(self, file: int, chunks: list[_Chunk], dataset: h5py.Dataset) -> None:
        self._file, self._chunks = file, chunks
        self._length, self._shape, self._dtype = len(dataset), dataset.chunks, dataset.dtype
        self._row_bytes = self._shape[1] * self._dtype.itemsize
        self._written = os.fstat(file).st_mtime_ns
        weakref.finalize(self, os.close, file)

    def column(self, unit: int) -> NDArray[Any] | None:
        """Return a unit's recorded values, shape (n_steps,); None where the file is too short or was changed."""
        values = np.empty(self._length, self._dtype)

        def read(share: list[_Chunk]) -> bool:
            rows = np.empty(self._shape, self._dtype)  # one buffer for all: fresh memory costs more than the copy
            for chunk in share:
                if not self._read_rows(chunk, rows):
                    return False
                values[chunk.step : chunk.step + self._shape[0]] = rows[: len(values) - chunk.step, unit]
            return True

        shares = np.array_split(np.arange(len(self._chunks)), THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            is_read = pool.map(read, [[self._chunks[i] for i in share] for share in shares])
            return values if all(is_read) and self._is_unchanged() else None

    def at(self, steps: NDArray[np.int64], unit: int) -> NDArray[Any] | None:
        """Return a unit's recorded values at some steps, in rising order; None as for ``column``."""
        values = np.empty(len(steps), self._dtype)
        chunk, row = np.divmod(steps, self._shape[0])
        cuts = np.flatnonzero(np.diff(chunk)) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(steps)], strict=True):
            here = slice(first, last)
            if first < last and not self._read_some(self._chunks[chunk[first]], row[here], unit, values[here]):
                return None
        return values if self._is_unchanged() else None

    def _is_unchanged(self) -> bool:
        return os.fstat(self._file).st_mtime_ns == self._written

    def _read_some(self, chunk: _Chunk, rows: NDArray[np.int64], unit: int, values: NDArray[Any]) -> bool:
        """Read a unit's values of some rows of a chunk into an array; False where the file is too short."""
        size = self._dtype.itemsize
        if len(rows) > FEW:
            whole = np.empty(self._shape, self._dtype)
            if not self._read_rows(chunk, whole):
                return False
            values[:] = whole[rows, unit]
            return True
        offsets = (chunk.offset + rows * self._row_bytes + unit * size).tolist()
        data = b"".join(os.pread(self._file, size, offset) for offset in offsets)
        if len(data) < size * len(rows):
            return False
        values[:] = np.frombuffer(data, self._dtype)
        return True

    def _read_rows(self, chunk: _Chunk, rows: NDArray[Any]) -> bool:
        return os.preadv(self._file, [rows.data], chunk.offset) == rows.nbytes


def direct_values(states: States) -> DirectValues | None:
    """Return a way to the recorded values of a source; None where they are not stored uncompressed."""
    if not isinstance(states.stored, StoredArray):
        return None
    with open_files.lock:
        dataset = states.stored.find(states.stored.path)
        chunks = _chunks(dataset)
        if chunks is None or not hasattr(os, "preadv"):
            return None
        file = os.dup(dataset.file.id.get_vfd_handle())  # of its own, because HDF5's may be closed meanwhile
        return DirectValues(file, chunks, dataset)


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
