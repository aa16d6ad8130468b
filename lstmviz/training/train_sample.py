"""Train a sample's variant from its seed, and leave all that shows how that went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lstmviz.errors import ModelError
from lstmviz.training.curves import figure, write_events, write_figure
from lstmviz.training.fit import Curves
from lstmviz.training.model import TextModel, load, save
from lstmviz.training.recipe import Recipe, Trained, train
from lstmviz.training.record_model import leave, model_beside
from lstmviz.training.sample import Sample, Variant

TrainProgress = Callable[[str, Curves, int], None]
"""Called after each update with what is trained, the curves so far, and the number of updates in all."""


@dataclass(frozen=True)
class Left:
    """What a training left: files, and the loss on all the held-out text, in nats, of the weights as saved.

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
) -> Left:
    """Train a variant into a folder: weights, dump, checkpoints, learning curves as figure and as TensorBoard events.

    With ``dropout`` a second training is run for its curves only. Files of those names are replaced. A training that
    is interrupted leaves what it has come to.
    """
    recipe = sample.recipe(variant.name).with_plan(seed, n_updates)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints = {c.update: c for c in sample.checkpoints(variant)}
    title = sample.title(variant)
    trained = _train(title, recipe, checkpoints, progress)
    dump = _leave(trained.model, recipe, folder / f"{title}.h5")
    kept = [(folder / f"{sample.title(checkpoints[n])}.h5", model) for n, model in sorted(trained.checkpoints.items())]
    runs = {"no dropout": trained.curves}
    if dropout and trained.curves.ending != "interrupted":
        compared = _train(f"{title}, dropout {dropout:g}", recipe.with_dropout(dropout), {}, progress)
        runs[f"dropout {dropout:g}"] = compared.curves
    shown = folder / "curves.html"
    write_figure(figure(runs, f"{title}: {recipe.description.words}", recipe.floor), shown)
    return Left(
        weights=model_beside(dump),
        dump=dump,
        checkpoints=tuple(_leave(model, recipe, path) for path, model in kept),
        figure=shown,
        events=_events(folder / "events", runs),
        loss=recipe.loss(load(model_beside(dump))),
        floor=recipe.floor,
        curves=trained.curves,
    )


def _train(what: str, recipe: Recipe, checkpoints: dict[int, Variant], progress: TrainProgress | None) -> Trained:
    n = recipe.plan.n_updates
    return train(recipe, None if progress is None else lambda curves: progress(what, curves, n), checkpoints)


def _leave(model: TextModel, recipe: Recipe, path: Path) -> Path:
    weights = model_beside(path)
    save(model, weights)
    leave(weights, recipe.corpus(), path, overwrite=True)
    return path


def _events(folder: Path, runs: dict[str, Curves]) -> Path | None:
    try:
        write_events(folder, runs)
    except ModelError:
        return None
    return folder
