"""Train a sample's variant from its seed, and save its results and learning curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstmviz.errors import ModelError
from lstmviz.samples.definition import Sample, Variant
from lstmviz.training.curves import figure, write_events, write_figure
from lstmviz.training.fit import Curves
from lstmviz.training.model import TextModel, load, save
from lstmviz.training.model_config import model_beside
from lstmviz.training.recipe import Recipe, TrainedModel, train
from lstmviz.training.record_model import record_model

TrainProgress = Callable[[str, Curves, int], None]
"""Called after each update with what is trained, the curves so far, and the number of updates in all."""


@dataclass(frozen=True)
class TrainingOutput:
    """The files that a training wrote, and the loss on all held-out text, in nats, of the weights as saved.

    ``floor`` is the exact least loss, where it is known. ``checkpoints`` are dumps; ``events`` is None where
    ``lstmviz[train]`` is not installed.
    """

    weights: Path
    dump: Path
    checkpoints: tuple[Path, ...]
    figure: Path
    events: Path | None
    loss: float
    floor: float | None
    curves: Curves


def train_sample(
    sample: Sample,
    variant: Variant,
    folder: Path,
    *,
    seed: int | None = None,
    dropout: float = 0.0,
    n_updates: int | None = None,
    progress: TrainProgress | None = None,
) -> TrainingOutput:
    """Train a variant into a folder: weights, dump, checkpoints, learning curves as figure and as TensorBoard events.

    With ``dropout`` a second training is run for its curves only. Files of the same names are replaced. A training that
    is interrupted still writes the best model it has reached.
    """
    recipe = sample.recipe(variant.name).with_plan(seed, n_updates)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints = {c.update: c for c in sample.checkpoints(variant)}
    title = sample.title(variant)
    trained = _train(title, recipe, checkpoints, progress)
    dump = _save_and_record(trained.model, recipe, folder / f"{title}.h5")
    models = [
        (folder / f"{sample.title(checkpoints[n])}.h5", model) for n, model in sorted(trained.checkpoints.items())
    ]
    runs = {"no dropout": trained.curves}
    if dropout and trained.curves.ending != "interrupted":
        compared = _train(f"{title}, dropout {dropout:g}", recipe.with_dropout(dropout), {}, progress)
        runs[f"dropout {dropout:g}"] = compared.curves
    page = folder / "curves.html"
    write_figure(figure(runs, f"{title}: {recipe.description.words}", recipe.floor), page)
    return TrainingOutput(
        weights=model_beside(dump),
        dump=dump,
        checkpoints=tuple(_save_and_record(model, recipe, path) for path, model in models),
        figure=page,
        events=_write_events(folder / "events", runs),
        loss=recipe.loss(load(model_beside(dump))),
        floor=recipe.floor,
        curves=trained.curves,
    )


def _train(title: str, recipe: Recipe, checkpoints: dict[int, Variant], progress: TrainProgress | None) -> TrainedModel:
    n = recipe.plan.n_updates
    return train(recipe, None if progress is None else lambda curves: progress(title, curves, n), checkpoints)


def _save_and_record(model: TextModel, recipe: Recipe, dump: Path) -> Path:
    weights = model_beside(dump)
    save(model, weights)
    record_model(weights, recipe.corpus(), dump, overwrite=True)
    return dump


def _write_events(folder: Path, runs: dict[str, Curves]) -> Path | None:
    """Write the curves for TensorBoard; None where that needs a package that is not installed."""
    try:
        write_events(folder, runs)
    except ModelError:
        return None
    return folder
