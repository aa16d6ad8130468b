"""Read single units' values of an uncompressed data set directly from its file, without HDF5.

HDF5 checks the checksum of each chunk, which takes most of the time where one unit of hundreds is wanted, or a single
value. Call this only for a file that was read whole, and so checked, as it is now.
"""

from __future__ import annotations

import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.lazy_arrays import States, StoredArray
from lstmviz.dump.open_files import open_files

THREADS = 2
CHECKSUM_BYTES = 4  # after the values of a chunk
FEW = 64  # values of a chunk, on average, that are read one by one; for more of them whole chunks are read
KNOWN = 64  # data sets whose chunks are remembered; HDF5 takes a microsecond or two to find a chunk's place

Offsets = NDArray[np.int64]  # at which byte of the file each chunk begins, in order

_known: dict[tuple[object, ...], Offsets | None] = {}


class DirectValues:
    """The values of one source, read from the places of its chunks; the file stays open as long as this object."""

    def __init__(self, file: int, offsets: Offsets, dataset: h5py.Dataset) -> None:
        self._file, self._offsets = file, offsets
        self._length, self._shape, self._dtype = len(dataset), dataset.chunks, dataset.dtype
        self._row_bytes = self._shape[1] * self._dtype.itemsize
        self._touched = os.fstat(file).st_ctime_ns  # unlike st_mtime_ns, it cannot be set back
        weakref.finalize(self, os.close, file)

    def column(self, unit: int) -> NDArray[Any] | None:
        """Return a unit's recorded values, shape (n_steps,); None where the file is too short or was changed."""
        values = np.empty(self._length, self._dtype)

        def read(share: NDArray[np.int64]) -> bool:
            rows = np.empty(self._shape, self._dtype)  # one buffer for all: fresh memory costs more than the copy
            for chunk in share.tolist():
                if not self._read_rows(int(self._offsets[chunk]), rows):
                    return False
                step = chunk * self._shape[0]
                values[step : step + self._shape[0]] = rows[: len(values) - step, unit]
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            is_read = pool.map(read, np.array_split(np.arange(len(self._offsets)), THREADS))
            return values if all(is_read) and self._is_unchanged() else None

    def at(self, steps: NDArray[np.int64], unit: int) -> NDArray[Any] | None:
        """Return a unit's recorded values at some steps, in rising order; None as for ``column``."""
        chunk, row = np.divmod(steps, self._shape[0])
        cuts = np.flatnonzero(np.diff(chunk)) + 1
        if len(steps) <= FEW * (len(cuts) + 1):
            return self._read_each(self._offsets[chunk] + row * self._row_bytes, unit)
        values, rows = np.empty(len(steps), self._dtype), np.empty(self._shape, self._dtype)
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(steps)], strict=True):
            if not self._read_rows(int(self._offsets[chunk[first]]), rows):
                return None
            values[first:last] = rows[row[first:last], unit]
        return values if self._is_unchanged() else None

    def _read_each(self, rows: NDArray[np.int64], unit: int) -> NDArray[Any] | None:
        """Read a unit's value of each row that begins at one of these bytes."""
        size = self._dtype.itemsize
        data = b"".join([os.pread(self._file, size, place) for place in (rows + unit * size).tolist()])
        if len(data) < size * len(rows) or not self._is_unchanged():
            return None
        return np.frombuffer(data, self._dtype)

    def _is_unchanged(self) -> bool:
        return os.fstat(self._file).st_ctime_ns == self._touched

    def _read_rows(self, chunk: int, rows: NDArray[Any]) -> bool:
        return os.preadv(self._file, [rows.data], chunk) == rows.nbytes


def direct_values(states: States) -> DirectValues | None:
    """Return a way to the recorded values of a source; None where they are not stored uncompressed."""
    if not isinstance(states.stored, StoredArray) or not hasattr(os, "preadv"):
        return None
    with open_files.lock:
        dataset = states.stored.find(states.stored.path)
        file = dataset.file.id.get_vfd_handle()
        offsets = _offsets(dataset, file)
        if offsets is None:
            return None
        return DirectValues(os.dup(file), offsets, dataset)  # HDF5's may be closed meanwhile


def _offsets(dataset: h5py.Dataset, file: int) -> Offsets | None:
    """Return where the chunks of a data set lie in its file; they are asked for once, until the file is written to."""
    status = os.fstat(file)
    key = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, dataset.name
    if key not in _known:
        while len(_known) >= KNOWN:
            del _known[next(iter(_known))]
        _known[key] = _read_offsets(dataset)
    return _known[key]


def _read_offsets(dataset: h5py.Dataset) -> Offsets | None:
    """Return where every chunk of uncompressed whole rows lies; None where a chunk is missing or is not like that."""
    steps, shape = dataset.id.get_create_plist(), dataset.shape
    filters = [steps.get_filter(i)[0] for i in range(steps.get_nfilters())]
    if dataset.chunks is None or dataset.chunks[1] != shape[1] or set(filters) - {h5py.h5z.FILTER_FLETCHER32}:
        return None
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    size = dataset.chunks[0] * shape[1] * dataset.dtype.itemsize + CHECKSUM_BYTES * len(filters)
    stored.sort(key=lambda info: info.chunk_offset[0])
    wanted = list(range(0, shape[0], dataset.chunks[0]))
    if dataset.dtype.kind != "f" or [info.chunk_offset[0] for info in stored] != wanted:
        return None
    if any(info.size != size for info in stored):
        return None
    return np.array([info.byte_offset for info in stored], np.int64)
