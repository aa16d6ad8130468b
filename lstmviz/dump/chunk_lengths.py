"""Whether each chunk of a data set is stored with as many values as it declares.

HDF5 does not look: of a chunk that is stored in fewer bytes, or that inflates to fewer, it takes the rest of the values
from whatever lies behind it in the memory of the process.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import h5py

GZIP, SHUFFLE, FLETCHER32, LZF = 1, 2, 3, 32000  # HDF5's registered numbers
CHECKSUM_BYTES = 4  # of fletcher32, after the values
LZF_LONG = 224  # the control byte from which on the next byte has the rest of the length, 9 bytes besides
LZF_READ = [c + 2 if c < 32 else 2 for c in range(LZF_LONG)]  # bytes, with a control byte and what belongs to it
LZF_MADE = [c + 1 if c < 32 else (c >> 5) + 2 for c in range(LZF_LONG)]  # bytes that they expand to


def has_short_chunk(dataset: h5py.Dataset) -> bool:
    """Tell whether a chunk has another length than declared, once it is read through its filters.

    What HDF5 itself refuses to read does not count, nor do filters that lstmviz refuses: unknown ones, or one twice.
    """
    n_bytes = dataset.dtype.itemsize * math.prod(dataset.chunks)
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if not {GZIP, SHUFFLE, FLETCHER32, LZF}.issuperset(filters) or len(set(filters)) < len(filters):
        return False
    differs = dataset.id.chunk_iter(lambda chunk: _length(dataset, chunk, filters, n_bytes) != n_bytes or None)
    return differs is not None


def _length(dataset: h5py.Dataset, chunk: Any, filters: list[int], n_bytes: int) -> int:
    """Return how many bytes a stored chunk has when its filters are undone, the last one first."""
    used = [code for i, code in enumerate(filters) if not chunk.filter_mask & (1 << i)]
    if not {GZIP, LZF}.intersection(used):
        return int(chunk.size) - CHECKSUM_BYTES * used.count(FLETCHER32)
    data = dataset.id.read_direct_chunk(chunk.chunk_offset)[1]
    for code in reversed(used):
        if code == FLETCHER32:
            data = data[:-CHECKSUM_BYTES]
        elif code == GZIP:
            try:
                data = zlib.decompressobj().decompress(data, n_bytes + CHECKSUM_BYTES + 1)
            except zlib.error:  # HDF5 says so
                return n_bytes
        elif code == LZF:
            data = bytes(_lzf_length(data))
    return len(data)


def _lzf_length(data: bytes) -> int:
    """Return how many bytes LZF data expand to."""
    at = length = 0
    n_bytes, read, made = len(data) - 1, LZF_READ, LZF_MADE  # the last byte is never a control byte
    while at < n_bytes:
        control = data[at]
        if control < LZF_LONG:
            at += read[control]
            length += made[control]
        else:
            length += data[at + 1] + 9
            at += 3
    return length
