"""Give a dump another uuid: what is made of the same things on any machine keeps its links."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def stamp(path: Path, uuid: str) -> None:
    """Set the uuid (32 hexadecimal digits) of a dump that was just written and that nobody has open."""
    with h5py.File(path, "r+") as file:
        file.attrs["uuid"] = np.bytes_(uuid.encode("ascii"))
