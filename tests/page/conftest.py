"""What several tests of the page share."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from support import browser as browsing
from support.cards import built


@pytest.fixture(scope="session")
def checkpoints(parens, tmp_path_factory):
    """Two models' states over the first 4,000 steps of the sample, the second cut short and of another model."""
    folder = tmp_path_factory.mktemp("checkpoints")
    starts = parens.sequences["start"].to_numpy()
    lengths = np.diff(np.append(starts[starts < 4000], 4000))
    rng = np.random.default_rng(3)
    made = []
    for k, model in enumerate(["Early", "<b>Late</b>"]):
        states = {name: np.asarray(parens.states(name)[:4000], "float32") for name in parens.sources}
        states = {n: np.clip(v + rng.normal(0, 0.2, v.shape), -1, 1).astype("float16") for n, v in states.items()}
        path = lstmviz.write_dump(
            folder / f"checkpoint-{k}.h5",
            states=states,
            tokens=np.asarray(parens.tokens.ids[:4000]),
            vocab=list(parens.tokens.vocab),
            lengths=lengths.tolist(),
            join="",
            provenance={"model": model, "complete": k == 0, "created": "2026-03-04T05:06:07+00:00"},
        )
        made.append(lstmviz.open_dump(path))
    return made


@pytest.fixture(scope="module")
def agreement(tmp_path_factory):
    """A sample of words, with its model beside it."""
    path = tmp_path_factory.mktemp("agreement") / "agreement.h5"
    return lstmviz.open_dump(built("agreement", "1x50", path))


@pytest.fixture(scope="module")
def words_address(agreement):
    with browsing.serving([agreement]) as address:
        yield address


@pytest.fixture
def words(chromium, words_address):
    """The page on it."""
    with browsing.workbench(chromium, words_address) as page:
        yield page
