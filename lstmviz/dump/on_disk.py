"""How many bytes of a data set its file really has, and whether it declares far too many to be read."""

from __future__ import annotations

import os
from pathlib import Path

from h5py import h5d, h5f

from lstmviz.system.holes import stored_bytes

MAX_RATIO = 1100  # declared bytes per stored byte; deflate reaches at most about 1,030
LARGE = 2**30  # bytes from which on holes in a file do not count; fewer zeros are read in a moment


def stored_in_file(dataset: h5d.DatasetID, declared: int) -> int:
    """Return how many bytes of a data set its file has, counted no further than what is declared needs.

    HDF5 counts the holes of a sparse file as stored. Raises OSError.
    """
    stored = int(dataset.get_storage_size())
    if min(stored, declared) < LARGE:
        return stored
    return min(stored, stored_bytes(Path(os.fsdecode(h5f.get_name(dataset))), enough=declared // MAX_RATIO + 1))


def is_bomb(declared: int, stored: int) -> bool:
    """Tell whether far more is declared than its bytes could become."""
    return declared > stored * MAX_RATIO
