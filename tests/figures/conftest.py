"""A dump whose tokens, labels and names all try to be something else."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from support.hostile import HOSTILE, NAME


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A dump of 160 steps whose tokens, labels and names all try to be something else."""
    rng = np.random.default_rng(0)
    ids = np.concatenate([np.arange(len(HOSTILE)), rng.integers(0, len(HOSTILE), 160 - len(HOSTILE))])
    path = tmp_path_factory.mktemp("hostile") / "hostile.h5"
    states = np.tanh(np.cumsum(rng.normal(0, 0.6, (160, 12)), 0) * 0.3).astype("float32")
    states[3, 2] = np.nan
    tracks = {"tr<i>ack": np.array(HOSTILE[:5])[rng.integers(0, 5, 160)], "loss": rng.random(160).astype("float32")}
    lstmviz.write_dump(path, states={NAME: states}, tokens=ids, vocab=HOSTILE, lengths=[70, 90], tracks=tracks)
    return lstmviz.open_dump(path)
