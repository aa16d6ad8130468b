"""What training on somebody's own text takes: the options asked for, and the training that follows from them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lstmviz.errors import TextError
from lstmviz.training.fit import FitPlan
from lstmviz.training.model import TextModel
from lstmviz.training.model_config import Cell, Level, ModelDescription
from lstmviz.training.recipe import Recipe

N_EPOCHS = 20  # times through the text, if nobody says how many
N_CHECKS = 40  # looks at the held-out text in a training, about
PATIENCE = 8  # looks without a better one, after which it ends
CHECK_BY_CLOCK = 100  # updates from look to look, where the clock ends the training
MOST_UPDATES = 1_000_000  # of a training that the clock ends
RATES: dict[Cell, float] = {"lstm": 1e-2, "gru": 1e-2, "rnn": 5e-3}  # the learning rate at first
RATE_OF_LEVEL: dict[Level, float] = {"char": 1.0, "word": 0.5}  # times that: most words are rare, each seen seldom
RATE_UNITS = 128  # up to so many units the learning rate holds; it falls with the root of the units from there on


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asks of the model and of its training.

    ``n_epochs`` and ``minutes`` end the training, whichever comes first; None: as long as suits the text.
    ``n_recorded``: tokens that the dump is recorded over, at most. TextError where they do not fit each other.
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
        """The model in a name, such as char-2x128 or word-1x50-gru-bidirectional."""
        cell = "" if self.cell == "lstm" else f"-{self.cell}"
        way = "-bidirectional" if self.is_bidirectional else ""
        return f"{self.level}-{self.n_layers}x{self.n_units}{cell}{way}"

    def plan(self, n_per_epoch: int, fewest: int, most: int) -> FitPlan:
        """Return the plan of a fit that takes ``n_per_epoch`` updates to go through the text once.

        Without a wish it is 20 times through, but not less than ``fewest`` updates and not more than ``most``.
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
        """Return what the model is, over a vocabulary whose first entry stands for the unknown."""
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
class Study:
    """A training on somebody's own text.

    ``about``: lines that say what the text is and what of it is held out. ``baselines``: the loss of who only counts,
    nats, by name. ``number`` writes a loss in the measure of the field, of which ``unit`` is the rest. ``closing``: the
    lines that show what a trained model does.
    """

    recipe: Recipe
    about: tuple[str, ...]
    baselines: dict[str, float]
    number: Callable[[float], str]
    unit: str
    closing: Callable[[TextModel], list[str]]

    def told(self, loss: float) -> str:
        """Return a held-out loss, in nats, beside the baselines."""
        beside = ", ".join(f"{name} {self.number(nats)}" for name, nats in self.baselines.items())
        return f"{self.number(loss)} {self.unit} ({beside})"
