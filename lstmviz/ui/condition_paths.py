"""The mean paths of conditions for the map of the page: the most frequent conditions, as far as trials go on."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstmviz.dump.reader import DumpReader
from lstmviz.maps.projection import Projection
from lstmviz.maps.trajectories import trajectories_on

MOST_CONDITIONS = 9  # that have a colour of their own
MOST_TIMES = 300  # of a path; of more, every k-th
LEAST = 0.1  # of a condition's trials; the path ends once fewer of them go on


def condition_paths(dump: DumpReader, mapped: Projection, by: str) -> dict[str, Any]:
    """Return {"conditions", "n_conditions"}: the paths of the most frequent conditions, in the order of their values.

    Each has its name, the number of its trials, and by time since the sequence began: places (x, y) and spreads, one
    standard deviation along either axis. A path ends where fewer than a tenth of its trials go on. Raises what
    ``trajectories_on`` raises.
    """
    frame = trajectories_on(dump, mapped, by or None)
    groups = [(str(name), group) for name, group in frame.groupby("condition", sort=False)]
    most = sorted(range(len(groups)), key=lambda k: -int(groups[k][1]["n"].max()))[:MOST_CONDITIONS]
    conditions = []
    for k in sorted(most):
        name, path = groups[k]
        n_trials = int(path["n"].max())
        path = path[path["n"] >= max(1, LEAST * n_trials)]
        path = path.iloc[:: max(1, -(-len(path) // MOST_TIMES))]
        spots = np.round(path[["pc1", "pc2", "sd1", "sd2"]].to_numpy(float), 4).tolist()
        conditions.append({"name": name, "n": n_trials, "time": path["time"].tolist(), "spots": spots})
    return {"conditions": conditions, "n_conditions": len(groups)}
