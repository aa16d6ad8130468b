"""Moments that a training leaves: the model as it was after some of the updates, each with its dump of one probe."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

from lstmviz.dump.moments import Moment
from lstmviz.errors import LstmvizError
from lstmviz.recording.snapshots.as_found import as_found
from lstmviz.recording.snapshots.snapshots import TAKING, print_left_out
from lstmviz.system.atomic import beside, new_folder
from lstmviz.training.corpus import Corpus
from lstmviz.training.fit import Curves, mean_loss
from lstmviz.training.model import TextModel, save
from lstmviz.training.model_config import model_beside
from lstmviz.training.recipe import Recipe
from lstmviz.training.record_model import record_model

MOST_STEPS = 20_000  # of the probe: a moment takes about a second


class TrainingMoments:
    """Takes ``n`` moments of a training into a folder, the first ones closer together, because most is learned there.

    One of them is the model that is kept, taken at the end. What an earlier training left in the folder is removed.
    """

    def __init__(self, folder: Path, recipe: Recipe, n: int) -> None:
        self.folder, self._recipe = folder, recipe
        self._probe = first_texts(recipe.corpus(), MOST_STEPS)
        self._name = _name_of(self._probe, recipe.description.vocab)
        self._checked = list(islice(recipe.held_out(), recipe.n_checked))
        self._due = [(k / max(1, n - 1)) ** 2 for k in range(n - 1)]  # shares of the training
        self._began = time.monotonic()
        new_folder(folder)

    def after_update(self, model: TextModel, curves: Curves) -> None:
        """Take a moment, if one is due after this update."""
        update = len(curves.points)
        share = self._recipe.plan.share_over(update, time.monotonic() - self._began if update else 0.0)
        if self._due and share >= self._due[0]:
            self._due = [due for due in self._due if due > share]
            self.take(model, update)

    def take(self, model: TextModel, update: int) -> None:
        """Take a moment; the model and torch's random state are as they were afterwards.

        One that cannot be written, as on a full disk, is left out with a line.
        """
        try:
            self._take(model, update)
        except (LstmvizError, OSError) as err:
            print_left_out(update, self.folder, err)

    def _take(self, model: TextModel, update: int) -> None:
        taking = self.folder / TAKING
        with beside(taking, taking):
            new_folder(taking)
            with as_found(model):
                loss = mean_loss(model, iter(self._checked))
                moment = Moment(update, loss, self._name)
                dump = taking / moment.file_name
                save(model, model_beside(dump))
                record_model(model_beside(dump), self._probe, dump, overwrite=True, facts=moment.provenance())
            for path in (model_beside(dump), dump):  # the dump last: whoever sees it finds its model
                path.replace(self.folder / path.name)


def first_texts(corpus: Corpus, n_steps: int) -> Corpus:
    """Return the first texts of a corpus, with at most the given number of steps together, and at least one text."""
    n, total = 0, 0
    for row in corpus.ids:
        total += len(row)
        if n and total > n_steps:
            break
        n += 1
    return replace(
        corpus,
        ids=corpus.ids[:n],
        tracks={name: rows[:n] for name, rows in corpus.tracks.items()},
        sequence_tracks={name: values[:n] for name, values in corpus.sequence_tracks.items()},
        label_ids=None if corpus.label_ids is None else corpus.label_ids[:n],
        as_written=None if corpus.as_written is None else corpus.as_written[:n],
    )


def _name_of(corpus: Corpus, vocab: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(vocab).encode("utf-8", "surrogatepass"))
    for row in corpus.ids:
        digest.update(len(row).to_bytes(8, "little") + row.astype("<i8").tobytes())
    return digest.hexdigest()[:32]
