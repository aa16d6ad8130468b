"""A training that can be made again: a model's description, a plan, text without end, and text that is held out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import IGNORED, Curves, CurvesProgress, FitPlan, TrainingBatch, fit, mean_loss, reproducible
from lstmviz.training.model import TextModel
from lstmviz.training.model_config import ModelDescription


@dataclass(frozen=True)
class Recipe:
    """What a model is trained from and recorded over.

    ``batches``: draws training batches without end. ``held_out``: the batches on which the loss is told; during the
    training only the first ``n_checked`` of them are looked at. ``corpus``: what the dump is recorded over. ``floor``:
    the exact least loss on held-out text, in nats, where it is known.
    """

    description: ModelDescription
    plan: FitPlan
    batches: Callable[[np.random.Generator], Iterator[TrainingBatch]]
    held_out: Callable[[], Iterator[TrainingBatch]]
    corpus: Callable[[], Corpus]
    floor: float | None = None
    n_checked: int = 1

    def with_dropout(self, dropout: float) -> Recipe:
        """Return the same with another dropout."""
        return replace(self, description=replace(self.description, dropout=dropout))

    def with_plan(self, seed: int | None = None, n_updates: int | None = None) -> Recipe:
        """Return the same with another seed or length; None keeps what it is."""
        plan = replace(self.plan, seed=self.plan.seed if seed is None else seed)
        return replace(self, plan=plan if n_updates is None else replace(plan, n_updates=n_updates))

    def loss(self, model: TextModel) -> float:
        """Return a model's mean loss on all the held-out text, in nats."""
        return mean_loss(model, self.held_out())


@dataclass(frozen=True)
class Trained:
    """A trained model, its curves, and the models that it was after some of its updates."""

    model: TextModel
    curves: Curves
    checkpoints: dict[int, TextModel] = field(default_factory=dict)


def train(recipe: Recipe, progress: CurvesProgress | None = None, checkpoints: Collection[int] = ()) -> Trained:
    """Train from the recipe's seed; the same seed gives the same weights on the same kind of machine.

    ``progress`` is called with the curves after each update; ``checkpoints`` are the updates after which a copy of the
    model is kept (0: before the first). torch's random state and number of threads are as before afterwards.
    """
    plan = recipe.plan
    kept: dict[int, TextModel] = {}
    with reproducible(plan.seed, plan.is_exact):
        model = TextModel(recipe.description)
        rng = np.random.default_rng(plan.seed)
        checked = list(islice(recipe.held_out(), recipe.n_checked))

        def after(curves: Curves) -> None:
            if len(curves.points) in checkpoints:
                kept[len(curves.points)] = copy.deepcopy(model).eval()
            if progress is not None:
                progress(curves)

        if 0 in checkpoints:
            kept[0] = copy.deepcopy(model).eval()
        curves = fit(model, recipe.batches(rng), plan, lambda m: mean_loss(m, iter(checked)), after)
    return Trained(model, curves, kept)


def next_batch(tokens: NDArray[np.int64]) -> TrainingBatch:
    """Return the batch in which each token but the last is to tell the next; -1 stands behind a row's end."""
    targets = torch.from_numpy(np.where(tokens < 0, IGNORED, tokens)[:, 1:])
    return TrainingBatch(torch.from_numpy(tokens.clip(0)[:, :-1]), targets)


def label_batch(tokens: NDArray[np.int64], labels: NDArray[np.int64]) -> TrainingBatch:
    """Return the batch in which each step is to tell the label of its row, (n_rows,); -1 stands behind a row's end."""
    targets = torch.from_numpy(np.where(tokens < 0, IGNORED, labels[:, None]))
    return TrainingBatch(torch.from_numpy(tokens.clip(0)), targets, torch.from_numpy((tokens >= 0).sum(axis=1)))
