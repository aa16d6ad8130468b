"""Train a small model on somebody's own text, and leave all there is to see of it in one folder."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmviz.errors import DumpExists, ModelError
from lstmviz.training.classifier import study_documents
from lstmviz.training.curves import figure, write_events, write_figure
from lstmviz.training.fit import Curves, CurvesProgress, reproducible
from lstmviz.training.language_model import study_text
from lstmviz.training.model import load, save
from lstmviz.training.recipe import Trained, train
from lstmviz.training.record_model import leave, model_beside
from lstmviz.training.text_task import Options, Study
from lstmviz.types import CountProgress


@dataclass(frozen=True)
class Place:
    """Where a training leaves its files: the dump and the weights ``folder/name``, the curves in the folder."""

    folder: Path
    name: str

    @property
    def dump(self) -> Path:
        """The dump."""
        return self.folder / f"{self.name}.h5"

    @property
    def weights(self) -> Path:
        """The model, beside the dump."""
        return model_beside(self.dump)

    @property
    def figure(self) -> Path:
        """The learning curves, as a page."""
        return self.folder / "curves.html"

    @property
    def events(self) -> Path:
        """The learning curves, for TensorBoard."""
        return self.folder / "events"


@dataclass(frozen=True)
class LeftOfText:
    """What was left: the loss of the weights as saved on all held-out text (nats), and whether there are events."""

    place: Place
    loss: float
    has_events: bool
    closing: tuple[str, ...]


def study(text: Path, labels: Path | None, options: Options) -> Study:
    """Read a text, and labels of its lines where there are any, and return the training; TextError for a bad file."""
    return study_text(text, options) if labels is None else study_documents(text, labels, options)


def claim(folder: Path, name: str, overwrite: bool) -> Place:
    """Return the place of a training's files, made where it is not there; before anything is trained.

    DumpExists where such files are there, unless ``overwrite``; ModelError where nothing can be written.
    """
    if not name or Path(name).name != name or "\0" in name:
        raise ModelError(f"{name!r} is no name of a file; give one without a folder, such as mine")
    place = Place(folder, name)
    there = next((path for path in (place.dump, place.weights) if path.exists()), None)
    if there is not None and (there.is_dir() or not overwrite):
        raise DumpExists(f"{there} is already there; give --overwrite, or another --name or --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as err:
        raise ModelError(f"{folder} cannot be written to ({err.strerror or err}); give another --out") from err
    return place


def train_study(
    study: Study, progress: CurvesProgress | None = None, stopping: Callable[[], None] | None = None
) -> Trained:
    """Train; a first Ctrl-C ends the training after the update and keeps the best model, a second one ends at once.

    ``stopping`` is called when a first one was taken. KeyboardInterrupt for a second one.
    """
    with _first_interrupt() as n_asked:

        def after(curves: Curves) -> None:
            if progress is not None:
                progress(curves)
            if n_asked():
                if stopping is not None:
                    stopping()
                raise KeyboardInterrupt

        trained = train(study.recipe, after)
    if n_asked() > 1:
        raise KeyboardInterrupt
    return trained


def keep(trained: Trained, place: Place) -> None:
    """Save the model at its place. A dump that is there goes: it was another model's. Raises ModelError."""
    place.dump.unlink(missing_ok=True)
    save(trained.model, place.weights)


def leave_study(study: Study, curves: Curves, place: Place, recorded: CountProgress | None = None) -> LeftOfText:
    """Leave the dump of the model that ``keep`` saved, and the learning curves; ModelError for a full disk."""
    model, plan = load(place.weights), study.recipe.plan
    with reproducible(plan.seed, plan.is_exact):
        leave(place.weights, study.recipe.corpus(), place.dump, progress=recorded)
        loss, closing = study.recipe.loss(model), tuple(study.closing(model))
    runs = {"training": curves}
    try:
        write_figure(figure(runs, f"{place.name}: {model.description.words}"), place.figure)
        has_events = _leave_events(place.events, runs)
    except OSError as err:
        raise ModelError(f"the learning curves cannot be written ({err}); model and dump are there") from err
    return LeftOfText(place, loss, has_events, closing)


def _leave_events(folder: Path, runs: dict[str, Curves]) -> bool:
    try:
        write_events(folder, runs)
    except ModelError:
        return False
    return True


@contextmanager
def _first_interrupt() -> Iterator[Callable[[], int]]:
    """Count Ctrl-C: the first is only noted, the second raises KeyboardInterrupt. Outside the main thread, nothing."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked.__len__
        return
    before: Any = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: Any) -> None:
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield asked.__len__
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
