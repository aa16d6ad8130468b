"""A reproducible training: a model's description, a plan, endless training batches, and held-out text."""

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

    ``batches``: draws training batches without end. ``held_out``: the batches on which the loss is measured; during the
    training only the first ``n_checked`` of them. ``corpus``: what the dump is recorded over. ``floor``: the exact
    least loss on held-out text, in nats, where it is known.
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
        """Return the same with another seed or length; None keeps its own."""
        plan = replace(self.plan, seed=self.plan.seed if seed is None else seed)
        return replace(self, plan=plan if n_updates is None else replace(plan, n_updates=n_updates))

    def loss(self, model: TextModel) -> float:
        """Return a model's mean loss on all the held-out text, in nats."""
        return mean_loss(model, self.held_out())


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, its curves, and copies of it after some of its updates, by update."""

    model: TextModel
    curves: Curves
    checkpoints: dict[int, TextModel] = field(default_factory=dict)


ModelProgress = Callable[[TextModel, Curves], None]
"""Called before the first update and after each with the model as it is, and the curves so far."""


def train(
    recipe: Recipe,
    progress: CurvesProgress | None = None,
    checkpoints: Collection[int] = (),
    on_update: ModelProgress | None = None,
) -> TrainedModel:
    """Train from the recipe's seed; the same seed gives the same weights on the same kind of machine.

    ``progress`` is called with the curves after each update; ``checkpoints`` are the updates after which a copy of the
    model is kept (0: before the first). ``on_update`` must leave the model as it is. torch's random state and number of
    threads are as before afterwards.
    """
    plan = recipe.plan
    copies: dict[int, TextModel] = {}
    with reproducible(plan.seed, plan.is_exact):
        model = TextModel(recipe.description)
        rng = np.random.default_rng(plan.seed)
        checked = list(islice(recipe.held_out(), recipe.n_checked))

        def after_update(curves: Curves) -> None:
            if len(curves.points) in checkpoints:
                copies[len(curves.points)] = copy.deepcopy(model).eval()
            if on_update is not None:
                on_update(model, curves)
            if progress is not None:
                progress(curves)

        if on_update is not None:
            on_update(model, Curves())
        if 0 in checkpoints:
            copies[0] = copy.deepcopy(model).eval()
        curves = fit(model, recipe.batches(rng), plan, lambda m: mean_loss(m, iter(checked)), after_update)
    return TrainedModel(model, curves, copies)


def next_batch(tokens: NDArray[np.int64]) -> TrainingBatch:
    """Return the batch in which each token but the last predicts the next; -1 stands after a row's end."""
    targets = torch.from_numpy(np.where(tokens < 0, IGNORED, tokens)[:, 1:])
    return TrainingBatch(torch.from_numpy(tokens.clip(0)[:, :-1]), targets)


def label_batch(tokens: NDArray[np.int64], labels: NDArray[np.int64]) -> TrainingBatch:
    """Return the batch in which each step predicts the label of its row, (n_rows,); -1 stands after a row's end."""
    targets = torch.from_numpy(np.where(tokens < 0, IGNORED, labels[:, None]))
    return TrainingBatch(torch.from_numpy(tokens.clip(0)), targets, torch.from_numpy((tokens >= 0).sum(axis=1)))
