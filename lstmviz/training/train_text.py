"""Train a small model on a user's own text, and write its model, dump and curves into one folder."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmviz.dump.parts import parts_of, recover_command
from lstmviz.errors import DumpExists, ModelError
from lstmviz.system.atomic import beside
from lstmviz.system.own_files import check_own_folder, new_file
from lstmviz.training.classifier import classifier_task
from lstmviz.training.curves import figure, write_events, write_figure
from lstmviz.training.fit import Curves, CurvesProgress, reproducible
from lstmviz.training.language_model import language_task
from lstmviz.training.model import load, save
from lstmviz.training.model_config import model_beside
from lstmviz.training.moments import TrainingMoments
from lstmviz.training.recipe import TrainedModel, train
from lstmviz.training.record_model import record_model
from lstmviz.training.text_task import Options, TextTask
from lstmviz.types import CountProgress


@dataclass(frozen=True)
class OutputPaths:
    """Where a training writes its files: the dump and the model ``folder/name``, the curves in the folder."""

    folder: Path
    name: str

    @property
    def dump(self) -> Path:
        """The dump."""
        return self.folder / f"{self.name}.h5"

    @property
    def model(self) -> Path:
        """The model, beside the dump."""
        return model_beside(self.dump)

    @property
    def moments(self) -> Path:
        """The folder of the moments of the training."""
        return self.folder / f"{self.name}-moments"

    @property
    def figure(self) -> Path:
        """The learning curves, as a page."""
        return self.folder / "curves.html"

    @property
    def events(self) -> Path:
        """The learning curves, for TensorBoard."""
        return self.folder / "events"


@dataclass(frozen=True)
class TextTrainingOutput:
    """What a training wrote: its files, and the loss of the weights as saved on all held-out text, in nats.

    ``has_events``: there are events for TensorBoard. ``outcome``: lines that show what the model does.
    """

    paths: OutputPaths
    loss: float
    has_events: bool
    outcome: tuple[str, ...]


def read_task(text: Path, labels: Path | None, options: Options) -> TextTask:
    """Read a text, and the labels of its lines where there are any, and return the task; TextError for a bad file."""
    return language_task(text, options) if labels is None else classifier_task(text, labels, options)


def claim_output(folder: Path, name: str, overwrite: bool, has_moments: bool = False) -> OutputPaths:
    """Return the paths of a training's files, and make their folder, before anything is trained.

    DumpExists where such files are there, unless ``overwrite``; ModelError where nothing can be written.
    """
    if not name or Path(name).name != name or "\0" in name:
        raise ModelError(f"{name!r} is not a file name; give one without a folder, such as mine")
    paths = OutputPaths(folder, name)
    existing = next((path for path in (paths.dump, paths.model) if path.exists()), None)
    if existing is None and has_moments and paths.moments.exists() and not overwrite:
        raise DumpExists(f"{paths.moments} is already there; give --overwrite, or another --name or --out")
    if existing is not None and not overwrite:
        raise DumpExists(f"{existing} is already there; give --overwrite, or another --name or --out")
    if (
        in_the_way := next((path for path in (paths.dump, paths.model, paths.figure) if path.is_dir()), None)
    ) is not None:
        raise DumpExists(f"{in_the_way} is a folder; remove it, or give another --name or --out")
    if os.path.lexists(parts_of(paths.dump)):
        raise DumpExists(
            f"{parts_of(paths.dump)} is of an unfinished recording; finish it with `{recover_command(paths.dump)}`, "
            "remove it, or give another --name or --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(paths.events):
            check_own_folder(paths.events, folder)
        with beside(folder / name) as probe:
            new_file(probe).close()
    except OSError as err:
        place = paths.events if err.filename == str(paths.events) else folder
        raise ModelError(f"{place} cannot be written to ({err.strerror or err}); give another --out") from err
    return paths


def train_task(
    task: TextTask,
    progress: CurvesProgress | None = None,
    on_stop: Callable[[], None] | None = None,
    moments: TrainingMoments | None = None,
) -> TrainedModel:
    """Train; the first Ctrl-C ends the training after the update and keeps the best model, a second one ends at once.

    ``on_stop`` is called after the first one. Raises KeyboardInterrupt for a second one. ``moments`` are taken
    meanwhile, and one of the model that is kept.
    """
    with _first_interrupt() as n_interrupts:

        def after_update(curves: Curves) -> None:
            if progress is not None:
                progress(curves)
            if n_interrupts():
                if on_stop is not None:
                    on_stop()
                raise KeyboardInterrupt

        trained = train(task.recipe, after_update, on_update=None if moments is None else moments.after_update)
        if moments is not None:
            best = trained.curves.best
            moments.take(trained.model, len(trained.curves.points) if best is None else best[0])
    if n_interrupts() > 1:
        raise KeyboardInterrupt
    return trained


def save_model(trained: TrainedModel, paths: OutputPaths) -> None:
    """Save the model. A dump that is there is removed: it was another model's. Raises ModelError."""
    paths.dump.unlink(missing_ok=True)
    save(trained.model, paths.model)


def write_output(
    task: TextTask, curves: Curves, paths: OutputPaths, progress: CountProgress | None = None
) -> TextTrainingOutput:
    """Write the dump of the model that ``save_model`` saved, and the learning curves; ModelError for a full disk."""
    model, plan = load(paths.model), task.recipe.plan
    with reproducible(plan.seed, plan.is_exact):
        record_model(paths.model, task.recipe.corpus(), paths.dump, progress=progress)
        loss, outcome = task.recipe.loss(model), tuple(task.outcome(model))
    runs = {"training": curves}
    try:
        write_figure(figure(runs, f"{paths.name}: {model.description.words}"), paths.figure)
        has_events = _write_events(paths.events, runs)
    except OSError as err:
        raise ModelError(f"the learning curves cannot be written ({err}); model and dump are written") from err
    return TextTrainingOutput(paths, loss, has_events, outcome)


def _write_events(folder: Path, runs: dict[str, Curves]) -> bool:
    """Write the curves for TensorBoard; False where that needs a package that is not installed."""
    try:
        write_events(folder, runs)
    except ModelError:
        return False
    return True


@contextmanager
def _first_interrupt() -> Iterator[Callable[[], int]]:
    """Count Ctrl-C: the first is only counted, the second raises KeyboardInterrupt. Only the main thread can count."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts.__len__
        return
    before: Any = signal.getsignal(signal.SIGINT)

    def count(number: int, frame: Any) -> None:
        interrupts.append(number)
        if len(interrupts) > 1:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, count)
    try:
        yield interrupts.__len__
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
