"""Maps that were computed, kept in the user's cache: found again after a restart, made anew where damaged."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lstmviz.maps.in_subprocess import KEPT
from lstmviz.maps.projection import Method, Points
from lstmviz.system.atomic import replacing
from lstmviz.system.cache import home

VERSION = 1  # of how maps are made and kept: a map of another one is not found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What names a map: ``of`` is the dump's uuid (for embeddings a digest of them), and how it is to be computed."""

    of: str
    source: str
    method: Method
    n_points: int
    seed: int
    parameters: tuple[tuple[str, float], ...]

    @property
    def key(self) -> str:
        """A digest of all of it, which is the name of its file."""
        text = json.dumps([VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def path(self) -> Path:
        """Where its points are kept."""
        return home(KEPT) / f"{self.key}.npz"


def find_kept(wanted: Wanted, n: int) -> Points | None:
    """Return the points of a kept map, (n, 2) float32; None where there is none, or what is there is not one."""
    try:
        with wanted.path.open("rb") as file:  # opened here, for np.load leaves a file open that is none of its own
            points: Points = np.load(file, allow_pickle=False)["points"]
    except (OSError, ValueError, IndexError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    is_right = points.shape == (n, 2) and points.dtype == np.float32 and bool(np.isfinite(points).all())
    return points if is_right else None


def keep(wanted: Wanted, points: Points) -> None:
    """Keep the points of a map, whole or not at all; a disk that takes nothing is no failure, for they are here."""
    with suppress(OSError), replacing(wanted.path) as temporary, temporary.open("wb") as file:
        np.savez(file, points=points)


def parameters_of(given: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return a method's parameters as a record holds them."""
    return tuple(sorted(given.items()))
