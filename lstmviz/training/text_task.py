"""Training on a user's own text: the options, and the task that follows from them and the text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lstmviz.errors import TextError
from lstmviz.training.fit import FitPlan
from lstmviz.training.model import TextModel
from lstmviz.training.model_config import Cell, Level, ModelDescription
from lstmviz.training.recipe import Recipe

N_EPOCHS = 20  # times through the text, unless the options say how many
N_CHECKS = 40  # checks of the held-out loss in a training, about
PATIENCE = 8  # checks without a better one, after which it ends
CHECK_BY_CLOCK = 100  # updates from check to check, where the clock ends the training
MOST_UPDATES = 1_000_000  # of a training that the clock ends
RATES: dict[Cell, float] = {"lstm": 1e-2, "gru": 1e-2, "rnn": 5e-3}  # the learning rate at first
RATE_OF_LEVEL: dict[Level, float] = {"char": 1.0, "word": 0.5}  # times that: most words are rare
RATE_UNITS = 128  # units up to which the learning rate holds; beyond, it falls with the square root of the units


@dataclass(frozen=True, slots=True)
class Options:
    """The model and the training that a user wants.

    ``n_epochs`` and ``minutes`` end the training, whichever comes first; None: as long as suits the text.
    ``n_recorded``: tokens that the dump is recorded over, at most. TextError for options that do not fit together.
    """

    level: Level = "char"
    cell: Cell = "lstm"
    n_layers: int = 2
    n_units: int = 128
    is_bidirectional: bool = False
    has_labels: bool = False
    dropout: float = 0.0
    n_epochs: int | None = None
    minutes: float | None = None
    n_recorded: int = 100_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.is_bidirectional and not self.has_labels:
            raise TextError(
                "--bidirectional needs --labels: a model that reads both ways sees the token it is to predict"
            )
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise TextError(f"--minutes is {self.minutes}; give a number of minutes, such as 5")

    @property
    def title(self) -> str:
        """A name for the model, such as char-2x128 or word-1x50-gru-bidirectional."""
        cell = "" if self.cell == "lstm" else f"-{self.cell}"
        direction = "-bidirectional" if self.is_bidirectional else ""
        return f"{self.level}-{self.n_layers}x{self.n_units}{cell}{direction}"

    def plan(self, n_per_epoch: int, fewest: int, most: int) -> FitPlan:
        """Return the plan of a fit that takes ``n_per_epoch`` updates to go through the text once.

        By default it goes through the text 20 times, but for at least ``fewest`` updates and at most ``most``.
        """
        if self.n_epochs is not None:
            n_updates = self.n_epochs * n_per_epoch
        elif self.minutes is not None:
            n_updates = MOST_UPDATES
        else:
            n_updates = min(max(N_EPOCHS * n_per_epoch, fewest), most)
        by_updates = max(1, math.ceil(n_updates / N_CHECKS))
        return FitPlan(
            n_updates=n_updates,
            learning_rate=RATES[self.cell] * RATE_OF_LEVEL[self.level] * min(1.0, RATE_UNITS / self.n_units) ** 0.5,
            seed=self.seed,
            check_every=by_updates if self.minutes is None else min(by_updates, CHECK_BY_CLOCK),
            patience=PATIENCE,
            is_exact=True,
            seconds=None if self.minutes is None else 60.0 * self.minutes,
        )

    def description(self, vocab: tuple[str, ...], labels: tuple[str, ...] = ()) -> ModelDescription:
        """Return the model's description, over a vocabulary whose first entry stands for unknown tokens."""
        return ModelDescription(
            vocab=vocab,
            task="label" if labels else "next",
            cell=self.cell,
            level=self.level,
            n_layers=self.n_layers,
            n_units=self.n_units,
            n_embedding=32 if self.level == "char" else 64,
            is_bidirectional=self.is_bidirectional,
            dropout=self.dropout,
            labels=labels,
            unknown=0,
        )


@dataclass(frozen=True)
class TextTask:
    """A training on a user's own text.

    ``about``: lines that say what the text is and which part of it is held out. ``baselines``: the losses of counts
    alone, in nats, by name. ``format_loss`` writes a loss as the number that the field uses, in ``loss_unit``.
    ``outcome`` returns lines that show what a trained model does.
    """

    recipe: Recipe
    about: tuple[str, ...]
    baselines: dict[str, float]
    format_loss: Callable[[float], str]
    loss_unit: str
    outcome: Callable[[TextModel], list[str]]

    def loss_in_words(self, loss: float) -> str:
        """Return a held-out loss, given in nats, beside the baselines."""
        baselines = ", ".join(f"{name} {self.format_loss(nats)}" for name, nats in self.baselines.items())
        return f"{self.format_loss(loss)} {self.loss_unit} ({baselines})"
