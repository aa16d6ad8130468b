"""docs/moments.md runs as it is written; its callbacks with stand-ins for the trainers that are not installed."""

from __future__ import annotations

import pytest

from support.pages import blocks, page, run_python
from support.trainers import stand_ins

PAGE = page("moments.md")
USED = """
from types import SimpleNamespace
from support.trainers import fit_with_lightning, train_with_transformers

texts = [text_of(50, seed) for seed in range(4)]
callback = TakeMoments(folder="lit", texts=texts, encode=encode, vocab=letters)
fit_with_lightning(callback, SimpleNamespace(net=model), [torch.tensor(0.9), torch.tensor(0.7)])
assert callback.snapshots.updates == (5, 10)
snapshots = lstmviz.Snapshots(model, "hf", texts=texts, encode=encode, vocab=letters)
train_with_transformers(TakeMomentsOfTrainer(snapshots), model, [0.9, 0.7, 0.6])
assert snapshots.updates == (5, 10, 15)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("moments")
    with stand_ins():
        run_python("\n".join([blocks(PAGE), USED]), place)
    return place


def test_every_block_runs_and_leaves_its_moments(folder):
    moments = {place.name: len(list(place.glob("update-*.h5"))) for place in folder.iterdir() if place.is_dir()}
    assert moments == {"moments": 4, "by-batches": 1, "lit": 2, "hf": 3}
