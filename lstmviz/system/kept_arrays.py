"""Arrays that were kept with ``np.savez``, in a file that may have become anything since.

``np.load`` reads what a file says that it holds: any number of values, compressed ones too.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Collection
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmviz.system.own_files import open_own

MOST_BYTES = 2**30  # of a file
MOST_HEADER = 1_000  # characters of an array's description; one of numbers has about 70
VERSION = (1, 0)  # of NumPy's format, which it writes for anything but records
_DAMAGED = zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError, SyntaxError, TokenError


def read_kept(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Return arrays of a file by their names; they cannot be written to.

    Raises OSError as ``open_own``, and ValueError where the file is not as ``np.savez`` writes it.
    """
    with open_own(path) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise ValueError("the file is too large")
        try:
            with zipfile.ZipFile(file) as archive:
                return {name: _array(archive, archive.getinfo(f"{name}.npy")) for name in names}
        except _DAMAGED as err:
            raise ValueError(f"no kept arrays: {err}") from err


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("an array is compressed")
    data = archive.read(info)
    head = io.BytesIO(data)
    if np.lib.format.read_magic(head) != VERSION:
        raise ValueError("an array is described in another way")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(head, max_header_size=MOST_HEADER)
    if dtype.hasobject:
        raise ValueError("an array holds objects")
    values = np.frombuffer(data, dtype, offset=head.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")
