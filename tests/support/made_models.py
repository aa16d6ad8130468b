"""Small text models of random weights, left beside a dump that was recorded from them."""

from __future__ import annotations

import numpy as np
import torch

from lstmviz.training.corpus import Corpus
from lstmviz.training.model import TextModel, save
from lstmviz.training.model_config import ModelDescription
from lstmviz.training.record_model import record_model

LETTERS = "\N{REPLACEMENT CHARACTER}ab é\n"


def made_dump(folder, lengths=(9, 7, 7, 8, 5, 9, 4, 8, 6, 7, 8, 5), seed=3, **sizes):
    """Write the dump of a small model over random letters, the model beside it; return its path."""
    torch.manual_seed(seed)
    model = TextModel(ModelDescription(tuple(LETTERS), **{"level": "char", "n_units": 6, "unknown": 0, **sizes}))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2.0)  # so that units matter
    weights, path = folder / "weights.safetensors", folder / "run.h5"
    save(model, weights)
    rng = np.random.default_rng(seed)
    rows = [rng.integers(1, len(LETTERS), n) for n in lengths]
    record_model(weights, Corpus(rows, label_ids=[0, 1] * (len(rows) // 2) if sizes.get("labels") else None), path)
    return path
