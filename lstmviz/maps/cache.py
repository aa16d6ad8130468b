"""Maps that took long to compute, kept in the user's cache: found after a restart, computed again where damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lstmviz.maps.projection import Method, Points
from lstmviz.system.atomic import replacing
from lstmviz.system.cache import cache_folder
from lstmviz.system.kept_arrays import read_kept

CACHE_FOLDER = "maps"  # in the user's cache
VERSION = 1  # of how maps are computed and kept; maps of another version are not found


@dataclass(frozen=True, slots=True)
class MapKey:
    """What identifies a map: ``of`` is the dump's uuid (or a digest of the embeddings), the rest how it is computed."""

    of: str
    source: str
    method: Method
    n_points: int
    seed: int
    parameters: tuple[tuple[str, float], ...]

    @property
    def digest(self) -> str:
        """A digest of all fields: the name of the map's file."""
        text = json.dumps([VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def path(self) -> Path:
        """The file that holds the map's points."""
        return cache_folder(CACHE_FOLDER) / f"{self.digest}.npz"


def load_map(key: MapKey, n_points: int) -> Points | None:
    """Return the points of a kept map, (n_points, 2) float32; None where there is no file, or an invalid one."""
    try:
        points: Points = read_kept(key.path, ("points",))["points"]
    except (OSError, ValueError):
        return None
    is_valid = points.shape == (n_points, 2) and points.dtype == np.float32 and bool(np.isfinite(points).all())
    return points if is_valid else None


def save_map(key: MapKey, points: Points) -> None:
    """Keep the points of a map; where the disk does not take them, nothing is kept and nothing is raised."""
    with suppress(OSError), replacing(key.path) as temporary, temporary.open("wb") as file:
        np.savez(file, points=points)


def sorted_parameters(parameters: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return a method's parameters as the records ``MapKey`` and ``Projection`` hold them."""
    return tuple(sorted(parameters.items()))
